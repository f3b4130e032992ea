#include "plan/buffered_hull.h"

#include <GeographicLib/Geodesic.hpp>
#include <GeographicLib/Gnomonic.hpp>
#include <cmath>

#include "base/check.h"
#include "plan/convex_polygon.h"

namespace wideberth::plan {
namespace {

using GeographicLib::Geodesic;
using GeographicLib::Gnomonic;

constexpr double kPi = 3.14159265358979323846;
constexpr double kDegree = kPi / 180;
constexpr double kSemiMajorAxisM = 6378137;
constexpr double kFlattening = 1 / 298.257223563;

// Corners of the polygon around a single point.
constexpr int kRingSides = 16;
constexpr double kRingStep = 2 * kPi / kRingSides;
// How far outside a point's normal cone a corner of its ring is still looked at. The rings of two points differ by
// less than 1/1000 of the points' distance, so that 1/1000 would do.
constexpr double kConeSlack = 0.05;
// Points of the hull that a ring is put around; more are thinned out.
constexpr size_t kRingsMax = 48;
// Covers the errors of the geodesic (15 nm), of the plane's arithmetic (kPlaneErrorM), and of degrees in binary.
constexpr double kRoundingMarginM = 1e-3;
// Removing edges moves no corner further from the plane's centre than this times the furthest that one can be before.
constexpr double kGrowthMax = 1.25;

// An edge goes, even from a polygon of few corners, if that adds no more area than this share of the buffer squared.
// One of the 16 sides around a point adds 30 times as much.
constexpr double kFreeArea = 5e-4;

// Karney's gnomonic projection of the ellipsoid (GeographicLib::Gnomonic): geodesics through the centre are straight,
// others almost; it shortens nothing.
class GnomonicPlane {
 public:
  explicit GnomonicPlane(geo::LatLng center) : geodesic_(Geodesic::WGS84()), center_(center) {}

  struct Image {
    PlanePoint point;
    double distance_m;       // from the centre, true
    double convergence_deg;  // the azimuth of a direction here, less that of its parallel in the plane at the centre
  };
  Image Project(geo::LatLng p) const {
    double distance_m = 0, azimuth_deg = 0, azimuth_there_deg = 0, reduced_m = 0, scale = 0, scale_back = 0;
    geodesic_.Inverse(center_.latitude_deg, center_.longitude_deg, p.latitude_deg, p.longitude_deg, distance_m,
                      azimuth_deg, azimuth_there_deg, reduced_m, scale, scale_back);
    const double radius_m = reduced_m / scale;
    const double azimuth = azimuth_deg * kDegree;
    return {{radius_m * std::sin(azimuth), radius_m * std::cos(azimuth)}, distance_m, azimuth_there_deg - azimuth_deg};
  }

  // The point whose image this is; NaN if it cannot be found.
  geo::LatLng Unproject(PlanePoint image) const {
    geo::LatLng p;
    gnomonic_.Reverse(center_.latitude_deg, center_.longitude_deg, image.x, image.y, p.latitude_deg, p.longitude_deg);
    return p;
  }

  // For points whose images are within `radius_m` of the centre: how far, at most, the image of the geodesic between
  // two of them is from the straight line between their images. Karney gives f (r / 2a)^3 r to lowest order in r and f;
  // the next orders add less than a tenth below 300 km, and the plane stretches by less than 1/100.
  static double CurvatureM(double radius_m) {
    return 1.2 * kFlattening * std::pow(radius_m / (2 * kSemiMajorAxisM), 3) * radius_m;
  }

 private:
  const Geodesic& geodesic_;
  Gnomonic gnomonic_;
  geo::LatLng center_;
};

double AngleOf(PlanePoint direction) { return std::atan2(direction.y, direction.x); }

// `angle` plus the whole turns that bring it to 0..2 pi.
double Positive(double angle) {
  const double turned = std::fmod(angle, 2 * kPi);
  return turned < 0 ? turned + 2 * kPi : turned;
}

// The hull's corners, few enough to put rings around; `tolerance_m` grows until they are.
std::vector<uint32_t> RingCentres(std::span<const PlanePoint> images, double& tolerance_m) {
  const std::vector<uint32_t> hull = ConvexHull(images);
  std::vector<uint32_t> kept = ThinHull(images, hull, tolerance_m);
  while (kept.size() > kRingsMax) {
    tolerance_m *= 2;
    kept = ThinHull(images, hull, tolerance_m);
  }
  return kept;
}

}  // namespace

std::vector<geo::LatLng> BufferedHull(std::span<const geo::LatLng> points, double buffer_m, size_t corners_max) {
  WB_CHECK(!points.empty() && buffer_m > 0 && buffer_m <= kHullBufferMaxM && corners_max >= 24);
  const GnomonicPlane plane(points[0]);
  std::vector<GnomonicPlane::Image> images;
  std::vector<PlanePoint> path;
  double reach_m = 0;
  for (const geo::LatLng& point : points) {
    images.push_back(plane.Project(point));
    path.push_back(images.back().point);
    reach_m = std::max(reach_m, images.back().distance_m);
  }
  WB_CHECK(reach_m <= kHullReachMaxM);

  double tolerance_m = kRoundingMarginM + buffer_m / 200;
  const std::vector<uint32_t> centres = RingCentres(path, tolerance_m);

  // The steps of docs/tracks.md, "The outline of a stretch", each at the cost of one or two curvatures: the path's legs
  // against the thinned hull (2), the rings' hull (1), the polygon's edges (1).
  const double polygon_reach_m = kGrowthMax * (reach_m + 1.1 * buffer_m + 2 * tolerance_m);
  const double margin_m = kRoundingMarginM + tolerance_m + 4 * GnomonicPlane::CurvatureM(polygon_reach_m);
  const double ring_radius_m = (buffer_m + margin_m) / std::cos(kRingStep / 2);

  // Outward normals of the hull's edges, as angles; all rings have a side along the longest edge.
  const size_t n = centres.size();
  std::vector<double> normals(n, 0);
  double first_normal = 0;
  double longest_m = -1;
  for (size_t i = 0; n > 1 && i < n; ++i) {
    const PlanePoint edge = path[centres[(i + 1) % n]] - path[centres[i]];
    normals[i] = AngleOf(edge) - kPi / 2;
    if (const double length_m = std::hypot(edge.x, edge.y); length_m > longest_m) {
      longest_m = length_m;
      first_normal = normals[i];
    }
  }

  std::vector<geo::LatLng> ring_points;
  std::vector<PlanePoint> ring_images;
  for (size_t i = 0; i < n; ++i) {
    // Only ring corners whose normal cone meets that of the hull's corner can be corners of the rings' hull.
    const double margin = kRingStep / 2 + kConeSlack;
    const double cone_start = normals[(i + n - 1) % n] - margin;
    const double cone_width = n == 1 ? 2 * kPi : Positive(normals[i] - normals[(i + n - 1) % n]) + 2 * margin;
    const geo::LatLng centre = points[centres[i]];
    for (int side = 0; side < kRingSides; ++side) {
      const double angle = first_normal + (side + 0.5) * kRingStep;
      if (Positive(angle - cone_start) > cone_width) continue;
      const double azimuth_deg = 90 - angle / kDegree + images[centres[i]].convergence_deg;
      geo::LatLng corner;
      Geodesic::WGS84().Direct(centre.latitude_deg, centre.longitude_deg, azimuth_deg, ring_radius_m,
                               corner.latitude_deg, corner.longitude_deg);
      ring_points.push_back(corner);
      ring_images.push_back(plane.Project(corner).point);
    }
  }

  std::vector<Corner> polygon;
  for (const uint32_t index : ConvexHull(ring_images)) polygon.push_back({ring_images[index], index});
  RemoveEdges(polygon, corners_max, polygon_reach_m, kFreeArea * buffer_m * buffer_m);
  std::vector<geo::LatLng> corners;
  for (const Corner& corner : polygon)
    corners.push_back(corner.index == Corner::kNew ? plane.Unproject(corner.point) : ring_points[corner.index]);
  return corners;
}

}  // namespace wideberth::plan
