#include "api/rate_limiter.h"

#include <gtest/gtest.h>

namespace wideberth::api {
namespace {

TimeNs At(double seconds) { return {static_cast<int64_t>(seconds * kNsPerSecond)}; }

TEST(RateLimiter, GivesASecondsWorthAtOnceAndThenAsMuchASecond) {
  RateLimiter limiter(10);
  int admitted = 0;
  for (int i = 0; i < 100; ++i) admitted += limiter.Admit("a", At(1)) ? 1 : 0;
  EXPECT_EQ(admitted, 10);
  EXPECT_FALSE(limiter.Admit("a", At(1.05)));
  EXPECT_TRUE(limiter.Admit("a", At(1.11)));
  EXPECT_FALSE(limiter.Admit("a", At(1.12)));
  EXPECT_TRUE(limiter.Admit("b", At(1.12))) << "another party has its own";
  for (int i = 0; i < 100; ++i) admitted += limiter.Admit("a", At(60)) ? 1 : 0;
  EXPECT_EQ(admitted, 20);
}

TEST(RateLimiter, WithoutALimitAdmitsAll) {
  RateLimiter limiter(0);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(limiter.Admit("a", At(1)));
}

TEST(RateLimiter, SurvivesAClockThatIsSetBackAndManyParties) {
  RateLimiter limiter(1);
  EXPECT_TRUE(limiter.Admit("a", At(100)));
  EXPECT_FALSE(limiter.Admit("a", At(50)));
  EXPECT_TRUE(limiter.Admit("a", At(51.1)));
  for (size_t i = 0; i < 3 * RateLimiter::kPartiesMax; ++i)
    EXPECT_TRUE(limiter.Admit(std::to_string(i), At(200 + 0.001 * static_cast<double>(i))));
}

TEST(RateLimiter, ForgetsNobodyWhoseLastRequestStillCounts) {
  RateLimiter limiter(0.001);
  EXPECT_TRUE(limiter.Admit("a", At(0)));
  for (size_t i = 0; i <= RateLimiter::kPartiesMax; ++i) EXPECT_TRUE(limiter.Admit(std::to_string(i), At(500)));
  EXPECT_FALSE(limiter.Admit("a", At(999)));
  EXPECT_TRUE(limiter.Admit("a", At(1001)));
}

}  // namespace
}  // namespace wideberth::api
