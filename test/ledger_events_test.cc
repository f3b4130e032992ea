// From commands to receipts: what the state machine writes of notices and acknowledgements is what the verifier of
// receipts reads, although neither knows of the other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "airspace/airspace.h"
#include "crypto/jws.h"
#include "ledger/checkpoint.h"
#include "ledger/receipt.h"
#include "ledger/tree.h"

namespace wideberth {
namespace {

using testing::HasSubstr;

constexpr int64_t kStart = 1'790'000'000;
constexpr const char* kPartyB = R"(B "Ünal" \ Söhne)";  // a name that JSON escapes

crypto::PrivateKey Private(char fill) { return *crypto::PrivateKey::FromSeed(std::string(32, fill)); }

model::Uuid Id(uint8_t number) {
  model::Uuid id;
  id.bytes.fill(number);
  id.bytes[6] = 0x40;
  id.bytes[8] = 0x80;
  return id;
}

model::Party::Key KeyOf(const crypto::PrivateKey& key) {
  model::Party::Key bytes;
  const std::string text = key.public_key().ToBytes();
  std::copy(text.begin(), text.end(), bytes.begin());
  return bytes;
}

class LedgerEvents : public testing::Test {
 protected:
  LedgerEvents() {
    model::Initialise initialise;
    initialise.secret.bytes.fill(7);
    Do(initialise);
    Do(model::PutParty{"chief", kPartyB, {KeyOf(Private('b'))}, false});
  }

  model::Outcome Do(const model::Command& command) {
    model::Effects effects;
    model::Stamp stamp{{(kStart + ++seconds_) * kNsPerSecond}, true, true, {}};
    stamp.seed[0] = static_cast<uint8_t>(seconds_);
    model::Outcome outcome = airspace_.Apply(stamp, command, effects);
    uint32_t number = 0;
    for (const model::Event& event : effects.events) {
      items_.push_back({tree_.size(), event.text, ledger::SaltOf(stamp.seed, number++), {}});
      std::vector<ledger::FullTile> full;
      tree_.Append(ledger::Commitment(items_.back().salt, event.text), full);
    }
    return outcome;
  }

  // A circle of 500 m radius, 100 to 200 m high, for ten minutes.
  model::PutDeclaration Declare(std::string party, uint8_t id, int32_t priority) {
    model::PutDeclaration put;
    put.id = Id(id);
    put.party = std::move(party);
    put.priority = priority;
    put.volumes = std::vector{model::DeclaredVolume(
        {*geo::Outline::MakeCircle({10, 20}, 500), *geo::AltitudeBand::MakeMetres(100, 200),
         *geo::TimeInterval::Make({(kStart + 3600) * kNsPerSecond}, {(kStart + 4200) * kNsPerSecond})})};
    put.extents = model::ExtentsOf(put.volumes);
    put.new_ovn = "ovn-of-this-declaration-" + std::to_string(id);
    put.publication = {"wideberth",
                       "https://own.example",
                       Id(static_cast<uint8_t>(id + 100)),
                       "reference-" + put.new_ovn,
                       Id(static_cast<uint8_t>(id + 150)),
                       "v1"};
    return put;
  }

  ledger::Receipt Receipt() {
    const auto key =
        *ledger::VerifierKey::Make("ledger.example/sky", ledger::SignatureType::kEd25519, Private('o').public_key());
    ledger::Note note{ledger::WriteCheckpoint({key.name(), tree_.size(), tree_.Root(), {}}), {}};
    note.signatures.push_back(ledger::SignText(note.text, key, Private('o')));
    for (ledger::ReceiptItem& item : items_) {
      item.proof = *ledger::InclusionProof(item.index, tree_.size(), [&](const ledger::TileId& tile) {
        return tree_.TileBytes(tile, [](const auto&) -> Result<std::string> { return Error{Code::kNotFound, ""}; });
      });
    }
    return {key, {{kPartyB, Private('b').public_key()}}, items_, ledger::WriteNote(note)};
  }

  airspace::Airspace airspace_;
  ledger::Tree tree_;
  std::vector<ledger::ReceiptItem> items_;
  int64_t seconds_ = 0;
};

TEST_F(LedgerEvents, OfANoticeAndItsAcknowledgementMakeAReceipt) {
  Do(Declare(kPartyB, 1, 0));
  ASSERT_TRUE(std::holds_alternative<model::DeclarationChanged>(Do(Declare("A", 2, 5))));
  const model::Notice notice = airspace_.ListNotices(kPartyB, 0, INT64_MAX, 10).at(0);
  Do(model::MarkDelivered{{{kPartyB, notice.number}}, "events"});
  const std::string jws = crypto::SignDetached(Private('b'), ledger::AcknowledgedBytes(notice.text));
  const model::AcknowledgeNotice acknowledge{kPartyB,
                                             notice.id,
                                             Private('b').public_key().Thumbprint(),
                                             KeyOf(Private('b')),
                                             jws,
                                             crypto::Sha256::Of(notice.text)};
  ASSERT_TRUE(std::holds_alternative<model::NoticeAcknowledged>(Do(acknowledge)));

  const Result<ledger::Receipt> receipt = ledger::ParseReceipt(ledger::WriteReceipt(Receipt()));
  ASSERT_TRUE(receipt) << receipt.error().message;
  const Result<ledger::VerifiedReceipt> verified = ledger::VerifyReceipt(*receipt, {});
  ASSERT_TRUE(verified) << verified.error().message;
  const auto& made = *std::find_if(verified->events.begin(), verified->events.end(),
                                   [](const auto& event) { return event.type == "notice.made"; });
  EXPECT_EQ(made.notice->id, notice.id.ToString());
  EXPECT_EQ(made.notice->sha256, crypto::ToHex(crypto::Sha256::Of(notice.text)));
  const ledger::ProvenEvent& last = verified->events.back();
  ASSERT_EQ(last.type, "notice.acknowledged");
  EXPECT_EQ(last.notice->acknowledged->verified_by, ledger::KeySource::kLedger);
  const std::string words = ledger::Explain(*verified);
  EXPECT_THAT(words,
              HasSubstr("says that its intent " + Id(1).ToString() + " (version 1) meets intent " + Id(2).ToString() +
                        " (version 1) of party \"A\", in 1 place, the first from "
                        "2026-09-21T15:13:20Z to 2026-09-21T15:23:20Z (because: declared)"));
  EXPECT_THAT(words, HasSubstr(R"(party "B \"Ünal\" \\ Söhne" acknowledged notice )" + notice.id.ToString()));
  EXPECT_THAT(words, HasSubstr("entry 0 registered the key for this party"));
  EXPECT_THAT(words,
              HasSubstr("intent.declared " + Id(2).ToString() + " (version 1), by \"A\"; it was told of 1 conflict"));
}

}  // namespace
}  // namespace wideberth
