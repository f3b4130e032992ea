#include "conflict/meetings.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>
#include <tuple>

#include "geo/predicates.h"
#include "index/box.h"
#include "index/join.h"

namespace wideberth::conflict {
namespace {

using Timer = std::chrono::steady_clock;  // durations to report; nothing that is decided depends on them

double SecondsSince(Timer::time_point start) { return std::chrono::duration<double>(Timer::now() - start).count(); }

Result<void> CheckSeparation(const geo::Separation& separation) {
  const auto out_of_range = [](const char* field, const std::string& range) {
    return Error{Code::kInvalid, std::string(field) + ": must be within 0 and " + range};
  };
  if (!(separation.horizontal_m >= 0 && separation.horizontal_m <= geo::Separation::kHorizontalMaxM))
    return out_of_range("horizontal separation", "1,000,000 m");
  if (separation.altitude.value < 0 || separation.altitude.value > geo::Separation::kAltitudeMaxMm)
    return out_of_range("altitude separation", "1,000,000 m");
  if (separation.time_ns < 0 || separation.time_ns > geo::TimeInterval::kSeparationNsMax)
    return out_of_range("time separation", std::to_string(geo::TimeInterval::kSeparationNsMax / kNsPerSecond) + " s");
  return {};
}

// The boxes of all volumes in order; ids[i] is the volume that boxes[i] is of.
struct VolumeBoxes {
  std::vector<index::Box> boxes;
  std::vector<uint32_t> ids;
};

VolumeBoxes BoxesOfAll(const PlanSet& plans, const geo::Separation& separation) {
  const size_t count = plans.volumes().size();
  VolumeBoxes all;
  all.boxes.reserve(count + count / 64);
  all.ids.reserve(count + count / 64);
  for (size_t volume = 0; volume < count; ++volume) {
    const index::Boxes boxes = index::BoxesOf(plans.volumes()[volume], separation);
    for (const index::Box& box : boxes.span()) {
      all.boxes.push_back(box);
      all.ids.push_back(static_cast<uint32_t>(volume));
    }
  }
  return all;
}

}  // namespace

Result<Meetings> FindMeetings(const PlanSet& plans, const MeetingOptions& options) {
  WB_TRY_OK(CheckSeparation(options.separation));
  Meetings found;
  const auto build_start = Timer::now();
  const VolumeBoxes all = BoxesOfAll(plans, options.separation);
  const index::Join join(all.boxes, all.ids);
  found.build_s = SecondsSince(build_start);

  const auto join_start = Timer::now();
  const std::vector<geo::Volume4D>& volumes = plans.volumes();
  const std::vector<uint32_t>& intent_of = plans.intent_of();
  const auto concerned = [&](const index::IdPair& pair) {
    const uint32_t intent_a = intent_of[pair.a];
    const uint32_t intent_b = intent_of[pair.b];
    if (intent_a == intent_b) return false;
    return options.within_party || plans.intents()[intent_a].party != plans.intents()[intent_b].party;
  };
  const auto decide = [&](std::span<const index::IdPair> pairs) {
    // Volumes lie all over the memory: ask for those of the pairs ahead while deciding this one.
    constexpr size_t kAhead = 12;
    const auto fetch = [&](size_t i) {
      if (i >= pairs.size()) return;
      for (const uint32_t volume : {pairs[i].a, pairs[i].b}) {
        const auto* first_byte = reinterpret_cast<const std::byte*>(&volumes[volume]);
        __builtin_prefetch(first_byte);
        __builtin_prefetch(first_byte + sizeof(geo::Volume4D) - 1);
      }
    };
    for (size_t i = 0; i < kAhead; ++i) fetch(i);
    for (size_t i = 0; i < pairs.size(); ++i) {
      fetch(i + kAhead);
      ++found.candidates;
      if (!concerned(pairs[i])) continue;
      if (!geo::Intersects(volumes[pairs[i].a], volumes[pairs[i].b], options.separation)) continue;
      if (found.meetings.size() >= options.meetings_max) return false;
      found.meetings.push_back({pairs[i].a, pairs[i].b});
    }
    return true;
  };
  const bool complete =
      options.progress ? join.Visit(decide, [&](double share) { options.progress(share); }) : join.Visit(decide);
  if (!complete)
    return Error{Code::kTooLarge, "more than " + std::to_string(options.meetings_max) +
                                      " pairs of volumes meet, which is the limit: check fewer plans at a time"};
  std::sort(found.meetings.begin(), found.meetings.end());
  found.join_s = SecondsSince(join_start);
  return found;
}

std::vector<Conflict> GroupByIntents(const PlanSet& plans, std::vector<Meeting>& meetings) {
  const std::vector<uint32_t>& intent_of = plans.intent_of();
  const auto first_shared = [&](const Meeting& meeting) {
    return SharedOf(plans.volumes()[meeting.a], plans.volumes()[meeting.b]).start;
  };
  for (Meeting& meeting : meetings) {
    if (intent_of[meeting.a] > intent_of[meeting.b]) std::swap(meeting.a, meeting.b);
  }
  // Together what belongs together, then each group by time.
  std::sort(meetings.begin(), meetings.end(), [&](const Meeting& p, const Meeting& q) {
    const auto of = [&](const Meeting& m) {
      return std::tuple(intent_of[m.a], intent_of[m.b], first_shared(m), m.a, m.b);
    };
    return of(p) < of(q);
  });
  std::vector<Conflict> conflicts;
  for (size_t i = 0; i < meetings.size(); ++i) {
    const uint32_t intent_a = intent_of[meetings[i].a];
    const uint32_t intent_b = intent_of[meetings[i].b];
    if (conflicts.empty() || conflicts.back().intent_a != intent_a || conflicts.back().intent_b != intent_b)
      conflicts.push_back({intent_a, intent_b, i, 0});
    ++conflicts.back().count;
  }
  std::sort(conflicts.begin(), conflicts.end(), [&](const Conflict& p, const Conflict& q) {
    const auto of = [&](const Conflict& c) {
      return std::tuple(first_shared(meetings[c.first]), c.intent_a, c.intent_b);
    };
    return of(p) < of(q);
  });
  return conflicts;
}

Shared SharedOf(const geo::Volume4D& a, const geo::Volume4D& b) {
  return {std::max(a.times.start(), b.times.start()), std::min(a.times.end(), b.times.end()),
          std::max(a.altitudes.lower(), b.altitudes.lower()), std::min(a.altitudes.upper(), b.altitudes.upper())};
}

}  // namespace wideberth::conflict
