#include "files/conflict_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/rfc3339.h"
#include "geo/predicates.h"

namespace wideberth::files {
namespace {

using conflict::Conflict;
using conflict::Meeting;
using Json = nlohmann::ordered_json;  // members stay in the order in which they are written

// Gathers small pieces of text into large ones.
class Buffer {
 public:
  explicit Buffer(const ByteSink& sink) : sink_(sink) {}

  std::string& text() { return text_; }
  Result<void> FlushWhenFull() { return text_.size() < kFlushBytes ? Result<void>{} : Flush(); }
  Result<void> Flush() {
    WB_TRY_OK(sink_(text_));
    text_.clear();
    return {};
  }

 private:
  static constexpr size_t kFlushBytes = size_t{1} << 18;
  const ByteSink& sink_;
  std::string text_;
};

// Where two outlines meet, as a geometry that a map can draw.
struct Place {
  std::vector<std::vector<geo::LatLng>> rings;  // the shared region; empty when there is none
  geo::LatLng on_a;                             // else the ends of the shortest way between them
  geo::LatLng on_b;
  double distance_m = 0;
};

Place PlaceOf(const geo::Outline& a, const geo::Outline& b) {
  Place place;
  // Circles are drawn a little larger than they are: where the drawings overlap, the circles need not.
  const bool drawn = a.is_circle() || b.is_circle();
  if (!drawn || geo::FindClosestPoints(a, b).distance_m <= geo::kOutlineBoundM) place.rings = geo::SharedRegion(a, b);
  if (!place.rings.empty()) return place;
  const geo::ClosestPoints closest = geo::FindClosestPoints(a, b);
  place.on_a = closest.on_a;
  place.on_b = closest.on_b;
  // Where they come within the bound of the geometry they count as touching.
  place.distance_m = closest.distance_m <= geo::kOutlineBoundM ? 0 : closest.distance_m;
  return place;
}

// Degrees rounded to about a millimetre: more would be noise in a region that was computed.
double Rounded(double degrees) { return std::round(degrees * 1e8) / 1e8 + 0.0; }

// One point to go and look at: the middle of the region or of the shortest way.
geo::LatLng MiddleOf(const Place& place) {
  const std::array<geo::LatLng, 2> ends{place.on_a, place.on_b};
  const std::span<const geo::LatLng> points =
      place.rings.empty() ? std::span<const geo::LatLng>(ends) : std::span<const geo::LatLng>(place.rings[0]);
  geo::LatLng middle{0, 0};
  for (const geo::LatLng& p : points) {
    double off_deg = p.longitude_deg - points[0].longitude_deg;  // the short way round
    if (off_deg > 180) off_deg -= 360;
    if (off_deg < -180) off_deg += 360;
    middle.latitude_deg += p.latitude_deg / static_cast<double>(points.size());
    middle.longitude_deg += off_deg / static_cast<double>(points.size());
  }
  middle.longitude_deg += points[0].longitude_deg;
  if (middle.longitude_deg > 180) middle.longitude_deg -= 360;
  if (middle.longitude_deg < -180) middle.longitude_deg += 360;
  return middle;
}

Json Position(geo::LatLng p) { return Json::array({Rounded(p.longitude_deg), Rounded(p.latitude_deg)}); }

Json GeometryOf(const Place& place) {
  if (place.rings.empty()) {
    if (place.distance_m == 0) return {{"type", "Point"}, {"coordinates", Position(place.on_a)}};
    return {{"type", "LineString"}, {"coordinates", Json::array({Position(place.on_a), Position(place.on_b)})}};
  }
  Json polygons = Json::array();
  for (const auto& ring : place.rings) {
    Json positions = Json::array();
    for (const geo::LatLng& p : ring) positions.push_back(Position(p));
    positions.push_back(Position(ring[0]));
    polygons.push_back(Json::array({std::move(positions)}));
  }
  if (polygons.size() == 1) return {{"type", "Polygon"}, {"coordinates", std::move(polygons[0])}};
  return {{"type", "MultiPolygon"}, {"coordinates", std::move(polygons)}};
}

std::string WellKnownText(const Place& place) {
  const auto position = [](geo::LatLng p) {
    return fmt::format("{} {}", Rounded(p.longitude_deg), Rounded(p.latitude_deg));
  };
  if (place.rings.empty()) {
    if (place.distance_m == 0) return "POINT (" + position(place.on_a) + ")";
    return "LINESTRING (" + position(place.on_a) + ", " + position(place.on_b) + ")";
  }
  std::string text = place.rings.size() == 1 ? "POLYGON " : "MULTIPOLYGON (";
  for (size_t i = 0; i < place.rings.size(); ++i) {
    text += i == 0 ? "((" : ", ((";
    for (const geo::LatLng& p : place.rings[i]) text += position(p) + ", ";
    text += position(place.rings[i][0]) + "))";
  }
  if (place.rings.size() > 1) text += ")";
  return text;
}

// What one meeting says in every format.
struct Row {
  const std::string& party_a;
  const std::string& intent_a;
  const std::string& party_b;
  const std::string& intent_b;
  uint32_t volume_a;  // within its intent, from 0
  uint32_t volume_b;
  conflict::Shared shared;
  Place place;
};

double Metres(AltitudeMm altitude) { return static_cast<double>(altitude.value) / 1000.0; }

class Rows {
 public:
  explicit Rows(const ConflictReport& report) : report_(report), volume_in_intent_(report.plans.volumes().size()) {
    std::vector<uint32_t> counts(report.plans.intents().size());
    for (size_t volume = 0; volume < volume_in_intent_.size(); ++volume)
      volume_in_intent_[volume] = counts[report.plans.intent_of()[volume]]++;
  }

  Row Of(const Meeting& meeting) const {
    const conflict::PlanSet& plans = report_.plans;
    const auto& intent_a = plans.intents()[plans.intent_of()[meeting.a]];
    const auto& intent_b = plans.intents()[plans.intent_of()[meeting.b]];
    const geo::Volume4D& a = plans.volumes()[meeting.a];
    const geo::Volume4D& b = plans.volumes()[meeting.b];
    return {plans.parties()[intent_a.party], intent_a.name,
            plans.parties()[intent_b.party], intent_b.name,
            volume_in_intent_[meeting.a],    volume_in_intent_[meeting.b],
            conflict::SharedOf(a, b),        PlaceOf(a.outline, b.outline)};
  }

 private:
  const ConflictReport& report_;
  std::vector<uint32_t> volume_in_intent_;
};

// Time, altitude and distance members. Where a separation was asked for, what is not shared is a gap.
void AddShared(const Row& row, Json& into) {
  const bool later = row.shared.start > row.shared.end;
  const bool above = row.shared.lower > row.shared.upper;
  into[later ? "gap_time_start" : "time_start"] = FormatRfc3339(later ? row.shared.end : row.shared.start);
  into[later ? "gap_time_end" : "time_end"] = FormatRfc3339(later ? row.shared.start : row.shared.end);
  into[above ? "gap_altitude_lower_m" : "altitude_lower_m"] = Metres(above ? row.shared.upper : row.shared.lower);
  into[above ? "gap_altitude_upper_m" : "altitude_upper_m"] = Metres(above ? row.shared.lower : row.shared.upper);
  into["distance_m"] = std::round(row.place.distance_m * 1000) / 1000;
}

// Calls write(row, index of its conflict, whether it is its conflict's first) for every meeting in order.
template <typename Write>
Result<void> ForEach(const ConflictReport& report, const std::function<void(size_t)>& progress, Write write) {
  const Rows rows(report);
  size_t written = 0;
  for (const Conflict& conflict : report.conflicts) {
    for (size_t i = conflict.first; i < conflict.first + conflict.count; ++i) {
      WB_TRY_OK(write(rows.Of(report.meetings[i]), conflict, i));
      if (progress) progress(++written);
    }
  }
  return {};
}

Result<void> WriteJson(const ConflictReport& report, const ByteSink& sink,
                       const std::function<void(size_t)>& progress) {
  Buffer buffer(sink);
  buffer.text() += "{\"conflicts\":[";
  WB_TRY_OK(ForEach(report, progress, [&](const Row& row, const Conflict& conflict, size_t i) {
    if (i == conflict.first) {
      buffer.text() += &conflict == report.conflicts.data() ? "\n" : ",\n";
      const Json intents = Json::array({Json{{"party", row.party_a}, {"intent", row.intent_a}},
                                        Json{{"party", row.party_b}, {"intent", row.intent_b}}});
      buffer.text() += "{\"intents\":" + intents.dump() + ",\"meetings\":[";
    }
    Json meeting;
    meeting["volumes"] = Json::array({row.volume_a, row.volume_b});
    AddShared(row, meeting);
    meeting["outline"] = GeometryOf(row.place);
    buffer.text() += (i == conflict.first ? "\n  " : ",\n  ") + meeting.dump();
    if (i + 1 == conflict.first + conflict.count) buffer.text() += "]}";
    return buffer.FlushWhenFull();
  }));
  const Json summary{{"parties", report.plans.parties().size()},
                     {"intents", report.plans.intents().size()},
                     {"volumes", report.plans.volumes().size()},
                     {"conflicts", report.conflicts.size()},
                     {"meetings", report.meetings.size()}};
  buffer.text() += "\n],\"summary\":" + summary.dump() + "}\n";
  return buffer.Flush();
}

Result<void> WriteGeoJson(const ConflictReport& report, const ByteSink& sink,
                          const std::function<void(size_t)>& progress) {
  Buffer buffer(sink);
  buffer.text() += "{\"type\":\"FeatureCollection\",\"features\":[";
  bool first = true;
  WB_TRY_OK(ForEach(report, progress, [&](const Row& row, const Conflict&, size_t) {
    Json feature{{"type", "Feature"}, {"properties", Json::object()}};
    Json& properties = feature["properties"];
    properties["party_a"] = row.party_a;
    properties["intent_a"] = row.intent_a;
    properties["volume_a"] = row.volume_a;
    properties["party_b"] = row.party_b;
    properties["intent_b"] = row.intent_b;
    properties["volume_b"] = row.volume_b;
    AddShared(row, properties);
    feature["geometry"] = GeometryOf(row.place);
    buffer.text() += (first ? "\n" : ",\n") + feature.dump();
    first = false;
    return buffer.FlushWhenFull();
  }));
  buffer.text() += "\n]}\n";
  return buffer.Flush();
}

// A field of RFC 4180.
std::string CsvField(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

Result<void> WriteCsv(const ConflictReport& report, const ByteSink& sink, const std::function<void(size_t)>& progress) {
  Buffer buffer(sink);
  buffer.text() +=
      "party_a,intent_a,volume_a,party_b,intent_b,volume_b,shared_start,shared_end,shared_lower_m,shared_upper_m,"
      "distance_m,latitude,longitude,outline\n";
  WB_TRY_OK(ForEach(report, progress, [&](const Row& row, const Conflict&, size_t) {
    const geo::LatLng middle = MiddleOf(row.place);
    fmt::format_to(std::back_inserter(buffer.text()), "{},{},{},{},{},{},{},{},{},{},{:.3f},{},{},\"{}\"\n",
                   CsvField(row.party_a), CsvField(row.intent_a), row.volume_a, CsvField(row.party_b),
                   CsvField(row.intent_b), row.volume_b, FormatRfc3339(row.shared.start), FormatRfc3339(row.shared.end),
                   Metres(row.shared.lower), Metres(row.shared.upper), row.place.distance_m,
                   Rounded(middle.latitude_deg), Rounded(middle.longitude_deg), WellKnownText(row.place));
    return buffer.FlushWhenFull();
  }));
  return buffer.Flush();
}

// ---- The table.

constexpr size_t kColumns = 8;
using Cells = std::array<std::string, kColumns>;

// How many columns of a terminal a UTF-8 text takes, near enough: a character each.
size_t Width(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// The seconds of an instant in words that line up: "2020-09-08 01:02:03"; rounded down.
std::string ForEyes(TimeNs time) {
  std::string text = FormatRfc3339(time).substr(0, 19);
  text[10] = ' ';
  return text;
}

int64_t WholeMetres(AltitudeMm altitude) { return std::llround(Metres(altitude)); }

Cells CellsOf(const ConflictReport& report, const Conflict& conflict) {
  const conflict::PlanSet& plans = report.plans;
  const auto& intent_a = plans.intents()[conflict.intent_a];
  const auto& intent_b = plans.intents()[conflict.intent_b];
  // From the first instant to the last, from the lowest altitude to the highest, over all its meetings.
  conflict::Shared all{};
  for (size_t i = conflict.first; i < conflict.first + conflict.count; ++i) {
    const Meeting& meeting = report.meetings[i];
    conflict::Shared one = conflict::SharedOf(plans.volumes()[meeting.a], plans.volumes()[meeting.b]);
    if (one.start > one.end) std::swap(one.start, one.end);
    if (one.lower > one.upper) std::swap(one.lower, one.upper);
    if (i == conflict.first) all = one;
    all = {std::min(all.start, one.start), std::max(all.end, one.end), std::min(all.lower, one.lower),
           std::max(all.upper, one.upper)};
  }
  const Meeting& first = report.meetings[conflict.first];
  const geo::LatLng where = MiddleOf(PlaceOf(plans.volumes()[first.a].outline, plans.volumes()[first.b].outline));
  std::string until = ForEyes(all.end);
  if (until.compare(0, 10, ForEyes(all.start), 0, 10) == 0) until.erase(0, 11);
  return {ForEyes(all.start),
          until,
          plans.parties()[intent_a.party] + "  " + intent_a.name,
          plans.parties()[intent_b.party] + "  " + intent_b.name,
          fmt::format("{} to {}", WholeMetres(all.lower), WholeMetres(all.upper)),
          fmt::format("{:.5f}", where.latitude_deg),
          fmt::format("{:.5f}", where.longitude_deg),
          fmt::format("{}", conflict.count)};
}

std::string Counted(size_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

Result<void> WriteTable(const ConflictReport& report, const ByteSink& sink,
                        const std::function<void(size_t)>& progress) {
  const Cells head{"from (UTC)", "until", "who", "meets", "altitude m", "latitude", "longitude", "volumes"};
  constexpr std::array<bool, kColumns> kRight{false, true, false, false, true, true, true, true};
  Buffer buffer(sink);
  std::array<size_t, kColumns> widths{};
  std::vector<Cells> rows;
  rows.reserve(report.conflicts.size());
  size_t done = 0;
  for (const Conflict& conflict : report.conflicts) {
    rows.push_back(CellsOf(report, conflict));
    done += conflict.count;
    if (progress) progress(done);
  }
  for (size_t column = 0; column < kColumns; ++column) {
    widths[column] = Width(head[column]);
    for (const Cells& row : rows) widths[column] = std::max(widths[column], Width(row[column]));
  }
  const auto write = [&](const Cells& cells) {
    std::string line;
    for (size_t column = 0; column < kColumns; ++column) {
      const std::string pad(widths[column] - Width(cells[column]), ' ');
      line += kRight[column] ? pad + cells[column] : cells[column] + pad;
      line += column + 1 < kColumns ? "  " : "";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    buffer.text() += line + '\n';
    return buffer.FlushWhenFull();
  };
  if (!rows.empty()) {
    WB_TRY_OK(write(head));
    for (const Cells& row : rows) WB_TRY_OK(write(row));
    buffer.text() += '\n';
  }
  buffer.text() += Counted(report.conflicts.size(), "conflict", "conflicts") + " between the " +
                   Counted(report.plans.intents().size(), "intent", "intents") + " of " +
                   Counted(report.plans.parties().size(), "party", "parties") + ": " +
                   Counted(report.meetings.size(), "pair", "pairs") + " of their " +
                   Counted(report.plans.volumes().size(), "volume", "volumes") + " meet\n";
  return buffer.Flush();
}

}  // namespace

std::optional<ReportFormat> ReportFormatNamed(std::string_view name) {
  if (name == "table") return ReportFormat::kTable;
  if (name == "json") return ReportFormat::kJson;
  if (name == "geojson") return ReportFormat::kGeoJson;
  if (name == "csv") return ReportFormat::kCsv;
  return std::nullopt;
}

Result<void> WriteConflictReport(const ConflictReport& report, ReportFormat format, const ByteSink& sink,
                                 const std::function<void(size_t)>& progress) {
  switch (format) {
    case ReportFormat::kTable:
      return WriteTable(report, sink, progress);
    case ReportFormat::kJson:
      return WriteJson(report, sink, progress);
    case ReportFormat::kGeoJson:
      return WriteGeoJson(report, sink, progress);
    case ReportFormat::kCsv:
      return WriteCsv(report, sink, progress);
  }
  return Error{Code::kInvalid, "no such report format"};
}

}  // namespace wideberth::files
