#include "geo/truth/truth.h"

#include <GeographicLib/Geocentric.hpp>
#include <GeographicLib/Geodesic.hpp>
#include <GeographicLib/GeodesicLine.hpp>
#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <optional>

namespace wideberth::geo::truth {
namespace {

using GeographicLib::Geocentric;
using GeographicLib::Geodesic;
using GeographicLib::GeodesicLine;

constexpr double kDegree = 3.14159265358979323846 / 180;
constexpr double kMeanRadiusM = 6'371'000;
constexpr double kLeastRadiusM = 6'335'000;
constexpr double kGreatestRadiusM = 6'400'000;
// Two geodesics cross when the ends of each lie this far or further to either side of the other. A crossing more
// shallow shows as an end that near to the other.
constexpr double kShallowM = 1e-8;

const Geodesic& Earth() { return Geodesic::WGS84(); }

// ---- Points in space.

struct Vector {
  double x = 0, y = 0, z = 0;
};
Vector operator-(Vector a, Vector b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
Vector operator+(Vector a, Vector b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
Vector operator*(double k, Vector a) { return {k * a.x, k * a.y, k * a.z}; }
double Dot(Vector a, Vector b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
double Norm(Vector a) { return std::sqrt(Dot(a, a)); }

Vector InSpace(LatLng p) {
  Vector v;
  Geocentric::WGS84().Forward(p.latitude_deg, p.longitude_deg, 0, v.x, v.y, v.z);
  return v;
}

// The distance of two straight segments in space.
double SegmentDistance(Vector p0, Vector p1, Vector q0, Vector q1) {
  const Vector u = p1 - p0;
  const Vector v = q1 - q0;
  const Vector w = p0 - q0;
  const double a = Dot(u, u);
  const double b = Dot(u, v);
  const double c = Dot(v, v);
  const double d = Dot(u, w);
  const double e = Dot(v, w);
  const double determinant = a * c - b * b;
  const auto at = [&](double s, double t) { return Norm(w + s * u - t * v); };
  const auto unit = [](double x) { return std::clamp(x, 0.0, 1.0); };
  // The least over the square of parameters: on one of its sides, or where both derivatives vanish.
  double best = std::min({at(0, c > 0 ? unit(e / c) : 0), at(1, c > 0 ? unit((e + b) / c) : 0),
                          at(a > 0 ? unit(-d / a) : 0, 0), at(a > 0 ? unit((b - d) / a) : 0, 1)});
  if (determinant > 1e-12 * a * c) {
    const double s = (b * e - c * d) / determinant;
    const double t = (a * e - b * d) / determinant;
    if (s > 0 && s < 1 && t > 0 && t < 1) best = std::min(best, at(s, t));
  }
  return best;
}

// No way over the ground between points this far apart in space is shorter: it is longest for its chord where the
// ground is flattest. A thousandth to spare, for a geodesic is not quite an arc of a circle.
double GroundAtLeast(double chord_m) {
  if (chord_m <= 0) return 0;
  const double arc_m = 2 * kGreatestRadiusM * std::asin(std::min(1.0, chord_m / (2 * kGreatestRadiusM)));
  return chord_m + 0.999 * (arc_m - chord_m);
}

// ---- Edges.

struct Edge {
  LatLng from, to;
  double length_m = 0;
  GeodesicLine line;
  Vector start, end;  // in space

  Place At(double along_m) const {
    Place place;
    line.Position(along_m, place.point.latitude_deg, place.point.longitude_deg, place.azimuth_deg);
    return place;
  }
  bool is_point() const { return length_m == 0; }
};

Edge MakeEdge(LatLng a, LatLng b) {
  Edge edge{a, b, 0, Earth().InverseLine(a.latitude_deg, a.longitude_deg, b.latitude_deg, b.longitude_deg), {}, {}};
  edge.length_m = edge.line.Distance();
  edge.start = InSpace(a);
  edge.end = InSpace(b);
  return edge;
}

// Where p is nearest to an edge (`clamp`) or to the whole geodesic that the edge is part of.
struct Foot {
  double distance_m = 0;
  double right_m = 0;  // about how far p lies to the right of the line
};
Foot FootOf(LatLng p, const Edge& edge, bool clamp, double start_m) {
  double s = start_m;
  Foot best{1e300, 0};
  double previous_step_m = 1e300;
  for (int round = 0; round < 50; ++round) {
    const Place place = edge.At(s);
    double distance_m = 0;
    double to_p_deg = 0;
    double at_p_deg = 0;
    Earth().Inverse(place.point.latitude_deg, place.point.longitude_deg, p.latitude_deg, p.longitude_deg, distance_m,
                    to_p_deg, at_p_deg);
    const double angle = (to_p_deg - place.azimuth_deg) * kDegree;
    if (distance_m < best.distance_m || !clamp) best = {distance_m, distance_m * std::sin(angle)};
    // As on a sphere; what the ellipsoid adds shrinks some hundredfold with each round.
    const double turn = distance_m / kMeanRadiusM;
    double next = s + kMeanRadiusM * std::atan2(std::sin(turn) * std::cos(angle), std::cos(turn));
    if (clamp) next = std::clamp(next, 0.0, edge.length_m);
    const double step_m = std::abs(next - s);
    // A remainder along the line enters the distance by its square.
    if (step_m <= 1e-8 || step_m * step_m <= 1e-9 * distance_m) break;
    if (step_m >= previous_step_m && step_m < 1e-4) break;
    previous_step_m = step_m;
    s = next;
  }
  if (clamp && best.distance_m > 0) {
    // The search may have run to a far end; the ends are cheap to try.
    best.distance_m = std::min({best.distance_m, Distance(p, edge.from), Distance(p, edge.to)});
  }
  return best;
}

// A stretch of an edge, and the straight line in space between its ends.
struct Stretch {
  const Edge* edge = nullptr;
  double from_m = 0, to_m = 0;
  Vector start, end;

  double length_m() const { return to_m - from_m; }
  // How far the geodesic may leave the straight line: less than the arc of the greatest curvature does.
  double bulge_m() const { return 1.02 * length_m() * length_m() / (8 * kLeastRadiusM); }
};

// ---- Rings, in a tree of balls.

struct Node {
  Vector center;
  double radius_m = 0;
  size_t first = 0, last = 0;  // edges, last not in
  int left = -1, right = -1;
};

struct Ring {
  explicit Ring(const std::vector<LatLng>& vertices) {
    const size_t n = vertices.size();
    edges.reserve(n);
    if (n == 1) {
      Edge edge = MakeEdge(vertices[0], vertices[0]);
      edge.length_m = 0;
      edges.push_back(std::move(edge));
    } else {
      for (size_t i = 0; i < n; ++i) edges.push_back(MakeEdge(vertices[i], vertices[(i + 1) % n]));
    }
    Build(0, edges.size());
  }

  int Build(size_t first, size_t last) {
    Node node;
    node.first = first;
    node.last = last;
    for (size_t i = first; i < last; ++i) node.center = node.center + edges[i].start + edges[i].end;
    node.center = (0.5 / static_cast<double>(last - first)) * node.center;
    for (size_t i = first; i < last; ++i) {
      const double ends_m = std::max(Norm(edges[i].start - node.center), Norm(edges[i].end - node.center));
      const double bulge_m = 1.1 * edges[i].length_m * edges[i].length_m / (8 * kLeastRadiusM);
      node.radius_m = std::max(node.radius_m, ends_m + std::min(bulge_m, edges[i].length_m / 2));
    }
    const int index = static_cast<int>(nodes.size());
    nodes.push_back(node);
    if (last - first > 1) {
      const size_t middle = (first + last) / 2;
      const int left = Build(first, middle);
      const int right = Build(middle, last);
      nodes[static_cast<size_t>(index)].left = left;
      nodes[static_cast<size_t>(index)].right = right;
    }
    return index;
  }

  bool is_point() const { return edges.size() == 1; }

  std::vector<Edge> edges;
  std::vector<Node> nodes;
};

// ---- The search.

class Search {
 public:
  Search(const Ring& a, const Ring& b, double cap_m) : a_(a), b_(b), best_m_(cap_m) {}

  // The distance of the boundaries, or more than the cap.
  double Run() {
    Nodes(0, 0);
    return best_m_;
  }

 private:
  double NodesApart(const Node& a, const Node& b) const {
    return GroundAtLeast(Norm(a.center - b.center) - a.radius_m - b.radius_m);
  }

  void Nodes(int index_a, int index_b) {
    if (best_m_ == 0) return;
    const Node& a = a_.nodes[static_cast<size_t>(index_a)];
    const Node& b = b_.nodes[static_cast<size_t>(index_b)];
    if (NodesApart(a, b) > best_m_) return;
    if (a.left < 0 && b.left < 0) {
      const Edge& edge_a = a_.edges[a.first];
      const Edge& edge_b = b_.edges[b.first];
      Stretches({&edge_a, 0, edge_a.length_m, edge_a.start, edge_a.end},
                {&edge_b, 0, edge_b.length_m, edge_b.start, edge_b.end});
      return;
    }
    const bool split_a = b.left < 0 || (a.left >= 0 && a.radius_m >= b.radius_m);
    int one[2] = {split_a ? a.left : index_a, split_a ? index_b : b.left};
    int two[2] = {split_a ? a.right : index_a, split_a ? index_b : b.right};
    const auto apart = [&](const int* pair) {
      return NodesApart(a_.nodes[static_cast<size_t>(pair[0])], b_.nodes[static_cast<size_t>(pair[1])]);
    };
    if (apart(two) < apart(one)) std::swap(one, two);
    Nodes(one[0], one[1]);
    Nodes(two[0], two[1]);
  }

  static double StretchesApart(const Stretch& a, const Stretch& b) {
    return GroundAtLeast(SegmentDistance(a.start, a.end, b.start, b.end) - a.bulge_m() - b.bulge_m());
  }

  static std::array<Stretch, 2> Halves(const Stretch& whole) {
    const double middle_m = (whole.from_m + whole.to_m) / 2;
    const Vector middle = InSpace(whole.edge->At(middle_m).point);
    return {Stretch{whole.edge, whole.from_m, middle_m, whole.start, middle},
            Stretch{whole.edge, middle_m, whole.to_m, middle, whole.end}};
  }

  void Stretches(const Stretch& a, const Stretch& b) {
    if (best_m_ == 0) return;
    const double straight_m = SegmentDistance(a.start, a.end, b.start, b.end);
    if (GroundAtLeast(straight_m - a.bulge_m() - b.bulge_m()) > best_m_) return;
    constexpr double kLeafM = 2'000;
    const double longer_m = std::max(a.length_m(), b.length_m());
    const bool tight = a.bulge_m() + b.bulge_m() < 0.02 * straight_m;
    if (longer_m <= kLeafM || tight) {
      Leaves(a, b, !tight);
      return;
    }
    const bool split_a = a.length_m() >= b.length_m();
    std::array<Stretch, 2> halves = Halves(split_a ? a : b);
    const auto apart = [&](const Stretch& half) { return split_a ? StretchesApart(half, b) : StretchesApart(a, half); };
    if (apart(halves[1]) < apart(halves[0])) std::swap(halves[0], halves[1]);
    for (const Stretch& half : halves) split_a ? Stretches(half, b) : Stretches(a, half);
  }

  void Leaves(const Stretch& a, const Stretch& b, bool may_cross) {
    Vertices(a, *b.edge, b);
    Vertices(b, *a.edge, a);
    if (may_cross && best_m_ > 0 && !a.edge->is_point() && !b.edge->is_point() && Cross(a, b)) best_m_ = 0;
  }

  // The true vertices at the ends of a stretch against the other's whole edge.
  void Vertices(const Stretch& from, const Edge& to, const Stretch& near) {
    if (from.from_m == 0) Vertex(from.edge->from, from.start, to, near);
    if (from.to_m == from.edge->length_m && !from.edge->is_point()) Vertex(from.edge->to, from.end, to, near);
  }

  void Vertex(LatLng p, Vector in_space, const Edge& to, const Stretch& near) {
    if (best_m_ == 0) return;
    if (to.is_point()) {
      best_m_ = std::min(best_m_, Distance(p, to.from));
      return;
    }
    if (GroundAtLeast(SegmentDistance(in_space, in_space, near.start, near.end) - near.bulge_m()) > best_m_) return;
    best_m_ = std::min(best_m_, FootOf(p, to, true, (near.from_m + near.to_m) / 2).distance_m);
  }

  // Whether two edges cross, within two stretches of 2 km at most. Seen from straight above the middle of one, such
  // stretches are straight to 0.05 mm; what is less clear than a millimetre is measured.
  static bool Cross(const Stretch& a, const Stretch& b) {
    const LatLng middle = a.edge->At((a.from_m + a.to_m) / 2).point;
    const double latitude = middle.latitude_deg * kDegree;
    const double longitude = middle.longitude_deg * kDegree;
    const Vector east{-std::sin(longitude), std::cos(longitude), 0};
    const Vector north{-std::sin(latitude) * std::cos(longitude), -std::sin(latitude) * std::sin(longitude),
                       std::cos(latitude)};
    const auto map = [&](Vector v) { return std::array{Dot(v - a.start, east), Dot(v - a.start, north)}; };
    const std::array<std::array<double, 2>, 4> p{map(a.start), map(a.end), map(b.start), map(b.end)};
    const auto side = [&](size_t i, size_t from, size_t to) {
      const double x = p[to][0] - p[from][0];
      const double y = p[to][1] - p[from][1];
      return (x * (p[i][1] - p[from][1]) - y * (p[i][0] - p[from][0])) / std::hypot(x, y);
    };
    const double sides[4] = {side(0, 2, 3), side(1, 2, 3), side(2, 0, 1), side(3, 0, 1)};
    constexpr double kClearM = 1e-3;
    for (const size_t i : {0u, 2u}) {
      if (std::min(sides[i], sides[i + 1]) > kClearM || std::max(sides[i], sides[i + 1]) < -kClearM) return false;
    }
    const auto opposite = [&](size_t i) { return std::min(sides[i], sides[i + 1]) < -kClearM && std::max(sides[i], sides[i + 1]) > kClearM; };
    if (opposite(0) && opposite(2)) return true;
    const auto exact = [](LatLng q, const Edge& edge, double near_m) { return FootOf(q, edge, false, near_m).right_m; };
    const double near_a_m = (a.from_m + a.to_m) / 2;
    const double near_b_m = (b.from_m + b.to_m) / 2;
    const auto across = [](double r, double s) { return std::min(r, s) < -kShallowM && std::max(r, s) > kShallowM; };
    return across(exact(a.edge->from, *b.edge, near_b_m), exact(a.edge->to, *b.edge, near_b_m)) &&
           across(exact(b.edge->from, *a.edge, near_a_m), exact(b.edge->to, *a.edge, near_a_m));
  }

  const Ring& a_;
  const Ring& b_;
  double best_m_;
};

// Whether p may lie in the ring at all.
bool InBall(LatLng p, const Ring& ring) {
  const Node& root = ring.nodes[0];
  return Norm(InSpace(p) - root.center) <= 2 * root.radius_m + 1;
}

}  // namespace

double Distance(LatLng a, LatLng b) {
  double distance_m = 0;
  Earth().Inverse(a.latitude_deg, a.longitude_deg, b.latitude_deg, b.longitude_deg, distance_m);
  return distance_m;
}

LatLng Go(LatLng from, double azimuth_deg, double distance_m) {
  LatLng p;
  Earth().Direct(from.latitude_deg, from.longitude_deg, azimuth_deg, distance_m, p.latitude_deg, p.longitude_deg);
  return p;
}

double Azimuth(LatLng from, LatLng to) {
  double azimuth_deg = 0;
  double at_end_deg = 0;
  Earth().Inverse(from.latitude_deg, from.longitude_deg, to.latitude_deg, to.longitude_deg, azimuth_deg, at_end_deg);
  return azimuth_deg;
}

Place Between(LatLng a, LatLng b, double share) {
  const Edge edge = MakeEdge(a, b);
  return edge.At(share * edge.length_m);
}

double DistanceToEdge(LatLng p, LatLng a, LatLng b) {
  const Edge edge = MakeEdge(a, b);
  return edge.is_point() ? Distance(p, a) : FootOf(p, edge, true, edge.length_m / 2).distance_m;
}

bool Inside(LatLng p, const std::vector<LatLng>& ring) {
  double turned_deg = 0;
  double before_deg = Azimuth(p, ring.back());
  for (const LatLng& v : ring) {
    const double here_deg = Azimuth(p, v);
    double turn_deg = here_deg - before_deg;
    if (turn_deg > 180) turn_deg -= 360;
    if (turn_deg < -180) turn_deg += 360;
    turned_deg += turn_deg;
    before_deg = here_deg;
  }
  return std::abs(turned_deg) > 180;
}

double DistanceTo(LatLng p, const Shape& shape) { return Gap({{p}, 0}, shape, 1e300); }

double Gap(const Shape& a, const Shape& b, double cap_m) {
  const double radii_m = a.radius_m + b.radius_m;
  if (a.ring.size() == 1 && b.ring.size() == 1) return std::max(0.0, Distance(a.ring[0], b.ring[0]) - radii_m);
  const Ring ring_a(a.ring);
  const Ring ring_b(b.ring);
  const double apart_m = Search(ring_a, ring_b, cap_m + radii_m + 1).Run();
  if (apart_m <= radii_m) return 0;
  if (!ring_b.is_point() && InBall(a.ring[0], ring_b) && Inside(a.ring[0], b.ring)) return 0;
  if (!ring_a.is_point() && InBall(b.ring[0], ring_a) && Inside(b.ring[0], a.ring)) return 0;
  return apart_m - radii_m;
}

}  // namespace wideberth::geo::truth
