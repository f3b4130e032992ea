#include "plan/convex_polygon.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "plan/geodesic_truth.h"

namespace wideberth::plan {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

double Distance(PlanePoint p, PlanePoint a, PlanePoint b) {
  const PlanePoint edge = b - a;
  const PlanePoint to = p - a;
  const double length2 = edge.x * edge.x + edge.y * edge.y;
  const double t = length2 > 0 ? std::clamp((to.x * edge.x + to.y * edge.y) / length2, 0.0, 1.0) : 0;
  return std::hypot(to.x - t * edge.x, to.y - t * edge.y);
}

// How deep p lies inside a polygon that runs counter-clockwise: its distance to the nearest edge; negative outside. By
// the turn of the boundary around p, so that an edge of micrometres does not decide what happens kilometres away.
double Depth(std::span<const PlanePoint> polygon, PlanePoint p) {
  double nearest = std::numeric_limits<double>::infinity();
  double turn = 0;
  for (size_t i = 0; i < polygon.size(); ++i) {
    const PlanePoint a = polygon[i];
    const PlanePoint b = polygon[(i + 1) % polygon.size()];
    nearest = std::min(nearest, Distance(p, a, b));
    const PlanePoint to_a = a - p;
    const PlanePoint to_b = b - p;
    turn += std::atan2(to_a.x * to_b.y - to_a.y * to_b.x, to_a.x * to_b.x + to_a.y * to_b.y);
  }
  return turn > 3 ? nearest : -nearest;
}

std::vector<PlanePoint> Chosen(std::span<const PlanePoint> points, std::span<const uint32_t> indices) {
  std::vector<PlanePoint> chosen;
  for (const uint32_t index : indices) chosen.push_back(points[index]);
  return chosen;
}

std::vector<PlanePoint> RandomPoints(truth::Chance& chance) {
  std::vector<PlanePoint> points(static_cast<size_t>(chance.Int(1, 200)));
  const int kind = chance.Int(0, 3);
  const double radius = chance.Magnitude(1e-3, 1e5);
  const PlanePoint offset{chance.Between(-1e5, 1e5), chance.Between(-1e5, 1e5)};
  for (PlanePoint& p : points) {
    const double angle = chance.Between(0, 6.283185307179586);
    if (kind == 0) p = {chance.Between(-1, 1) * radius, chance.Between(-1, 1) * radius};
    if (kind == 1) p = {std::cos(angle) * radius, std::sin(angle) * radius};
    if (kind == 2) p = {std::cos(angle) * radius, std::cos(angle) * radius * 0.7};  // collinear
    if (kind == 3) p = {std::floor(4 * std::cos(angle)), std::floor(4 * std::sin(angle))};
    p = {p.x + offset.x, p.y + offset.y};
  }
  return points;
}

TEST(ConvexHull, OfNothingIsNothing) { EXPECT_THAT(ConvexHull({}), IsEmpty()); }

TEST(ConvexHull, OfEqualPointsIsOneOfThem) {
  const std::vector<PlanePoint> points(5, PlanePoint{3, 4});
  EXPECT_THAT(ConvexHull(points), ElementsAre(0U));
}

TEST(ConvexHull, OfPointsOnALineIsItsEnds) {
  const std::vector<PlanePoint> points{{1, 1}, {3, 3}, {0, 0}, {2, 2}};
  EXPECT_THAT(ConvexHull(points), ElementsAre(2U, 1U));
}

TEST(ConvexHull, RunsCounterClockwiseAndLeavesOutWhatIsInsideOrOnAnEdge) {
  const std::vector<PlanePoint> points{{0, 2}, {1, 1}, {2, 2}, {0, 0}, {1, 0}, {2, 0}, {0, 0}};
  EXPECT_THAT(ConvexHull(points), ElementsAre(3U, 5U, 2U, 0U));
}

TEST(ConvexHull, ContainsItsPoints) {
  for (uint64_t seed = truth::FirstSeed(), end = seed + truth::Rounds(2000); seed < end; ++seed) {
    truth::Chance chance(seed);
    const std::vector<PlanePoint> points = RandomPoints(chance);
    const std::vector<PlanePoint> hull = Chosen(points, ConvexHull(points));
    ASSERT_GE(hull.size(), 1U);
    if (hull.size() < 3) continue;
    for (const PlanePoint& p : points) ASSERT_GE(Depth(hull, p), -kPlaneErrorM) << "seed " << seed;
  }
}

TEST(ThinHull, KeepsOnePointOfManyThatAreNear) {
  const std::vector<PlanePoint> points{{0, 0}, {0.5, 0}, {0, 0.5}};
  EXPECT_THAT(ThinHull(points, ConvexHull(points), 1), ElementsAre(0U));
}

TEST(ThinHull, LosesNoMoreThanItsToleranceAndKeepsNeighboursApart) {
  for (uint64_t seed = truth::FirstSeed(), end = seed + truth::Rounds(2000); seed < end; ++seed) {
    truth::Chance chance(seed);
    const std::vector<PlanePoint> points = RandomPoints(chance);
    const double tolerance = chance.Magnitude(1e-3, 1e4);
    const std::vector<uint32_t> hull = ConvexHull(points);
    const std::vector<PlanePoint> kept = Chosen(points, ThinHull(points, hull, tolerance));
    ASSERT_GE(kept.size(), 1U);
    for (size_t i = 0; kept.size() > 1 && i < kept.size(); ++i) {
      const PlanePoint edge = kept[(i + 1) % kept.size()] - kept[i];
      ASSERT_GT(std::hypot(edge.x, edge.y), tolerance) << "seed " << seed;
    }
    for (const PlanePoint& p : points) {
      double distance = std::numeric_limits<double>::infinity();  // from p to the boundary
      for (size_t i = 0; i < kept.size(); ++i)
        distance = std::min(distance, Distance(p, kept[i], kept[(i + 1) % kept.size()]));
      const bool inside = kept.size() > 2 && Depth(kept, p) >= 0;
      ASSERT_TRUE(inside || distance <= tolerance + kPlaneErrorM) << "seed " << seed << ": " << distance;
    }
  }
}

TEST(RemoveEdges, MakesASquareOfASquareWithACornerCutOff) {
  std::vector<Corner> polygon{{{0, 0}, 0}, {{2, 0}, 1}, {{2, 1.5}, 2}, {{1.5, 2}, 3}, {{0, 2}, 4}};
  RemoveEdges(polygon, 4, 10);
  ASSERT_EQ(polygon.size(), 4U);
  EXPECT_DOUBLE_EQ(polygon[2].point.x, 2);
  EXPECT_DOUBLE_EQ(polygon[2].point.y, 2);
  EXPECT_EQ(polygon[2].index, Corner::kNew);
  EXPECT_EQ(polygon[3].index, 4U);
}

TEST(RemoveEdges, LeavesACornerRatherThanGoBeyondTheRadius) {
  std::vector<Corner> polygon{{{0, 0}, 0}, {{2, 0}, 1}, {{2, 1.5}, 2}, {{1.5, 2}, 3}, {{0, 2}, 4}};
  RemoveEdges(polygon, 4, 2.6);
  EXPECT_EQ(polygon.size(), 5U);
}

TEST(RemoveEdges, GoesOnWhileItCostsNoMoreThanIsFree) {
  const std::vector<Corner> whole{{{0, 0}, 0}, {{2, 0}, 1}, {{2, 1.5}, 2}, {{1.5, 2}, 3}, {{0, 2}, 4}};
  std::vector<Corner> polygon = whole;
  RemoveEdges(polygon, 24, 10, 0.12);
  EXPECT_EQ(polygon.size(), 5U);
  RemoveEdges(polygon, 24, 10, 0.13);  // the triangle that was cut off is of 0.125 m2
  EXPECT_EQ(polygon.size(), 4U);
}

TEST(RemoveEdges, WorksAcrossTheRingsEnd) {
  for (size_t turn = 0; turn < 5; ++turn) {
    std::vector<Corner> polygon{{{0, 0}, 0}, {{2, 0}, 1}, {{2, 1.5}, 2}, {{1.5, 2}, 3}, {{0, 2}, 4}};
    std::rotate(polygon.begin(), polygon.begin() + static_cast<std::ptrdiff_t>(turn), polygon.end());
    RemoveEdges(polygon, 4, 10);
    ASSERT_EQ(polygon.size(), 4U);
    std::vector<PlanePoint> corners;
    for (const Corner& corner : polygon) corners.push_back(corner.point);
    EXPECT_DOUBLE_EQ(Depth(corners, {1, 1}), 1);
    EXPECT_DOUBLE_EQ(Depth(corners, {2, 2}), 0);
  }
}

TEST(RemoveEdges, ContainsThePolygonThatItStartedFrom) {
  for (uint64_t seed = truth::FirstSeed(), end = seed + truth::Rounds(2000); seed < end; ++seed) {
    truth::Chance chance(seed);
    const std::vector<PlanePoint> points = RandomPoints(chance);
    std::vector<Corner> polygon;
    for (const uint32_t index : ConvexHull(points)) polygon.push_back({points[index], index});
    PlanePoint mean;
    for (const Corner& corner : polygon) {
      mean.x += corner.point.x / static_cast<double>(polygon.size());
      mean.y += corner.point.y / static_cast<double>(polygon.size());
    }
    if (polygon.size() < 3 || Depth(Chosen(points, ConvexHull(points)), mean) < 1e-3) continue;
    RemoveEdges(polygon, static_cast<size_t>(chance.Int(4, 30)), 1e6,
                chance.OneIn(2) ? 0 : chance.Magnitude(1e-6, 1e6));
    std::vector<PlanePoint> corners;
    for (const Corner& corner : polygon) corners.push_back(corner.point);
    for (const PlanePoint& p : points) ASSERT_GE(Depth(corners, p), -kPlaneErrorM) << "seed " << seed;
  }
}

}  // namespace
}  // namespace wideberth::plan
