#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "bench/baselines.h"
#include "bench/benches.h"
#include "conflict/meetings.h"

namespace wideberth::bench {
namespace {

using conflict::Meeting;

size_t CountMissing(const std::vector<Meeting>& from, const std::vector<Meeting>& in) {
  std::vector<Meeting> missing;
  std::set_difference(from.begin(), from.end(), in.begin(), in.end(), std::back_inserter(missing));
  return missing.size();
}

}  // namespace

void BenchJoin(const conflict::PlanSet& plans, const Options& options, Table& table) {
  const conflict::MeetingOptions all_pairs{.within_party = true};
  std::vector<double> build_s, join_s, total_s;
  std::vector<Meeting> meetings;
  size_t candidates = 0;
  for (int run = 0; run < 5; ++run) {
    conflict::Meetings found = *conflict::FindMeetings(plans, all_pairs);
    build_s.push_back(found.build_s);
    join_s.push_back(found.join_s);
    total_s.push_back(found.build_s + found.join_s);
    candidates = found.candidates;
    meetings = std::move(found.meetings);
  }
  const double ours_s = Median(total_s);
  const std::optional<double> target = options.standard() ? std::optional(0.5) : std::nullopt;
  std::vector<std::pair<std::string, double>> baselines;

  const BaselineJoin boost = JoinWithBoost(plans);
  const BaselineJoin geos = JoinWithGeos(plans);
  const std::string what = "join, one core, with building";
  table.Add({what, ours_s, "s", false, target, "Boost R-tree 4D", boost.seconds});
  table.Add({what, ours_s, "s", false, target, "GEOS STRtree 2D", geos.seconds});
  if (options.postgis_s > 0) table.Add({what, ours_s, "s", false, target, "PostGIS GiST", options.postgis_s});
  for (const auto& [name, join] : {std::pair{"Boost", &boost}, std::pair{"GEOS", &geos}})
    table.AddPairs(name, meetings.size(), join->meetings.size(), CountMissing(meetings, join->meetings),
                   CountMissing(join->meetings, meetings));
  if (options.postgis_s > 0) {
    // Only their number is known.
    const size_t more = std::max(meetings.size(), options.postgis_pairs);
    table.AddPairs("PostGIS", meetings.size(), options.postgis_pairs, more - options.postgis_pairs,
                   more - meetings.size());
  }
  table.Note(
      fmt::format("join: median of 5 ({:.3f}..{:.3f} s), of it {:.3f} s to make boxes and index; {} candidates. "
                  "Baselines: one run each.",
                  *std::min_element(total_s.begin(), total_s.end()), *std::max_element(total_s.begin(), total_s.end()),
                  Median(build_s), candidates));
  table.Note(
      "pairs: +n only we found, -n only the baseline found. The baselines work in the plane and we on the ellipsoid, "
      "to "
      "5 mm: a handful of pairs that all but touch may differ.");
}

}  // namespace wideberth::bench
