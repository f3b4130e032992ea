#include "geo/altitude_band.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace wideberth::geo {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

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
  EXPECT_FALSE(Band(150, 200).Intersects(Band(0, 100), {49}));
}

TEST(AltitudeBand, OneAltitudeIsABand) {
  EXPECT_TRUE(Band(5, 5).Intersects(Band(5, 5)));
  EXPECT_FALSE(Band(5, 5).Intersects(Band(6, 6)));
  EXPECT_TRUE(Band(0, 9).Contains(Band(0, 9)));
  EXPECT_TRUE(Band(0, 9).Contains(Band(5, 5)));
  EXPECT_FALSE(Band(5, 5).Contains(Band(5, 6)));
}

// Every pair of small bands, altitude by altitude.
TEST(AltitudeBand, AgreesWithItsDefinitionOnEverySmallPair) {
  constexpr int64_t kTop = 6;
  std::vector<AltitudeBand> bands;
  for (int64_t lower = 0; lower <= kTop; ++lower) {
    for (int64_t upper = lower; upper <= kTop; ++upper) bands.push_back(Band(lower, upper));
  }
  for (const AltitudeBand& a : bands) {
    for (const AltitudeBand& b : bands) {
      int64_t nearest = kTop + 1;
      bool contains = true;
      for (int64_t in_b = b.lower().value; in_b <= b.upper().value; ++in_b) {
        bool is_in_a = false;
        for (int64_t in_a = a.lower().value; in_a <= a.upper().value; ++in_a) {
          nearest = std::min(nearest, std::abs(in_a - in_b));
          is_in_a = is_in_a || in_a == in_b;
        }
        contains = contains && is_in_a;
      }
      for (int64_t separation = 0; separation <= kTop; ++separation)
        ASSERT_EQ(a.Intersects(b, {separation}), nearest <= separation)
            << a.lower().value << ".." << a.upper().value << " and " << b.lower().value << ".." << b.upper().value
            << " at " << separation;
      ASSERT_EQ(a.Contains(b), contains);
      ASSERT_EQ(a == b, a.Contains(b) && b.Contains(a));
    }
  }
}

TEST(AltitudeBand, ItsEndsAreInRange) {
  const AltitudeBand all = *AltitudeBand::Make(AltitudeBand::kAltitudeMin, AltitudeBand::kAltitudeMax);
  EXPECT_EQ(all.lower_m(), -100'000);
  EXPECT_EQ(all.upper_m(), 1'000'000);
  EXPECT_EQ(*AltitudeBand::MakeMetres(-100'000, 1'000'000), all);
  const AltitudeBand bottom = *AltitudeBand::Make(AltitudeBand::kAltitudeMin, AltitudeBand::kAltitudeMin);
  const AltitudeBand top = *AltitudeBand::Make(AltitudeBand::kAltitudeMax, AltitudeBand::kAltitudeMax);
  EXPECT_FALSE(bottom.Intersects(top));
  EXPECT_FALSE(bottom.Intersects(top, {1'099'999'999}));
  EXPECT_TRUE(bottom.Intersects(top, {1'100'000'000}));
  EXPECT_TRUE(all.Contains(bottom));
  EXPECT_TRUE(all.Contains(top));
}

TEST(AltitudeBand, RefusesWrongOrderAndWhatIsOutOfRangeWithTheReason) {
  const auto reason = [](AltitudeMm lower, AltitudeMm upper) {
    const Result<AltitudeBand> made = AltitudeBand::Make(lower, upper);
    EXPECT_FALSE(made) << lower.value << ".." << upper.value;
    if (made) return std::string();
    EXPECT_EQ(made.error().code, Code::kInvalid);
    return made.error().message;
  };
  EXPECT_EQ(reason({120'500}, {120'499}), "lower altitude 120.500 m is above upper altitude 120.499 m");
  EXPECT_EQ(reason({-1}, {-2}), "lower altitude -0.001 m is above upper altitude -0.002 m");
  EXPECT_EQ(reason({-100'000'001}, {0}), "altitude -100000.001 m is outside -100000.000 to 1000000.000 m");
  EXPECT_EQ(reason({0}, {1'000'000'001}), "altitude 1000000.001 m is outside -100000.000 to 1000000.000 m");
  constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  EXPECT_NE(reason({kLeast}, {0}).find("is outside"), std::string::npos);
  EXPECT_NE(reason({0}, {kMost}).find("is outside"), std::string::npos);
  EXPECT_NE(reason({kMost}, {kLeast}).find("is outside"), std::string::npos);
}

TEST(AltitudeBand, RefusesMetresThatAreNoNumberOrOutOfRangeWithTheReason) {
  const std::vector<std::pair<double, std::string>> cases = {
      {kNan, "altitude is not a finite number"},
      {kInfinity, "altitude is not a finite number"},
      {-kInfinity, "altitude is not a finite number"},
      {1e300, "altitude 1e+300 m is outside -100000.000 to 1000000.000 m"},
      {-1e300, "altitude -1e+300 m is outside -100000.000 to 1000000.000 m"},
      {1e9, "altitude 1000000000.000 m is outside -100000.000 to 1000000.000 m"},
      {1'000'000.001, "altitude 1000000.001 m is outside -100000.000 to 1000000.000 m"}};
  for (const auto& [bad, message] : cases) {
    for (const Result<AltitudeBand>& made : {AltitudeBand::MakeMetres(0, bad), AltitudeBand::MakeMetres(bad, 0)}) {
      ASSERT_FALSE(made) << bad;
      EXPECT_EQ(made.error(), (Error{Code::kInvalid, message})) << bad;
    }
  }
  const Result<AltitudeBand> below = AltitudeBand::MakeMetres(-100'000.0001, 0);
  ASSERT_FALSE(below);
  EXPECT_EQ(below.error().message, "altitude -100000.001 m is outside -100000.000 to 1000000.000 m");
  const Result<AltitudeBand> above = AltitudeBand::MakeMetres(0, 1'000'000.0001);
  ASSERT_FALSE(above);
  EXPECT_EQ(above.error().message, "altitude 1000000.001 m is outside -100000.000 to 1000000.000 m");
  const Result<AltitudeBand> reversed = AltitudeBand::MakeMetres(200, 100);
  ASSERT_FALSE(reversed);
  EXPECT_EQ(reversed.error().message, "lower altitude 200.000 m is above upper altitude 100.000 m");
}

TEST(AltitudeBand, FractionsOfAMillimetreGoOutward) {
  EXPECT_EQ(*AltitudeBand::MakeMetres(100.0004, 100.0006), Band(100'000, 100'001));
  EXPECT_EQ(*AltitudeBand::MakeMetres(100.0009, 100.0009), Band(100'000, 100'001));
  EXPECT_EQ(*AltitudeBand::MakeMetres(-100.0006, -100.0004), Band(-100'001, -100'000));
  EXPECT_EQ(*AltitudeBand::MakeMetres(-0.0001, 0.0001), Band(-1, 1));
  EXPECT_EQ(*AltitudeBand::MakeMetres(-0.0, 0.0), Band(0, 0));
  EXPECT_EQ(*AltitudeBand::MakeMetres(5e-324, 5e-324), Band(0, 0)) << "within 1e-6 mm of a whole one";
  EXPECT_EQ(*AltitudeBand::MakeMetres(1.1e-9, 1.1e-9), Band(0, 1)) << "more than that";
  // Decimal fractions in binary are whole millimetres.
  for (int mm = -200'000; mm < 200'000; mm += 7)
    ASSERT_EQ(*AltitudeBand::MakeMetres(mm / 1000.0, mm / 1000.0), Band(mm, mm)) << mm;
}

// WB_TEST_SEED sets the seed.
TEST(AltitudeBand, MetresAreInTheBandThatTheyMakeAndNoMillimetreIsAddedInVain) {
  const char* given = std::getenv("WB_TEST_SEED");
  const uint64_t seed = given == nullptr ? 1 : std::strtoull(given, nullptr, 10);
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto between = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  const auto any = [&] {
    switch (random() % 4) {
      case 0:
        return between(-99'999, 999'999);
      case 1:  // almost a whole millimetre
        return std::floor(between(-99'999e3, 999'999e3)) / 1000 + between(-2e-9, 2e-9);
      case 2:
        return between(-1e-8, 1e-8);
      default:
        return between(-500, 5000);
    }
  };
  constexpr long double kAlmostWholeMm = 1e-6L;
  constexpr long double kRoundingMm = 2e-7L;  // of a product near 1e9 mm
  for (int i = 0; i < 200'000; ++i) {
    const double one = any(), other = random() % 3 == 0 ? one : any();
    const double lower_m = std::min(one, other), upper_m = std::max(one, other);
    const Result<AltitudeBand> made = AltitudeBand::MakeMetres(lower_m, upper_m);
    ASSERT_TRUE(made) << made.error().message;
    // Exact: 53 bits times 10 fit the 64 of a long double.
    const long double off_lower = lower_m * 1000.0L - static_cast<long double>(made->lower().value);
    const long double off_upper = static_cast<long double>(made->upper().value) - upper_m * 1000.0L;
    for (const long double off : {off_lower, off_upper}) {
      ASSERT_GE(off, -kAlmostWholeMm - kRoundingMm) << lower_m << " " << upper_m;
      ASSERT_LE(off, 1 - kAlmostWholeMm + kRoundingMm) << lower_m << " " << upper_m;
    }
  }
}

TEST(AltitudeBand, MetresComeBackAsTheyWere) {
  for (const int64_t mm : {-100'000'000, -12'345, -1, 0, 1, 999, 1'000, 121'921, 1'000'000'000}) {
    const AltitudeBand band = Band(mm, mm);
    EXPECT_EQ(*AltitudeBand::MakeMetres(band.lower_m(), band.upper_m()), band) << mm;
  }
}

TEST(AltitudeBand, RoundingDoesNotPutInOrderWhatIsNot) {
  EXPECT_FALSE(AltitudeBand::MakeMetres(100.0006, 100.0004));
  EXPECT_FALSE(AltitudeBand::MakeMetres(100.00049, 100.00041));
}

}  // namespace
}  // namespace wideberth::geo
