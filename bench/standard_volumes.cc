#include "bench/standard_volumes.h"

#include <array>
#include <cmath>
#include <string>

#include "geo/ellipsoid.h"
#include "geo/lat_lng.h"

namespace wideberth::bench {
namespace {

using geo::kRadiansPerDegree;

// Metres per degree at a latitude: the ellipsoid's radii of curvature there.
struct DegreeLengths {
  double north_m;
  double east_m;
};
DegreeLengths DegreeLengthsAt(double latitude_deg) {
  const double sine = std::sin(latitude_deg * kRadiansPerDegree);
  const double w_squared = 1 - geo::kEccentricitySquared * sine * sine;
  const double across = geo::kSemiMajorAxisM / std::sqrt(w_squared);
  return {across * (1 - geo::kEccentricitySquared) / w_squared * kRadiansPerDegree,
          across * std::cos(latitude_deg * kRadiansPerDegree) * kRadiansPerDegree};
}

double ToSevenDecimals(double deg) { return std::round(deg * 1e7) / 1e7; }

}  // namespace

geo::Outline MakePolygon16(geo::LatLng center, double radius_m, double bearing_deg) {
  const DegreeLengths degree = DegreeLengthsAt(center.latitude_deg);
  std::array<geo::LatLng, 16> vertices;
  for (size_t i = 0; i < vertices.size(); ++i) {
    const double bearing = (bearing_deg + 22.5 * static_cast<double>(i)) * kRadiansPerDegree;
    vertices[i] = {ToSevenDecimals(center.latitude_deg + radius_m * std::cos(bearing) / degree.north_m),
                   ToSevenDecimals(center.longitude_deg + radius_m * std::sin(bearing) / degree.east_m)};
  }
  return *geo::Outline::MakePolygon(vertices);
}

// SplitMix64 (Steele, Lea and Flood, 2014): short, and the same everywhere.
double StandardVolumes::Uniform() {
  uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

geo::Volume4D StandardVolumes::Next() {
  constexpr int64_t kMidnightS = 1'772'236'800;  // 2026-02-28T00:00:00Z
  constexpr geo::LatLng kMiddle{48, 11};
  constexpr int64_t kStartRangeS = 12 * 3600 - 600;
  const double distance_m = 50'000 * std::sqrt(Uniform());
  const double bearing = 2 * geo::kPi * Uniform();
  const DegreeLengths degree = DegreeLengthsAt(kMiddle.latitude_deg);
  const double latitude_deg = kMiddle.latitude_deg + distance_m * std::cos(bearing) / degree.north_m;
  const double east_m = DegreeLengthsAt(latitude_deg).east_m;
  const geo::LatLng center{latitude_deg, kMiddle.longitude_deg + distance_m * std::sin(bearing) / east_m};
  const auto lower_mm = static_cast<int64_t>(50'000 + 270'000 * Uniform());
  const auto start_ms = static_cast<int64_t>(static_cast<double>(kStartRangeS) * 1000 * Uniform());
  const TimeNs start{kMidnightS * kNsPerSecond + start_ms * 1'000'000};
  return {MakePolygon16(center, 200, 0), *geo::AltitudeBand::Make(AltitudeMm{lower_mm}, AltitudeMm{lower_mm + 30'000}),
          *geo::TimeInterval::Make(start, TimeNs{start.value + 600 * kNsPerSecond})};
}

void StandardVolumes::Skip() {
  for (int i = 0; i < 4; ++i) Uniform();
}

conflict::PlanSet MakeStandardPlans(size_t count) {
  StandardVolumes volumes;
  conflict::PlanSet plans;
  plans.Reserve(count);
  const uint32_t parties[] = {plans.PartyNumber("north"), plans.PartyNumber("south")};
  for (size_t i = 0; i < count; ++i)
    plans.Add(plans.IntentNumber(parties[i % 2], "flight-" + std::to_string(i)), volumes.Next());
  return plans;
}

}  // namespace wideberth::bench
