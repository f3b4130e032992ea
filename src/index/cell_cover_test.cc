#include "index/cell_cover.h"

#include <gtest/gtest.h>
#include <s2/s2cap.h>
#include <s2/s2cell.h>
#include <s2/s2cell_id.h>
#include <s2/s2latlng.h>

#include <cmath>
#include <random>

#include "geo/ellipsoid.h"
#include "geo/predicates.h"

namespace wideberth::index {
namespace {

uint64_t LeafAt(geo::LatLng p) { return S2CellId(S2LatLng::FromDegrees(p.latitude_deg, p.longitude_deg)).id(); }

geo::Outline RandomOutline(std::mt19937_64& random, double radius_m) {
  std::uniform_real_distribution<double> unit(0, 1);
  const geo::LatLng center{std::asin(2 * unit(random) - 1) / geo::kRadiansPerDegree, 360 * unit(random) - 180};
  if (random() % 3 == 0) return *geo::Outline::MakeCircle(center, radius_m);
  const int vertices = 3 + static_cast<int>(random() % 12);
  std::vector<geo::LatLng> ring;
  for (int i = 0; i < vertices; ++i)
    ring.push_back(geo::PointAt(center, 360.0 * i / vertices, radius_m * (0.3 + 0.7 * unit(random))));
  return *geo::Outline::MakePolygon(ring);
}

// Points of an outline: on its boundary, by GeographicLib, and anywhere inside.
std::vector<geo::LatLng> PointsOf(const geo::Outline& outline, std::mt19937_64& random) {
  std::uniform_real_distribution<double> unit(0, 1);
  std::vector<geo::LatLng> points(outline.vertices().begin(), outline.vertices().end());
  for (int i = 0; i < 30; ++i) {
    if (outline.is_circle()) {
      const double share = i % 2 == 0 ? 1 : std::sqrt(unit(random));
      points.push_back(geo::PointAt(outline.center(), 360 * unit(random), share * outline.radius_m()));
    } else {
      const size_t edge = random() % outline.vertices().size();
      const geo::LatLng a = outline.vertices()[edge];
      const geo::LatLng b = outline.vertices()[(edge + 1) % outline.vertices().size()];
      points.push_back(geo::PointTowards(a, b, unit(random) * geo::GeodesicDistanceM(a, b)));
      const geo::LatLng anywhere =
          geo::PointAt(outline.center(), 360 * unit(random), unit(random) * outline.outer_radius_m());
      if (geo::WithinDistance(outline, *geo::Outline::MakeCircle(anywhere, 1e-6), 0)) points.push_back(anywhere);
    }
  }
  return points;
}

TEST(CellCover, ContainsItsOutline) {
  std::mt19937_64 random(16);
  std::uniform_real_distribution<double> unit(0, 1);
  for (int i = 0; i < 600; ++i) {
    const double radius_m = std::pow(10.0, 6 * unit(random));
    const geo::Outline outline = RandomOutline(random, radius_m);
    const CellCover cover = CoverOf(outline);
    for (const geo::LatLng& p : PointsOf(outline, random)) {
      ASSERT_TRUE(cover.ContainsCell(LeafAt(p)))
          << i << ": radius " << radius_m << " at " << p.latitude_deg << " " << p.longitude_deg;
    }
  }
}

TEST(CellCover, HasNoCellFarFromItsOutline) {
  std::mt19937_64 random(17);
  std::uniform_real_distribution<double> unit(0, 1);
  for (int i = 0; i < 60; ++i) {
    const geo::Outline outline = RandomOutline(random, std::pow(10.0, 1 + 3.5 * unit(random)));
    for (const uint64_t id : CoverOf(outline).cells) {
      const S2Cell cell{S2CellId(id)};
      ASSERT_LE(cell.level(), CellCover::kLevelFinest);
      const S2LatLng center(cell.GetCenter());
      const double cell_m = cell.GetCapBound().GetRadius().radians() * geo::kCurvatureRadiusMaxM;
      const auto disc = geo::Outline::MakeCircle({center.lat().degrees(), center.lng().degrees()}, cell_m + 1);
      ASSERT_TRUE(geo::WithinDistance(outline, *disc, 0.011 * outline.radius_m())) << i;
    }
  }
}

TEST(CellCover, OutlinesThatMeetHaveCoversThatIntersect) {
  std::mt19937_64 random(18);
  std::uniform_real_distribution<double> unit(0, 1);
  for (int i = 0; i < 300; ++i) {
    const geo::Outline outline = RandomOutline(random, std::pow(10.0, 5 * unit(random)));
    const std::vector<geo::LatLng> points = PointsOf(outline, random);
    // A circle that just touches a point of it.
    const double radius_m = std::pow(10.0, 5 * unit(random));
    const geo::LatLng center = geo::PointAt(points[random() % points.size()], 360 * unit(random), radius_m);
    EXPECT_TRUE(CoverOf(outline).Intersects(CoverOf(*geo::Outline::MakeCircle(center, radius_m)))) << i;
  }
}

TEST(CellCover, FlightsAKilometreApartAreToldApart) {
  // The peers' cells of level 13 ask for each other's word up to 738 m apart; these do not from 400 m on.
  std::mt19937_64 random(19);
  std::uniform_real_distribution<double> unit(0, 1);
  for (int i = 0; i < 300; ++i) {
    const geo::LatLng here{140 * unit(random) - 70, 360 * unit(random) - 180};
    const CellCover a = CoverOf(*geo::Outline::MakeCircle(here, 50));
    const CellCover b = CoverOf(*geo::Outline::MakeCircle(geo::PointAt(here, 360 * unit(random), 100 + 450), 50));
    EXPECT_FALSE(a.Intersects(b));
  }
}

TEST(CellCover, StaysShortForWhatFlies) {
  EXPECT_LE(CoverOf(*geo::Outline::MakeCircle({48, 11}, 200)).cells.size(), 30u);
  EXPECT_LE(CoverOf(*geo::Outline::MakeCircle({48, 11}, 28'000)).cells.size(), 4'000u);
  EXPECT_LE(CoverOf(*geo::Outline::MakeCircle({48, 11}, 1'000'000)).cells.size(), 8'000u);
}

TEST(CellCover, UnionContainsBothAndNothingElse) {
  std::mt19937_64 random(17);
  for (int i = 0; i < 100; ++i) {
    const geo::Outline outline = RandomOutline(random, 3000);
    const CellCover a = CoverOf(outline);
    const CellCover b = CoverOf(*geo::Outline::MakeCircle(outline.center(), 2000));
    const CellCover both = Union(a, b);
    EXPECT_TRUE(both.Contains(a) && both.Contains(b));
    for (const uint64_t id : both.cells) {
      const uint64_t leaf = S2CellId(id).range_min().id();
      EXPECT_TRUE(a.ContainsCell(leaf) || b.ContainsCell(leaf));
    }
    EXPECT_EQ(Union(a, a).cells, Union(a, {}).cells);
  }
}

TEST(CellCover, ContainsWhatItIsAUnionOfAndNotMore) {
  const geo::LatLng center{47, 8};
  const CellCover small = CoverOf(*geo::Outline::MakeCircle(center, 500));
  const CellCover large = CoverOf(*geo::Outline::MakeCircle(center, 1500));
  EXPECT_TRUE(large.Contains(small));
  EXPECT_FALSE(small.Contains(large));
  EXPECT_TRUE(small.Contains(small));
  EXPECT_TRUE(small.Contains(CellCover{}));
}

TEST(CellCover, BoundsHoldEveryCell) {
  std::mt19937_64 random(18);
  std::uniform_real_distribution<double> unit(0, 1);
  for (int i = 0; i < 300; ++i) {
    const CellCover cover = CoverOf(RandomOutline(random, std::pow(10.0, 2 + 4 * unit(random))));
    const geo::BoundingRectangles bounds = BoundsOf(cover);
    ASSERT_TRUE(bounds.count == 1 || bounds.count == 2);
    for (const uint64_t id : cover.cells) {
      for (int corner = 0; corner < 4; ++corner) {
        const S2LatLng at(S2Cell(S2CellId(id)).GetVertex(corner));
        bool held = false;
        for (int r = 0; r < bounds.count; ++r) {
          const geo::BoundsE7& b = bounds.rectangles[r];
          held |= b.south <= at.lat().degrees() * 1e7 && at.lat().degrees() * 1e7 <= b.north &&
                  b.west <= at.lng().degrees() * 1e7 && at.lng().degrees() * 1e7 <= b.east;
        }
        EXPECT_TRUE(held) << "cell " << id << " corner " << at.ToStringInDegrees();
      }
    }
  }
}

}  // namespace
}  // namespace wideberth::index
