#include "geo/area.h"

#include <GeographicLib/Geodesic.hpp>
#include <GeographicLib/PolygonArea.hpp>
#include <cmath>

namespace wideberth::geo {

double AreaM2(const Outline& outline) {
  constexpr double kPi = 3.14159265358979323846;
  if (outline.is_circle()) {
    // The cap of a sphere: curvature takes away a twelfth of (r / R)^2.
    constexpr double kMeanRadiusM = 6'371'000;
    const double half = std::sin(std::fmin(outline.radius_m() / kMeanRadiusM, kPi) / 2);
    return 4 * kPi * kMeanRadiusM * kMeanRadiusM * half * half;
  }
  GeographicLib::PolygonArea polygon(GeographicLib::Geodesic::WGS84());
  for (const LatLng& p : outline.vertices()) polygon.AddPoint(p.latitude_deg, p.longitude_deg);
  double perimeter_m = 0;
  double area_m2 = 0;
  polygon.Compute(false, true, perimeter_m, area_m2);
  // Given in either direction: the smaller side is meant.
  return std::abs(area_m2);
}

}  // namespace wideberth::geo
