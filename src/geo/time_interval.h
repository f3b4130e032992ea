#ifndef WIDEBERTH_GEO_TIME_INTERVAL_H_
#define WIDEBERTH_GEO_TIME_INTERVAL_H_

#include "base/result.h"
#include "base/units.h"

namespace wideberth::geo {

// Every instant from start to end, both in. A value; each one that exists has kTimeMin <= start <= end <= kTimeMax.
class TimeInterval {
 public:
  // The years 1678 to 2261: room to add a separation without overflow.
  static constexpr TimeNs kTimeMin{-9'214'560'000'000'000'000};
  static constexpr TimeNs kTimeMax{9'214'646'400'000'000'000};

  // kInvalid when start > end or when one of them is out of range.
  static Result<TimeInterval> Make(TimeNs start, TimeNs end);

  TimeNs start() const { return start_; }
  TimeNs end() const { return end_; }

  // Whether they share an instant: touching is meeting. With `separation_ns`, whether they come that near or nearer.
  // REQUIRES: 0 <= separation_ns <= kSeparationNsMax.
  static constexpr int64_t kSeparationNsMax = 366LL * 86'400 * kNsPerSecond / 128;  // a little below three days
  bool Intersects(const TimeInterval& other, int64_t separation_ns = 0) const {
    return start_.value - separation_ns <= other.end_.value && other.start_.value - separation_ns <= end_.value;
  }
  // Whether every instant of `other` is one of this.
  bool Contains(const TimeInterval& other) const { return start_ <= other.start_ && other.end_ <= end_; }

  friend bool operator==(const TimeInterval&, const TimeInterval&) = default;

 private:
  TimeInterval(TimeNs start, TimeNs end) : start_(start), end_(end) {}

  TimeNs start_;
  TimeNs end_;
};

}  // namespace wideberth::geo

#endif  // WIDEBERTH_GEO_TIME_INTERVAL_H_
