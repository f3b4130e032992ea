#include "geo/local_plane.h"

#include <cmath>

#include "base/check.h"
#include "geo/ellipsoid.h"

namespace wideberth::geo {

LocalPlane::LocalPlane(LatLng origin) : origin_(origin) {
  WB_CHECK(Supports(origin));
  const double latitude = origin.latitude_deg * kRadiansPerDegree;
  const double sine = std::sin(latitude);
  const double cosine = std::cos(latitude);
  const double w2 = 1 - kEccentricitySquared * sine * sine;
  const double prime_vertical_m = kSemiMajorAxisM / std::sqrt(w2);                 // N
  const double meridional_m = prime_vertical_m * (1 - kEccentricitySquared) / w2;  // M
  east_m_ = prime_vertical_m * cosine;
  shrink_m_ = meridional_m * sine;
  north_m_ = meridional_m;
  widen_m_ = 1.5 * meridional_m * kEccentricitySquared * sine * cosine / w2;  // half of dM/dlatitude
  rise_m_ = 0.5 * prime_vertical_m * sine * cosine;
  constexpr double kRadiusM = 6.33e6;
  error_per_cubic_m_ = 1.0 / (kRadiusM * kRadiusM * cosine * cosine);
}

}  // namespace wideberth::geo
