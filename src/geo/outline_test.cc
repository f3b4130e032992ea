#include "geo/outline.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "geo/ellipsoid.h"
#include "geo/predicates.h"

namespace wideberth::geo {
namespace {

using Ring = std::vector<LatLng>;

std::string Refusal(const Ring& ring) {
  const Result<Outline> made = Outline::MakePolygon(ring);
  if (made) return "";
  EXPECT_EQ(made.error().code, Code::kInvalid);
  return made.error().message;
}

Ring RingAround(LatLng middle, double radius_m, int n) {
  Ring ring;
  for (int i = 0; i < n; ++i) ring.push_back(PointAt(middle, 360.0 * i / n, radius_m));
  return ring;
}

TEST(Outline, NeedsThreeVertices) {
  EXPECT_NE(Refusal({}), "");
  EXPECT_NE(Refusal({{0, 0}, {0, 1}}), "");
  EXPECT_EQ(Refusal({{0, 0}, {0, 1}, {1, 0}}), "");
}

TEST(Outline, TakesAsManyVerticesAsItSaysAndNoMore) {
  EXPECT_EQ(Refusal(RingAround({47, 8}, 10e3, Outline::kVerticesMax)), "");
  EXPECT_NE(Refusal(RingAround({47, 8}, 10e3, Outline::kVerticesMax + 1)), "");
}

TEST(Outline, RefusesCoordinatesOutOfRange) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  for (const LatLng bad : {LatLng{90.0000001, 0}, LatLng{-90.0000001, 0}, LatLng{1, 180.0000001},
                           LatLng{1, -180.0000001}, LatLng{nan, 0}, LatLng{0, nan}, LatLng{infinity, 0}}) {
    EXPECT_NE(Refusal({{0, 0}, {0, 1}, bad}).find("vertex 2"), std::string::npos) << Refusal({{0, 0}, {0, 1}, bad});
    EXPECT_FALSE(Outline::MakeCircle(bad, 100));
  }
}

TEST(Outline, NamesEqualVertices) {
  EXPECT_NE(Refusal({{0, 0}, {0, 0.01}, {0.01, 0.01}, {0, 0.01}}), "");
  EXPECT_NE(Refusal({{0, 0}, {0, 0}, {0.01, 0.01}}), "");
  EXPECT_NE(Refusal({{0, 0}, {0, 0.01}, {0.01, 0.01}, {0, 0}}), "");   // closed as GeoJSON closes a ring
  EXPECT_NE(Refusal({{0, 180}, {1, 179}, {0, -180}, {-1, 179}}), "");  // one meridian, two names
  EXPECT_NE(Refusal({{90, 0}, {80, 10}, {90, 50}, {80, 60}}), "");     // one pole
}

TEST(Outline, RefusesEdgesThatCross) {
  EXPECT_NE(Refusal({{0, 0}, {0.01, 0.01}, {0.01, 0}, {0, 0.01}}), "");  // small
  EXPECT_NE(Refusal({{40, 0}, {45, 10}, {45, 0}, {40, 10}}), "");        // large
  EXPECT_NE(Refusal({{85, 0}, {85, 179}, {85, 90}, {85, -90}}), "");     // round a pole
}

TEST(Outline, RefusesWhatIsTooLarge) {
  EXPECT_NE(Refusal({{0, 0}, {0, 95}, {10, 40}}), "");                       // an edge
  EXPECT_NE(Refusal({{0, 0}, {0, 85}, {0, 170}, {0, -105}, {0, -20}}), "");  // round the equator: which side?
}

TEST(Outline, TakesOddShapesThatAreSound) {
  EXPECT_EQ(Refusal({{0, 0}, {0, 0.005}, {0, 0.01}, {0.01, 0.005}}), "");  // collinear neighbours
  EXPECT_EQ(Refusal({{0, 0}, {0, 0.01}, {1e-9, 0.005}}), "");              // a sliver
  EXPECT_EQ(Refusal({{-17, 179.9}, {-17, -179.9}, {-16.9, -179.9}}), "");  // across the antimeridian
  EXPECT_EQ(Refusal({{80, 0}, {80, 90}, {80, 180}, {80, -90}}), "");       // a pole inside
  EXPECT_EQ(Refusal({{90, 0}, {80, 10}, {80, 50}}), "");                   // a pole as vertex
}

TEST(Outline, CirclesNeedARadiusInRange) {
  EXPECT_FALSE(Outline::MakeCircle({0, 0}, 0));
  EXPECT_FALSE(Outline::MakeCircle({0, 0}, -1));
  EXPECT_FALSE(Outline::MakeCircle({0, 0}, std::numeric_limits<double>::quiet_NaN()));
  EXPECT_FALSE(Outline::MakeCircle({0, 0}, std::numeric_limits<double>::infinity()));
  EXPECT_FALSE(Outline::MakeCircle({0, 0}, std::nextafter(Outline::kRadiusMaxM, 1e9)));
  EXPECT_TRUE(Outline::MakeCircle({90, 180}, Outline::kRadiusMaxM));
  EXPECT_TRUE(Outline::MakeCircle({0, 0}, 1e-3));
}

TEST(Outline, CutsLongEdgesAlongTheirGeodesic) {
  const Ring ring = {{50, 0}, {50, 10}, {55, 5}};
  const Result<Outline> outline = Outline::MakePolygon(ring);
  ASSERT_TRUE(outline);
  EXPECT_EQ(Ring(outline->vertices().begin(), outline->vertices().end()), ring);
  const auto pieces = outline->pieces();
  ASSERT_GT(pieces.size(), ring.size());
  double perimeter_m = 0;
  for (size_t i = 0; i < pieces.size(); ++i) {
    const double piece_m = GeodesicDistanceM(pieces[i], pieces[(i + 1) % pieces.size()]);
    EXPECT_LE(piece_m, Outline::kEdgePieceM + 1e-6);
    perimeter_m += piece_m;
  }
  const double direct_m =
      GeodesicDistanceM(ring[0], ring[1]) + GeodesicDistanceM(ring[1], ring[2]) + GeodesicDistanceM(ring[2], ring[0]);
  EXPECT_NEAR(perimeter_m, direct_m, 1e-3);  // a detour off the geodesic would be longer
}

TEST(Outline, ShortEdgesStayWhole) {
  const Result<Outline> outline = Outline::MakePolygon(RingAround({47, 8}, 1000, 12));
  ASSERT_TRUE(outline);
  EXPECT_EQ(outline->pieces().data(), outline->vertices().data());
  EXPECT_TRUE(outline->is_convex());
  EXPECT_FALSE(outline->is_circle());
}

// Discs and bounds are promises that filters and the index rely on.
TEST(Outline, DiscsAndBoundsHoldWhatTheySay) {
  for (const LatLng middle : {LatLng{0, 0}, LatLng{47, 8}, LatLng{-74, 179.99}, LatLng{89.9, 30}, LatLng{-90, 0}}) {
    for (const double radius_m : {2.0, 900.0, 20e3, 900e3}) {
      for (const int n : {3, 4, 11}) {
        const Ring ring = RingAround(middle, radius_m, n);
        const Result<Outline> outline = Outline::MakePolygon(ring);
        ASSERT_TRUE(outline) << outline.error().message;
        const BoundsE7 box = outline->bounds();
        const auto in_box = [&](LatLng p) {
          const double latitude = p.latitude_deg * 1e7;
          const double longitude = p.longitude_deg * 1e7;
          const bool east_of_west = longitude >= box.west;
          const bool west_of_east = longitude <= box.east;
          return latitude >= box.south && latitude <= box.north &&
                 (box.west <= box.east ? east_of_west && west_of_east : east_of_west || west_of_east);
        };
        for (size_t i = 0; i < ring.size(); ++i) {
          const LatLng next = ring[(i + 1) % ring.size()];
          const double length_m = GeodesicDistanceM(ring[i], next);
          for (int k = 0; k < 16; ++k) {
            const LatLng p = PointTowards(ring[i], next, length_m * k / 16);
            const double away_m = GeodesicDistanceM(outline->center(), p);
            EXPECT_LE(away_m, outline->outer_radius_m());
            EXPECT_GE(away_m, outline->inner_radius_m());
            EXPECT_TRUE(in_box(p)) << p.latitude_deg << "," << p.longitude_deg;
            EXPECT_TRUE(in_box(PointAt(p, 73.0 * k, kOutlineBoundM))) << p.latitude_deg << "," << p.longitude_deg;
          }
        }
      }
    }
  }
}

TEST(Outline, EqualityIsThatOfWhatWasGiven) {
  const Ring ring = RingAround({47, 8}, 1000, 5);
  EXPECT_EQ(*Outline::MakePolygon(ring), *Outline::MakePolygon(ring));
  EXPECT_FALSE(*Outline::MakePolygon(ring) == *Outline::MakePolygon(RingAround({47, 8}, 1001, 5)));
  EXPECT_EQ(*Outline::MakeCircle({1, 2}, 3), *Outline::MakeCircle({1, 2}, 3));
  EXPECT_FALSE(*Outline::MakeCircle({1, 2}, 3) == *Outline::MakeCircle({1, 2}, 4));
}

}  // namespace
}  // namespace wideberth::geo
