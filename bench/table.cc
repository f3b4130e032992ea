#include "bench/table.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

namespace wideberth::bench {
namespace {

std::string WithCommas(size_t number) {
  if (number < 1000) return std::to_string(number);
  return fmt::format("{},{:03}", WithCommas(number / 1000), number % 1000);
}

std::string Figure(double value, const std::string& unit) {
  const int decimals = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
  return fmt::format("{:.{}f} {}", value, decimals, unit);
}

}  // namespace

double Median(std::vector<double> values) { return Percentile(std::move(values), 0.5); }

double Percentile(std::vector<double> values, double share) {
  const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(values.size())));
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::max<size_t>(rank, 1) - 1);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

double ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  size_t pages = 0;
  size_t resident_pages = 0;
  statm >> pages >> resident_pages;
  return static_cast<double>(resident_pages) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

void Table::AddPairs(std::string baseline, size_t ours, size_t theirs, size_t only_ours, size_t only_theirs) {
  pairs_.push_back({lines_.size(), {ours, theirs, only_ours, only_theirs}});
  lines_.push_back({.what = "join: pairs that meet", .baseline = std::move(baseline)});
}

std::string Table::Serialise() const {
  nlohmann::json root{{"lines", nlohmann::json::array()}, {"pairs", nlohmann::json::array()}, {"notes", notes_}};
  for (const Line& line : lines_) {
    root["lines"].push_back({line.what, line.ours, line.unit, line.more_is_better,
                             line.target ? nlohmann::json(*line.target) : nlohmann::json(), line.baseline,
                             line.baseline_figure});
  }
  for (const auto& [number, pairs] : pairs_)
    root["pairs"].push_back({number, pairs.ours, pairs.theirs, pairs.only_ours, pairs.only_theirs});
  return root.dump();
}

void Table::AddSerialised(std::string_view text) {
  const nlohmann::json root = nlohmann::json::parse(text);
  const size_t before = lines_.size();
  for (const nlohmann::json& line : root["lines"]) {
    lines_.push_back({line[0], line[1], line[2], line[3],
                      line[4].is_null() ? std::nullopt : std::optional(line[4].get<double>()), line[5], line[6]});
  }
  for (const nlohmann::json& pairs : root["pairs"])
    pairs_.push_back({before + pairs[0].get<size_t>(), {pairs[1], pairs[2], pairs[3], pairs[4]}});
  for (const nlohmann::json& note : root["notes"]) notes_.push_back(note);
}

std::vector<std::string> Table::PairCells(const Line& line, const Pairs& pairs) const {
  // The plane and the ellipsoid may differ about pairs within millimetres of touching: of these there are a handful.
  const size_t allowed = 1 + pairs.ours / 10'000;
  const bool ok = pairs.only_ours <= allowed && pairs.only_theirs <= allowed;
  return {line.what,          WithCommas(pairs.ours),   "the same",
          line.baseline,      WithCommas(pairs.theirs), fmt::format("+{} -{}", pairs.only_ours, pairs.only_theirs),
          ok ? "ok" : "short"};
}

std::string Table::Print() const {
  constexpr size_t kColumns = 7;
  std::vector<std::vector<std::string>> rows = {
      {"what", "ours", "target", "baseline", "its figure", "ratio", "verdict"}};
  size_t next_pairs = 0;
  for (size_t i = 0; i < lines_.size(); ++i) {
    const Line& line = lines_[i];
    if (next_pairs < pairs_.size() && pairs_[next_pairs].first == i) {
      rows.push_back(PairCells(line, pairs_[next_pairs++].second));
      continue;
    }
    const bool compared = !line.baseline.empty();
    const double ratio = line.more_is_better ? line.ours / line.baseline_figure : line.baseline_figure / line.ours;
    std::string target = "-";
    std::string verdict = "-";
    if (line.target) {
      target = fmt::format("{} {}", line.more_is_better ? ">=" : "<=", Figure(*line.target, line.unit));
      verdict = (line.more_is_better ? line.ours >= *line.target : line.ours <= *line.target) ? "ok" : "short";
    } else if (compared) {
      target = "no worse";
      verdict = ratio >= 1 ? "ok" : "short";
    }
    rows.push_back({line.what, Figure(line.ours, line.unit), target, compared ? line.baseline : "-",
                    compared ? Figure(line.baseline_figure, line.unit) : "-",
                    compared ? fmt::format("{:.2f}x", ratio) : "-", verdict});
  }
  std::array<size_t, kColumns> widths{};
  for (const auto& row : rows) {
    for (size_t column = 0; column < kColumns; ++column) widths[column] = std::max(widths[column], row[column].size());
  }
  std::string text;
  for (size_t r = 0; r < rows.size(); ++r) {
    const auto cell = [&](size_t column) {
      const bool right = column == 1 || column == 2 || column == 4 || column == 5;
      return right ? fmt::format("{:>{}}", rows[r][column], widths[column])
                   : fmt::format("{:<{}}", rows[r][column], widths[column]);
    };
    for (size_t column = 0; column < kColumns; ++column) text += fmt::format("| {} ", cell(column));
    text += "|\n";
    if (r != 0) continue;
    for (size_t column = 0; column < kColumns; ++column) text += fmt::format("|{:-<{}}", "", widths[column] + 2);
    text += "|\n";
  }
  for (const std::string& note : notes_) text += note + "\n";
  return text;
}

}  // namespace wideberth::bench
