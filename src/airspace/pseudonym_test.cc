#include "airspace/pseudonym.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace wideberth::airspace {
namespace {

using model::Uuid;

const model::Secret kSecret{{1, 2, 3}};

class SeededRng final : public Rng {
 public:
  explicit SeededRng(uint32_t seed) : engine_(seed) {}
  void Fill(std::span<std::byte> bytes) override {
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(engine_());
  }

 private:
  std::mt19937 engine_;
};

TEST(Pseudonyms, AreOneForEachIdAndLeadBack) {
  SeededRng rng(5);
  Pseudonyms viewer(kSecret, "survey");
  std::set<Uuid> seen;
  for (int i = 0; i < 1'000; ++i) {
    const Uuid id = Uuid::Random(rng);
    const Uuid pseudonym = viewer.Of(id);
    EXPECT_TRUE(Uuid::Parse(pseudonym.ToString()));  // as any other id
    EXPECT_NE(pseudonym, id);
    EXPECT_EQ(viewer.Behind(pseudonym), id);
    EXPECT_TRUE(seen.insert(pseudonym).second);
  }
}

TEST(Pseudonyms, OfTwoViewersAndOfTwoStoresHaveNothingInCommon) {
  SeededRng rng(6);
  const Uuid id = Uuid::Random(rng);
  Pseudonyms one(kSecret, "survey");
  Pseudonyms other(kSecret, "surveyor");
  Pseudonyms elsewhere(model::Secret{{1, 2, 4}}, "survey");
  EXPECT_NE(one.Of(id), other.Of(id));
  EXPECT_NE(one.Of(id), elsewhere.Of(id));
  EXPECT_NE(one.OfOvn("ovn"), other.OfOvn("ovn"));
  EXPECT_NE(one.OfOvn("ovn"), elsewhere.OfOvn("ovn"));
  EXPECT_NE(one.OfOvn("ovn"), one.OfOvn("ovm"));
  EXPECT_EQ(one.OfOvn("ovn"), Pseudonyms(kSecret, "survey").OfOvn("ovn"));
  // One viewer's leads another nowhere.
  EXPECT_NE(other.Behind(one.Of(id)), id);
}

}  // namespace
}  // namespace wideberth::airspace
