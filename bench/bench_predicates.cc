#include <fmt/format.h>
#include <s2/s2latlng.h>
#include <s2/s2loop.h>
#include <s2/s2polygon.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/check.h"
#include "bench/baseline_boost.h"
#include "bench/benches.h"
#include "bench/standard_volumes.h"
#include "geo/ellipsoid.h"
#include "geo/predicates.h"

namespace wideberth::bench {
namespace {

constexpr double kRadiusM = 200;
constexpr double kInnerRadiusM = 196.1571;  // to the middle of an edge: 200 m times the cosine of 11.25 degrees

// The neighbour across an edge, of which it has the same two vertices, bit for bit.
geo::Outline AcrossEdge(const geo::Outline& outline, size_t edge) {
  const auto vertices = outline.vertices();
  const geo::LatLng p = vertices[edge];
  const geo::LatLng q = vertices[(edge + 1) % vertices.size()];
  std::vector<geo::LatLng> turned;
  for (const geo::LatLng& v : vertices) {
    if (v == p || v == q) {
      turned.push_back(v == p ? q : p);
    } else {
      turned.push_back(
          {p.latitude_deg + q.latitude_deg - v.latitude_deg, p.longitude_deg + q.longitude_deg - v.longitude_deg});
    }
  }
  return *geo::Outline::MakePolygon(turned);
}

std::unique_ptr<S2Polygon> ToS2(const geo::Outline& outline) {
  std::vector<S2Point> points;
  for (const geo::LatLng& v : outline.vertices())
    points.push_back(S2LatLng::FromDegrees(v.latitude_deg, v.longitude_deg).ToPoint());
  auto loop = std::make_unique<S2Loop>(points);
  loop->Normalize();
  return std::make_unique<S2Polygon>(std::move(loop));
}

// Pairs of one kind in several places, so that no branch is learned by heart.
struct Pairs {
  std::string kind;
  bool meet;
  std::vector<std::pair<geo::Outline, geo::Outline>> outlines;
};

std::vector<Pairs> MakePairs() {
  constexpr size_t kPlaces = 256;
  std::vector<Pairs> all = {{"far: 1 km between centres", false, {}},
                            {"near: 1 m apart, edge to edge", false, {}},
                            {"touching: a shared edge", true, {}},
                            {"overlapping: 200 m between centres", true, {}}};
  StandardVolumes volumes;
  for (size_t i = 0; i < kPlaces; ++i) {
    const geo::LatLng center = volumes.Next().outline.center();
    const size_t edge = i % 16;
    const double bearing_deg = 11.25 + 22.5 * static_cast<double>(edge);  // of the middle of that edge
    const geo::Outline outline = MakePolygon16(center, kRadiusM, 0);
    const auto shifted = [&](double distance_m) {
      return MakePolygon16(geo::PointAt(center, bearing_deg, distance_m), kRadiusM, 0);
    };
    all[0].outlines.emplace_back(outline, shifted(1000));
    all[1].outlines.emplace_back(outline, shifted(2 * kInnerRadiusM + 1));
    all[2].outlines.emplace_back(outline, AcrossEdge(outline, edge));
    all[3].outlines.emplace_back(outline, shifted(200));
  }
  return all;
}

// Nanoseconds a call: the median of several stretches. `answers` gets how many of the pairs are said to meet.
template <typename Shapes, typename Predicate>
double Nanoseconds(const Shapes& pairs, double stretch_s, size_t& answers, Predicate predicate) {
  std::vector<double> figures;
  for (int stretch = 0; stretch < 7; ++stretch) {
    size_t calls = 0;
    const auto start = Timer::now();
    double seconds = 0;
    do {
      answers = 0;
      for (const auto& [a, b] : pairs) answers += predicate(a, b) ? 1u : 0u;
      Keep(answers);
      calls += pairs.size();
      seconds = SecondsSince(start);
    } while (seconds < stretch_s);
    figures.push_back(seconds * 1e9 / static_cast<double>(calls));
  }
  return Median(figures);
}

}  // namespace

void BenchPredicates(const Options& options, Table& table) {
  const double stretch_s = options.quick ? 0.01 : 0.05;
  std::string disagreements;
  for (const Pairs& pairs : MakePairs()) {
    std::vector<std::pair<BoostPolygon, BoostPolygon>> of_boost;
    std::vector<std::pair<std::unique_ptr<S2Polygon>, std::unique_ptr<S2Polygon>>> of_s2;
    for (const auto& [a, b] : pairs.outlines) {
      of_boost.emplace_back(ToBoost(a), ToBoost(b));
      of_s2.emplace_back(ToS2(a), ToS2(b));
    }
    size_t we = 0, boost = 0, s2 = 0;
    const double ours_ns = Nanoseconds(pairs.outlines, stretch_s, we,
                                       [](const auto& a, const auto& b) { return geo::WithinDistance(a, b, 0); });
    const double boost_ns = Nanoseconds(of_boost, stretch_s, boost,
                                        [](const auto& a, const auto& b) { return boost::geometry::intersects(a, b); });
    const double s2_ns =
        Nanoseconds(of_s2, stretch_s, s2, [](const auto& a, const auto& b) { return a->Intersects(*b); });
    WB_CHECK(we == (pairs.meet ? pairs.outlines.size() : 0));
    table.Add({"meet? " + pairs.kind, ours_ns, "ns", false, std::nullopt, "Boost intersects", boost_ns});
    table.Add({"meet? " + pairs.kind, ours_ns, "ns", false, std::nullopt, "S2Polygon::Intersects", s2_ns});
    for (const auto& [name, count] : {std::pair{"Boost", boost}, std::pair{"S2", s2}}) {
      if (count != we)
        disagreements += fmt::format(" {} says \"meet\" for {} of {} {};", name, count, pairs.outlines.size(),
                                     pairs.kind.substr(0, pairs.kind.find(':')));
    }
  }
  if (!disagreements.empty()) {
    disagreements.pop_back();
    table.Note("meet?: we say so of all that touch or overlap." + disagreements +
               " (for S2, a shared edge has no shared interior).");
  }
}

}  // namespace wideberth::bench
