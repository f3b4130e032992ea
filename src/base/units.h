#ifndef WIDEBERTH_BASE_UNITS_H_
#define WIDEBERTH_BASE_UNITS_H_

#include <compare>
#include <cstdint>

namespace wideberth {

// Height above the WGS84 ellipsoid, in whole millimetres. A value.
struct AltitudeMm {
  int64_t value = 0;
  friend auto operator<=>(const AltitudeMm&, const AltitudeMm&) = default;
};

// An instant: nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted (POSIX time). A value.
struct TimeNs {
  int64_t value = 0;
  friend auto operator<=>(const TimeNs&, const TimeNs&) = default;
};

inline constexpr int64_t kNsPerSecond = 1'000'000'000;

}  // namespace wideberth

#endif  // WIDEBERTH_BASE_UNITS_H_
