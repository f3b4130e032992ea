#include "index/cell_cover.h"

#include <gtest/gtest.h>
#include <s2/s2cap.h>
#include <s2/s2cell.h>
#include <s2/s2cell_id.h>
#include <s2/s2closest_edge_query.h>
#include <s2/s2latlng.h>
#include <s2/s2loop.h>
#include <s2/s2polygon.h>
#include <s2/s2region_coverer.h>

#include <array>
#include <cmath>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include "geo/ellipsoid.h"
#include "geo/predicates.h"
#include "index/cell_lattice.h"

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

// Boxes of two covers intersect whenever the covers do; and those of single cells exactly then.
TEST(CellCover, TheDeepestPlaceIsTheOneThatMostCoversShare) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 200; ++round) {
    const geo::LatLng middle{47, 8};
    const auto somewhere = [&](double reach_m, double radius_m) {
      const geo::LatLng center = geo::PointAt(middle, static_cast<double>(random() % 360), reach_m);
      return CoverOf(*geo::Outline::MakeCircle(center, radius_m));
    };
    const CellCover within = somewhere(500, 800);
    std::vector<CellCover> covers;
    for (int i = 0; i < 12; ++i) {
      const double reach = static_cast<double>(random() % 3000);
      covers.push_back(somewhere(reach, 50.0 * std::pow(2.0, static_cast<double>(random() % 9))));
    }
    std::vector<const CellCover*> pointers;
    for (const CellCover& cover : covers) pointers.push_back(&cover);
    // Cells of the finest level that occurs, one by one.
    size_t expected = 0;
    for (const uint64_t cell : within.cells) {
      const S2CellId id(cell);
      for (S2CellId leaf = id.child_begin(CellCover::kLevelFinest); leaf != id.child_end(CellCover::kLevelFinest);
           leaf = leaf.next()) {
        size_t here = 0;
        for (const CellCover& cover : covers) here += static_cast<size_t>(cover.ContainsCell(leaf.id()));
        expected = std::max(expected, here);
      }
    }
    EXPECT_EQ(DeepestWithin(within, pointers), expected);
  }
  EXPECT_EQ(DeepestWithin(CoverOf(*geo::Outline::MakeCircle({0, 0}, 100)), {}), 0u);
}

TEST(CellCover, BoxesOfCoversThatShareACellIntersect) {
  std::mt19937_64 random(18);
  std::uniform_real_distribution<double> unit(0, 1);
  const auto boxes_of = [](const CellCover& cover) { return BoxesOf(cover, {0}, {1}, {0}, {0}); };
  const auto any_intersect = [&](const CellCover& a, const CellCover& b) {
    for (const Box& x : boxes_of(a)) {
      for (const Box& y : boxes_of(b))
        if (x.Intersects(y)) return true;
    }
    return false;
  };
  int met = 0;
  for (int i = 0; i < 400; ++i) {
    const geo::Outline outline = RandomOutline(random, std::pow(10.0, 2 + 4 * unit(random)));
    const geo::LatLng near =
        geo::PointAt(outline.center(), 360 * unit(random), 2 * unit(random) * outline.outer_radius_m());
    const CellCover a = CoverOf(outline);
    const CellCover b = CoverOf(*geo::Outline::MakeCircle(near, outline.outer_radius_m() * unit(random) + 1));
    for (const Box& box : boxes_of(a)) EXPECT_TRUE(box.valid());
    if (a.Intersects(b)) {
      ++met;
      EXPECT_TRUE(any_intersect(a, b)) << i;
    }
    for (int n = 0; n < 20; ++n) {
      const CellCover x{{a.cells[random() % a.cells.size()]}};
      const CellCover y{{b.cells[random() % b.cells.size()]}};
      EXPECT_EQ(x.Intersects(y), any_intersect(x, y));
    }
  }
  EXPECT_GT(met, 100);
}

TEST(CellCover, HasOneBoxForEachFaceThatItTouches) {
  const auto count = [](geo::LatLng center, double radius_m) {
    return BoxesOf(CoverOf(*geo::Outline::MakeCircle(center, radius_m)), {0}, {1}, {0}, {0}).count;
  };
  EXPECT_EQ(count({48, 11}, 300), 1);
  EXPECT_EQ(count({0, 45}, 300), 2);                   // where two faces meet
  EXPECT_EQ(count({35.264389682754654, 45}, 300), 3);  // and three
  EXPECT_EQ(count({0, 180}, 300), 1);                  // the antimeridian is nothing special
  EXPECT_EQ(count({90, 0}, 300), 1);                   // nor is the pole
}

// The fast way for small outlines against S2's own, cell for cell but for those that the margin decides.
TEST(CellLattice, FindsTheCellsThatS2Finds) {
  std::mt19937_64 random(21);
  std::uniform_real_distribution<double> unit(0, 1);
  const std::array<geo::LatLng, 6> corners = {
      {{0, 45}, {35.264389682754654, 45}, {45, 0}, {-35.264389682754654, -135}, {90, 0}, {0, -180}}};
  for (int i = 0; i < 3000; ++i) {
    geo::LatLng at{std::asin(2 * unit(random) - 1) / geo::kRadiansPerDegree, 360 * unit(random) - 180};
    if (i % 3 == 0) at = geo::PointAt(corners[random() % corners.size()], 360 * unit(random), 2000 * unit(random));
    const S2Point center = S2LatLng::FromDegrees(at.latitude_deg, at.longitude_deg).ToPoint();
    const S1Angle radius = S1Angle::Radians(std::pow(10.0, -7 + 4 * unit(random)));
    const int level = radius.radians() > 3e-4 ? 13 : 16;
    const auto found = CellsOfCap(center, radius, level);
    ASSERT_TRUE(found.has_value());
    std::set<S2CellId> cells(found->begin(), found->end());
    EXPECT_EQ(cells.size(), found->size()) << "a cell twice";
    // Every cell around, asked one by one.
    std::vector<S2CellId> around;
    S2RegionCoverer::Options options;
    options.set_fixed_level(level);
    options.set_max_cells(1 << 20);
    S2RegionCoverer(options).GetCovering(S2Cap(center, radius * 1.5 + S1Angle::Radians(1e-5)), &around);
    for (const S2CellId& id : around) {
      const double distance = S2Cell(id).GetDistance(center).radians();
      if (distance < radius.radians() - 1e-13) {
        EXPECT_TRUE(cells.contains(id)) << i << ": " << id.ToString() << " is missing";
      } else if (distance > radius.radians() + 1e-13) {
        EXPECT_FALSE(cells.contains(id)) << i << ": " << id.ToString() << " is too far";
      }
    }
    for (const S2CellId& id : cells) EXPECT_LE(S2Cell(id).GetDistance(center).radians(), radius.radians() + 1e-13);
  }
}

TEST(CellLattice, FindsTheCellsOfPolygonsAndNoneFarFromThem) {
  std::mt19937_64 random(22);
  std::uniform_real_distribution<double> unit(0, 1);
  const S1Angle margin = S1Angle::Radians(1e-9);
  const std::array<geo::LatLng, 4> corners = {{{0, 45}, {35.264389682754654, 45}, {45, 0}, {90, 0}}};
  for (int i = 0; i < 1500; ++i) {
    geo::LatLng at{std::asin(2 * unit(random) - 1) / geo::kRadiansPerDegree, 360 * unit(random) - 180};
    if (i % 3 == 0) at = geo::PointAt(corners[random() % corners.size()], 360 * unit(random), 2000 * unit(random));
    const double reach_m = std::pow(10.0, 0.5 + 3 * unit(random));
    std::vector<S2Point> ring;
    const int vertices = 3 + static_cast<int>(random() % 9);
    for (int n = 0; n < vertices; ++n) {
      const geo::LatLng p =
          geo::PointAt(at, 360.0 * n / vertices, reach_m * (i % 2 == 0 ? 1 : 0.2 + 0.8 * unit(random)));
      ring.push_back(S2LatLng::FromDegrees(p.latitude_deg, p.longitude_deg).ToPoint());
    }
    const auto found = CellsOfPolygon(ring, margin, 16);
    ASSERT_TRUE(found.has_value());
    const std::set<S2CellId> cells(found->begin(), found->end());
    EXPECT_EQ(cells.size(), found->size()) << "a cell twice";
    S2Polygon shape;
    shape.InitNested([&] {
      std::vector<std::unique_ptr<S2Loop>> loops;
      loops.push_back(std::make_unique<S2Loop>(ring));
      loops.back()->Normalize();
      return loops;
    }());
    S2RegionCoverer::Options options;
    options.set_fixed_level(16);
    options.set_max_cells(1 << 20);
    std::vector<S2CellId> wanted;
    S2RegionCoverer(options).GetCovering(shape, &wanted);
    for (const S2CellId& id : wanted) {
      EXPECT_TRUE(cells.contains(id) || !shape.MayIntersect(S2Cell(id))) << i << ": " << id.ToString();
    }
    S2ClosestEdgeQuery query(&shape.index());
    for (const S2CellId& id : cells) {
      S2ClosestEdgeQuery::CellTarget target{S2Cell(id)};
      EXPECT_LE(query.GetDistance(&target).radians(), 8 * margin.radians()) << i << ": " << id.ToString();
    }
  }
}

TEST(CellLattice, LeavesWhatIsLargeToS2) {
  EXPECT_FALSE(CellsOfCap(S2Point(1, 0, 0), S1Angle::Radians(0.011), 5).has_value());
  EXPECT_FALSE(CellsOfCap(S2Point(1, 0, 0), S1Angle::Radians(0.002), 16).has_value());
  const std::array<S2Point, 3> large = {S2Point(1, 0, 0), S2Point(1, 0.02, 0).Normalize(),
                                        S2Point(1, 0, 0.02).Normalize()};
  EXPECT_FALSE(CellsOfPolygon(large, S1Angle::Radians(1e-9), 16).has_value());
}

}  // namespace
}  // namespace wideberth::index
