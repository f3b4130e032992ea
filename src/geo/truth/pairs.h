#ifndef WIDEBERTH_GEO_TRUTH_PAIRS_H_
#define WIDEBERTH_GEO_TRUTH_PAIRS_H_

#include <array>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "geo/truth/truth.h"

// Pairs of outlines that are hard to judge: made to touch, or nearly, in every way that outlines can.
namespace wideberth::geo::truth {

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  double Unit() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }
  double Between(double low, double high) { return low + (high - low) * Unit(); }
  // As often between 1 and 10 as between 10 and 100.
  double Log(double low, double high) { return low * std::pow(high / low, Unit()); }
  size_t Below(size_t n) { return static_cast<size_t>(engine_() % n); }
  bool Chance(double p) { return Unit() < p; }
  double Sign() { return Chance(0.5) ? 1 : -1; }
  double Azimuth() { return Between(-180, 180); }

 private:
  std::mt19937_64 engine_;
};

// Anywhere; often near a pole, on it, at the equator, or by the antimeridian.
LatLng AnyPlace(Random& random);

// A ring that sees all of itself from `middle`, with vertices `least`..1 of `radius_m` away.
std::vector<LatLng> Star(Random& random, LatLng middle, double radius_m, size_t vertices, double least);

enum class Category {
  kCircles,
  kCircleAtEdge,
  kCircleAtVertex,
  kVertexAtEdge,
  kVertexAtVertex,
  kVertexOnEdge,
  kSharedEdge,
  kParallelEdges,
  kNested,
  kInterlocked,
  kCrossed,
  kSlivers,
  kStars,
  kOverThePole,
  kContinents,
  kTinyEdges,
  kManyVertices,
};
inline constexpr size_t kCategories = 17;
inline constexpr std::array<const char*, kCategories> kCategoryNames = {
    "circle, circle",      "circle at an edge",    "circle at a vertex", "vertex near an edge",  "vertex at a vertex",
    "vertex on an edge",   "shared edge",          "parallel edges",     "nested",               "interlocked combs",
    "crossed and T",       "slivers",              "random stars",       "edges over a pole",    "continents",
    "tiny edges",          "up to 10,000 corners"};

struct Pair {
  Category category = Category::kCircles;
  Shape a, b;
  double limit_m = 0;
};

// The pair number `index` of the sequence that `seed` begins.
Pair MakePair(uint64_t seed, uint64_t index);
// A pair of one category.
Pair MakePairOf(Category category, uint64_t seed, uint64_t index);

}  // namespace wideberth::geo::truth

#endif  // WIDEBERTH_GEO_TRUTH_PAIRS_H_
