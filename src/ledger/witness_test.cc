#include "ledger/witness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace wideberth::ledger {
namespace {

constexpr int64_t kNow = 1'772'359'451;

crypto::PrivateKey Private(char fill) { return *crypto::PrivateKey::FromSeed(std::string(32, fill)); }

VerifierKey Operator() {
  return *VerifierKey::Make("ledger.example/sky", SignatureType::kEd25519, Private('o').public_key());
}
VerifierKey Witness() {
  return *VerifierKey::Make("witness.example/w1", SignatureType::kCosignature, Private('w').public_key());
}

// A ledger that grows, and a witness of it.
class WitnessTest : public testing::Test {
 protected:
  void Grow(int count, const std::string& what = "entry ") {
    for (int i = 0; i < count; ++i) tree_.Append(crypto::Sha256::Of(what + std::to_string(tree_.size())), full_);
  }
  std::string Signed(char signer = 'o') const {
    const Checkpoint checkpoint{"ledger.example/sky", tree_.size(), tree_.Root(), {}};
    const auto key = *VerifierKey::Make(checkpoint.origin, SignatureType::kEd25519, Private(signer).public_key());
    Note note{WriteCheckpoint(checkpoint), {}};
    note.signatures.push_back(SignText(note.text, key, Private(signer)));
    return WriteNote(note);
  }
  Proof From(uint64_t old_size) const {
    return *ConsistencyProof(old_size, tree_.size(), [&](const TileId& tile) {
      return tree_.TileBytes(tile, [](const TileId&) -> Result<std::string> { return Error{Code::kNotFound, "none"}; });
    });
  }
  WitnessDecision Ask(const std::string& body) {
    const WitnessDecision decision = Decide(
        body,
        [&](std::string_view origin) -> std::optional<WatchedLedger> {
          if (origin != watched_.key.name()) return std::nullopt;
          return watched_;
        },
        Witness(), Private('w'), kNow);
    EXPECT_EQ(decision.seen.has_value(), decision.status == WitnessStatus::kCosigned);
    if (decision.seen) {
      watched_.size = decision.seen->size;
      watched_.root = decision.seen->root;
    }
    return decision;
  }
  WitnessDecision Ask(uint64_t old_size, Proof proof, std::string checkpoint) {
    return Ask(WriteAddCheckpoint({old_size, std::move(proof), std::move(checkpoint)}));
  }

  Tree tree_;
  std::vector<FullTile> full_;
  WatchedLedger watched_{Operator()};
};

TEST_F(WitnessTest, CosignsATreeThatGrows) {
  uint64_t old_size = 0;
  for (const int count : {0, 1, 4, 0, 37, 100}) {
    Grow(count);
    const std::string checkpoint = Signed();
    const WitnessDecision decision = Ask(old_size, From(old_size), checkpoint);
    ASSERT_EQ(decision.status, WitnessStatus::kCosigned) << decision.body;
    // What is answered stands under the checkpoint as it is.
    const Result<Note> note = ParseNote(checkpoint + decision.body);
    ASSERT_TRUE(note) << note.error().message;
    EXPECT_EQ(*FindSignature(*note, Witness()), ledger::Signed{kNow});
    EXPECT_TRUE(*FindSignature(*note, Operator()));
    EXPECT_EQ(ParseSignatureLines(decision.body)->size(), 1u);
    old_size = tree_.size();
    EXPECT_EQ(watched_.size, old_size);
  }
}

TEST_F(WitnessTest, SaysWhichSizeItKnows) {
  Grow(10);
  ASSERT_EQ(Ask(0, {}, Signed()).status, WitnessStatus::kCosigned);
  Grow(10);
  for (const uint64_t old_size : std::vector<uint64_t>{0, 9, 11, 20}) {
    const WitnessDecision decision = Ask(old_size, From(old_size), Signed());
    EXPECT_EQ(decision.status, WitnessStatus::kConflict) << old_size;
    EXPECT_EQ(decision.body, "10\n");
  }
}

TEST_F(WitnessTest, NeverSignsTwoTrees) {
  Grow(10);
  ASSERT_EQ(Ask(0, {}, Signed()).status, WitnessStatus::kCosigned);
  tree_ = Tree();
  Grow(10, "other ");
  EXPECT_EQ(Ask(10, {}, Signed()).status, WitnessStatus::kConflict) << "the same size, another root";
  Grow(10, "other ");
  EXPECT_EQ(Ask(10, From(10), Signed()).status, WitnessStatus::kUnprocessable);
  EXPECT_EQ(watched_.size, 10u);
}

TEST_F(WitnessTest, RefusesAWrongProof) {
  Grow(10);
  ASSERT_EQ(Ask(0, {}, Signed()).status, WitnessStatus::kCosigned);
  Grow(11);
  Proof proof = From(10);
  proof[1][5] ^= 1;
  EXPECT_EQ(Ask(10, proof, Signed()).status, WitnessStatus::kUnprocessable);
  EXPECT_EQ(Ask(10, {}, Signed()).status, WitnessStatus::kUnprocessable);
  watched_ = WatchedLedger{Operator()};
  EXPECT_EQ(Ask(0, From(10), Signed()).status, WitnessStatus::kUnprocessable) << "from nothing there is no proof";
}

TEST_F(WitnessTest, RefusesWhatTheLedgersKeyDidNotSign) {
  Grow(3);
  EXPECT_EQ(Ask(0, {}, Signed('x')).status, WitnessStatus::kForbidden);
  std::string forged = Signed();
  forged[forged.find("\n3\n") + 1] = '4';
  EXPECT_EQ(Ask(0, {}, forged).status, WitnessStatus::kForbidden);
  watched_.key = *VerifierKey::Make("other.example", SignatureType::kEd25519, Private('o').public_key());
  EXPECT_EQ(Ask(0, {}, Signed()).status, WitnessStatus::kNotWatched);
}

TEST_F(WitnessTest, RefusesWhatIsNoRequest) {
  Grow(3);
  const std::string checkpoint = Signed();
  const std::string hash = HashToBase64(EmptyRoot());
  EXPECT_EQ(Ask(4, {}, checkpoint).status, WitnessStatus::kMalformed) << "the old size is above the new one";
  for (const std::string& body :
       std::vector<std::string>{"",
                                "old 0",
                                "old 0\n",
                                "old 0\n\n",
                                "old\n\n" + checkpoint,
                                "old \n\n" + checkpoint,
                                "Old 0\n\n" + checkpoint,
                                "old 00\n\n" + checkpoint,
                                "old 0 \n\n" + checkpoint,
                                "old  0\n\n" + checkpoint,
                                "old +0\n\n" + checkpoint,
                                "old -1\n\n" + checkpoint,
                                "old 9223372036854775808\n\n" + checkpoint,
                                "old 0\r\n\n" + checkpoint,
                                "old 0\n" + checkpoint,
                                "old 0\n\n\n" + checkpoint,
                                "\nold 0\n\n" + checkpoint,
                                std::string("old 0\n").append(hash.substr(1)).append("\n\n").append(checkpoint),
                                std::string("old 0\n ").append(hash).append("\n\n").append(checkpoint),
                                "old 0\n\n" + checkpoint + "\n",
                                "old 0\n\n" + checkpoint + "x",
                                "old 0\n\n" + checkpoint.substr(1, 40),
                                "old 0\n\n" + std::string(kAddCheckpointBytesMax, 'x')}) {
    EXPECT_EQ(Ask(body).status, WitnessStatus::kMalformed) << body.substr(0, 100);
  }
  std::string many = "old 0\n";
  for (size_t i = 0; i <= kProofHashesMax; ++i) many.append(hash).append("\n");
  EXPECT_EQ(ParseAddCheckpoint(many + "\n" + checkpoint).error().code, Code::kTooLarge);
  EXPECT_EQ(Ask("old 0\n\n" + checkpoint).status, WitnessStatus::kCosigned);
}

TEST_F(WitnessTest, ReadsARequestAsItWritesIt) {
  Grow(21);
  for (const uint64_t old_size : std::vector<uint64_t>{0, 1, 13, 21}) {
    const AddCheckpoint request{old_size, From(old_size), Signed()};
    EXPECT_EQ(*ParseAddCheckpoint(WriteAddCheckpoint(request)), request);
  }
}

}  // namespace
}  // namespace wideberth::ledger
