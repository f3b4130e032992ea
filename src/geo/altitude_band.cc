#include "geo/altitude_band.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

namespace wideberth::geo {
namespace {

std::string Metres(AltitudeMm altitude) {
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%.3f", static_cast<double>(altitude.value) / 1000.0);
  return buffer;
}

// Millimetres of an altitude in metres: whole if it is one but for binary rounding, else down or up.
AltitudeMm RoundOutward(double metres, bool up) {
  constexpr double kAlmostWholeMm = 1e-6;
  const double mm = metres * 1000.0;
  const double nearest = std::nearbyint(mm);
  if (std::abs(mm - nearest) <= kAlmostWholeMm) return AltitudeMm{static_cast<int64_t>(nearest)};
  return AltitudeMm{static_cast<int64_t>(up ? std::ceil(mm) : std::floor(mm))};
}

}  // namespace

Result<AltitudeBand> AltitudeBand::Make(AltitudeMm lower, AltitudeMm upper) {
  for (const AltitudeMm altitude : {lower, upper}) {
    if (altitude < kAltitudeMin || altitude > kAltitudeMax)
      return Error{Code::kInvalid, "altitude " + Metres(altitude) + " m is outside " + Metres(kAltitudeMin) + " to " +
                                       Metres(kAltitudeMax) + " m"};
  }
  if (lower > upper)
    return Error{Code::kInvalid,
                 "lower altitude " + Metres(lower) + " m is above upper altitude " + Metres(upper) + " m"};
  return AltitudeBand(lower, upper);
}

Result<AltitudeBand> AltitudeBand::MakeMetres(double lower_m, double upper_m) {
  constexpr double kBeyondM = 1e9;  // far outside the range, well inside what int64_t holds in mm
  for (const double metres : {lower_m, upper_m}) {
    if (!std::isfinite(metres)) return Error{Code::kInvalid, "altitude is not a finite number"};
    if (std::abs(metres) > kBeyondM) {
      char buffer[120];
      std::snprintf(buffer, sizeof buffer, "altitude %.6g m is outside %s to %s m", metres,
                    Metres(kAltitudeMin).c_str(), Metres(kAltitudeMax).c_str());
      return Error{Code::kInvalid, buffer};
    }
  }
  if (lower_m > upper_m) {
    // Rounding outward must not put in order what is not.
    const AltitudeMm lower = RoundOutward(lower_m, true);
    const AltitudeMm upper = RoundOutward(upper_m, false);
    return Make({std::max(lower.value, upper.value + 1)}, upper);
  }
  return Make(RoundOutward(lower_m, false), RoundOutward(upper_m, true));
}

}  // namespace wideberth::geo
