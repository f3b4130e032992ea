#include "geo/altitude_band.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace wideberth::geo {
namespace {

AltitudeBand Band(int64_t lower_mm, int64_t upper_mm) { return *AltitudeBand::Make({lower_mm}, {upper_mm}); }

TEST(AltitudeBand, TouchingBandsIntersect) {
  EXPECT_TRUE(Band(0, 100).Intersects(Band(100, 200)));
  EXPECT_TRUE(Band(100, 200).Intersects(Band(0, 100)));
  EXPECT_FALSE(Band(0, 100).Intersects(Band(101, 200)));
  EXPECT_FALSE(Band(101, 200).Intersects(Band(0, 100)));
}

TEST(AltitudeBand, ASeparationIsClosedToo) {
  EXPECT_TRUE(Band(0, 100).Intersects(Band(150, 200), {50}));
  EXPECT_FALSE(Band(0, 100).Intersects(Band(150, 200), {49}));
  EXPECT_TRUE(Band(150, 200).Intersects(Band(0, 100), {50}));
}

TEST(AltitudeBand, OneAltitudeIsABand) {
  EXPECT_TRUE(Band(5, 5).Intersects(Band(5, 5)));
  EXPECT_TRUE(Band(0, 9).Contains(Band(0, 9)));
  EXPECT_TRUE(Band(0, 9).Contains(Band(5, 5)));
  EXPECT_FALSE(Band(5, 5).Contains(Band(5, 6)));
}

TEST(AltitudeBand, RefusesWrongOrderAndWhatIsOutOfRange) {
  EXPECT_EQ(AltitudeBand::Make({1}, {0}).error().code, Code::kInvalid);
  EXPECT_TRUE(AltitudeBand::Make(AltitudeBand::kAltitudeMin, AltitudeBand::kAltitudeMax));
  EXPECT_FALSE(AltitudeBand::Make({AltitudeBand::kAltitudeMin.value - 1}, {0}));
  EXPECT_FALSE(AltitudeBand::Make({0}, {AltitudeBand::kAltitudeMax.value + 1}));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double bad : {nan, infinity, -infinity, 1e300}) {
    EXPECT_FALSE(AltitudeBand::MakeMetres(bad, 100)) << bad;
    EXPECT_FALSE(AltitudeBand::MakeMetres(0, bad)) << bad;
  }
}

TEST(AltitudeBand, FractionsOfAMillimetreGoOutward) {
  const AltitudeBand band = *AltitudeBand::MakeMetres(100.0004, 100.0006);
  EXPECT_EQ(band.lower().value, 100'000);
  EXPECT_EQ(band.upper().value, 100'001);
  // Decimal fractions in binary are whole millimetres.
  for (int mm = -200'000; mm < 200'000; mm += 7) {
    const AltitudeBand exact = *AltitudeBand::MakeMetres(mm / 1000.0, mm / 1000.0);
    ASSERT_EQ(exact.lower().value, mm);
    ASSERT_EQ(exact.upper().value, mm);
  }
}

}  // namespace
}  // namespace wideberth::geo
