#ifndef WIDEBERTH_CONFLICT_MEETINGS_H_
#define WIDEBERTH_CONFLICT_MEETINGS_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "base/result.h"
#include "conflict/plan_set.h"
#include "geo/volume4d.h"

namespace wideberth::conflict {

// Two volumes that meet, by their numbers in the PlanSet: a < b.
struct Meeting {
  uint32_t a;
  uint32_t b;

  friend auto operator<=>(const Meeting&, const Meeting&) = default;
};

struct MeetingOptions {
  geo::Separation separation;            // zero: volumes that share a point; else also those that come that near
  bool within_party = false;             // also intents of one party with each other (an intent never with itself)
  size_t meetings_max = 200'000'000;     // more than these are an Error: no list of meetings is ever cut short
  std::function<void(double)> progress;  // told the share that is done, 0..1, now and then; may be empty
};

struct Meetings {
  std::vector<Meeting> meetings;  // ascending by (a, b)
  size_t candidates = 0;          // pairs that the index proposed, of which the meetings are those that truly meet
  double build_s = 0;             // making boxes and index
  double join_s = 0;              // finding candidates and deciding them
};

// Finds every pair of volumes of different parties (and, if asked, of different intents of one party) that meet, volume
// by volume, each pair once. None is missed; what is reported without need lies within geo::kOutlineBoundM of meeting.
// kInvalid for a separation out of its range, with the field; kTooLarge for more than `meetings_max`. About linear in
// volumes and meetings for what flies. Uses one thread.
Result<Meetings> FindMeetings(const PlanSet& plans, const MeetingOptions& options);

// The meetings of two intents: those numbered first..first + count - 1 in the list that GroupByIntents sorts.
struct Conflict {
  uint32_t intent_a;  // of the two, the one that appeared first in the PlanSet
  uint32_t intent_b;
  size_t first;
  size_t count;
};

// Sorts the meetings by the intents they concern, in order of (first instant that both are there, intent_a, intent_b);
// the meetings of one conflict by their first shared instant. In each Meeting, a is then the volume of intent_a.
// Deterministic. O(n log n).
std::vector<Conflict> GroupByIntents(const PlanSet& plans, std::vector<Meeting>& meetings);

// What two volumes share of time and altitude. Where a separation was asked for they may share nothing: then the gap
// between them, lower > upper, or start > end.
struct Shared {
  TimeNs start;
  TimeNs end;
  AltitudeMm lower;
  AltitudeMm upper;
};
Shared SharedOf(const geo::Volume4D& a, const geo::Volume4D& b);

}  // namespace wideberth::conflict

#endif  // WIDEBERTH_CONFLICT_MEETINGS_H_
