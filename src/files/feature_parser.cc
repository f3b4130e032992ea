#include "files/feature_parser.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <array>
#include <cstring>
#include <optional>
#include <span>

#include "base/check.h"
#include "base/name_rule.h"
#include "base/rfc3339.h"

namespace wideberth::files {
namespace {

namespace json = simdjson::ondemand;

static_assert(FeatureParser::kPaddingBytes >= simdjson::SIMDJSON_PADDING);

enum class Geometry { kUnknown, kPolygon, kMultiPolygon, kPoint };

// The members of `properties` that mean something.
enum Property { kIntent, kParty, kAltitudeLower, kAltitudeUpper, kTimeStart, kTimeEnd, kRadius };
constexpr std::array<std::string_view, 7> kPropertyNames = {
    "intent", "party", "altitude_lower_m", "altitude_upper_m", "time_start", "time_end", "radius_m"};
constexpr std::array<std::string_view, 7> kPropertyRemedies = {
    "give the operational intent's name, a string",
    "give the name of the party that flies it, a string",
    "give the lower altitude in metres above the WGS84 ellipsoid, a number",
    "give the upper altitude in metres above the WGS84 ellipsoid, a number",
    "give an RFC 3339 date-time such as 2026-03-01T10:00:00Z",
    "give an RFC 3339 date-time such as 2026-03-01T10:00:00Z",
    "a Point is the centre of a circle: give its radius in metres, a number"};

std::string FieldOf(Property property) {
  return "properties." + std::string(kPropertyNames[static_cast<size_t>(property)]);
}

std::string Index(int64_t index) { return fmt::format("[{}]", index); }

// A value's first token: the whole of it unless it is an array or an object.
std::string_view TokenOf(json::value value) {
  std::string_view token = value.raw_json_token();
  while (!token.empty() &&
         (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' || token.back() == '\t'))
    token.remove_suffix(1);
  return token;
}

std::string Describe(std::string_view token) {
  if (token.starts_with('{')) return "an object";
  if (token.starts_with('[')) return "an array";
  return Shown(token, false);
}

bool IsNumberToken(std::string_view token) {
  return !token.empty() && (token[0] == '-' || (token[0] >= '0' && token[0] <= '9'));
}

// What is wrong with a number that simdjson does not read as one.
std::string NoNumber(std::string_view token) {
  return Describe(token) + (IsNumberToken(token) ? " is not a finite number" : " is not a number");
}

std::string Reason(simdjson::error_code code) {
  switch (code) {
    case simdjson::UTF8_ERROR:
      return "is not valid UTF-8";
    case simdjson::UNESCAPED_CHARS:
      return "a control character inside a string is not escaped";
    case simdjson::UNCLOSED_STRING:
      return "a string is not closed: is a quote missing or the text cut off?";
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
      return "a bracket or brace is not closed: is the text cut off?";
    case simdjson::TAPE_ERROR:
      return "a comma, a colon, a quote or a bracket is missing or wrong";
    case simdjson::STRING_ERROR:
      return "a string has a wrong escape";
    case simdjson::EMPTY:
      return "there is nothing here";
    case simdjson::TRAILING_CONTENT:
      return "something follows the object";
    default:
      return simdjson::error_message(code);
  }
}

}  // namespace

class FeatureParser::Implementation {
 public:
  const Failure* ParseFeature(std::string_view text, size_t offset, OutlineBudget& budget, ParsedFeatures& into) {
    json::document document;
    json::object feature;
    if (!Begin(text, document, feature)) return &failure_;
    geometry_ = Geometry::kUnknown;
    given_properties_ = seen_properties_ = 0;
    has_properties_ = false;
    points_.clear();
    ring_ends_.clear();
    if (!Feature(feature) || !End() || !Build(offset, budget, into)) return &failure_;
    return nullptr;
  }

  const Failure* CheckCollection(std::string_view text) {
    json::document document;
    json::object collection;
    if (!Begin(text, document, collection)) return &failure_;
    bool has_type = false;
    const bool good = EachMember(collection, "", [&](std::string_view key, json::value value) {
      if (key != "type") return Skip(value, 1);
      if (has_type) return Fail(TokenOf(value), "type: given twice");
      has_type = true;
      std::string_view type;
      if (value.get_string().get(type) || type != "FeatureCollection")
        return Fail(TokenOf(value),
                    "type: " + Describe(TokenOf(value)) +
                        " is not \"FeatureCollection\", which an object with the array features must be");
      return true;
    });
    if (!good) return &failure_;
    if (!has_type) {
      Fail(text_.substr(0, 1), "type: is missing; it must be \"FeatureCollection\"");
      return &failure_;
    }
    return End() ? nullptr : &failure_;
  }

 private:
  // Remembers what is wrong at the text `at`, a part of text_. Returns false.
  bool Fail(std::string_view at, std::string message, Code code = Code::kInvalid) {
    failure_.code = code;
    failure_.offset = at.data() == nullptr ? 0 : static_cast<size_t>(at.data() - text_.data());
    failure_.message = std::move(message);
    failure_.budget = false;
    return false;
  }

  // The text is no JSON, somewhere near the place that simdjson has reached.
  bool NoJson(simdjson::error_code code) {
    std::string_view at = text_.substr(0, 1);
    std::string near;
    const char* location = nullptr;
    if (document_ != nullptr) {
      const bool beyond = document_->current_location().get(location) == simdjson::OUT_OF_BOUNDS;
      if (beyond || location >= text_.data() + text_.size()) {
        code = simdjson::INCOMPLETE_ARRAY_OR_OBJECT;
      } else if (location >= text_.data()) {
        at = text_.substr(static_cast<size_t>(location - text_.data()));
        near = " near " + Shown(at, false);
      }
    }
    return Fail(at, "JSON: " + Reason(code) + near);
  }

  bool Begin(std::string_view text, json::document& document, json::object& object) {
    // simdjson looks at the byte behind: a brace there makes it report another error for the same text.
    if (text.data()[text.size()] == '}') {
      copy_.assign(text);
      copy_.append(kPaddingBytes, ' ');
      text = std::string_view(copy_).substr(0, text.size());
    }
    text_ = text;
    document_ = nullptr;
    if (const auto error =
            parser_.iterate(text.data(), text.size(), text.size() + simdjson::SIMDJSON_PADDING).get(document))
      return NoJson(error);
    document_ = &document;
    simdjson::ondemand::json_type type{};
    if (document.type().get(type) || type != json::json_type::object)
      return Fail(text.substr(0, 1), "JSON: found " + Describe(text.substr(0, 41)) +
                                         " where a GeoJSON Feature, an object in braces, is expected");
    if (const auto error = document.get_object().get(object)) return NoJson(error);
    return true;
  }

  bool End() {
    const char* location = nullptr;
    if (document_->current_location().get(location) == simdjson::OUT_OF_BOUNDS) return true;
    std::string_view at = text_.substr(0, 1);
    if (location >= text_.data() && location < text_.data() + text_.size())
      at = text_.substr(static_cast<size_t>(location - text_.data()));
    return Fail(at, "JSON: found " + Shown(at, false) + " after the feature; one feature a line");
  }

  // Calls `visit(key, value)` for each member, until one returns false.
  template <typename Visit>
  bool EachMember(json::object& object, std::string_view field, Visit visit) {
    for (auto result : object) {
      json::field member;
      if (const auto error = std::move(result).get(member)) return NoJson(error);
      const char* raw = member.key().raw();
      const void* quote = std::memchr(raw, '"', static_cast<size_t>(text_.data() + text_.size() - raw));
      if (quote == nullptr) return Fail(text_.substr(0, 1), std::string(field) + "JSON: a key is not closed");
      std::string_view key(raw, static_cast<size_t>(static_cast<const char*>(quote) - raw));
      json::value value = member.value();
      if (key.find('\\') != std::string_view::npos) {
        if (const auto error = member.unescaped_key().get(key)) return NoJson(error);
      }
      if (!visit(key, value)) return false;
    }
    return true;
  }

  // Checks a value that means nothing to us, so that what is read is JSON throughout.
  bool Skip(json::value value, int depth) {
    json::json_type type{};
    if (const auto error = value.type().get(type)) return NoJson(error);
    const std::string_view token = TokenOf(value);
    switch (type) {
      case json::json_type::array: {
        if (depth > kNestingMax) return TooDeep(token);
        json::array array;
        if (const auto error = value.get_array().get(array)) return NoJson(error);
        for (auto result : array) {
          json::value element;
          if (const auto error = std::move(result).get(element)) return NoJson(error);
          if (!Skip(element, depth + 1)) return false;
        }
        return true;
      }
      case json::json_type::object: {
        if (depth > kNestingMax) return TooDeep(token);
        json::object object;
        if (const auto error = value.get_object().get(object)) return NoJson(error);
        return EachMember(object, "", [&](std::string_view, json::value member) { return Skip(member, depth + 1); });
      }
      case json::json_type::number: {
        double number = 0;
        if (value.get_double().get(number)) return Fail(token, "JSON: " + NoNumber(token));
        return true;
      }
      case json::json_type::string: {
        std::string_view string;
        if (const auto error = value.get_string().get(string)) return NoJson(error);
        return true;
      }
      case json::json_type::boolean: {
        bool boolean = false;
        if (value.get_bool().get(boolean)) break;
        return true;
      }
      case json::json_type::null: {
        bool null = false;
        if (value.is_null().get(null) || !null) break;
        return true;
      }
    }
    return Fail(token, "JSON: " + Describe(token) + " is no value");
  }

  bool TooDeep(std::string_view at) {
    return Fail(
        at,
        "JSON: arrays and objects are nested more than " + std::to_string(kNestingMax) + " deep (limit nesting_max)",
        Code::kTooLarge);
  }

  static bool IsNull(json::value value) {
    bool null = false;
    return !value.is_null().get(null) && null;
  }

  bool Feature(json::object feature) {
    bool has_type = false;
    bool has_geometry = false;
    const bool good = EachMember(feature, "", [&](std::string_view key, json::value value) {
      if (key == "type") {
        if (has_type) return Fail(TokenOf(value), "type: given twice");
        has_type = true;
        std::string_view type;
        if (!value.get_string().get(type) && type == "Feature") return true;
        const std::string_view token = TokenOf(value);
        return Fail(token, "type: " + Describe(token) + " is not \"Feature\"" +
                               (type == "FeatureCollection" ? "; a FeatureCollection has an array features and is not "
                                                              "mixed with features one a line"
                                                            : ""));
      }
      if (key == "geometry") {
        if (has_geometry) return Fail(TokenOf(value), "geometry: given twice");
        has_geometry = true;
        return ParseGeometry(value);
      }
      if (key == "properties") {
        if (has_properties_) return Fail(TokenOf(value), "properties: given twice");
        has_properties_ = true;
        return ParseProperties(value);
      }
      return Skip(value, 1);
    });
    if (!good) return false;
    if (!has_type) return Fail(text_.substr(0, 1), "type: is missing; it must be \"Feature\"");
    if (!has_geometry || geometry_ == Geometry::kUnknown)
      return Fail(text_.substr(0, 1), "geometry: is missing or null; give a Polygon, a MultiPolygon or a Point");
    return true;
  }

  bool ParseProperties(json::value value) {
    json::object properties;
    if (IsNull(value)) return true;
    if (value.get_object().get(properties))
      return Fail(TokenOf(value), "properties: " + Describe(TokenOf(value)) + " is not an object");
    return EachMember(properties, "", [&](std::string_view key, json::value member) {
      for (size_t i = 0; i < kPropertyNames.size(); ++i) {
        if (key == kPropertyNames[i]) return ParseProperty(static_cast<Property>(i), member);
      }
      return Skip(member, 2);
    });
  }

  bool ParseProperty(Property property, json::value value) {
    const std::string_view token = TokenOf(value);
    const unsigned bit = 1u << property;
    if ((given_properties_ & bit) != 0) return Fail(token, FieldOf(property) + ": given twice");
    given_properties_ |= bit;
    if (token.starts_with('n') && IsNull(value)) return true;
    seen_properties_ |= bit;
    property_at_[property] = token;
    switch (property) {
      case kIntent:
        if (IsNumberToken(token)) {
          double number = 0;
          if (value.get_double().get(number)) return Fail(token, FieldOf(property) + ": " + NoNumber(token));
          intent_ = token;
          return CheckName(property, token, intent_);
        }
        return ParseString(property, value, token, intent_) && CheckName(property, token, intent_);
      case kParty:
        return ParseString(property, value, token, party_) && CheckName(property, token, party_);
      case kAltitudeLower:
        return ParseNumber(property, value, token, altitude_lower_m_);
      case kAltitudeUpper:
        return ParseNumber(property, value, token, altitude_upper_m_);
      case kTimeStart:
        return ParseTime(property, value, token, Round::kDown, time_start_);
      case kTimeEnd:
        return ParseTime(property, value, token, Round::kUp, time_end_);
      case kRadius:
        return ParseNumber(property, value, token, radius_m_);
    }
    return true;
  }

  bool ParseString(Property property, json::value value, std::string_view token, std::string_view& into) {
    const auto error = value.get_string().get(into);
    if (!error) return true;
    if (error != simdjson::INCORRECT_TYPE)
      return Fail(token, FieldOf(property) + ": JSON: " + Reason(error) + " in " + Describe(token));
    return Fail(token, FieldOf(property) + ": " + Describe(token) + " is not a string");
  }

  bool CheckName(Property property, std::string_view token, std::string_view name) {
    const auto wrong = WrongWithName(name, true);
    return !wrong || Fail(token, FieldOf(property) + ": " + *wrong);
  }

  bool ParseNumber(Property property, json::value value, std::string_view token, double& into) {
    if (!value.get_double().get(into)) return true;
    return Fail(token, FieldOf(property) + ": " + NoNumber(token));
  }

  bool ParseTime(Property property, json::value value, std::string_view token, Round round, TimeNs& into) {
    std::string_view text;
    if (!ParseString(property, value, token, text)) return false;
    const Result<TimeNs> time = ParseRfc3339(text, round);
    if (!time) return Fail(token, FieldOf(property) + ": " + Printable(time.error().message));
    into = *time;
    return true;
  }

  // A message that quotes the input, without the input's control characters.
  static std::string Printable(std::string message) {
    for (char& c : message) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    }
    return message;
  }

  bool ParseGeometry(json::value value) {
    json::object geometry;
    if (IsNull(value)) return true;
    if (value.get_object().get(geometry))
      return Fail(TokenOf(value), "geometry: " + Describe(TokenOf(value)) + " is not an object");
    geometry_at_ = TokenOf(value);
    const char* coordinates_before_type = nullptr;
    bool has_coordinates = false;
    const bool good = EachMember(geometry, "", [&](std::string_view key, json::value member) {
      if (key == "type") {
        if (geometry_ != Geometry::kUnknown) return Fail(TokenOf(member), "geometry.type: given twice");
        return ParseGeometryType(member);
      }
      if (key == "coordinates") {
        if (has_coordinates) return Fail(TokenOf(member), "geometry.coordinates: given twice");
        has_coordinates = true;
        if (geometry_ != Geometry::kUnknown) return ParseCoordinates(member);
        coordinates_before_type = TokenOf(member).data();  // what they are is said later: then we come back
        return true;
      }
      return Skip(member, 2);
    });
    if (!good) return false;
    if (geometry_ == Geometry::kUnknown)
      return Fail(geometry_at_, "geometry.type: is missing; it must be Polygon, MultiPolygon or Point");
    if (!has_coordinates) return Fail(geometry_at_, "geometry.coordinates: is missing");
    if (coordinates_before_type == nullptr) return true;

    // Keys are not unescaped and other values not read once more: simdjson has room for one copy of each string.
    if (const auto error = geometry.reset().error()) return NoJson(error);
    for (auto result : geometry) {
      json::field member;
      if (const auto error = std::move(result).get(member)) return NoJson(error);
      json::value again = member.value();
      if (TokenOf(again).data() == coordinates_before_type && !ParseCoordinates(again)) return false;
    }
    return true;
  }

  bool ParseGeometryType(json::value value) {
    std::string_view type;
    if (!value.get_string().get(type)) {
      if (type == "Polygon") geometry_ = Geometry::kPolygon;
      if (type == "MultiPolygon") geometry_ = Geometry::kMultiPolygon;
      if (type == "Point") geometry_ = Geometry::kPoint;
      if (geometry_ != Geometry::kUnknown) return true;
    }
    return Fail(TokenOf(value), "geometry.type: " + Describe(TokenOf(value)) +
                                    " is not Polygon, MultiPolygon or Point (with radius_m)");
  }

  bool ParseCoordinates(json::value value) {
    coordinates_at_ = TokenOf(value);
    polygon_ = ring_ = vertex_ = -1;
    switch (geometry_) {
      case Geometry::kPoint:
        points_.emplace_back();
        return ParsePosition(value, points_.back());
      case Geometry::kPolygon:
        return ParsePolygon(value);
      case Geometry::kMultiPolygon: {
        json::array polygons;
        if (value.get_array().get(polygons)) return NoArray(value, "an array of polygons");
        for (auto result : polygons) {
          json::value polygon;
          if (const auto error = std::move(result).get(polygon)) return NoJson(error);
          ++polygon_;
          ring_ = vertex_ = -1;
          if (!ParsePolygon(polygon)) return false;
        }
        if (polygon_ < 0) return Fail(coordinates_at_, "geometry.coordinates: has no polygon");
        return true;
      }
      case Geometry::kUnknown:
        break;
    }
    WB_CHECK(false);
  }

  bool ParsePolygon(json::value value) {
    json::array rings;
    if (value.get_array().get(rings)) return NoArray(value, "an array of rings");
    const std::string_view at = TokenOf(value);
    for (auto result : rings) {
      json::value ring;
      if (const auto error = std::move(result).get(ring)) return NoJson(error);
      ++ring_;
      vertex_ = -1;
      if (ring_ > 0)
        return Fail(TokenOf(ring), Where() +
                                       ": a polygon with a hole; a volume has one ring: split it into polygons "
                                       "without holes");
      if (!ParseRing(ring)) return false;
    }
    if (ring_ < 0) return Fail(at, Where() + ": has no ring");
    return true;
  }

  bool ParseRing(json::value value) {
    json::array positions;
    if (value.get_array().get(positions)) return NoArray(value, "a ring, an array of positions");
    const std::string_view at = TokenOf(value);
    const size_t first = points_.size();
    for (auto result : positions) {
      json::value position;
      if (const auto error = std::move(result).get(position)) return NoJson(error);
      ++vertex_;
      points_.emplace_back();
      if (!ParsePosition(position, points_.back())) return false;
    }
    vertex_ = -1;
    const size_t count = points_.size() - first;
    if (count < 4)
      return Fail(at, Where() + ": has " + std::to_string(count) +
                          " positions; a closed ring has at least 4, the last equal to the first");
    if (points_[first] != points_.back())
      return Fail(at, Where() + ": is not closed; repeat the first position at the end (RFC 7946 section 3.1.6)");
    points_.pop_back();
    ring_ends_.push_back({points_.size(), at});
    return true;
  }

  bool ParsePosition(json::value value, geo::LatLng& into) {
    json::array numbers;
    if (value.get_array().get(numbers)) return NoArray(value, "a position [longitude, latitude]");
    int count = 0;
    for (auto result : numbers) {
      json::value number;
      if (const auto error = std::move(result).get(number)) return NoJson(error);
      if (count < 2) {
        double& degrees = count == 0 ? into.longitude_deg : into.latitude_deg;
        if (number.get_double().get(degrees))
          return Fail(TokenOf(number), Where() + Index(count) + ": " + NoNumber(TokenOf(number)));
      } else if (!Skip(number, 8)) {  // an altitude, or what else a writer adds
        return false;
      }
      ++count;
    }
    if (count < 2)
      return Fail(TokenOf(value),
                  Where() + ": has " + std::to_string(count) + " numbers; a position is [longitude, latitude]");
    return true;
  }

  bool NoArray(json::value value, std::string_view expected) {
    const std::string_view token = TokenOf(value);
    return Fail(token, Where() + ": found " + Describe(token) + " where " + std::string(expected) + " is expected");
  }

  // The coordinates at hand, for a message.
  std::string Where() const {
    std::string where = "geometry.coordinates";
    for (const int64_t index : {polygon_, ring_, vertex_}) {
      if (index >= 0) where += Index(index);
    }
    return where;
  }

  bool Build(size_t offset, OutlineBudget& budget, ParsedFeatures& into) {
    const bool circle = geometry_ == Geometry::kPoint;
    for (const Property property : {kIntent, kParty, kAltitudeLower, kAltitudeUpper, kTimeStart, kTimeEnd, kRadius}) {
      const bool seen = (seen_properties_ & (1u << property)) != 0;
      if (property == kRadius && !circle && seen)
        return Fail(property_at_[kRadius],
                    FieldOf(kRadius) + ": given with a polygon; it belongs to a Point, the centre of a circle");
      if (!seen && (property != kRadius || circle))
        return Fail(text_.substr(0, 1),
                    FieldOf(property) + ": is missing; " + std::string(kPropertyRemedies[property]));
    }

    const Result<geo::AltitudeBand> altitudes = geo::AltitudeBand::MakeMetres(altitude_lower_m_, altitude_upper_m_);
    if (!altitudes) {
      const bool lower = !geo::AltitudeBand::MakeMetres(altitude_lower_m_, altitude_lower_m_);
      const Property property = lower ? kAltitudeLower : kAltitudeUpper;
      return Fail(property_at_[property], FieldOf(property) + ": " + altitudes.error().message);
    }
    const Result<geo::TimeInterval> times = geo::TimeInterval::Make(time_start_, time_end_);
    if (!times) return Fail(property_at_[kTimeEnd], FieldOf(kTimeEnd) + ": " + times.error().message);

    const size_t volumes_before = into.volumes.size();
    bool within_budget = true;
    if (circle) {
      Result<geo::Outline> outline = geo::Outline::MakeCircle(points_[0], radius_m_);
      if (!outline) {
        // A good radius for another centre: then the centre is at fault.
        const bool radius = !geo::Outline::MakeCircle(geo::LatLng{}, radius_m_);
        return radius ? Fail(property_at_[kRadius], FieldOf(kRadius) + ": " + outline.error().message)
                      : Fail(coordinates_at_, "geometry.coordinates: " + outline.error().message);
      }
      within_budget = budget.Take(outline->heap_bytes());
      into.volumes.push_back({*std::move(outline), *altitudes, *times});
    } else {
      size_t begin = 0;
      for (size_t i = 0; i < ring_ends_.size() && within_budget; ++i) {
        const auto [end, at] = ring_ends_[i];
        Result<geo::Outline> outline = geo::Outline::MakePolygon(std::span(points_).subspan(begin, end - begin));
        if (!outline) {
          into.volumes.erase(into.volumes.begin() + static_cast<std::ptrdiff_t>(volumes_before), into.volumes.end());
          return Fail(at, "geometry.coordinates" +
                              (geometry_ == Geometry::kMultiPolygon ? Index(static_cast<int64_t>(i)) : std::string()) +
                              ": " + outline.error().message);
        }
        within_budget = budget.Take(outline->heap_bytes());
        into.volumes.push_back({*std::move(outline), *altitudes, *times});
        begin = end;
      }
    }
    into.features.push_back({offset, static_cast<uint32_t>(into.volumes.size() - volumes_before),
                             static_cast<uint32_t>(party_.size()), static_cast<uint32_t>(intent_.size())});
    into.names.append(party_).append(intent_);
    if (within_budget) return true;
    Fail(text_.substr(0, 1), "", Code::kTooLarge);
    failure_.budget = true;
    return false;
  }

  struct RingEnd {
    size_t end;  // in points_
    std::string_view at;
  };

  json::parser parser_;
  Failure failure_;
  std::string_view text_;
  std::string copy_;  // of the text, in rare cases
  json::document* document_ = nullptr;

  Geometry geometry_ = Geometry::kUnknown;
  std::string_view geometry_at_;
  std::string_view coordinates_at_;
  std::vector<geo::LatLng> points_;
  std::vector<RingEnd> ring_ends_;
  int64_t polygon_ = -1;
  int64_t ring_ = -1;
  int64_t vertex_ = -1;

  bool has_properties_ = false;
  unsigned given_properties_ = 0;  // a bit for each Property
  unsigned seen_properties_ = 0;   // those that are not null
  std::array<std::string_view, 7> property_at_;
  std::string_view party_;
  std::string_view intent_;
  double altitude_lower_m_ = 0;
  double altitude_upper_m_ = 0;
  double radius_m_ = 0;
  TimeNs time_start_;
  TimeNs time_end_;
};

FeatureParser::FeatureParser() : implementation_(std::make_unique<Implementation>()) {}
FeatureParser::~FeatureParser() = default;
FeatureParser::FeatureParser(FeatureParser&&) noexcept = default;
FeatureParser& FeatureParser::operator=(FeatureParser&&) noexcept = default;

const FeatureParser::Failure* FeatureParser::ParseFeature(std::string_view text, size_t offset, OutlineBudget& budget,
                                                          ParsedFeatures& into) {
  return implementation_->ParseFeature(text, offset, budget, into);
}

const FeatureParser::Failure* FeatureParser::CheckCollection(std::string_view text) {
  return implementation_->CheckCollection(text);
}

}  // namespace wideberth::files
