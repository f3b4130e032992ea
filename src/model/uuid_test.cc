#include "model/uuid.h"

#include <gtest/gtest.h>

namespace wideberth::model {
namespace {

TEST(Uuid, ReadsBothCasesWithAndWithoutDashesAndWritesOneForm) {
  for (const char* text : {"2f8343be-6482-4d1b-a474-16847e01af1e", "2F8343BE-6482-4D1B-A474-16847E01AF1E",
                           "2f8343be64824d1ba47416847e01af1e"}) {
    const Result<Uuid> id = Uuid::Parse(text);
    ASSERT_TRUE(id) << text;
    EXPECT_EQ(id->ToString(), "2f8343be-6482-4d1b-a474-16847e01af1e");
  }
}

TEST(Uuid, RefusesWhatIsNoVersion4OfTheVariant) {
  for (const char* text : {"", "x", "2f8343be-6482-4d1b-a474-16847e01af1", "2f8343be-6482-4d1b-a474-16847e01af1e0",
                           "2f8343be-6482-1d1b-a474-16847e01af1e", "2f8343be-6482-7d1b-a474-16847e01af1e",
                           "2f8343be-6482-4d1b-c474-16847e01af1e", "2f8343be-6482-4d1b-0474-16847e01af1e",
                           "2f8343be_6482-4d1b-a474-16847e01af1e", "2f8343be-64824-d1b-a474-16847e01af1e",
                           "gf8343be-6482-4d1b-a474-16847e01af1e", "urn:uuid:2f8343be-6482-4d1b-a474-16847e01af1e",
                           "{2f8343be-6482-4d1b-a474-16847e01af1e}"}) {
    EXPECT_FALSE(Uuid::Parse(text)) << text;
  }
}

TEST(Uuid, OfVersion7KnowsItsTime) {
  // The example of RFC 9562, appendix A.6.
  const Result<Uuid> id = Uuid::Parse("017F22E2-79B0-7CC3-98C4-DC0C0C07398F", 7);
  ASSERT_TRUE(id);
  EXPECT_EQ(id->unix_ms(), 1'645'557'742'000);
  EXPECT_FALSE(Uuid::Parse("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"));
}

}  // namespace
}  // namespace wideberth::model
