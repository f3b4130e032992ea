#include "load/latency_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace wideberth::load {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(LatencyHistogram, HasNoPercentilesWhenEmpty) {
  const LatencyHistogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.Percentile(0.99), Duration(0));
  EXPECT_TRUE(histogram.Bins().empty());
}

TEST(LatencyHistogram, PercentilesOfRandomLatenciesLieWithinTheStatedErrorAboveTheTrueOnes) {
  std::mt19937_64 random(20260301);
  LatencyHistogram histogram;
  std::vector<Duration> latencies;
  for (int i = 0; i < 50'000; ++i) {
    // From microseconds to minutes, each order of magnitude as often as any other.
    const double exponent = static_cast<double>(random() >> 11) * 0x1p-53 * 7.5 + 3.5;
    latencies.emplace_back(static_cast<int64_t>(std::pow(10.0, exponent)));
    histogram.Add(latencies.back());
  }
  std::sort(latencies.begin(), latencies.end());
  for (const double share : {0.0001, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
    const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(latencies.size())));
    const auto truth = static_cast<double>(latencies[rank - 1].count());
    const auto found = static_cast<double>(histogram.Percentile(share).count());
    EXPECT_GE(found, truth - 1) << share;
    EXPECT_LE(found, truth * LatencyHistogram::kRatio + 1) << share;
  }
  EXPECT_EQ(histogram.longest(), latencies.back());
  EXPECT_EQ(histogram.Percentile(1), latencies.back());
}

TEST(LatencyHistogram, CountsWhatIsShorterOrLongerThanItsBins) {
  LatencyHistogram histogram;
  histogram.Add(Duration(5));
  histogram.Add(Duration(-5));  // a clock's whim
  histogram.Add(seconds(5000));
  EXPECT_EQ(histogram.count(), 3u);
  EXPECT_LE(histogram.Percentile(0.5), microseconds(2));
  EXPECT_EQ(histogram.Percentile(1), seconds(5000));
  const auto bins = histogram.Bins();
  ASSERT_EQ(bins.size(), 2u);
  EXPECT_EQ(bins[0].count, 2u);
  EXPECT_EQ(bins[1].upper, seconds(5000));
}

TEST(LatencyHistogram, OnesThatAreAddedCountAsOne) {
  LatencyHistogram a;
  LatencyHistogram b;
  LatencyHistogram both;
  for (int i = 1; i <= 1000; ++i) {
    (i % 3 == 0 ? a : b).Add(milliseconds(i));
    both.Add(milliseconds(i));
  }
  a.Add(b);
  EXPECT_EQ(a.count(), both.count());
  EXPECT_EQ(a.longest(), both.longest());
  EXPECT_DOUBLE_EQ(a.mean_s(), 0.5005);
  for (const double share : {0.25, 0.5, 0.99}) EXPECT_EQ(a.Percentile(share), both.Percentile(share));
  a.Clear();
  EXPECT_EQ(a.count(), 0u);
  EXPECT_TRUE(a.Bins().empty());
}

}  // namespace
}  // namespace wideberth::load
