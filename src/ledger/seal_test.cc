#include "ledger/seal.h"

#include <gtest/gtest.h>

#include <set>
#include <tuple>

namespace wideberth::ledger {
namespace {

Hash Filled(uint8_t byte) {
  Hash hash;
  hash.fill(byte);
  return hash;
}

Signer SignerNamed(const std::string& name, char seed) {
  const auto key = *crypto::PrivateKey::FromSeed(std::string(32, seed));
  return {*VerifierKey::Make(name, SignatureType::kEd25519, key.public_key()), key};
}

const Seal kSeal{3, Filled(1), Filled(2)};

TEST(Seal, ReadsBackSignedAndNot) {
  const Signer signer = SignerNamed("sky.example/ledger", 'o');
  for (const Signer* by : {static_cast<const Signer*>(nullptr), &signer}) {
    const auto opened = OpenSeal(WriteSeal(kSeal, by), by == nullptr ? nullptr : &by->verifier);
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ(*opened, kSeal);
  }
  EXPECT_EQ(*OpenSeal(WriteSeal(kSeal, &signer), nullptr), kSeal);
}

TEST(Seal, OfNobodyOrOfAnotherKeyOrChangedIsRefused) {
  const Signer signer = SignerNamed("sky.example/ledger", 'o');
  EXPECT_FALSE(OpenSeal(WriteSeal(kSeal, nullptr), &signer.verifier));
  for (const Signer& other : {SignerNamed("sky.example/ledger", 'p'), SignerNamed("other.example", 'o')})
    EXPECT_EQ(OpenSeal(WriteSeal(kSeal, &other), &signer.verifier).error().code, Code::kUnauthenticated);
  const std::string good = WriteSeal(kSeal, &signer);
  for (size_t at = 0; at < good.size(); ++at) {
    std::string changed = good;
    changed[at] ^= 1;
    EXPECT_FALSE(OpenSeal(changed, &signer.verifier)) << at;
  }
}

TEST(Seal, ACheckpointWithoutRowsIsNone) {
  for (const std::vector<std::string>& lines :
       {std::vector<std::string>{}, {"rows AAAA"}, {"rows " + HashToBase64(Filled(2)), "more"}, {"columns x"}})
    EXPECT_FALSE(OpenSeal(WriteCheckpoint({"a", 3, Filled(1), lines}), nullptr));
  EXPECT_FALSE(OpenSeal("", nullptr));
}

TEST(RowChain, EveryPartOfARowCounts) {
  using Row = std::tuple<Hash, std::vector<std::string>, std::optional<int64_t>>;
  const std::vector<Row> rows{{Filled(1), {}, {}},         {Filled(2), {}, {}},        {Filled(1), {"A"}, {}},
                              {Filled(1), {"A", "B"}, {}}, {Filled(1), {"AB"}, {}},    {Filled(1), {"B", "A"}, {}},
                              {Filled(1), {}, 0},          {Filled(1), {}, 1},         {Filled(1), {}, -1},
                              {Filled(1), {""}, {}},       {Filled(1), {"", "A"}, {}}, {Filled(1), {"A", ""}, {}}};
  std::set<Hash> values{RowChain().Value()};
  for (const auto& [entry, readers, subject] : rows) {
    RowChain chain;
    chain.Append(entry, readers, subject);
    values.insert(chain.Value());
  }
  EXPECT_EQ(values.size(), rows.size() + 1);
}

TEST(RowChain, GoesOnFromALink) {
  RowChain whole;
  RowChain from_link;
  int links = 0;
  for (int i = 0; i < 3 * static_cast<int>(kTileWidth) + 7; ++i) {
    const Hash entry = Filled(static_cast<uint8_t>(i));
    from_link.Append(entry, {}, i);
    if (const auto link = whole.Append(entry, {}, i)) {
      ++links;
      from_link = RowChain(*link);
    }
    ASSERT_EQ(whole.Value(), from_link.Value()) << i;
  }
  EXPECT_EQ(links, 3);
}

}  // namespace
}  // namespace wideberth::ledger
