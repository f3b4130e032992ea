#include "cmd/conflict_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>
#include <vector>

#include "base/rfc3339.h"
#include "cmd/plain_text.h"

namespace wideberth::cmd {
namespace {

using Json = nlohmann::ordered_json;

Json MemberOf(const Json& object, const char* name) {
  return object.is_object() && object.contains(name) ? object[name] : Json();
}

std::string TextOf(const Json& object, const char* name) {
  const Json value = MemberOf(object, name);
  return value.is_string() ? Plain(value.get_ref<const std::string&>()) : std::string();
}

std::optional<double> NumberOf(const Json& object, const char* name) {
  const Json value = MemberOf(object, name);
  if (!value.is_number()) return std::nullopt;
  return value.get<double>();
}

// "intent", "operational intent reference".
std::string WordsOf(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

// Where and when all meetings of a conflict lie.
struct Extent {
  std::optional<TimeNs> start;
  std::optional<TimeNs> end;
  bool bounded_below = true;
  bool bounded_above = true;
  std::optional<double> lower_m;
  std::optional<double> upper_m;
  std::string near;  // the middle of the first rectangle
  size_t count = 0;
};

std::string MiddleOf(const Json& box) {
  if (!box.is_array() || box.size() != 4) return "";
  for (const Json& one : box) {
    if (!one.is_number()) return "";
  }
  const double west = box[0].get<double>();
  double east = box[2].get<double>();
  if (east < west) east += 360;
  double longitude = (west + east) / 2;
  if (longitude > 180) longitude -= 360;
  if (longitude < -180) longitude += 360;
  return fmt::format("{:.5f}, {:.5f}", (box[1].get<double>() + box[3].get<double>()) / 2, longitude);
}

// Adds every position of GeoJSON's coordinates, however deep they lie.
void AddPositions(const Json& coordinates, std::vector<std::pair<double, double>>& positions) {
  if (!coordinates.is_array() || coordinates.empty()) return;
  if (coordinates.size() >= 2 && coordinates[0].is_number() && coordinates[1].is_number()) {
    positions.emplace_back(coordinates[0].get<double>(), coordinates[1].get<double>());
    return;
  }
  for (const Json& one : coordinates) AddPositions(one, positions);
}

// The rectangle that an outline lies in, as `bbox_deg` says it.
Json BoxOf(const Json& outline) {
  std::vector<std::pair<double, double>> positions;
  AddPositions(MemberOf(outline, "coordinates"), positions);
  if (positions.empty()) return {};
  double west = positions[0].first;
  double east = west;
  double south = positions[0].second;
  double north = south;
  for (const auto& [given, latitude] : positions) {
    double longitude = given;  // the short way round from the first
    if (longitude - positions[0].first > 180) longitude -= 360;
    if (longitude - positions[0].first < -180) longitude += 360;
    west = std::min(west, longitude);
    east = std::max(east, longitude);
    south = std::min(south, latitude);
    north = std::max(north, latitude);
  }
  return Json::array({west, south, east, north});
}

Extent ExtentOf(const Json& meets) {
  Extent all;
  if (!meets.is_array()) return all;
  for (const Json& one : meets) {
    ++all.count;
    const Result<TimeNs> start = ParseRfc3339(TextOf(one, "time_start"));
    const Result<TimeNs> end = ParseRfc3339(TextOf(one, "time_end"));
    if (start) all.start = all.start ? std::min(*all.start, *start) : *start;
    if (end) all.end = all.end ? std::max(*all.end, *end) : *end;
    const std::optional<double> lower = NumberOf(one, "altitude_lower_m");
    const std::optional<double> upper = NumberOf(one, "altitude_upper_m");
    all.bounded_below = all.bounded_below && lower;
    all.bounded_above = all.bounded_above && upper;
    if (lower) all.lower_m = all.lower_m ? std::min(*all.lower_m, *lower) : *lower;
    if (upper) all.upper_m = all.upper_m ? std::max(*all.upper_m, *upper) : *upper;
    if (all.near.empty()) all.near = MiddleOf(MemberOf(one, "bbox_deg"));
    if (all.near.empty()) all.near = MiddleOf(BoxOf(MemberOf(one, "outline")));
  }
  return all;
}

// The seconds of an instant, rounded down: "2026-03-01 10:05:00".
std::string ForEyes(TimeNs time) {
  std::string text = FormatRfc3339(time).substr(0, 19);
  text[10] = ' ';
  return text;
}

std::string AltitudesOf(const Extent& extent) {
  if (extent.count == 0) return "";
  const std::string lower = extent.bounded_below ? fmt::format("{:.0f}", *extent.lower_m) : "below";
  const std::string upper = extent.bounded_above ? fmt::format("{:.0f}", *extent.upper_m) : "above";
  return lower + " to " + upper;
}

std::string TimesOf(const Extent& extent) {
  if (!extent.start || !extent.end) return "";
  std::string until = ForEyes(*extent.end);
  const std::string from = ForEyes(*extent.start);
  if (until.compare(0, 10, from, 0, 10) == 0) until.erase(0, 11);
  return from + " to " + until;
}

std::string WhoOf(const Json& other) {
  std::string party = TextOf(other, "party");
  if (!party.empty()) return party;
  const std::string manager = TextOf(other, "manager");
  return manager.empty() ? "(not told)" : manager;
}

// How many columns of a terminal a UTF-8 text takes, near enough: a character each.
size_t Width(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

std::string ClearBy(const Json& conflict) {
  const Json meets = MemberOf(conflict, "meets");
  if (!meets.is_array() || meets.empty() || MemberOf(conflict, "more_meets") == true) return "";
  static constexpr std::array<std::pair<const char*, std::string_view>, 4> kWays{
      {{"up_m", "m up"}, {"down_m", "m down"}, {"earlier_s", "s earlier"}, {"later_s", "s later"}}};
  // Rounded up: less would not be clear.
  const auto rounded = [](double amount) { return amount >= 100 ? std::ceil(amount) : std::ceil(amount * 10) / 10; };
  std::vector<std::string> ways;
  for (const auto& [name, unit] : kWays) {
    std::optional<double> furthest = 0;
    for (const Json& one : meets) {
      const std::optional<double> amount = NumberOf(MemberOf(one, "clear_by"), name);
      furthest = amount && furthest ? std::optional(std::max(*furthest, *amount)) : std::nullopt;
    }
    if (furthest) ways.push_back(fmt::format("{} {}", rounded(*furthest), unit));
  }
  const Json only = meets.size() == 1 ? MemberOf(meets[0], "clear_by") : Json();
  const std::optional<double> aside_m = NumberOf(only, "horizontal_m");
  const std::optional<double> bearing_deg = NumberOf(only, "horizontal_bearing_deg");
  if (aside_m && bearing_deg) {
    ways.push_back(
        fmt::format("{} m towards {:03.0f} degrees", rounded(*aside_m), std::fmod(std::round(*bearing_deg), 360)));
  }
  return fmt::format("{}", fmt::join(ways, " or "));
}

std::string ConflictTable(const Json& conflicts) {
  if (!conflicts.is_array() || conflicts.empty()) return "";
  using Cells = std::array<std::string, 8>;
  std::vector<Cells> rows{{"CERTAINTY", "WITH", "ID", "OF", "TIME (UTC)", "ALTITUDE (m)", "NEAR", "CLEAR BY"}};
  for (const Json& conflict : conflicts) {
    const Json other = MemberOf(conflict, "other");
    const Json meets = MemberOf(conflict, "meets");
    const Extent extent = ExtentOf(meets);
    const bool possible = MemberOf(other, "possible") == true;
    std::string who = WhoOf(other);
    if (const std::string url = TextOf(other, "uss_base_url"); !url.empty()) who += " (" + url + ")";
    rows.push_back({possible ? "possible" : "certain", WordsOf(TextOf(other, "type")), TextOf(other, "id"), who,
                    TimesOf(extent), AltitudesOf(extent), extent.near, ClearBy(conflict)});
  }
  std::array<size_t, std::tuple_size_v<Cells>> widths{};
  for (const Cells& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Width(row[i]));
  }
  std::string table;
  for (const Cells& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) line += row[i] + std::string(widths[i] - Width(row[i]) + 2, ' ');
    line.erase(line.find_last_not_of(' ') + 1);
    table += line + "\n";
  }
  return table;
}

std::string NoticeWords(const Json& text) {
  const Json own = MemberOf(text, "own");
  const Json other = MemberOf(text, "other");
  const std::string kind = TextOf(text, "kind");
  const Extent extent = ExtentOf(MemberOf(text, "meets"));
  const bool possible = MemberOf(other, "possible") == true;
  std::string words;
  if (kind == "conflict") {
    words = possible ? "possible conflict: " : "CONFLICT: ";
  } else if (kind == "conflict_over") {
    words = "over: ";
  } else {
    words = WordsOf(kind) + ": ";
  }
  words += fmt::format("your {} {}", WordsOf(TextOf(own, "type")), TextOf(own, "id"));
  if (kind == "conflict") words += possible ? " may meet " : " meets ";
  if (kind == "conflict_over") words += " is clear of ";
  if (kind != "conflict" && kind != "conflict_over") words += ", ";
  words += fmt::format("{} {} of {}", WordsOf(TextOf(other, "type")), TextOf(other, "id"), WhoOf(other));
  std::vector<std::string> facts;
  if (const auto priority = NumberOf(other, "priority")) facts.push_back(fmt::format("priority {:.0f}", *priority));
  if (const std::string state = TextOf(other, "state"); !state.empty()) facts.push_back(state);
  if (const std::string url = TextOf(other, "uss_base_url"); !url.empty()) facts.push_back("ask " + url);
  if (!facts.empty()) words += fmt::format(" ({})", fmt::join(facts, ", "));
  if (const std::string times = TimesOf(extent); !times.empty()) words += ", " + times + " UTC";
  if (const std::string altitudes = AltitudesOf(extent); !altitudes.empty()) words += ", " + altitudes + " m";
  if (!extent.near.empty()) words += ", near " + extent.near;
  if (extent.count > 1) words += fmt::format(", {} places", extent.count);
  if (const std::string because = TextOf(text, "because"); !because.empty())
    words += fmt::format(" [{}]", WordsOf(because));
  return words;
}

}  // namespace wideberth::cmd
