#include "geo/truth/pairs.h"

#include <algorithm>
#include <cmath>

namespace wideberth::geo::truth {
namespace {

constexpr double kDegree = 3.14159265358979323846 / 180;

using Ring = std::vector<LatLng>;

double AnySize(Random& random) {
  const double kind = random.Unit();
  if (kind < 0.55) return random.Log(1, 30e3);
  if (kind < 0.8) return random.Log(20, 5e3);
  return random.Log(10e3, 1.5e6);
}

// From 0.1 mm to 100 m to either side of touching, but no more than the things are large; or touching.
double AnyGap(Random& random, double size_m) {
  if (random.Chance(0.04)) return 0;
  return random.Sign() * random.Log(1e-4, std::clamp(size_m, 2e-4, 100.0));
}

double AnyLimit(Random& random) {
  if (random.Chance(0.7)) return 0;
  return random.Chance(0.9) ? random.Log(0.1, 100e3) : random.Log(100e3, 1e6);
}

// The azimuth straight on at `to`, having come from `from`.
double Onward(LatLng from, LatLng to) { return Azimuth(to, from) + 180; }

// A strip along a geodesic: x metres along it, then y metres to its right.
class Strip {
 public:
  Strip(LatLng origin, double azimuth_deg) : origin_(origin), azimuth_deg_(azimuth_deg) {}
  LatLng At(double x_m, double y_m) const {
    LatLng foot = origin_;
    double azimuth_deg = azimuth_deg_;
    if (x_m != 0) {
      foot = Go(origin_, azimuth_deg_, x_m);
      azimuth_deg = x_m > 0 ? Onward(origin_, foot) : Azimuth(foot, origin_);
    }
    return y_m == 0 ? foot : Go(foot, azimuth_deg + 90, y_m);
  }
  Ring Rectangle(double x0, double x1, double y0, double y1) const {
    return {At(x0, y0), At(x1, y0), At(x1, y1), At(x0, y1)};
  }

 private:
  LatLng origin_;
  double azimuth_deg_;
};

size_t AnyCount(Random& random) {
  const double kind = random.Unit();
  return kind < 0.7 ? 3 + random.Below(10) : kind < 0.97 ? 3 + random.Below(30) : 3 + random.Below(98);
}

// A polygon of some kind, with a middle.
struct Made {
  LatLng middle;
  Ring ring;
  double size_m = 0;
};

Made AnyPolygon(Random& random, double size_m) {
  Made made{AnyPlace(random), {}, size_m};
  const double kind = random.Unit();
  if (kind < 0.4) {
    made.ring = Star(random, made.middle, size_m, AnyCount(random), 1);
  } else if (kind < 0.7) {
    made.ring = Star(random, made.middle, size_m, AnyCount(random), random.Between(0.2, 1));
  } else if (kind < 0.8) {
    // A pole for a vertex.
    const LatLng pole{random.Sign() * 90, random.Chance(0.3) ? 0 : random.Azimuth()};
    const double azimuth_deg = random.Azimuth();
    made.middle = Go(pole, azimuth_deg, size_m);
    made.ring = Star(random, made.middle, size_m, AnyCount(random), 1);
    const double to_pole_deg = Azimuth(made.middle, pole);
    // The pole takes the place of the vertex nearest in direction.
    const auto off = [&](LatLng p) { return std::abs(std::remainder(Azimuth(made.middle, p) - to_pole_deg, 360)); };
    *std::min_element(made.ring.begin(), made.ring.end(), [&](LatLng p, LatLng q) { return off(p) < off(q); }) = pole;
  } else {
    const Strip strip(made.middle, random.Azimuth());
    const double width_m = size_m * random.Log(0.003, 1);
    made.ring = strip.Rectangle(-size_m, size_m, -width_m, width_m);
  }
  return made;
}

// A polygon with its first vertex at `apex` and the rest within 85 degrees of `azimuth_deg`.
Ring Fan(Random& random, LatLng apex, double azimuth_deg, double size_m) {
  const size_t n = random.Chance(0.6) ? 2 : 2 + random.Below(6);
  const double half_deg = random.Between(2, 85);
  Ring ring{apex};
  for (size_t i = 0; i < n; ++i) {
    const double share = (static_cast<double>(i) + (i == 0 || i + 1 == n ? 0 : random.Between(-0.3, 0.3))) /
                         static_cast<double>(n - 1);
    ring.push_back(Go(apex, azimuth_deg + half_deg * (2 * share - 1), size_m * random.Between(0.3, 1)));
  }
  return ring;
}

// The place on an edge, and the direction away from the inside there. Of a ring in clockwise order, as all here are
// made, the inside is on the right.
struct Door {
  LatLng point;
  double outward_deg = 0;
  double edge_m = 0;
};
// Rings here are made clockwise (azimuths grow), but for those of strips with y to the right: clockwise too.
Door AnyDoor(Random& random, const Ring& ring) {
  const size_t i = random.Below(ring.size());
  const LatLng from = ring[i];
  const LatLng to = ring[(i + 1) % ring.size()];
  const double share = random.Chance(0.2) ? 0.5 : random.Between(0.001, 0.999);
  const Place place = Between(from, to, share);
  return {place.point, place.azimuth_deg - 90, Distance(from, to)};
}

LatLng Outward(const Door& door, double distance_m) {
  return distance_m == 0 ? door.point : Go(door.point, door.outward_deg, distance_m);
}

// Outward as it is at `there`, which was reached from the door.
double OutwardAt(const Door& door, LatLng there, double distance_m) {
  if (std::abs(distance_m) < 1) return door.outward_deg;
  return distance_m > 0 ? Onward(door.point, there) : Azimuth(there, door.point);
}

// So that neither the first vertex nor the direction of a ring is always the same.
void Shuffle(Random& random, Ring& ring) {
  if (ring.size() == 1) return;
  std::rotate(ring.begin(), ring.begin() + static_cast<std::ptrdiff_t>(random.Below(ring.size())), ring.end());
  if (random.Chance(0.5)) std::reverse(ring.begin(), ring.end());
}

void MakeCircles(Random& random, Pair& pair) {
  const double largest_m = random.Chance(0.05) ? 4.5e6 : 1.5e6;
  pair.a = {{AnyPlace(random)}, random.Log(0.5, largest_m)};
  pair.b.radius_m = random.Chance(0.2) ? pair.a.radius_m : random.Log(0.5, largest_m);
  const double gap_m = AnyGap(random, 100);
  pair.b.ring = {Go(pair.a.ring[0], random.Azimuth(),
                    std::max(0.0, pair.a.radius_m + pair.b.radius_m + pair.limit_m + gap_m))};
}

void MakeCircleAt(Random& random, Pair& pair, bool vertex) {
  const Made made = AnyPolygon(random, AnySize(random));
  pair.a.ring = made.ring;
  pair.b.radius_m = random.Log(0.1, random.Chance(0.1) ? 4e6 : 500e3);
  const double away_m = pair.b.radius_m + pair.limit_m + AnyGap(random, made.size_m);
  if (vertex) {
    const LatLng corner = made.ring[random.Below(made.ring.size())];
    pair.b.ring = {Go(corner, Onward(made.middle, corner) + random.Between(-30, 30), std::max(0.0, away_m))};
  } else {
    pair.b.ring = {Outward(AnyDoor(random, made.ring), away_m)};
  }
}

void MakeVertexNear(Random& random, Pair& pair, bool on) {
  const Made made = AnyPolygon(random, AnySize(random));
  const Door door = AnyDoor(random, made.ring);
  const double away_m = on ? 0 : pair.limit_m + AnyGap(random, door.edge_m / 10);
  if (on) pair.limit_m = 0;
  const LatLng apex = Outward(door, away_m);
  const double size_m = random.Chance(0.3) ? AnySize(random) : made.size_m * random.Log(0.01, 1);
  pair.a.ring = made.ring;
  pair.b.ring = Fan(random, apex, OutwardAt(door, apex, away_m), std::max(size_m, 0.5));
}

void MakeVertexAtVertex(Random& random, Pair& pair) {
  const Made made = AnyPolygon(random, AnySize(random));
  const LatLng corner = made.ring[random.Below(made.ring.size())];
  const double out_deg = Onward(made.middle, corner);
  const double away_m = random.Chance(0.1) ? 0 : pair.limit_m + AnyGap(random, made.size_m / 10);
  const LatLng apex = away_m == 0 ? corner : Go(corner, out_deg, away_m);
  pair.a.ring = made.ring;
  pair.b.ring = Fan(random, apex, away_m > 1 ? Onward(corner, apex) : out_deg, std::max(0.5, made.size_m * random.Log(0.01, 1)));
}

void MakeSharedEdge(Random& random, Pair& pair) {
  pair.limit_m = 0;
  const Made made = AnyPolygon(random, AnySize(random));
  const size_t i = random.Below(made.ring.size());
  const LatLng from = made.ring[i];
  const LatLng to = made.ring[(i + 1) % made.ring.size()];
  const Place middle = Between(from, to, random.Between(0.3, 0.7));
  const double length_m = Distance(from, to);
  pair.a.ring = made.ring;
  pair.b.ring = {to, from};
  const size_t others = 1 + random.Below(4);
  for (size_t k = 0; k < others; ++k) {
    const double share = (static_cast<double>(k) + random.Between(0.1, 0.9)) / static_cast<double>(others);
    pair.b.ring.push_back(Go(middle.point, middle.azimuth_deg - 180 + 180 * share, length_m * random.Log(0.05, 0.5)));
  }
}

// Two rectangles or so along one line, apart by a gap, perhaps slightly turned.
void MakeParallelEdges(Random& random, Pair& pair) {
  const double size_m = random.Chance(0.9) ? random.Log(1, 50e3) : random.Log(50e3, 500e3);
  const Strip strip(AnyPlace(random), random.Azimuth());
  if (random.Chance(0.7)) pair.limit_m = 0;
  pair.limit_m = std::min(pair.limit_m, size_m / 10);
  const double gap_m = pair.limit_m + AnyGap(random, size_m / 100);
  const double turn_m = random.Chance(0.5) ? 0 : random.Sign() * random.Log(1e-4, 0.1);
  pair.a.ring = strip.Rectangle(0, size_m, 0, size_m * random.Log(0.1, 1));
  const double from_m = size_m * random.Between(-0.5, 0.5);
  const double to_m = from_m + size_m * random.Between(0.1, 1);
  const double deep_m = -gap_m - size_m * random.Log(0.2, 1);
  pair.b.ring = {strip.At(from_m, deep_m), strip.At(to_m, deep_m), strip.At(to_m, -gap_m),
                 strip.At(from_m, -gap_m + turn_m)};
}

void MakeNested(Random& random, Pair& pair) {
  pair.limit_m = 0;
  const double size_m = AnySize(random);
  const LatLng middle = AnyPlace(random);
  pair.a.ring = Star(random, middle, size_m, AnyCount(random), random.Between(0.3, 1));
  const double shrink = random.Chance(0.5) ? random.Log(1e-3, 1) : 1 - random.Log(1e-6, 1e-1);
  if (size_m * shrink < 0.05 || random.Chance(0.2)) {
    pair.b = {{Go(middle, random.Azimuth(), 0.2 * size_m * random.Unit())}, std::max(0.01, 0.2 * shrink * size_m)};
    return;
  }
  for (const LatLng& p : pair.a.ring) pair.b.ring.push_back(Go(middle, Azimuth(middle, p), shrink * Distance(middle, p)));
}

// Two combs, the teeth of one in the bays of the other: no vertex in the other, and all around it.
void MakeInterlocked(Random& random, Pair& pair) {
  const double bay_m = random.Log(1, random.Chance(0.2) ? 20e3 : 1e3);
  const size_t teeth = 2 + random.Below(6);
  pair.limit_m = random.Chance(0.8) ? 0 : bay_m * random.Log(0.001, 0.2);
  const double gap_m = pair.limit_m + AnyGap(random, bay_m / 20);
  const double depth_m = bay_m * random.Between(1, 10);
  const Strip strip(AnyPlace(random), random.Azimuth());
  const double pitch_m = 2 * bay_m;
  // Teeth [2k, 2k + 1] bays of one, and [2k + 1 + gap, 2k + 2 - gap] of the other.
  Ring& a = pair.a.ring;
  Ring& b = pair.b.ring;
  const double width_m = static_cast<double>(teeth) * pitch_m;
  a = {strip.At(width_m, -bay_m), strip.At(0, -bay_m)};
  for (size_t k = 0; k < teeth; ++k) {
    const double x = static_cast<double>(k) * pitch_m;
    a.insert(a.end(), {strip.At(x, depth_m), strip.At(x + bay_m, depth_m), strip.At(x + bay_m, 0),
                       strip.At(x + pitch_m, 0)});
  }
  const double off_m = random.Chance(0.5) ? gap_m : random.Between(0.1, 0.3) * bay_m;
  const double tip_m = random.Chance(0.5) ? gap_m : random.Between(0.1, 0.3) * bay_m;
  b = {strip.At(0, depth_m + 2 * bay_m), strip.At(width_m, depth_m + 2 * bay_m)};
  for (size_t k = teeth; k-- > 0;) {
    const double x = static_cast<double>(k) * pitch_m + bay_m;
    const double top_m = depth_m + 0.5 * bay_m;
    b.insert(b.end(), {strip.At(x + bay_m - 0.35 * bay_m, top_m), strip.At(x + bay_m - 0.35 * bay_m, tip_m),
                       strip.At(x + off_m, tip_m), strip.At(x + off_m, top_m)});
  }
}

void MakeCrossed(Random& random, Pair& pair) {
  const double size_m = random.Chance(0.8) ? random.Log(1, 50e3) : random.Log(50e3, 1e6);
  const LatLng middle = AnyPlace(random);
  const double azimuth_deg = random.Azimuth();
  const double wide_m = size_m * random.Log(1e-4, 0.2);
  const Strip one(middle, azimuth_deg);
  pair.a.ring = one.Rectangle(-size_m, size_m, 0, wide_m);
  if (random.Chance(0.4)) {  // a plus: no vertex of one inside the other
    pair.limit_m = 0;
    const Strip other(middle, azimuth_deg + random.Sign() * random.Between(20, 90));
    pair.b.ring = other.Rectangle(-size_m, size_m, -wide_m / 2, wide_m / 2);
  } else {  // a T, whose stem ends near the bar
    if (pair.limit_m > size_m / 2) pair.limit_m = size_m / 2;
    const double gap_m = pair.limit_m + AnyGap(random, wide_m);
    const double at_m = size_m * random.Between(-0.9, 0.9);
    const LatLng foot = one.At(at_m, 0);
    const double up_deg = at_m == 0 ? azimuth_deg : at_m > 0 ? Onward(middle, foot) : Azimuth(foot, middle);
    const Strip other(foot, up_deg - 90 + (random.Chance(0.5) ? 0 : random.Between(-50, 50)));
    pair.b.ring = other.Rectangle(gap_m, gap_m + size_m, 0, wide_m / 2);
  }
}

void MakeSlivers(Random& random, Pair& pair) {
  const double long_m = random.Chance(0.9) ? random.Log(10, 20e3) : random.Log(20e3, 300e3);
  const double wide_m = std::max(0.01, long_m * random.Log(1e-6, 1e-3));
  const Strip strip(AnyPlace(random), random.Azimuth());
  pair.limit_m = random.Chance(0.7) ? 0 : random.Log(0.01, long_m / 10);
  const double gap_m = pair.limit_m + AnyGap(random, wide_m);
  pair.a.ring = strip.Rectangle(0, long_m, 0, wide_m);
  if (random.Chance(0.5)) pair.a.ring.erase(pair.a.ring.begin());  // a triangle
  switch (random.Below(3)) {
    case 0:  // side by side
      pair.b.ring = strip.Rectangle(long_m * random.Between(-0.5, 0.5), long_m * random.Between(0.6, 2),
                                    -gap_m - 2 * wide_m, -gap_m);
      break;
    case 1:  // end on
      pair.b.ring = strip.Rectangle(long_m + gap_m, 2 * long_m + gap_m, wide_m * random.Between(-0.9, 0.9), 2 * wide_m);
      break;
    default: {  // across
      const double x = long_m * random.Between(0.05, 0.95);
      pair.b.ring = strip.Rectangle(x, x + wide_m, -gap_m - long_m / 3, -gap_m);
      break;
    }
  }
}

void MakeStars(Random& random, Pair& pair, double least_m, double most_m) {
  const double size_a_m = random.Log(least_m, most_m);
  const double size_b_m = random.Chance(0.5) ? size_a_m * random.Log(0.3, 1) : random.Log(least_m, most_m);
  const LatLng middle = AnyPlace(random);
  pair.a.ring = Star(random, middle, size_a_m, AnyCount(random), random.Between(0.2, 1));
  const LatLng other = Go(middle, random.Azimuth(), (size_a_m + size_b_m) * random.Between(0.3, 1.1));
  pair.b.ring = Star(random, other, size_b_m, AnyCount(random), random.Between(0.2, 1));
  pair.limit_m = 0;
  const double gap_m = Gap(pair.a, pair.b, 1e6);
  if (gap_m <= 0) return;
  if (random.Chance(0.5) && gap_m < 0.99e6) {
    pair.limit_m = std::max(0.0, gap_m - AnyGap(random, 100));
  } else {  // brought nearer, about to touching
    const double away_deg = Azimuth(other, middle);
    const double near_m = gap_m - AnyGap(random, 100);
    for (LatLng& p : pair.b.ring) {
      const double turn_deg = Azimuth(other, p) - away_deg;
      const double far_m = Distance(other, p);
      const LatLng moved = Go(other, away_deg, near_m);
      p = Go(moved, Onward(other, moved) + turn_deg, far_m);
    }
  }
}

// An edge that runs over the pole, or by it at a distance, and something on its far side.
void MakeOverThePole(Random& random, Pair& pair) {
  const LatLng pole{random.Sign() * 90, random.Chance(0.5) ? 0 : random.Azimuth()};
  const double size_m = random.Log(1, 1e6);
  const double by_m = random.Chance(0.4) ? 0 : random.Sign() * random.Log(1e-6, size_m / 10);
  const double azimuth_deg = random.Azimuth();
  LatLng origin = by_m == 0 ? pole : Go(pole, azimuth_deg, std::abs(by_m));
  const Strip strip(origin, by_m == 0 ? azimuth_deg : Onward(pole, origin) + random.Sign() * 90);
  pair.a.ring = strip.Rectangle(-size_m * random.Between(0.1, 1), size_m * random.Between(0.1, 1), 0,
                                size_m * random.Between(0.1, 1));
  if (random.Chance(0.3)) pair.limit_m = 0;
  const double gap_m = pair.limit_m + AnyGap(random, size_m / 10);
  const LatLng foot = strip.At(0, -gap_m);
  switch (random.Below(3)) {
    case 0:
      pair.b.ring = Fan(random, foot, Azimuth(strip.At(0, -gap_m - size_m), foot) + 180, size_m);
      break;
    case 1: {
      const double radius_m = random.Log(0.1, 1e6);
      pair.b = {{strip.At(size_m * random.Between(-0.05, 0.05), -gap_m - radius_m)}, radius_m};
      break;
    }
    default:
      pair.b.ring = strip.Rectangle(-size_m * random.Between(0.01, 1), size_m * random.Between(0.01, 1),
                                    -gap_m - size_m / 3, -gap_m);
      break;
  }
}

void MakeContinents(Random& random, Pair& pair) {
  const double size_m = random.Log(1.5e6, 4.5e6);
  const LatLng middle = AnyPlace(random);
  pair.a.ring = Star(random, middle, size_m, 5 + random.Below(12), random.Between(0.6, 1));
  const Door door = AnyDoor(random, pair.a.ring);
  pair.limit_m = random.Chance(0.5) ? 0 : random.Log(1, 1e6);
  const double away_m = pair.limit_m + AnyGap(random, 100);
  const LatLng apex = Outward(door, away_m);
  if (random.Chance(0.3)) {
    const double radius_m = random.Log(1, 3e6);
    pair.b = {{Outward(door, radius_m + away_m)}, radius_m};
  } else {
    pair.b.ring = Fan(random, apex, OutwardAt(door, apex, away_m), random.Log(1, 3e6));
  }
}

// Convex, with corners cut off by a centimetre or a metre: edges whose lines, far away, say little.
void MakeTinyEdges(Random& random, Pair& pair) {
  const double size_m = random.Log(10, 29e3);
  LatLng middle = AnyPlace(random);
  if (random.Chance(0.7)) middle.latitude_deg = random.Sign() * random.Between(60, 75.5);
  const size_t n = size_m > 8e3 ? 50 + random.Below(14) : 3 + random.Below(30);
  const Ring plain = Star(random, middle, size_m, n, 1);
  for (size_t i = 0; i < n; ++i) {
    const LatLng before = plain[(i + n - 1) % n];
    const LatLng after = plain[(i + 1) % n];
    if (pair.a.ring.size() + (n - i) < 62 && random.Chance(0.4)) {
      const double cut_m = random.Log(0.01, 1);
      pair.a.ring.push_back(Go(plain[i], Azimuth(plain[i], before), cut_m));
      pair.a.ring.push_back(Go(plain[i], Azimuth(plain[i], after), cut_m));
    } else {
      pair.a.ring.push_back(plain[i]);
    }
  }
  pair.limit_m = random.Chance(0.7) ? 0 : random.Log(0.1, 5e3);
  const bool edge = random.Chance(0.5);
  Door door = AnyDoor(random, pair.a.ring);
  if (!edge) {
    const LatLng corner = pair.a.ring[random.Below(pair.a.ring.size())];
    door = {corner, Onward(middle, corner), size_m};
  }
  const double away_m = pair.limit_m + AnyGap(random, size_m / 50);
  const LatLng apex = Outward(door, away_m);
  const double small_m = random.Chance(0.5) ? size_m * random.Log(0.01, 1) : random.Log(0.5, 100);
  if (random.Chance(0.7)) {
    pair.b.ring = Fan(random, apex, OutwardAt(door, apex, away_m), small_m);
  } else {
    pair.b = {{Outward(door, away_m + small_m)}, small_m};
  }
}

void MakeManyVertices(Random& random, Pair& pair) {
  const double size_m = random.Log(100, 1e6);
  const LatLng middle = AnyPlace(random);
  pair.a.ring = Star(random, middle, size_m, 1000 + random.Below(9001), random.Between(0.7, 1));
  const Door door = AnyDoor(random, pair.a.ring);
  const double away_m = pair.limit_m + AnyGap(random, door.edge_m / 5);
  const LatLng apex = Outward(door, away_m);
  if (random.Chance(0.3)) {
    pair.b.ring = Fan(random, apex, OutwardAt(door, apex, away_m), size_m * random.Log(0.001, 1));
  } else {
    const LatLng other = Go(middle, random.Azimuth(), size_m * random.Between(1.5, 2.1) + pair.limit_m);
    pair.b.ring = Star(random, other, size_m, 100 + random.Below(9001), random.Between(0.7, 1));
  }
}

uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

Pair Make(Random& random, Category category) {
  Pair pair;
  pair.category = category;
  pair.limit_m = AnyLimit(random);
  switch (category) {
    case Category::kCircles:
      MakeCircles(random, pair);
      break;
    case Category::kCircleAtEdge:
      MakeCircleAt(random, pair, false);
      break;
    case Category::kCircleAtVertex:
      MakeCircleAt(random, pair, true);
      break;
    case Category::kVertexAtEdge:
      MakeVertexNear(random, pair, false);
      break;
    case Category::kVertexAtVertex:
      MakeVertexAtVertex(random, pair);
      break;
    case Category::kVertexOnEdge:
      MakeVertexNear(random, pair, true);
      break;
    case Category::kSharedEdge:
      MakeSharedEdge(random, pair);
      break;
    case Category::kParallelEdges:
      MakeParallelEdges(random, pair);
      break;
    case Category::kNested:
      MakeNested(random, pair);
      break;
    case Category::kInterlocked:
      MakeInterlocked(random, pair);
      break;
    case Category::kCrossed:
      MakeCrossed(random, pair);
      break;
    case Category::kSlivers:
      MakeSlivers(random, pair);
      break;
    case Category::kStars:
      random.Chance(0.7) ? MakeStars(random, pair, 1, 30e3) : MakeStars(random, pair, 10e3, 1e6);
      break;
    case Category::kOverThePole:
      MakeOverThePole(random, pair);
      break;
    case Category::kContinents:
      MakeContinents(random, pair);
      break;
    case Category::kTinyEdges:
      MakeTinyEdges(random, pair);
      break;
    case Category::kManyVertices:
      MakeManyVertices(random, pair);
      break;
  }
  Shuffle(random, pair.a.ring);
  Shuffle(random, pair.b.ring);
  if (random.Chance(0.5)) std::swap(pair.a, pair.b);
  return pair;
}

// Of 2,000 pairs, about how many are of each category.
constexpr std::array<size_t, kCategories> kShares = {150, 150, 80,  350, 100, 120, 100, 120, 80,
                                                     100, 120, 120, 150, 100, 19,  140, 1};

}  // namespace

LatLng AnyPlace(Random& random) {
  LatLng p{std::asin(random.Between(-1, 1)) / kDegree, random.Between(-180, 180)};
  switch (random.Below(12)) {
    case 0:
      p.latitude_deg = random.Sign() * (90 - random.Log(1e-7, 20));
      break;
    case 1:
      p.latitude_deg = random.Sign() * 90;
      break;
    case 2:
      p.latitude_deg = random.Chance(0.5) ? 0 : random.Sign() * random.Log(1e-7, 1);
      break;
    case 3:
      p.latitude_deg = random.Sign() * random.Between(70, 80);
      break;
    default:
      break;
  }
  if (random.Chance(0.2)) p.longitude_deg = random.Sign() * (180 - (random.Chance(0.3) ? 0 : random.Log(1e-9, 3)));
  return p;
}

std::vector<LatLng> Star(Random& random, LatLng middle, double radius_m, size_t vertices, double least) {
  const double turn_deg = random.Azimuth();
  std::vector<LatLng> ring;
  for (size_t i = 0; i < vertices; ++i) {
    const double jitter = vertices < 6 ? random.Between(-0.15, 0.15) : random.Between(-0.4, 0.4);
    const double angle_deg = 360 * (static_cast<double>(i) + jitter) / static_cast<double>(vertices);
    ring.push_back(Go(middle, turn_deg + angle_deg, radius_m * random.Between(least, 1)));
  }
  return ring;
}

Pair MakePair(uint64_t seed, uint64_t index) {
  Random random(Mix(Mix(seed) ^ index));
  size_t all = 0;
  for (const size_t share : kShares) all += share;
  size_t pick = random.Below(all);
  size_t category = 0;
  while (pick >= kShares[category]) pick -= kShares[category++];
  return Make(random, static_cast<Category>(category));
}

Pair MakePairOf(Category category, uint64_t seed, uint64_t index) {
  Random random(Mix(Mix(seed) ^ index));
  return Make(random, category);
}

}  // namespace wideberth::geo::truth
