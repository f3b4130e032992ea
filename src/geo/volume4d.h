#ifndef WIDEBERTH_GEO_VOLUME4D_H_
#define WIDEBERTH_GEO_VOLUME4D_H_

#include "geo/altitude_band.h"
#include "geo/outline.h"
#include "geo/time_interval.h"

namespace wideberth::geo {

// ASTM F3548's Volume4D: an outline × a band of altitudes × an interval of time, each closed. A value.
struct Volume4D {
  Outline outline;
  AltitudeBand altitudes;
  TimeInterval times;

  friend bool operator==(const Volume4D&, const Volume4D&) = default;
};

// How near two volumes may come without meeting. Zero: only contact counts. All of it counts at once: two volumes
// meet when they are at most that far apart horizontally and vertically and in time.
struct Separation {
  static constexpr double kHorizontalMaxM = 1e6;
  static constexpr int64_t kAltitudeMaxMm = 1'000'000'000;

  double horizontal_m = 0;  // 0..kHorizontalMaxM
  AltitudeMm altitude;      // 0..kAltitudeMaxMm
  int64_t time_ns = 0;      // 0..TimeInterval::kSeparationNsMax
};

}  // namespace wideberth::geo

#endif  // WIDEBERTH_GEO_VOLUME4D_H_
