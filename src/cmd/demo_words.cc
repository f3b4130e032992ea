#include "cmd/demo_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "base/rfc3339.h"
#include "cmd/plain_text.h"

namespace wideberth::cmd {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kNoticeRow = "{:<6}  {:<18}  {:<8}  {:<19}  {:<19}  {:<8}  {:>12}  {:>6}\n";
constexpr size_t kColumns = 110;
constexpr size_t kIdShown = 8;  // of its first characters

std::string ShortId(const Json& of) { return Plain(of.value("id", "")).substr(0, kIdShown); }

std::string WhoOf(const Json& other) {
  for (const char* member : {"party", "manager"}) {
    if (other.contains(member)) return Plain(other.value(member, ""));
  }
  return "";
}

// "2020-09-08 00:00:32", rounded down.
std::string ForEyes(TimeNs time) {
  std::string text = FormatRfc3339(time).substr(0, 19);
  text[10] = ' ';
  return text;
}

}  // namespace

std::string DemoNoticeHeadings() {
  return fmt::format(fmt::runtime(kNoticeRow), "told", "that its", "meets", "of", "from (UTC)", "until", "altitude m",
                     "places");
}

std::string DemoNoticeRow(const Json& text, const std::string& own_flight, int64_t shift_ns) {
  TimeNs from{std::numeric_limits<int64_t>::max()};
  TimeNs until{std::numeric_limits<int64_t>::min()};
  double lower_m = std::numeric_limits<double>::infinity();
  double upper_m = -lower_m;
  const Json meets = text.value("meets", Json::array());
  for (const Json& one : meets) {
    if (const auto start = ParseRfc3339(one.value("time_start", ""))) from = std::min(from, *start);
    if (const auto end = ParseRfc3339(one.value("time_end", ""))) until = std::max(until, *end);
    lower_m = std::min(lower_m, one.value("altitude_lower_m", -std::numeric_limits<double>::infinity()));
    upper_m = std::max(upper_m, one.value("altitude_upper_m", std::numeric_limits<double>::infinity()));
  }
  const Json other = text.value("other", Json::object());
  const std::string who = WhoOf(other);
  std::string whom = who.empty() ? "(pseudonym)" : who;
  if (other.value("possible", false)) whom += " (possible)";
  std::string times[2];
  if (from <= until) {
    times[0] = ForEyes({from.value - shift_ns});
    times[1] = ForEyes({until.value - shift_ns});
    if (times[0].compare(0, 10, times[1], 0, 10) == 0) times[1].erase(0, 11);
  }
  return fmt::format(fmt::runtime(kNoticeRow), Plain(text.value("party", "")), Plain(own_flight), ShortId(other), whom,
                     times[0], times[1], fmt::format("{:.0f} to {:.0f}", std::round(lower_m), std::round(upper_m)),
                     meets.size());
}

std::string DemoOther(const Json& other) {
  const std::string who = WhoOf(other);
  return ShortId(other) + (who.empty() ? ", a pseudonym, of a party that is not told" : " of " + who);
}

std::string Wrapped(std::string_view text, size_t indent) {
  const size_t hang = indent;
  std::string wrapped;
  while (!text.empty()) {
    const size_t newline = std::min(text.find('\n'), text.size());
    std::string_view paragraph = text.substr(0, newline);
    text.remove_prefix(std::min(newline + 1, text.size()));
    std::string line(indent, ' ');
    bool bare = true;  // the line has no word yet
    while (!paragraph.empty()) {
      const size_t space = std::min(paragraph.find(' '), paragraph.size());
      if (!bare && line.size() + 1 + space > kColumns) {
        wrapped += line + "\n";
        line.assign(indent + hang, ' ');
        bare = true;
      }
      if (!bare) line += ' ';
      line += paragraph.substr(0, space);
      bare = false;
      paragraph.remove_prefix(std::min(space + 1, paragraph.size()));
    }
    wrapped += line + "\n";
  }
  return wrapped;
}

}  // namespace wideberth::cmd
