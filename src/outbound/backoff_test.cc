#include "outbound/backoff.h"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <optional>
#include <random>

#include "outbound/rng_for_test.h"

namespace wideberth::outbound {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr TimeNs kNow{1'700'000'000 * kNsPerSecond};
constexpr TimeNs kNever{std::numeric_limits<int64_t>::max()};

double SecondsAfter(const BackoffOptions& options, int failures, Rng& rng, std::optional<seconds> retry_after = {}) {
  const std::optional<TimeNs> next = NextAttempt(options, failures, kNow, retry_after, kNever, rng);
  return next ? static_cast<double>(next->value - kNow.value) / kNsPerSecond : -1;
}

TEST(Backoff, DoublesFromOneSecondToFiveMinutes) {
  SameBytes least(0);
  SameBytes most(255);
  double pause = 1;
  for (int failures = 1; failures <= 9; ++failures, pause *= 2) {
    EXPECT_DOUBLE_EQ(SecondsAfter({}, failures, least), pause / 2) << failures;
    EXPECT_NEAR(SecondsAfter({}, failures, most), pause, 1e-6) << failures;
    EXPECT_LT(SecondsAfter({}, failures, most), pause) << failures;
  }
  for (const int failures : {10, 11, 64, 1'000'000, std::numeric_limits<int>::max()}) {
    EXPECT_DOUBLE_EQ(SecondsAfter({}, failures, least), 150) << failures;
    EXPECT_NEAR(SecondsAfter({}, failures, most), 300, 1e-6) << failures;
  }
}

TEST(Backoff, SpreadsWhatFailedTogether) {
  class Seeded final : public Rng {
   public:
    void Fill(std::span<std::byte> bytes) override {
      for (std::byte& byte : bytes) byte = static_cast<std::byte>(engine_() & 255);
    }

   private:
    std::mt19937 engine_{1};  // NOLINT: the same in every run
  } rng;
  int quarters[4] = {};
  for (int i = 0; i < 4000; ++i) {
    const double pause = SecondsAfter({}, 3, rng);
    ASSERT_GE(pause, 2);
    ASSERT_LT(pause, 4);
    ++quarters[static_cast<int>((pause - 2) * 2)];
  }
  for (const int count : quarters) EXPECT_NEAR(count, 1000, 150);
}

TEST(Backoff, HonoursRetryAfterUpToItsLimit) {
  SameBytes least(0);
  EXPECT_DOUBLE_EQ(SecondsAfter({}, 1, least, seconds(120)), 120);
  EXPECT_DOUBLE_EQ(SecondsAfter({}, 5, least, seconds(3)), 8);  // the pause of its own is longer
  EXPECT_DOUBLE_EQ(SecondsAfter({}, 1, least, seconds(3600)), 3600);
  EXPECT_DOUBLE_EQ(SecondsAfter({}, 1, least, seconds(3601)), 3600);
  EXPECT_DOUBLE_EQ(SecondsAfter({}, 1, least, seconds::max()), 3600);
  EXPECT_DOUBLE_EQ(SecondsAfter({}, 1, least, seconds::min()), 0.5);
  BackoffOptions short_limit;
  short_limit.retry_after_max = std::chrono::milliseconds(1500);
  EXPECT_DOUBLE_EQ(SecondsAfter(short_limit, 1, least, seconds(9)), 1.5);
}

TEST(Backoff, EndsAtTheDeadline) {
  SameBytes least(0);  // the pauses are halves
  const auto next = [&](int64_t deadline_ns) {
    return NextAttempt({}, 1, kNow, std::nullopt, TimeNs{kNow.value + deadline_ns}, least);
  };
  EXPECT_EQ(next(500'000'000), TimeNs{kNow.value + 500'000'000});
  EXPECT_EQ(next(499'999'999), std::nullopt);
  EXPECT_EQ(next(-1), std::nullopt);
}

TEST(Backoff, ReadsRetryAfter) {
  EXPECT_EQ(ParseRetryAfter("120", kNow), seconds(120));
  EXPECT_EQ(ParseRetryAfter("0", kNow), seconds(0));
  EXPECT_EQ(ParseRetryAfter("99999999999999999999999999", kNow), seconds(std::numeric_limits<int32_t>::max()));
  EXPECT_EQ(ParseRetryAfter("99999999999", kNow), seconds(std::numeric_limits<int32_t>::max()));
  EXPECT_EQ(ParseRetryAfter("Tue, 14 Nov 2023 22:14:20 GMT", kNow), seconds(60));
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:49:37 GMT", kNow), seconds(0));
  for (const char* text : {"", "-1", "soon", "1.5e", "Tue, 99 Nov 2023"})
    EXPECT_EQ(ParseRetryAfter(text, kNow), std::nullopt) << text;
}

}  // namespace
}  // namespace wideberth::outbound
