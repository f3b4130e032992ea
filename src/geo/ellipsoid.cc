#include "geo/ellipsoid.h"

#include <GeographicLib/Geodesic.hpp>
#include <GeographicLib/GeodesicLine.hpp>
#include <cmath>

namespace wideberth::geo {
namespace {

using GeographicLib::Geodesic;
using GeographicLib::GeodesicLine;

const Geodesic& Wgs84() { return Geodesic::WGS84(); }

}  // namespace

double GeodesicDistanceM(LatLng a, LatLng b) {
  double distance_m = 0;
  Wgs84().Inverse(a.latitude_deg, a.longitude_deg, b.latitude_deg, b.longitude_deg, distance_m);
  return distance_m;
}

double CutGeodesic(LatLng a, LatLng b, double piece_m, double length_max_m, std::vector<LatLng>& out) {
  const GeodesicLine line = Wgs84().InverseLine(a.latitude_deg, a.longitude_deg, b.latitude_deg, b.longitude_deg,
                                                Geodesic::DISTANCE_IN | Geodesic::LATITUDE | Geodesic::LONGITUDE);
  const double length_m = line.Distance();
  if (length_m > length_max_m) return length_m;
  const int pieces = static_cast<int>(std::ceil(length_m / piece_m));
  for (int i = 1; i < pieces; ++i) {
    LatLng cut;
    line.Position(length_m * i / pieces, cut.latitude_deg, cut.longitude_deg);
    out.push_back(cut);
  }
  return length_m;
}

LatLng PointTowards(LatLng from, LatLng to, double distance_m) {
  const GeodesicLine line =
      Wgs84().InverseLine(from.latitude_deg, from.longitude_deg, to.latitude_deg, to.longitude_deg,
                          Geodesic::DISTANCE_IN | Geodesic::LATITUDE | Geodesic::LONGITUDE);
  LatLng point;
  line.Position(distance_m, point.latitude_deg, point.longitude_deg);
  return point;
}

LatLng PointAt(LatLng from, double azimuth_deg, double distance_m) {
  LatLng point;
  Wgs84().Direct(from.latitude_deg, from.longitude_deg, azimuth_deg, distance_m, point.latitude_deg,
                 point.longitude_deg);
  return point;
}

NearestOnGeodesic NearestPointOnGeodesic(LatLng p, LatLng a, LatLng b) {
  const GeodesicLine line =
      Wgs84().InverseLine(a.latitude_deg, a.longitude_deg, b.latitude_deg, b.longitude_deg,
                          Geodesic::DISTANCE_IN | Geodesic::LATITUDE | Geodesic::LONGITUDE | Geodesic::AZIMUTH);
  const double length_m = line.Distance();

  struct Probe {
    double distance_m;
    double closing;  // how much nearer p a step along the line brings us, per metre: the cosine of the angle between
    LatLng point;
  };
  const auto probe = [&](double along_m) {
    Probe at;
    double line_azimuth_deg = 0;
    line.Position(along_m, at.point.latitude_deg, at.point.longitude_deg, line_azimuth_deg);
    double azimuth_to_p_deg = 0;
    double azimuth_at_p_deg = 0;
    Wgs84().Inverse(at.point.latitude_deg, at.point.longitude_deg, p.latitude_deg, p.longitude_deg, at.distance_m,
                    azimuth_to_p_deg, azimuth_at_p_deg);
    at.closing = std::cos((azimuth_to_p_deg - line_azimuth_deg) * kRadiansPerDegree);
    return at;
  };

  // The distance along a line of at most 20 km falls to its least and then rises: find where `closing` changes sign.
  double low_m = 0;
  double high_m = length_m;
  Probe low = probe(low_m);
  if (length_m == 0 || low.closing <= 0) return {low.distance_m, low.point};
  Probe high = probe(high_m);
  if (high.closing >= 0) return {high.distance_m, high.point};
  Probe best = low.distance_m < high.distance_m ? low : high;
  constexpr int kStepsMax = 60;
  constexpr double kAlongM = 1e-6;
  for (int step = 0; step < kStepsMax && high_m - low_m > kAlongM && best.distance_m > kAlongM; ++step) {
    // The foot of the perpendicular, as seen from the two ends in the plane; halves the interval when that fails.
    const double reach_m = (step % 3 == 2) ? (high_m - low_m) / 2 : low.distance_m * low.closing;
    double next_m = low_m + reach_m;
    if (!(next_m > low_m && next_m < high_m)) next_m = (low_m + high_m) / 2;
    const Probe next = probe(next_m);
    if (next.distance_m < best.distance_m) best = next;
    // A step of s metres off the foot lengthens the distance d by about s * s / 2 d: below 10 micrometres, stop.
    const double off_foot_m = std::abs(next.distance_m * next.closing);
    if (off_foot_m < kAlongM || off_foot_m * off_foot_m < 1e-6 * next.distance_m) return {next.distance_m, next.point};
    if (next.closing > 0) {
      low_m = next_m;
      low = next;
    } else {
      high_m = next_m;
      high = next;
    }
  }
  return {best.distance_m, best.point};
}

}  // namespace wideberth::geo
