#include "api/declaration_json.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "airspace/text.h"
#include "api/volume_json.h"
#include "base/name_rule.h"
#include "base/rfc3339.h"
#include "conflict/meetings.h"
#include "geo/clearing.h"
#include "geo/ellipsoid.h"
#include "geo/predicates.h"

namespace wideberth::api {

using model::ConflictSeen;
using model::Declaration;
using model::DeclarationKind;
using model::DeclarationSeen;
using model::DeclaredVolume;
using model::DeclaredVolumes;

namespace {

constexpr size_t kKeyOvnsMax = 100'000;
constexpr size_t kOvnBytesMax = 128;

// [longitude, latitude], in degrees; what follows, an altitude, says nothing here.
Result<geo::LatLng> ParsePosition(const Member& position) {
  WB_TRY(const simdjson::dom::array numbers, position.Array());
  if (numbers.size() < 2) return position.Wrong("is not [longitude, latitude]");
  double values[2] = {};
  size_t at = 0;
  for (const JsonElement element : numbers) {
    WB_TRY(const double number, position.At(element, at).Number());
    if (at < 2) values[at] = number;
    ++at;
  }
  if (!(std::abs(values[0]) <= 180))
    return position.Wrong("the longitude, which comes first, is not within -180 to 180");
  if (!(std::abs(values[1]) <= 90)) return position.Wrong("the latitude, which comes second, is not within -90 to 90");
  return geo::LatLng{values[1], values[0]};
}

Result<geo::Outline> ParseRings(const Member& coordinates, size_t& vertices_left) {
  WB_TRY(const simdjson::dom::array rings, coordinates.Array());
  if (rings.size() != 1) return coordinates.Wrong("has not one ring (holes are not offered: give the outline alone)");
  const Member ring = coordinates.At(rings.at(0), 0);
  WB_TRY(const simdjson::dom::array positions, ring.Array());
  if (positions.size() > vertices_left)
    return coordinates.Wrong("all volumes together have more than " + std::to_string(Declaration::kVerticesMax) +
                             " vertices");
  vertices_left -= positions.size();
  std::vector<geo::LatLng> points;
  for (const JsonElement element : positions) {
    WB_TRY(const geo::LatLng point, ParsePosition(ring.At(element, points.size())));
    points.push_back(point);
  }
  if (points.size() < 4 || points.front() != points.back())
    return ring.Wrong("is not closed: it has four positions or more, and the last is the first again");
  points.pop_back();
  Result<geo::Outline> outline = geo::Outline::MakePolygon(points);
  if (!outline) return ring.Wrong(outline.error().message);
  return outline;
}

Result<geo::Outline> ParseOutline(const Member& feature, const Member& properties, size_t& vertices_left) {
  WB_TRY(const Member geometry, feature.Required("geometry"));
  WB_TRY(const Member type, geometry.Required("type"));
  WB_TRY(const std::string_view name, type.Text());
  WB_TRY(const Member coordinates, geometry.Required("coordinates"));
  WB_TRY(const std::optional<Member> radius, properties.Optional("radius_m"));
  if (name == "Polygon") {
    if (radius) return radius->Wrong("is given for a Polygon; it belongs to a Point");
    return ParseRings(coordinates, vertices_left);
  }
  if (name != "Point") return type.Wrong("is not \"Polygon\", or \"Point\" with radius_m");
  if (!radius) return properties.Missing("radius_m");
  WB_TRY(const geo::LatLng center, ParsePosition(coordinates));
  WB_TRY(const double radius_m, radius->Number());
  Result<geo::Outline> outline = geo::Outline::MakeCircle(center, radius_m);
  if (!outline) return radius->Wrong(outline.error().message);
  return outline;
}

Result<TimeNs> ParseInstant(const Member& properties, const char* name, Round round) {
  WB_TRY(const Member member, properties.Required(name));
  WB_TRY(const std::string_view text, member.Text());
  Result<TimeNs> time = ParseRfc3339(text, round);
  if (!time) return member.Wrong(time.error().message);
  return time;
}

Result<DeclaredVolume> ParseFeature(const Member& feature, Budget& budget) {
  WB_TRY(const Member type, feature.Required("type"));
  WB_TRY(const std::string_view type_name, type.Text());
  if (type_name != "Feature") return type.Wrong("is not \"Feature\"");
  WB_TRY(const Member properties, feature.Required("properties"));
  WB_TRY(geo::Outline outline, ParseOutline(feature, properties, budget.vertices));
  // What other formats say of altitudes; here they are above the WGS84 ellipsoid, in metres, and nothing else.
  for (const auto& [name, only] : {std::pair("altitude_reference", "W84"), std::pair("altitude_units", "M")}) {
    WB_TRY(const std::optional<Member> said, properties.Optional(name));
    if (!said) continue;
    WB_TRY(const std::string_view value, said->Text());
    if (value != only)
      return said->Wrong(std::string("is not \"") + only + "\": altitudes are metres above the WGS84 ellipsoid");
  }
  WB_TRY(const Member lower, properties.Required("altitude_lower_m"));
  WB_TRY(const double lower_m, lower.Number());
  WB_TRY(const Member upper, properties.Required("altitude_upper_m"));
  WB_TRY(const double upper_m, upper.Number());
  const Result<geo::AltitudeBand> band = geo::AltitudeBand::MakeMetres(lower_m, upper_m);
  if (!band) return lower.Wrong("with altitude_upper_m: " + band.error().message);
  WB_TRY(const TimeNs start, ParseInstant(properties, "time_start", Round::kDown));
  WB_TRY(const TimeNs end, ParseInstant(properties, "time_end", Round::kUp));
  const Result<geo::TimeInterval> times = geo::TimeInterval::Make(start, end);
  if (!times) return properties.Wrong("time_start, time_end: " + times.error().message);
  // For the limits; the volume makes its own.
  WB_TRY_OK(CoverWithin(outline, feature.path() + ".geometry", budget));
  return DeclaredVolume(geo::Volume4D{std::move(outline), *band, *times});
}

Result<std::vector<std::string>> ParseTexts(const Member& list, size_t count_max, size_t bytes_max) {
  WB_TRY(const simdjson::dom::array array, list.Array());
  if (array.size() > count_max) return list.Wrong("has more than " + std::to_string(count_max));
  std::vector<std::string> texts;
  for (const JsonElement element : array) {
    const Member one = list.At(element, texts.size());
    WB_TRY(std::string text, one.String());
    if (text.empty() || text.size() > bytes_max)
      return one.Wrong("is empty or has more than " + std::to_string(bytes_max) + " bytes");
    texts.push_back(std::move(text));
  }
  return texts;
}

Result<std::vector<std::string>> ParseKeyOf(const Member& root) {
  WB_TRY(const std::optional<Member> key, root.Optional("key"));
  if (!key) return std::vector<std::string>();
  return ParseTexts(*key, kKeyOvnsMax, kOvnBytesMax);
}

Result<int32_t> ParsePriority(const Member& priority) {
  WB_TRY(const double number, priority.Number());
  if (!(number >= INT32_MIN && number <= INT32_MAX) || number != std::floor(number))
    return priority.Wrong("is not a whole number within -2147483648 to 2147483647");
  return static_cast<int32_t>(number);
}

}  // namespace

Result<model::PutDeclaration> ParseDeclaration(std::string_view body, DeclarationKind kind) {
  return WithBody<model::PutDeclaration>(body, [&](const Member& root) -> Result<model::PutDeclaration> {
    model::PutDeclaration put;
    put.kind = kind;
    WB_TRY(const Member type, root.Required("type"));
    WB_TRY(const std::string_view type_name, type.Text());
    if (type_name != "FeatureCollection") return type.Wrong("is not \"FeatureCollection\"");
    WB_TRY(const std::optional<Member> crs, root.Optional("crs"));
    if (crs) return crs->Wrong("is not offered: coordinates are longitude and latitude on WGS84 (RFC 7946)");

    WB_TRY(const std::optional<Member> disclosure, root.Optional("disclosure"));
    if (disclosure) {
      WB_TRY(const std::string_view name, disclosure->Text());
      if (name == "private") return disclosure->Wrong("\"private\" is not offered yet; \"volume\" tells the least");
      if (name != "full" && name != "volume") return disclosure->Wrong("is not \"full\" or \"volume\"");
      put.disclosure = name == "full" ? model::Disclosure::kFull : model::Disclosure::kVolume;
    }
    WB_TRY(const std::optional<Member> visible_to, root.Optional("visible_to"));
    if (visible_to) {
      WB_TRY(put.visible_to, ParseTexts(*visible_to, Declaration::kGroupsMax, kNameBytesMax));
      std::sort(put.visible_to.begin(), put.visible_to.end());
      put.visible_to.erase(std::unique(put.visible_to.begin(), put.visible_to.end()), put.visible_to.end());
      if (!put.visible_to.empty() && put.disclosure == model::Disclosure::kFull)
        return visible_to->Wrong("says who sees more than others, but \"full\" shows all to all: use \"volume\"");
    }
    WB_TRY(const std::optional<Member> priority, root.Optional("priority"));
    WB_TRY(const std::optional<Member> state, root.Optional("state"));
    if (kind == DeclarationKind::kIntent) {
      if (priority) {
        WB_TRY(put.priority, ParsePriority(*priority));
      }
      if (state) {
        WB_TRY(const std::string_view name, state->Text());
        if (name != "accepted" && name != "activated") return state->Wrong("is not \"accepted\" or \"activated\"");
        put.state = name == "accepted" ? model::IntentState::kAccepted : model::IntentState::kActivated;
      }
    } else {
      if (priority) return priority->Wrong("a constraint has none: nobody flies into it without its OVN in the key");
      if (state) return state->Wrong("a constraint has none");
    }
    WB_TRY(put.key, ParseKeyOf(root));

    WB_TRY(const Member features, root.Required("features"));
    WB_TRY(const simdjson::dom::array array, features.Array());
    if (array.size() == 0) return features.Wrong("is empty");
    if (array.size() > Declaration::kVolumesMax)
      return features.Wrong("has more than " + std::to_string(Declaration::kVolumesMax) + " volumes");
    Budget budget;
    budget.vertices = Declaration::kVerticesMax;
    std::vector<DeclaredVolume> volumes;
    for (const JsonElement element : array) {
      WB_TRY(DeclaredVolume volume, ParseFeature(features.At(element, volumes.size()), budget));
      volumes.push_back(std::move(volume));
    }
    put.volumes = std::move(volumes);
    put.extents = model::ExtentsOf(put.volumes);
    put.declared = RenderFeatures(put.volumes);
    return put;
  });
}

Result<std::vector<std::string>> ParseKey(std::string_view body) {
  if (body.empty()) return std::vector<std::string>();
  return WithBody<std::vector<std::string>>(body, [](const Member& root) { return ParseKeyOf(root); });
}

// ---- Answers.

namespace {

// What drawing may take in one answer: about 100 ms, which others on the same thread wait.
constexpr int64_t kDrawingEffortMax = 100'000'000;

double Metres(AltitudeMm altitude) { return static_cast<double>(altitude.value) / 1000.0; }

void WritePosition(JsonWriter& to, geo::LatLng point) {
  to.Array(std::initializer_list<double>{point.longitude_deg, point.latitude_deg},
           [&](double degrees) { to.Number(degrees); });
}

void WriteRing(JsonWriter& to, std::vector<geo::LatLng> ring) {
  ring.push_back(ring.front());
  to.Array(ring, [&](geo::LatLng point) { WritePosition(to, point); });
}

void WriteBandAndTimes(JsonWriter& to, AltitudeMm lower, AltitudeMm upper, TimeNs start, TimeNs end) {
  if (lower != model::Extents::kNoLower) to.Key("altitude_lower_m").Number(Metres(lower));
  if (upper != model::Extents::kNoUpper) to.Key("altitude_upper_m").Number(Metres(upper));
  if (start != model::Extents::kNoStart) to.Key("time_start").String(FormatRfc3339(start));
  if (end != model::Extents::kNoEnd) to.Key("time_end").String(FormatRfc3339(end));
}

void WriteFeature(JsonWriter& to, const geo::Volume4D& volume) {
  to.Object([&] {
    to.Key("type").String("Feature");
    to.Key("geometry").Object([&] {
      if (volume.outline.is_circle()) {
        to.Key("type").String("Point");
        to.Key("coordinates");
        WritePosition(to, volume.outline.vertices()[0]);
      } else {
        to.Key("type").String("Polygon");
        const auto vertices = volume.outline.vertices();
        to.Key("coordinates").Array(std::initializer_list<int>{0}, [&](int) {
          WriteRing(to, {vertices.begin(), vertices.end()});
        });
      }
    });
    to.Key("properties").Object([&] {
      if (volume.outline.is_circle()) to.Key("radius_m").Number(volume.outline.radius_m());
      WriteBandAndTimes(to, volume.altitudes.lower(), volume.altitudes.upper(), volume.times.start(),
                        volume.times.end());
    });
  });
}

// Where two outlines meet: what they share, or, where they only touch, a point; a rectangle around it once the answer
// has taken what it may.
void WriteSharedGeometry(JsonWriter& to, const geo::Outline& a, const geo::Outline& b, geo::Effort& effort) {
  const int64_t needed = geo::EffortOfSharedRegion(a, b).count;
  if (effort.count + needed > kDrawingEffortMax) {
    to.Key("bbox_deg");
    return airspace::WriteSharedBounds(to, a, b);
  }
  effort.count += needed;
  to.Key("outline");
  const std::vector<std::vector<geo::LatLng>> rings = geo::SharedRegion(a, b);
  to.Object([&] {
    if (rings.empty()) {
      to.Key("type").String("Point");
      to.Key("coordinates");
      WritePosition(to, geo::FindClosestPoints(a, b).on_a);
    } else {
      to.Key("type").String("MultiPolygon");
      to.Key("coordinates").Array(rings, [&](const std::vector<geo::LatLng>& ring) {
        to.Array(std::initializer_list<int>{0}, [&](int) { WriteRing(to, ring); });
      });
    }
  });
}

double Seconds(TimeNs from, TimeNs to) {
  int64_t apart_ns = 0;
  // Centuries apart, a nanosecond is none of what is told.
  if (__builtin_sub_overflow(to.value, from.value, &apart_ns))
    return static_cast<double>(to.value) / kNsPerSecond - static_cast<double>(from.value) / kNsPerSecond;
  return static_cast<double>(apart_ns) / kNsPerSecond;
}

// How far the party's own volume would have to move, one way at a time, so that the two no longer meet: past what they
// share by the least step that there is, or aside.
void WriteClearBy(JsonWriter& to, const geo::Volume4D& own, AltitudeMm lower, AltitudeMm upper, TimeNs start,
                  TimeNs end, const geo::Outline* other, geo::Effort& effort) {
  constexpr double kStepM = 0.001;
  constexpr double kStepS = 1e-9;
  to.Key("clear_by").Object([&] {
    if (upper != model::Extents::kNoUpper)
      to.Key("up_m").Number(Metres({upper.value - own.altitudes.lower().value}) + kStepM);
    if (lower != model::Extents::kNoLower)
      to.Key("down_m").Number(Metres({own.altitudes.upper().value - lower.value}) + kStepM);
    if (end != model::Extents::kNoEnd) to.Key("later_s").Number(Seconds(own.times.start(), end) + kStepS);
    if (start != model::Extents::kNoStart) to.Key("earlier_s").Number(Seconds(start, own.times.end()) + kStepS);
    if (other == nullptr) return;
    const int64_t needed = geo::EffortOfClearing(own.outline, *other).count;
    if (effort.count + needed > kDrawingEffortMax) return;
    effort.count += needed;
    const geo::Move move = geo::FindClearing(own.outline, *other);
    to.Key("horizontal_m").Number(move.distance_m);
    to.Key("horizontal_bearing_deg").Number(move.bearing_deg);
  });
}

void WriteMeeting(JsonWriter& to, const Declaration& own, const ConflictSeen& conflict, const model::VolumePair& pair,
                  geo::Effort& effort) {
  const geo::Volume4D& mine = own.volumes[pair.own].volume();
  to.Object([&] {
    to.Key("volume").Int(pair.own);
    if (conflict.is_certain()) {
      const geo::Volume4D& theirs = conflict.volumes()[pair.other].volume();
      to.Key("other_volume").Int(pair.other);
      WriteSharedGeometry(to, mine.outline, theirs.outline, effort);
      const conflict::Shared shared = conflict::SharedOf(mine, theirs);
      WriteBandAndTimes(to, shared.lower, shared.upper, shared.start, shared.end);
      WriteClearBy(to, mine, theirs.altitudes.lower(), theirs.altitudes.upper(), theirs.times.start(),
                   theirs.times.end(), &theirs.outline, effort);
      return;
    }
    // Nothing finer is known than the other's cover: the place is somewhere in one's own outline.
    const model::Extents& theirs = conflict.extents();
    WriteSharedGeometry(to, mine.outline, mine.outline, effort);
    WriteBandAndTimes(to, std::max(mine.altitudes.lower(), theirs.lower),
                      std::min(mine.altitudes.upper(), theirs.upper), std::max(mine.times.start(), theirs.start),
                      std::min(mine.times.end(), theirs.end));
    WriteClearBy(to, mine, theirs.lower, theirs.upper, theirs.start, theirs.end, nullptr, effort);
  });
}

}  // namespace

std::string RenderFeatures(const DeclaredVolumes& volumes) {
  JsonWriter to;
  to.Array(volumes, [&](const DeclaredVolume& volume) { WriteFeature(to, volume.volume()); });
  return to.Take();
}

void WriteDeclaration(JsonWriter& to, const DeclarationSeen& seen, bool own) {
  const Declaration& declaration = seen.declaration;
  const bool is_intent = declaration.kind == DeclarationKind::kIntent;
  to.Object([&] {
    to.Key("type").String("FeatureCollection");
    to.Key("kind").String(airspace::NameOf(declaration.kind));
    to.Key("id").String(seen.id.ToString());
    to.Key("ovn").String(seen.ovn);
    to.Key("disclosure").String(seen.full ? airspace::NameOf(declaration.disclosure) : "volume");
    if (is_intent) to.Key("priority").Int(declaration.priority);
    if (seen.full) {
      to.Key("party").String(declaration.party);
      to.Key("version").Int(declaration.version);
      if (is_intent) to.Key("state").String(airspace::NameOf(declaration.state));
    }
    if (own) {
      to.Key("visible_to").Array(declaration.visible_to, [&](const std::string& group) { to.String(group); });
      to.Key("uss_reference_id").String(declaration.reference_id.ToString());
    }
    to.Key("features").Array(declaration.volumes, [&](const DeclaredVolume& volume) {
      WriteFeature(to, volume.volume());
    });
  });
}

void WriteConflictMembers(JsonWriter& to, const Declaration& own, const ConflictSeen& conflict, geo::Effort& effort) {
  to.Key("other");
  airspace::WriteOther(to, conflict);
  if (conflict.meets.more) to.Key("more_meets").Bool(true);
  to.Key("meets").Array(conflict.meets.pairs,
                        [&](const model::VolumePair& pair) { WriteMeeting(to, own, conflict, pair, effort); });
}

namespace {

void WriteConflict(JsonWriter& to, const Declaration& own, const ConflictSeen& conflict, geo::Effort& effort) {
  to.Object([&] {
    WriteConflictMembers(to, own, conflict, effort);
    to.Key("in_key").Bool(conflict.in_key);
    to.Key("needs_key").Bool(conflict.needs_key);
  });
}

}  // namespace

std::string RenderDeclarationChanged(const model::DeclarationChanged& changed) {
  const Declaration& declaration = changed.declaration;
  geo::Effort effort;
  JsonWriter to;
  to.Object([&] {
    to.Key(airspace::NameOf(declaration.kind));
    WriteDeclaration(to, {declaration, true, declaration.id, declaration.ovn}, true);
    to.Key("conflicts").Array(changed.conflicts, [&](const ConflictSeen& one) {
      WriteConflict(to, declaration, one, effort);
    });
  });
  return to.Take();
}

std::string RenderDeclarationRefused(const model::DeclarationRefused& refused) {
  geo::Effort effort;
  JsonWriter to;
  to.Object([&] {
    to.Key("message").String(
        "it conflicts with what its key does not name: give the OVN of each conflict in `key` to accept it, or move");
    to.Key("conflicts").Array(refused.conflicts, [&](const ConflictSeen& one) {
      WriteConflict(to, refused.declaration, one, effort);
    });
  });
  return to.Take();
}

bool SearchBox::MayMeet(const Declaration& declaration) const {
  const model::Extents& all = declaration.extents;
  if (all.lower > upper || all.upper < lower || all.start > end || all.end < start) return false;
  return std::any_of(declaration.volumes.begin(), declaration.volumes.end(),
                     [&](const DeclaredVolume& one) { return MayMeet(one); });
}

bool SearchBox::MayMeet(const DeclaredVolume& one) const {
  const auto longitudes_meet = [](const geo::BoundsE7& a, const geo::BoundsE7& b) {
    // Each is one range, or two where it crosses the antimeridian.
    const auto has = [](const geo::BoundsE7& range, int32_t at) {
      return range.west <= range.east ? range.west <= at && at <= range.east : at >= range.west || at <= range.east;
    };
    return has(a, b.west) || has(b, a.west);
  };
  const geo::Volume4D& volume = one.volume();
  if (volume.altitudes.lower() > upper || volume.altitudes.upper() < lower || volume.times.start() > end ||
      volume.times.end() < start)
    return false;
  if (!bounds) return true;
  const geo::BoundsE7 there = volume.outline.bounds();
  return there.south <= bounds->north && bounds->south <= there.north && longitudes_meet(there, *bounds);
}

}  // namespace wideberth::api
