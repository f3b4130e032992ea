#include "geo/time_interval.h"

#include "base/rfc3339.h"

namespace wideberth::geo {

Result<TimeInterval> TimeInterval::Make(TimeNs start, TimeNs end) {
  if (start < kTimeMin || end < kTimeMin || start > kTimeMax || end > kTimeMax)
    return Error{Code::kInvalid, "time is outside the years 1678 to 2261"};
  if (start > end)
    return Error{Code::kInvalid, "start " + FormatRfc3339(start) + " is after end " + FormatRfc3339(end)};
  return TimeInterval(start, end);
}

}  // namespace wideberth::geo
