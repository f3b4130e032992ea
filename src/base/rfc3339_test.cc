#include "base/rfc3339.h"

#include <gtest/gtest.h>

#include <random>

namespace wideberth {
namespace {

int64_t Ns(std::string_view text, Round round = Round::kDown) {
  const Result<TimeNs> time = ParseRfc3339(text, round);
  EXPECT_TRUE(time) << text << ": " << (time ? "" : time.error().message);
  return time ? time->value : -1;
}

TEST(Rfc3339, ReadsInstantsThatOthersComputed) {
  EXPECT_EQ(Ns("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(Ns("2001-09-09T01:46:40Z"), 1'000'000'000LL * kNsPerSecond);  // the billennium
  EXPECT_EQ(Ns("1969-12-31T23:59:59.999999999Z"), -1);
  EXPECT_EQ(Ns("1937-01-01T12:00:27.87+00:20"), Ns("1937-01-01T11:40:27.87Z"));  // RFC 3339, section 5.8
  EXPECT_EQ(Ns("1996-12-19T16:39:57-08:00"), Ns("1996-12-20T00:39:57Z"));        // likewise
  EXPECT_EQ(Ns("1990-12-31T23:59:60Z"), Ns("1991-01-01T00:00:00Z"));             // a leap second, likewise
  EXPECT_EQ(Ns("2024-02-29t00:00:00z"), Ns("2024-02-29 00:00:00Z"));
}

TEST(Rfc3339, RoundsOutward) {
  EXPECT_EQ(Ns("1970-01-01T00:00:00.0000000019Z", Round::kDown), 1);
  EXPECT_EQ(Ns("1970-01-01T00:00:00.0000000011Z", Round::kUp), 2);
  EXPECT_EQ(Ns("1970-01-01T00:00:00.0000000010Z", Round::kUp), 1);
}

TEST(Rfc3339, RefusesWithAReason) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "year is missing"},
      {"yesterday", "year is missing"},
      {"2026-03-01", "no T"},
      {"2026-03-01T10:00Z", "minute is missing"},
      {"2026-03-01T10:00:00", "no time zone"},
      {"2026-03-01T10:00:00.Z", "no digits"},
      {"2026-02-29T10:00:00Z", "no such day"},
      {"2026-13-01T10:00:00Z", "no such day"},
      {"2026-03-01T24:00:00Z", "hour is above"},
      {"2026-03-01T10:60:00Z", "minute is above"},
      {"2026-03-01T10:00:61Z", "second is above"},
      {"2026-03-01T10:00:00+24:00", "offset is out of range"},
      {"2026-03-01T10:00:00+0100", "offset is not hh:mm"},
      {"2026-03-01T10:00:00Z ", "follows"},
      {"1677-03-01T10:00:00Z", "1678 to 2261"},
      {"+2026-03-01T10:00:00Z", "year is missing"},
  };
  for (const auto& [text, reason] : cases) {
    const Result<TimeNs> time = ParseRfc3339(text);
    ASSERT_FALSE(time) << text;
    EXPECT_EQ(time.error().code, Code::kInvalid);
    EXPECT_NE(time.error().message.find(reason), std::string::npos) << text << ": " << time.error().message;
  }
}

TEST(Rfc3339, ALongInputIsQuotedInPart) {
  const Result<TimeNs> time = ParseRfc3339(std::string(1'000'000, 'x'));
  ASSERT_FALSE(time);
  EXPECT_LT(time.error().message.size(), 200u);
}

// Property: what is written is read back to the same instant.
TEST(Rfc3339, WritesWhatItReads) {
  std::mt19937_64 random(20260301);
  std::uniform_int_distribution<int64_t> any(-9'200'000'000LL * kNsPerSecond, 9'190'000'000LL * kNsPerSecond);
  for (int i = 0; i < 20'000; ++i) {
    int64_t ns = any(random);
    if (i % 3 == 0) ns -= ns % kNsPerSecond;
    if (i % 3 == 1) ns -= ns % 1'000'000;
    EXPECT_EQ(Ns(FormatRfc3339(TimeNs{ns})), ns) << FormatRfc3339(TimeNs{ns});
  }
  EXPECT_EQ(FormatRfc3339(TimeNs{1'500'000'000}), "1970-01-01T00:00:01.5Z");
  EXPECT_EQ(FormatRfc3339(TimeNs{-1}), "1969-12-31T23:59:59.999999999Z");
}

}  // namespace
}  // namespace wideberth
