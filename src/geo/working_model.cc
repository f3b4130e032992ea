#include "geo/working_model.h"

#include <s2/s2edge_crosser.h>
#include <s2/s2latlng.h>
#include <s2/s2pointutil.h>

#include <algorithm>
#include <cmath>

namespace wideberth::geo {

S2Point ToModel(LatLng p) { return S2LatLng::FromDegrees(p.latitude_deg, p.longitude_deg).ToPoint(); }

LatLng FromModel(const S2Point& p) {
  const S2LatLng position(p);
  return {position.lat().degrees(), position.lng().degrees()};
}

std::vector<S2Point> ToModel(std::span<const LatLng> ring) {
  std::vector<S2Point> points;
  points.reserve(ring.size());
  for (const LatLng& p : ring) points.push_back(ToModel(p));
  return points;
}

double ModelAngle(const S2Point& a, const S2Point& b) { return 2 * std::asin(std::min(1.0, 0.5 * (a - b).Norm())); }

ModelCap CapOf(std::span<const S2Point> ring) {
  S2Point sum(0, 0, 0);
  for (const S2Point& p : ring) sum += p;
  constexpr double kNoMiddle = 1e-3;
  if (sum.Norm() < kNoMiddle * static_cast<double>(ring.size())) return {S2Point(1, 0, 0), 2 * kRightAngle};
  ModelCap cap{sum.Normalize(), 0};
  for (const S2Point& p : ring) cap.angle = std::max(cap.angle, ModelAngle(cap.center, p));
  return cap;
}

bool InsideRing(const S2Point& p, std::span<const S2Point> ring, const ModelCap& cap) {
  constexpr double kSlack = 1e-9;
  // The smallest convex thing that holds the ring is a cap of less than a hemisphere, so edges stay in it too.
  if (ModelAngle(p, cap.center) > cap.angle + kSlack) return false;
  // A right angle from the middle is outside, and neither near p nor near its antipode: the arc is well defined.
  const S2Point outside = S2::Ortho(cap.center);
  S2EdgeCrosser crosser(&outside, &p, &ring.back());
  bool inside = false;
  for (const S2Point& vertex : ring) inside ^= crosser.EdgeOrVertexCrossing(&vertex);
  return inside;
}

}  // namespace wideberth::geo
