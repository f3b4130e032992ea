#include "index/box.h"

#include <limits>

#include "base/check.h"
#include "geo/predicates.h"

namespace wideberth::index {
namespace {

constexpr int64_t kEpochNs = 1'577'836'800 * kNsPerSecond;  // 2020-01-01T00:00:00Z

constexpr int64_t FloorDivide(int64_t value, int64_t divisor) {
  const int64_t quotient = value / divisor;
  return quotient - (value % divisor < 0 ? 1 : 0);
}

int32_t Clamp(int64_t value) {
  constexpr int64_t kMin = std::numeric_limits<int32_t>::min();
  constexpr int64_t kMax = std::numeric_limits<int32_t>::max();
  return static_cast<int32_t>(std::clamp(value, kMin, kMax));
}

}  // namespace

int32_t TimeToSecondsDown(TimeNs time) {
  // Seconds first: the difference to the epoch itself might not fit.
  return Clamp(FloorDivide(time.value, kNsPerSecond) - kEpochNs / kNsPerSecond);
}

int32_t TimeToSecondsUp(TimeNs time) {
  const int64_t seconds = FloorDivide(time.value, kNsPerSecond);
  const bool whole = time.value % kNsPerSecond == 0;
  return Clamp(seconds + (whole ? 0 : 1) - kEpochNs / kNsPerSecond);
}

int32_t ToBoxAltitude(AltitudeMm altitude) { return Clamp(altitude.value); }

Boxes BoxesOf(const geo::Volume4D& volume, const geo::Separation& separation) {
  WB_CHECK(separation.horizontal_m >= 0 && separation.altitude.value >= 0 && separation.time_ns >= 0);
  const int64_t altitude_margin = (separation.altitude.value + 1) / 2;
  const int64_t time_margin = (separation.time_ns + 1) / 2;
  // Halving a double is exact. BoundsOf adds the bound of its own arithmetic.
  const geo::BoundingRectangles bounds = geo::BoundsOf(volume.outline, separation.horizontal_m / 2);
  WB_CHECK(bounds.count == 1 || bounds.count == 2);
  Boxes result;
  result.count = bounds.count;
  for (int i = 0; i < 2; ++i) {
    const geo::BoundsE7& rectangle = bounds.rectangles[i < bounds.count ? i : 0];
    result.boxes[i].lower = {rectangle.south, rectangle.west, Clamp(volume.altitudes.lower().value - altitude_margin),
                             TimeToSecondsDown({volume.times.start().value - time_margin})};
    result.boxes[i].upper = {rectangle.north, rectangle.east, Clamp(volume.altitudes.upper().value + altitude_margin),
                             TimeToSecondsUp({volume.times.end().value + time_margin})};
  }
  return result;
}

}  // namespace wideberth::index
