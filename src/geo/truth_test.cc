// Compares WithinDistance and Intersects with a truth that shares no code with them: GeographicLib's geodesics and
// gnomonic projection, closed forms, and plain arithmetic. docs/geometry.md, "How it is tested", says why.
//
//   geometry_truth_test [--pairs=N] [--seed=S]   exits 1 on a miss, on a false positive beyond kOutlineBoundM, ...
//   geometry_truth_test --case=I --seed=S        that pair alone, with its coordinates
//   geometry_truth_test --naive [...]            judges a deliberately wrong predicate; exits 0 only if it is caught

#include <GeographicLib/Geodesic.hpp>
#include <GeographicLib/GeodesicLine.hpp>
#include <GeographicLib/Gnomonic.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "base/check.h"
#include "geo/outline.h"
#include "geo/predicates.h"

namespace wideberth::geo {
namespace {

using GeographicLib::Geodesic;
using GeographicLib::GeodesicLine;
using GeographicLib::Gnomonic;

constexpr double kRadian = 3.14159265358979323846 / 180;
constexpr double kMeanRadiusM = 6'371'000;
constexpr double kLeastRadiusM = 6'335'000;  // no metre of ground turns the normal by more than a radian over this
// GeographicLib errs by 15 nm and the coordinates themselves are rounded to 3 nm: below this, contact is contact.
constexpr double kDoubtM = 1e-6;

const Geodesic& Earth() { return Geodesic::WGS84(); }

// ---- Geodesics.

struct Vector {
  double x, y, z;
};

// The ellipsoid's normal.
Vector NormalAt(LatLng p) {
  const double c = std::cos(p.latitude_deg * kRadian);
  return {c * std::cos(p.longitude_deg * kRadian), c * std::sin(p.longitude_deg * kRadian),
          std::sin(p.latitude_deg * kRadian)};
}

double Chord(Vector a, Vector b) { return std::hypot(a.x - b.x, a.y - b.y, a.z - b.z); }

double Distance(LatLng a, LatLng b) {
  double s = 0;
  Earth().Inverse(a.latitude_deg, a.longitude_deg, b.latitude_deg, b.longitude_deg, s);
  return s;
}

LatLng Go(LatLng from, double azimuth_deg, double distance_m) {
  LatLng p;
  Earth().Direct(from.latitude_deg, from.longitude_deg, azimuth_deg, distance_m, p.latitude_deg, p.longitude_deg);
  return p;
}

struct Way {
  double distance_m;
  double azimuth_deg;  // at the start
};

Way WayTo(LatLng from, LatLng to) {
  Way way{};
  double arrival = 0;
  Earth().Inverse(from.latitude_deg, from.longitude_deg, to.latitude_deg, to.longitude_deg, way.distance_m,
                  way.azimuth_deg, arrival);
  return way;
}

struct Edge {
  Edge(LatLng a, LatLng b)
      : line(Earth().InverseLine(a.latitude_deg, a.longitude_deg, b.latitude_deg, b.longitude_deg)),
        length_m(line.Distance()) {
    middle = NormalAt(At(length_m / 2).point);
  }

  struct Place {
    LatLng point;
    double azimuth_deg;
  };
  Place At(double s) const {
    Place place{};
    line.Position(s, place.point.latitude_deg, place.point.longitude_deg, place.azimuth_deg);
    return place;
  }

  GeodesicLine line;
  double length_m;
  Vector middle;
};

// Where on the edge, or on the whole geodesic that it is part of, p is nearest.
struct Foot {
  double distance_m;
  double right_m;  // how far p lies to the right of the line
};

Foot FootOf(LatLng p, const Edge& edge, bool ends) {
  double s = edge.length_m / 2;
  Foot foot{};
  for (int round = 0; round < 40; ++round) {
    const Edge::Place place = edge.At(s);
    const Way way = WayTo(place.point, p);
    const double angle = (way.azimuth_deg - place.azimuth_deg) * kRadian;
    foot = {way.distance_m, way.distance_m * std::sin(angle)};
    // The way along that a sphere would need; on the ellipsoid the rest shrinks some hundredfold with each round.
    const double turn = way.distance_m / kMeanRadiusM;
    double next = s + kMeanRadiusM * std::atan2(std::sin(turn) * std::cos(angle), std::cos(turn));
    if (ends) next = std::clamp(next, 0.0, edge.length_m);
    const double step = std::abs(next - s);
    // What is left along the line enters the distance by its square.
    if (step <= 1e-9 || step * step <= 1e-9 * way.distance_m) break;
    s = next;
  }
  return foot;
}

// ---- The truth.

// A ring of geodesics, or a point.
struct Ring {
  explicit Ring(std::vector<LatLng> given) : vertices(std::move(given)) {
    for (const LatLng& p : vertices) normals.push_back(NormalAt(p));
    if (vertices.size() == 1) return;
    for (size_t i = 0; i < vertices.size(); ++i) edges.emplace_back(vertices[i], vertices[(i + 1) % vertices.size()]);
  }

  std::vector<LatLng> vertices;
  std::vector<Vector> normals;
  std::vector<Edge> edges;
};

double NearestVertexToEdge(const Ring& from, const Ring& to, double best_m) {
  for (size_t i = 0; i < from.vertices.size(); ++i) {
    for (const Edge& edge : to.edges) {
      if (kLeastRadiusM * Chord(from.normals[i], edge.middle) - edge.length_m / 2 - 1 > best_m) continue;
      best_m = std::min(best_m, FootOf(from.vertices[i], edge, true).distance_m);
    }
  }
  return best_m;
}

// Whether p, which does not lie on the boundary, lies inside. The projection is centred at p: geodesics that pass p
// are straight there, so the parity of crossings of a ray is right however near they pass.
bool Inside(LatLng p, const Ring& ring) {
  static const Gnomonic projection(Earth());
  std::vector<std::array<double, 2>> map;
  for (const LatLng& v : ring.vertices) {
    std::array<double, 2> m{};
    projection.Forward(p.latitude_deg, p.longitude_deg, v.latitude_deg, v.longitude_deg, m[0], m[1]);
    WB_CHECK(std::isfinite(m[0]) && std::isfinite(m[1]));  // the pairs made here lie in one hemisphere
    map.push_back(m);
  }
  bool inside = false;
  for (size_t i = 0; i < map.size(); ++i) {
    const auto& a = map[i];
    const auto& b = map[(i + 1) % map.size()];
    if ((a[1] > 0) == (b[1] > 0)) continue;
    if ((a[0] * b[1] - a[1] * b[0] > 0) == (b[1] > a[1])) inside = !inside;
  }
  return inside;
}

enum class Crossing { kNo, kYes, kDoubt };

// From how far the ends of each lie to one side of the other's line.
Crossing Judge(double a0, double a1, double b0, double b1, double doubt) {
  const auto apart = [doubt](double p, double q) { return (p > doubt && q > doubt) || (p < -doubt && q < -doubt); };
  if (apart(a0, a1) || apart(b0, b1)) return Crossing::kNo;
  const double least = std::min({std::abs(a0), std::abs(a1), std::abs(b0), std::abs(b1)});
  return least > doubt ? Crossing::kYes : Crossing::kDoubt;
}

Crossing AnyCrossing(const Ring& a, const Ring& b) {
  // A common gnomonic map, on which geodesics are straight to within about f r (r/a)^3 / 8 (Karney 2013, section 8).
  static const Gnomonic projection(Earth());
  Vector sum{0, 0, 0};
  for (const Ring* ring : {&a, &b}) {
    const double weight = 1 / static_cast<double>(ring->normals.size());
    for (const Vector& n : ring->normals) {
      sum.x += n.x * weight;
      sum.y += n.y * weight;
      sum.z += n.z * weight;
    }
  }
  const LatLng middle{std::atan2(sum.z, std::hypot(sum.x, sum.y)) / kRadian, std::atan2(sum.y, sum.x) / kRadian};
  double reach_m = 0;
  std::vector<std::array<double, 2>> map_a;
  std::vector<std::array<double, 2>> map_b;
  for (const auto& [ring, map] : {std::pair{&a, &map_a}, std::pair{&b, &map_b}}) {
    for (const LatLng& v : ring->vertices) {
      std::array<double, 2> m{};
      projection.Forward(middle.latitude_deg, middle.longitude_deg, v.latitude_deg, v.longitude_deg, m[0], m[1]);
      map->push_back(m);
      // On the map, which exaggerates.
      reach_m = std::isfinite(m[0]) ? std::max(reach_m, std::hypot(m[0], m[1])) : 1e300;
    }
  }
  const bool map_serves = reach_m < 2e6;
  const double bend_m = 1e-3 + 4 * reach_m * std::pow(reach_m / 6.378e6, 3) / 298 / 8;
  Crossing found = Crossing::kNo;
  for (size_t i = 0; i < a.edges.size(); ++i) {
    for (size_t j = 0; j < b.edges.size(); ++j) {
      const double gap_m = kLeastRadiusM * Chord(a.edges[i].middle, b.edges[j].middle);
      if (gap_m > (a.edges[i].length_m + b.edges[j].length_m) / 2 + 1) continue;
      if (map_serves) {
        const auto side = [](const std::array<double, 2>& p, const std::array<double, 2>& from,
                             const std::array<double, 2>& to) {
          const double x = to[0] - from[0];
          const double y = to[1] - from[1];
          return (x * (p[1] - from[1]) - y * (p[0] - from[0])) / std::hypot(x, y);
        };
        const auto& a0 = map_a[i];
        const auto& a1 = map_a[(i + 1) % map_a.size()];
        const auto& b0 = map_b[j];
        const auto& b1 = map_b[(j + 1) % map_b.size()];
        const Crossing on_map = Judge(side(a0, b0, b1), side(a1, b0, b1), side(b0, a0, a1), side(b1, a0, a1), bend_m);
        if (on_map == Crossing::kYes) return Crossing::kYes;
        if (on_map == Crossing::kNo) continue;
      }
      const auto side = [](LatLng p, const Edge& edge) { return FootOf(p, edge, false).right_m; };
      const Crossing exact =
          Judge(side(a.vertices[i], b.edges[j]), side(a.vertices[(i + 1) % a.vertices.size()], b.edges[j]),
                side(b.vertices[j], a.edges[i]), side(b.vertices[(j + 1) % b.vertices.size()], a.edges[i]), kDoubtM);
      if (exact == Crossing::kYes) return Crossing::kYes;
      if (exact == Crossing::kDoubt) found = Crossing::kDoubt;
    }
  }
  return found;
}

// The distance of two regions; none when it cannot be told.
std::optional<double> TrueDistance(const Ring& a, const Ring& b) {
  if (a.edges.empty() && b.edges.empty()) return Distance(a.vertices[0], b.vertices[0]);
  const double nearest_m = NearestVertexToEdge(b, a, NearestVertexToEdge(a, b, 1e300));
  if (nearest_m <= kDoubtM) return nearest_m;
  const Crossing crossing = AnyCrossing(a, b);
  if (crossing == Crossing::kYes) return 0;
  if (crossing == Crossing::kDoubt) return std::nullopt;
  if (!a.edges.empty() && Inside(b.vertices[0], a)) return 0;
  if (!b.edges.empty() && Inside(a.vertices[0], b)) return 0;
  return nearest_m;
}

// ---- Random pairs.

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  double Unit() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }
  double Between(double low, double high) { return low + (high - low) * Unit(); }
  double Log(double low, double high) { return low * std::pow(high / low, Unit()); }
  size_t Below(size_t n) { return static_cast<size_t>(engine_() % n); }
  bool Chance(double p) { return Unit() < p; }
  double Sign() { return Chance(0.5) ? 1 : -1; }
  double Azimuth() { return Between(-180, 180); }

 private:
  std::mt19937_64 engine_;
};

LatLng AnyPlace(Random& random) {
  LatLng p{random.Between(-90, 90), random.Between(-180, 180)};
  switch (random.Below(10)) {
    case 0:  // near a pole
      p.latitude_deg = random.Sign() * (90 - random.Log(1e-7, 10));
      break;
    case 1:
      p.latitude_deg = random.Sign() * 90;
      break;
    case 2:
      p.latitude_deg = random.Chance(0.5) ? 0 : random.Sign() * random.Log(1e-7, 1);
      break;
    case 3:  // where most people are
      p.latitude_deg = random.Between(30, 60);
      break;
    default:
      break;
  }
  if (random.Chance(0.2)) p.longitude_deg = random.Sign() * (180 - (random.Chance(0.3) ? 0 : random.Log(1e-9, 1)));
  return p;
}

// From 0.1 mm to 100 m to either side of touching, or touching.
double AnyGap(Random& random) { return random.Chance(0.04) ? 0 : random.Sign() * random.Log(1e-4, 100); }

// A convex polygon (all vertices on an ellipse around `middle`), clockwise.
struct Convex {
  LatLng middle;
  std::vector<LatLng> vertices;
};

Convex AnyConvex(Random& random, double radius_m) {
  Convex made{AnyPlace(random), {}};
  const size_t n = 3 + random.Below(random.Chance(0.2) ? 30 : 6);
  double turn = random.Azimuth();
  const bool pole_vertex = random.Chance(0.04);
  double flatten = random.Chance(0.5) ? 1 : random.Log(0.02, 1);
  LatLng pole{random.Sign() * 90, random.Between(-180, 180)};
  if (pole_vertex) {
    flatten = 1;
    made.middle = Go(pole, random.Azimuth(), radius_m);
    turn = pole.latitude_deg > 0 ? 0 : 180;  // so that the first vertex is the one that was to lie there
  }
  for (size_t i = 0; i < n; ++i) {
    const double jitter = i == 0 ? 0 : random.Between(-0.2, 0.2);
    const double angle = 360 * (static_cast<double>(i) + jitter) / static_cast<double>(n) * kRadian;
    const double along = radius_m * std::cos(angle);
    const double across = radius_m * flatten * std::sin(angle);
    made.vertices.push_back(Go(made.middle, turn + std::atan2(across, along) / kRadian, std::hypot(along, across)));
  }
  if (pole_vertex) made.vertices[0] = pole;
  return made;
}

// Where a pair is made to meet: a point of an edge's inside, and the way out of the polygon there.
struct Door {
  LatLng point;
  double outward_deg;
};

Door AnyDoor(Random& random, const Convex& polygon) {
  const size_t i = random.Below(polygon.vertices.size());
  const Edge edge(polygon.vertices[i], polygon.vertices[(i + 1) % polygon.vertices.size()]);
  const Edge::Place place = edge.At(edge.length_m * random.Between(0.02, 0.98));
  return {place.point, place.azimuth_deg - 90};
}

// A triangle or quadrilateral with its first vertex at `apex` and the rest beyond it, to both sides of `outward_deg`.
std::vector<LatLng> Wedge(Random& random, LatLng apex, double outward_deg, double size_m) {
  const double left = random.Between(3, 80);
  const double right = random.Between(3, 80);
  std::vector<LatLng> made{apex, Go(apex, outward_deg - left, size_m / std::cos(left * kRadian))};
  if (random.Chance(0.5)) made.push_back(Go(apex, outward_deg, size_m * random.Between(1.5, 3)));
  made.push_back(Go(apex, outward_deg + right, size_m / std::cos(right * kRadian)));
  return made;
}

// Simple, but with bays.
std::vector<LatLng> AnyStar(Random& random, LatLng middle, double radius_m) {
  const size_t n = 3 + random.Below(random.Chance(0.3) ? 58 : 12);
  const double turn = random.Azimuth();
  const double least = random.Between(0.1, 1);
  std::vector<LatLng> made;
  for (size_t i = 0; i < n; ++i) {
    const double angle = 360 * (static_cast<double>(i) + random.Between(-0.3, 0.3)) / static_cast<double>(n);
    made.push_back(Go(middle, turn + angle, radius_m * random.Between(least, 1)));
  }
  return made;
}

std::vector<LatLng> Bar(LatLng middle, double azimuth_deg, double half_length_m, double half_width_m) {
  std::vector<LatLng> made;
  for (const double end_deg : {azimuth_deg, azimuth_deg + 180}) {
    const LatLng end = Go(middle, end_deg, half_length_m);
    const double onward_deg = WayTo(end, middle).azimuth_deg;
    made.push_back(Go(end, onward_deg + 90, half_width_m));
    made.push_back(Go(end, onward_deg - 90, half_width_m));
  }
  return made;
}

enum Category {
  kCircles,
  kCirclePolygon,
  kVertexOffset,
  kShared,
  kNestedOrApart,
  kStars,
  kLimitCircle,
  kLimitPolygon,
  kAltitudeTime,
  kCategories
};
constexpr std::array<const char*, kCategories> kNames = {
    "circle/circle",         "circle/polygon",         "vertex off an edge",
    "shared edge or vertex", "nested, crossed, apart", "random polygons",
    "limit: circle/polygon", "limit: vertex off edge", "altitude and time"};

struct Shape {
  std::vector<LatLng> ring;  // a centre alone for a circle
  double radius_m = 0;
};

struct Pair {
  Category category = kCircles;
  Shape a, b;
  double limit_m = 0;
  // What the way it was made says about meeting; the truth must agree.
  std::optional<bool> meets;
  // Categories of volumes: how far apart in altitude and time, beyond the separation asked for.
  int64_t altitude_gap_mm = 0;
  int64_t time_gap_ns = 0;
  Separation separation;
};

// How far apart the two are, circles' radii taken off; none when it cannot be told.
std::optional<double> TrueGap(const Pair& pair) {
  const std::optional<double> distance_m = TrueDistance(Ring(pair.a.ring), Ring(pair.b.ring));
  if (!distance_m) return std::nullopt;
  return std::max(0.0, *distance_m - pair.a.radius_m - pair.b.radius_m);
}

// So that neither the first vertex nor the direction of a ring is always the same.
void Shuffle(Random& random, Shape& shape) {
  if (shape.ring.size() == 1) return;
  std::rotate(shape.ring.begin(), shape.ring.begin() + static_cast<std::ptrdiff_t>(random.Below(shape.ring.size())),
              shape.ring.end());
  if (random.Chance(0.5)) std::reverse(shape.ring.begin(), shape.ring.end());
}

double AnySize(Random& random) { return random.Chance(0.7) ? random.Log(1, 30e3) : random.Log(1e3, 1.2e6); }

Pair MakeVertexOffset(Random& random, double limit_m, double radius_m) {
  Pair pair;
  pair.category = limit_m > 0 ? kLimitPolygon : kVertexOffset;
  pair.limit_m = limit_m;
  const Convex polygon = AnyConvex(random, radius_m);
  const Door door = AnyDoor(random, polygon);
  const double gap_m = AnyGap(random);
  const LatLng apex = limit_m + gap_m == 0 ? door.point : Go(door.point, door.outward_deg, limit_m + gap_m);
  // Outward at the apex, which is another azimuth than at the door: near a pole quite another.
  double outward_deg = door.outward_deg;
  if (limit_m + gap_m != 0) outward_deg = WayTo(apex, door.point).azimuth_deg + (limit_m + gap_m > 0 ? 180 : 0);
  const double size_m = std::max(AnySize(random), 4 * std::abs(gap_m));
  pair.a.ring = polygon.vertices;
  pair.b.ring = Wedge(random, apex, outward_deg, std::min(size_m, 500e3));
  if (gap_m <= 0 && limit_m == 0) pair.meets = true;  // the wedge holds the door, or its apex lies on it
  return pair;
}

Pair MakeCirclePolygon(Random& random, double limit_m) {
  Pair pair;
  pair.category = limit_m > 0 ? kLimitCircle : kCirclePolygon;
  pair.limit_m = limit_m;
  const Convex polygon = AnyConvex(random, AnySize(random));
  const Door door = AnyDoor(random, polygon);
  const double radius_m = random.Log(1, 1e6);
  pair.a.ring = polygon.vertices;
  pair.b.ring = {Go(door.point, door.outward_deg, radius_m + limit_m + AnyGap(random))};
  pair.b.radius_m = radius_m;
  return pair;
}

Pair MakeShared(Random& random) {
  Pair pair;
  pair.category = kShared;
  pair.meets = true;
  const Convex polygon = AnyConvex(random, AnySize(random));
  pair.a.ring = polygon.vertices;
  const size_t i = random.Below(polygon.vertices.size());
  const LatLng from = polygon.vertices[i];
  const LatLng to = polygon.vertices[(i + 1) % polygon.vertices.size()];
  if (random.Chance(0.5)) {
    const Edge edge(from, to);
    const Edge::Place place = edge.At(edge.length_m * random.Between(0.2, 0.8));
    pair.b.ring = {to, from, Go(place.point, place.azimuth_deg - 90, edge.length_m * random.Log(0.01, 1))};
  } else {
    pair.b.ring = Wedge(random, from, WayTo(from, polygon.middle).azimuth_deg + 180, std::min(AnySize(random), 500e3));
  }
  return pair;
}

Pair MakeNestedOrApart(Random& random) {
  Pair pair;
  pair.category = kNestedOrApart;
  const double size_m = AnySize(random);
  const LatLng middle = AnyPlace(random);
  switch (random.Below(3)) {
    case 0:
      pair.meets = true;
      pair.a.ring = Bar(middle, random.Azimuth(), size_m, size_m * random.Between(0.5, 1));
      pair.b.ring = AnyStar(random, Go(middle, random.Azimuth(), size_m * random.Between(0, 0.2)),
                            size_m * random.Log(0.001, 0.2));
      break;
    case 1: {
      pair.meets = true;
      const double azimuth_deg = random.Azimuth();
      const double width = random.Log(0.001, 0.1);
      // The second bar's middle lies on the first one's axis, whose azimuth is another there.
      const LatLng crossing = Go(middle, azimuth_deg, size_m * random.Between(0.01, 0.5));
      const double axis_deg = WayTo(crossing, middle).azimuth_deg;
      pair.a.ring = Bar(middle, azimuth_deg, size_m, size_m * width);
      pair.b.ring = Bar(crossing, axis_deg + random.Between(40, 140), size_m, size_m * width);
      break;
    }
    default:
      pair.meets = false;
      pair.a.ring = AnyStar(random, middle, size_m);
      pair.b.ring = AnyStar(random, Go(middle, random.Azimuth(), size_m * random.Between(2.1, 4)), size_m);
      break;
  }
  return pair;
}

Pair MakeAltitudeTime(Random& random) {
  Pair pair;
  pair.category = kAltitudeTime;
  const double size_m = random.Log(10, 5e3);
  const LatLng middle = AnyPlace(random);
  pair.a.ring = AnyStar(random, middle, size_m);
  pair.b.ring = {middle};
  pair.b.radius_m = size_m;
  if (random.Chance(0.5)) {
    pair.separation.altitude.value = static_cast<int64_t>(random.Below(500'000));
    pair.separation.time_ns = static_cast<int64_t>(random.Below(3600)) * kNsPerSecond;
  }
  pair.altitude_gap_mm = static_cast<int64_t>(random.Below(3)) - 1;
  pair.time_gap_ns = static_cast<int64_t>(random.Below(3)) - 1;
  return pair;
}

Pair MakePair(Random& random) {
  constexpr std::array kMix = {kCircles,       kCirclePolygon, kCirclePolygon, kVertexOffset,
                               kVertexOffset,  kVertexOffset,  kVertexOffset,  kShared,
                               kNestedOrApart, kStars,         kStars,         kLimitCircle,
                               kLimitCircle,   kLimitPolygon,  kLimitPolygon,  kAltitudeTime};
  Pair pair;
  const double limit_m = random.Log(1, random.Chance(0.1) ? 0.99e6 : 100e3);
  switch (kMix[random.Below(kMix.size())]) {
    case kCircles: {
      pair.category = kCircles;
      pair.limit_m = random.Chance(0.5) ? 0 : limit_m;
      pair.a = {{AnyPlace(random)}, random.Log(1, random.Chance(0.1) ? Outline::kRadiusMaxM : 1e6)};
      pair.b.radius_m = random.Log(1, random.Chance(0.1) ? Outline::kRadiusMaxM : 1e6);
      const double apart_m = pair.a.radius_m + pair.b.radius_m + pair.limit_m + AnyGap(random);
      pair.b.ring = {Go(pair.a.ring[0], random.Azimuth(), std::max(0.0, apart_m))};
      break;
    }
    case kCirclePolygon:
      pair = MakeCirclePolygon(random, 0);
      break;
    case kVertexOffset:
      pair = MakeVertexOffset(random, 0, AnySize(random));
      break;
    case kShared:
      pair = MakeShared(random);
      break;
    case kNestedOrApart:
      pair = MakeNestedOrApart(random);
      break;
    case kStars: {
      pair.category = kStars;
      const double size_m = random.Log(10, 300e3);
      const LatLng middle = AnyPlace(random);
      pair.a.ring = AnyStar(random, middle, size_m);
      pair.b.ring = AnyStar(random, Go(middle, random.Azimuth(), size_m * random.Between(0.5, 2)), size_m);
      if (random.Chance(0.3)) {  // a star and a circle
        pair.b.ring.resize(1);
        pair.b.radius_m = size_m * random.Log(1e-3, 1);
      }
      // Those that are apart get a limit near their distance.
      const double gap_m = TrueGap(pair).value_or(0);
      if (gap_m > 0) pair.limit_m = std::max(0.0, gap_m + AnyGap(random));
      break;
    }
    case kLimitCircle:
      pair = MakeCirclePolygon(random, limit_m);
      break;
    case kLimitPolygon:
      pair = MakeVertexOffset(random, limit_m, AnySize(random));
      break;
    case kAltitudeTime:
      pair = MakeAltitudeTime(random);
      break;
    case kCategories:
      break;
  }
  Shuffle(random, pair.a);
  Shuffle(random, pair.b);
  return pair;
}

// ---- Judging.

Result<Outline> MakeOutline(const Shape& shape) {
  return shape.ring.size() == 1 ? Outline::MakeCircle(shape.ring[0], shape.radius_m) : Outline::MakePolygon(shape.ring);
}

struct Answer {
  bool meets;
  bool meets_reversed;
};

template <typename T>
const T& Must(const Result<T>& result) {
  WB_CHECK(bool(result));
  return *result;
}

// The second volume begins where the first ends, and the gaps and separations further on.
Answer AskVolumes(const Pair& pair, const Outline& a, const Outline& b) {
  const AltitudeBand low = Must(AltitudeBand::Make({100'000}, {200'000}));
  const int64_t floor_mm = 200'000 + pair.separation.altitude.value + pair.altitude_gap_mm;
  const AltitudeBand high = Must(AltitudeBand::Make({floor_mm}, {floor_mm + 1'000}));
  const int64_t noon_ns = 1'790'000'000 * kNsPerSecond;
  const TimeInterval first = Must(TimeInterval::Make({noon_ns - kNsPerSecond}, {noon_ns}));
  const int64_t start_ns = noon_ns + pair.separation.time_ns + pair.time_gap_ns;
  const TimeInterval second = Must(TimeInterval::Make({start_ns}, {start_ns + kNsPerSecond}));
  const Volume4D volume_a{a, low, first};
  const Volume4D volume_b{b, high, second};
  return {Intersects(volume_a, volume_b, pair.separation), Intersects(volume_b, volume_a, pair.separation)};
}

struct Tally {
  uint64_t pairs = 0;
  uint64_t meet = 0;
  uint64_t missed = 0;
  uint64_t false_positives = 0;
  uint64_t undecided = 0;
  uint64_t refused = 0;
  uint64_t violations = 0;
  double worst_mm = 0;
};

void PrintShape(const char* name, const Shape& shape) {
  if (shape.ring.size() == 1) {
    std::printf("  %s: circle %.17g,%.17g radius %.17g\n", name, shape.ring[0].latitude_deg,
                shape.ring[0].longitude_deg, shape.radius_m);
    return;
  }
  std::printf("  %s: polygon", name);
  for (const LatLng& p : shape.ring) std::printf(" %.17g,%.17g", p.latitude_deg, p.longitude_deg);
  std::printf("\n");
}

void PrintPair(const Pair& pair, uint64_t seed, uint64_t index, const std::string& what) {
  std::printf("%s: %s (--case=%llu --seed=%llu)\n", kNames[pair.category], what.c_str(),
              static_cast<unsigned long long>(index), static_cast<unsigned long long>(seed));
  PrintShape("a", pair.a);
  PrintShape("b", pair.b);
  std::printf("  limit %.17g m; altitudes %+lld mm, times %+lld ns beyond the separation\n", pair.limit_m,
              static_cast<long long>(pair.altitude_gap_mm), static_cast<long long>(pair.time_gap_ns));
}

void JudgePair(const Pair& pair, uint64_t seed, uint64_t index, Tally& tally, bool verbose) {
  ++tally.pairs;
  const auto violation = [&](const std::string& what) {
    if (++tally.violations <= 3) PrintPair(pair, seed, index, what);
  };
  const Result<Outline> a = MakeOutline(pair.a);
  const Result<Outline> b = MakeOutline(pair.b);
  if (!a || !b) {
    if (verbose) PrintPair(pair, seed, index, "refused: " + (a ? b.error() : a.error()).message);
    ++tally.refused;
    return;
  }
  const std::optional<double> gap_m = TrueGap(pair);
  if (!gap_m) {
    if (verbose) PrintPair(pair, seed, index, "undecided");
    ++tally.undecided;
    return;
  }
  const bool volumes = pair.category == kAltitudeTime;
  bool truth = *gap_m <= pair.limit_m + (pair.limit_m == 0 ? kDoubtM : 0);
  if (pair.meets && *pair.meets != truth)
    violation("made to " + std::string(*pair.meets ? "meet" : "be apart") + ", but the truth finds " +
              std::to_string(*gap_m * 1e3) + " mm: the test is wrong");
  const Answer answer = volumes ? AskVolumes(pair, *a, *b)
                                : Answer{WithinDistance(*a, *b, pair.limit_m), WithinDistance(*b, *a, pair.limit_m)};
  if (volumes) truth = truth && pair.altitude_gap_mm <= 0 && pair.time_gap_ns <= 0;
  tally.meet += truth;
  if (answer.meets != answer.meets_reversed) violation("a meets b, or b meets a, but not both");
  const double beyond_mm = (*gap_m - pair.limit_m) * 1e3;
  const std::string figures = "truth " + std::to_string(beyond_mm) + " mm beyond the limit";
  if (verbose) PrintPair(pair, seed, index, (answer.meets ? "says meets; " : "says apart; ") + figures);
  if (truth && !answer.meets) {
    ++tally.missed;
    violation("MISSED; " + figures);
  }
  if (!truth && answer.meets) {
    ++tally.false_positives;
    tally.worst_mm = std::max(tally.worst_mm, beyond_mm);
    if (volumes || beyond_mm > kOutlineBoundM * 1e3) violation("FALSE POSITIVE; " + figures);
  }
}

// ---- A wrong predicate, to see that the harness notices: great circles on degrees, without cuts.

double Turn(Vector a, Vector b, Vector p) {
  return (a.y * b.z - a.z * b.y) * p.x + (a.z * b.x - a.x * b.z) * p.y + (a.x * b.y - a.y * b.x) * p.z;
}

bool NaiveMeets(const Ring& convex, const Ring& other) {
  // Some vertex of `other` lies on the inner side of every edge of `convex`, whichever way that goes round; or two
  // edges cross.
  for (const Vector& p : other.normals) {
    bool left = true;
    bool right = true;
    for (size_t i = 0; i < convex.normals.size(); ++i) {
      const double turn = Turn(convex.normals[i], convex.normals[(i + 1) % convex.normals.size()], p);
      left = left && turn >= 0;
      right = right && turn <= 0;
    }
    if (left || right) return true;
  }
  for (size_t i = 0; i < convex.normals.size(); ++i) {
    const Vector a0 = convex.normals[i];
    const Vector a1 = convex.normals[(i + 1) % convex.normals.size()];
    for (size_t j = 0; j < other.normals.size(); ++j) {
      const Vector b0 = other.normals[j];
      const Vector b1 = other.normals[(j + 1) % other.normals.size()];
      if (Turn(a0, a1, b0) * Turn(a0, a1, b1) <= 0 && Turn(b0, b1, a0) * Turn(b0, b1, a1) <= 0) return true;
    }
  }
  return false;
}

int RunNaive(uint64_t pairs, uint64_t seed) {
  uint64_t missed = 0;
  uint64_t false_positives = 0;
  double worst_m = 0;
  for (uint64_t i = 0; i < pairs; ++i) {
    Random random((seed << 32) ^ i);
    const Pair pair = MakeVertexOffset(random, 0, random.Log(50e3, 1.2e6));
    const std::optional<double> gap_m = TrueGap(pair);
    if (!gap_m) continue;
    const bool naive = NaiveMeets(Ring(pair.a.ring), Ring(pair.b.ring));
    missed += *gap_m <= kDoubtM && !naive;
    false_positives += *gap_m > kDoubtM && naive;
    if (naive) worst_m = std::max(worst_m, *gap_m);
  }
  std::printf("naive predicate, seed %llu: %llu pairs, %llu missed, %llu false positives, the worst %.1f m: %s\n",
              static_cast<unsigned long long>(seed), static_cast<unsigned long long>(pairs),
              static_cast<unsigned long long>(missed), static_cast<unsigned long long>(false_positives), worst_m,
              missed > 0 ? "caught" : "NOT CAUGHT");
  return missed > 0 ? 0 : 1;
}

int Run(uint64_t pairs, uint64_t seed, std::optional<uint64_t> only) {
  const auto start = std::chrono::steady_clock::now();
  std::array<Tally, kCategories> tallies{};
  for (uint64_t i = only.value_or(0); i < (only ? *only + 1 : pairs); ++i) {
    Random random((seed << 32) ^ i);
    const Pair pair = MakePair(random);
    JudgePair(pair, seed, i, tallies[pair.category], only.has_value());
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("seed %llu, %.1f s\n%-24s %9s %9s %7s %9s %9s %9s %8s\n", static_cast<unsigned long long>(seed), seconds,
              "category", "pairs", "meet", "missed", "false+", "worst mm", "undecided", "refused");
  bool good = true;
  for (size_t c = 0; c < kCategories; ++c) {
    const Tally& t = tallies[c];
    const auto n = [](uint64_t value) { return static_cast<unsigned long long>(value); };
    std::printf("%-24s %9llu %9llu %7llu %9llu %9.4f %9llu %8llu\n", kNames[c], n(t.pairs), n(t.meet), n(t.missed),
                n(t.false_positives), t.worst_mm, n(t.undecided), n(t.refused));
    good = good && t.violations == 0;
    // A test that decides little, or whose pairs are not let in, tests little.
    if (!only && (t.undecided + t.refused) * 20 > t.pairs) {
      std::printf("%s: too many undecided or refused\n", kNames[c]);
      good = false;
    }
  }
  std::printf("%s\n", good ? "good" : "VIOLATIONS");
  return good ? 0 : 1;
}

}  // namespace
}  // namespace wideberth::geo

int main(int argc, char** argv) {
  uint64_t pairs = 50'000;
  uint64_t seed = 1;
  std::optional<uint64_t> only;
  bool naive = false;
  for (int i = 1; i < argc; ++i) {
    const auto number = [&](const char* option) -> std::optional<uint64_t> {
      const size_t length = std::strlen(option);
      if (std::strncmp(argv[i], option, length) != 0) return std::nullopt;
      return std::strtoull(argv[i] + length, nullptr, 10);
    };
    if (const auto given_pairs = number("--pairs=")) {
      pairs = *given_pairs;
    } else if (const auto given_seed = number("--seed=")) {
      seed = *given_seed;
    } else if (const auto given_case = number("--case=")) {
      only = given_case;
    } else if (std::strcmp(argv[i], "--naive") == 0) {
      naive = true;
    } else {
      std::fprintf(stderr, "usage: geometry_truth_test [--pairs=N] [--seed=S] [--case=I] [--naive]\n");
      return 2;
    }
  }
  return naive ? wideberth::geo::RunNaive(std::min<uint64_t>(pairs, 2'000), seed)
               : wideberth::geo::Run(pairs, seed, only);
}
