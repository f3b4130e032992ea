#include "ledger/receipt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <utility>

#include "crypto/base64.h"
#include "crypto/jws.h"

namespace wideberth::ledger {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

crypto::PrivateKey Private(char fill) { return *crypto::PrivateKey::FromSeed(std::string(32, fill)); }

VerifierKey Operator() {
  return *VerifierKey::Make("ledger.example/sky", SignatureType::kEd25519, Private('o').public_key());
}
VerifierKey Witness(char fill = 'w') {
  return *VerifierKey::Make(std::string("witness.example/") + fill, SignatureType::kCosignature,
                            Private(fill).public_key());
}

constexpr const char* kNoticeId = "11111111-2222-4333-8444-555555555555";

std::string NoticeText(const std::string& party = "B") {
  return R"({"id":")" + std::string(kNoticeId) + R"(","party":")" + party +
         R"(","made_at":"2026-03-01T10:04:02Z","kind":"conflict","because":"declared",)"
         R"("own":{"type":"intent","id":"b200","ovn":"x","version":1},)"
         R"("other":{"type":"intent","id":"a100","ovn":"y","disclosure":"full","priority":0,"party":"A",)"
         R"("state":"accepted","version":3,"possible":false},)"
         R"("meets":[{"volume":0,"other_volume":0,"altitude_lower_m":120.5,"time_start":"2026-03-01T10:05:00Z",)"
         R"("time_end":"2026-03-01T10:20:00Z","bbox_deg":[8.5,47.25,8.6,47.5]}]})";
}

std::string Sha(const std::string& text) { return crypto::ToHex(crypto::Sha256::Of(text)); }

std::string Made(const std::string& notice = NoticeText()) {
  return R"({"at":"2026-03-01T10:04:02Z","type":"notice.made","party":"B","number":7,"notice":)" + notice + "}";
}
std::string About(const std::string& what, const std::string& more = "", const std::string& party = "B",
                  const std::string& notice = NoticeText()) {
  return R"({"at":"2026-03-01T10:04:09Z","type":"notice.)" + what + R"(","party":")" + party +
         R"(","number":7,"notice_id":")" + kNoticeId + R"(","notice_sha256":")" + Sha(notice) + "\"" + more + "}";
}
std::string Acknowledged(char signer = 'b', const std::string& signed_text = NoticeText()) {
  return About("acknowledged",
               R"(,"jws":")" + crypto::SignDetached(Private(signer), AcknowledgedBytes(signed_text)) + "\"");
}
std::string PartyPut(char key = 'b') {
  return R"({"at":"2026-03-01T09:00:00Z","type":"party.put","by":"chief","name":"B","version":1,"operator":false,)"
         R"("keys_sha256":[")" +
         Sha(Private(key).public_key().ToBytes()) + R"("]})";
}

// A ledger in which these events are the entries 100, 107, 114 and so on of 300.
Receipt Of(const std::vector<std::string>& events) {
  Tree tree;
  std::vector<FullTile> full;
  std::vector<ReceiptItem> items;
  for (uint64_t i = 0; i < 300; ++i) {
    const Hash salt = SaltOf(crypto::Sha256::Of("seed"), static_cast<uint32_t>(i));
    std::string event = R"({"at":"2026-03-01T09:00:00Z","type":"other"})";
    if (i >= 100 && (i - 100) % 7 == 0 && (i - 100) / 7 < events.size()) {
      event = events[(i - 100) / 7];
      items.push_back({i, event, salt, {}});
    }
    tree.Append(Commitment(salt, event), full);
  }
  const TileSource source = [&](const TileId& tile) {
    return tree.TileBytes(tile, [&](const TileId& asked) -> Result<std::string> {
      for (const FullTile& one : full)
        if (one.level == asked.level && one.index == asked.index) return one.hashes;
      return Error{Code::kNotFound, "none"};
    });
  };
  for (ReceiptItem& item : items) item.proof = *InclusionProof(item.index, 300, source);
  Note note{WriteCheckpoint({"ledger.example/sky", 300, tree.Root(), {}}), {}};
  note.signatures.push_back(SignText(note.text, Operator(), Private('o')));
  note.signatures.push_back(Cosign(note.text, Witness(), Private('w'), 1'772'359'500));
  return {Operator(), {{"B", Private('b').public_key()}}, std::move(items), WriteNote(note)};
}

Trust All() { return {Operator(), {Witness()}, {{"B", Private('b').public_key()}}}; }

std::string Refusal(const Receipt& receipt, const Trust& trust = All()) {
  const Result<VerifiedReceipt> verified = VerifyReceipt(receipt, trust);
  return verified ? "accepted" : verified.error().message;
}

TEST(Receipt, IsReadBackAsItIsWritten) {
  const Receipt receipt = Of({PartyPut(), Made(), Acknowledged()});
  const Result<Receipt> read = ParseReceipt(WriteReceipt(receipt));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, receipt);
  // Laid out otherwise it is the same.
  EXPECT_EQ(*ParseReceipt(json::parse(WriteReceipt(receipt)).dump(2)), receipt);
}

std::string FileText(const std::string& name) {
  std::ifstream file(std::string(WB_GOLDEN_DIR) + "/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Of one that was handed out nothing may ever be refused, nor be read as something else.
TEST(Receipt, OfTheFirstFormIsReadAndProvesWhatItAlwaysDid) {
  const std::string text = FileText("receipt-1.json");
  EXPECT_EQ(WriteReceipt(Of({PartyPut(), Made(), Acknowledged()})), text);
  const Result<Receipt> receipt = ParseReceipt(text);
  ASSERT_TRUE(receipt) << receipt.error().message;
  EXPECT_EQ(Refusal(*receipt), "accepted");
}

TEST(Receipt, ProvesWhatHappenedAndSaysSoInPlainWords) {
  const Result<VerifiedReceipt> verified =
      VerifyReceipt(Of({PartyPut(), Made(), About("delivered", R"(,"channel":"events")"), Acknowledged()}), All());
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(verified->checkpoint.size, 300u);
  ASSERT_EQ(verified->events.size(), 4u);
  EXPECT_EQ(verified->events[1].type, "notice.made");
  EXPECT_EQ(verified->events[1].notice->sha256, Sha(NoticeText()));
  EXPECT_EQ(verified->events[3].notice->acknowledged->verified_by, KeySource::kGiven);
  EXPECT_EQ(verified->events[3].notice->acknowledged->key_id, Private('b').public_key().Thumbprint());
  EXPECT_EQ(
      Explain(*verified),
      "Entry 100, at 2026-03-01T09:00:00Z: party.put B (version 1), by \"chief\".\n"
      "Entry 107, at 2026-03-01T10:04:02Z: a notice to party \"B\" (11111111-2222-4333-8444-555555555555) says that "
      "its intent b200 (version 1) meets intent a100 (version 3) of party \"A\", in 1 place, the first from "
      "2026-03-01T10:05:00Z to 2026-03-01T10:20:00Z (because: declared).\n"
      "Entry 114, at 2026-03-01T10:04:09Z: notice 11111111-2222-4333-8444-555555555555 was delivered to party "
      "\"B\" (events).\n"
      "Entry 121, at 2026-03-01T10:04:09Z: party \"B\" acknowledged notice 11111111-2222-4333-8444-555555555555; "
      "its signature with key " +
          Private('b').public_key().Thumbprint() +
          " is good, and the key is one that you gave for this party.\n"
          "All of this is in the ledger \"ledger.example/sky\" of 300 entries, signed with the key \"" +
          Operator().ToText() +
          "\", which you gave.\n"
          "Witness \"witness.example/w\" signed it, too, at 2026-03-01T10:05:00Z.\n");
}

TEST(Receipt, SaysWhatItDoesNotProve) {
  const Receipt receipt = Of({Made(), Acknowledged()});
  Result<VerifiedReceipt> verified = VerifyReceipt(receipt, {std::nullopt, {Witness('v')}, {}});
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_FALSE(verified->operator_key_given);
  EXPECT_THAT(verified->not_witnessed_by, ElementsAre("witness.example/v"));
  EXPECT_EQ(verified->events[1].notice->acknowledged->verified_by, KeySource::kReceipt);
  std::string words = Explain(*verified);
  EXPECT_THAT(words, HasSubstr("ONLY THIS FILE"));
  EXPECT_THAT(words, HasSubstr("\"witness.example/v\" did NOT sign it"));
  EXPECT_THAT(words, HasSubstr("No witness that you named"));
  EXPECT_THAT(words, HasSubstr("only this file says that the key is the party's"));
  EXPECT_THAT(verified->lacking, ElementsAre("checkpoint: 0 of the witnesses that you named signed it, and 1 is to",
                                             "items[1]: the acknowledgement of party \"B\": only this file says that " +
                                                 Private('b').public_key().Thumbprint() + " is its key"));
  EXPECT_THAT(words, StartsWith("NOT PROVEN: checkpoint: 0 of the witnesses"));
  EXPECT_THAT(words, HasSubstr("\nThis much is proven:\nEntry 100, "));

  Receipt without = receipt;
  without.party_keys.clear();
  verified = VerifyReceipt(without, {Operator(), {}, {}});
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(verified->events[1].notice->acknowledged->verified_by, std::nullopt);
  EXPECT_THAT(Explain(*verified), HasSubstr("NOT CHECKED"));
  EXPECT_THAT(verified->lacking, ElementsAre(HasSubstr("its signature is not checked")));
}

// An operator that holds the ledger can register a key of its own for a party, and sign with it.
TEST(Receipt, BelievesNoOtherKeyThanThoseGivenForTheParty) {
  const auto lacking = [](const Receipt& receipt, const Trust& trust) {
    const Result<VerifiedReceipt> verified = VerifyReceipt(receipt, trust);
    return verified ? verified->lacking : std::vector<std::string>{verified.error().message};
  };
  const std::string stranger = Private('e').public_key().Thumbprint();
  const std::string not_given = "items[2]: the acknowledgement of party \"B\": it is signed with the key " + stranger +
                                ", which is none that you gave for this party";
  Receipt forged = Of({PartyPut('e'), Made(), Acknowledged('e')});
  forged.party_keys = {{"B", Private('e').public_key()}};
  EXPECT_THAT(lacking(forged, {Operator(), {}, {}}), IsEmpty());  // the operator's word
  EXPECT_THAT(lacking(forged, All()), ElementsAre(not_given));
  EXPECT_THAT(Explain(*VerifyReceipt(forged, All())), HasSubstr("NOT CHECKED, for its key " + stranger + " is none"));
  forged.party_keys.clear();
  EXPECT_THAT(lacking(forged, All()), ElementsAre(not_given));
  // Nor does the key of one party sign for another.
  Trust others = All();
  others.party_keys[0].party = "C";
  EXPECT_THAT(lacking(Of({PartyPut(), Made(), Acknowledged()}), others),
              ElementsAre(HasSubstr("which is none that you gave for this party")));
  // A party may have several keys, each of which is good.
  Trust both = All();
  both.party_keys.push_back({"B", Private('e').public_key()});
  EXPECT_THAT(lacking(forged, both), IsEmpty());
  EXPECT_THAT(lacking(Of({PartyPut(), Made(), Acknowledged()}), both), IsEmpty());
}

TEST(Receipt, SaysWhereTheFileNamesOtherKeysThanThoseGiven) {
  const auto lacking = [](const std::function<void(Receipt&)>& change) {
    Receipt receipt = Of({PartyPut(), Made(), Acknowledged()});
    change(receipt);
    return VerifyReceipt(receipt, All())->lacking;
  };
  EXPECT_THAT(lacking([](Receipt&) {}), IsEmpty());
  const auto other = [](const char* name, char key) {
    return *VerifierKey::Make(name, SignatureType::kEd25519, Private(key).public_key());
  };
  for (const VerifierKey& key : {other("evil.example", 'o'), other("ledger.example/sky", 'e')})
    EXPECT_THAT(lacking([&](Receipt& r) { r.operator_key = key; }),
                ElementsAre("operator_key: the file says that it is \"" + key.ToText() +
                            "\", which is not the key that you gave"));
  EXPECT_THAT(lacking([](Receipt& r) { r.party_keys.push_back({"B", Private('e').public_key()}); }),
              ElementsAre(HasSubstr("party_keys[1]: the file says that " + Private('e').public_key().Thumbprint())));
  EXPECT_THAT(lacking([](Receipt& r) { r.party_keys[0].party = "C"; }), ElementsAre(HasSubstr("party_keys[0]: ")));
  // What has another key by now, and had the one that is given, is as a service writes it.
  Receipt later = Of({PartyPut(), Made(), Acknowledged(), PartyPut('d')});
  later.party_keys = {{"B", Private('d').public_key()}};
  EXPECT_THAT(VerifyReceipt(later, All())->lacking, IsEmpty());
}

TEST(Receipt, AsksForAsManyWitnessesAsTheOneWhoVerifies) {
  Trust trust = All();
  trust.witnesses.push_back(Witness('v'));
  const Receipt receipt = Of({PartyPut(), Made(), Acknowledged()});
  EXPECT_THAT(VerifyReceipt(receipt, trust)->lacking,
              ElementsAre("checkpoint: 1 of the witnesses that you named signed it, and 2 are to"));
  trust.witnesses_min = 1;
  EXPECT_THAT(VerifyReceipt(receipt, trust)->lacking, IsEmpty());
}

TEST(Receipt, BelievesAKeyThatTheLedgerItselfRegistered) {
  const Trust trust{Operator(), {}, {}};
  Result<VerifiedReceipt> verified = VerifyReceipt(Of({PartyPut(), Acknowledged()}), trust);
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->events[1].notice->acknowledged->verified_by, KeySource::kLedger);
  EXPECT_EQ(verified->events[1].notice->acknowledged->registered_at, 100u);
  EXPECT_THAT(Explain(*verified), HasSubstr("entry 100 registered the key"));
  // Not one that was registered later, or replaced since.
  verified = VerifyReceipt(Of({Acknowledged(), PartyPut()}), trust);
  EXPECT_EQ(verified->events[0].notice->acknowledged->verified_by, KeySource::kReceipt);
  verified = VerifyReceipt(Of({PartyPut(), PartyPut('c'), Acknowledged()}), trust);
  EXPECT_EQ(verified->events[2].notice->acknowledged->verified_by, KeySource::kReceipt);
}

TEST(Receipt, SaysSinceWhenAKeyIsThePartysAndWhenItIsNoMore) {
  const auto words = [](const std::vector<std::string>& events) {
    const Result<VerifiedReceipt> verified = VerifyReceipt(Of(events), {Operator(), {}, {}});
    return verified ? Explain(*verified) : verified.error().message;
  };
  EXPECT_THAT(words({PartyPut(), PartyPut(), Acknowledged(), PartyPut()}),
              HasSubstr("is good, and entry 100 registered the key for this party: that it is the party's is the "
                        "operator's word.\n"));
  const std::string gone =
      "and entry 114 registered the key for this party: that it is the party's is the operator's word; it was the "
      "party's then, and is not any "
      "more since entry 128.\n";
  EXPECT_THAT(words({PartyPut(), PartyPut('c'), PartyPut(), Acknowledged(), PartyPut('c'), PartyPut()}),
              HasSubstr(gone));
  // Of another party it says nothing.
  std::string others = PartyPut('c');
  others.replace(others.find(R"("B")"), 3, R"("C")");
  EXPECT_THAT(words({PartyPut(), Acknowledged(), others}),
              HasSubstr("registered the key for this party: that it is the party's is the operator's word.\n"));
}

TEST(Receipt, IsRefusedForEachThingThatDoesNotHold) {
  const Receipt good = Of({PartyPut(), Made(), Acknowledged()});
  ASSERT_EQ(Refusal(good), "accepted");
  const auto changed = [&](const std::function<void(Receipt&)>& change) {
    Receipt receipt = good;
    change(receipt);
    return Refusal(receipt);
  };
  const std::string not_in = "items[1]: the proof does not lead from the entry to the tree's root";
  EXPECT_EQ(changed([](Receipt& r) { r.items[1].event += " "; }), not_in);
  EXPECT_EQ(changed([](Receipt& r) { r.items[1].salt[31] ^= 1; }), not_in);
  EXPECT_EQ(changed([](Receipt& r) { r.items[1].index += 1; }), not_in);
  EXPECT_EQ(changed([](Receipt& r) { r.items[1].proof[3][0] ^= 1; }), not_in);
  EXPECT_EQ(changed([](Receipt& r) { r.items[1].index = 300; }), "items[1]: a tree of 300 entries has no entry 300");
  EXPECT_THAT(changed([](Receipt& r) { r.items[1].proof.pop_back(); }), HasSubstr("items[1]: the proof has too few"));
  EXPECT_THAT(changed([](Receipt& r) { r.items[1].proof.push_back({}); }),
              HasSubstr("items[1]: the proof has too many"));
  EXPECT_THAT(changed([](Receipt& r) { r.checkpoint = Of({}).checkpoint; }), HasSubstr("items[0]: the proof"));
  EXPECT_THAT(changed([](Receipt& r) { r.checkpoint[20] ^= 1; }), HasSubstr("checkpoint: "));

  const Trust stranger{
      *VerifierKey::Make("ledger.example/sky", SignatureType::kEd25519, Private('x').public_key()), {}, {}};
  EXPECT_THAT(Refusal(good, stranger), HasSubstr("checkpoint: the checkpoint has no signature of ledger.example/sky+"));
}

TEST(Receipt, IsRefusedWhenItsEventsDoNotAgree) {
  EXPECT_THAT(Refusal(Of({Made(), Acknowledged('b', "another")})),
              HasSubstr("items[1]: the party's acknowledgement (jws): the signature is not of this key"));
  EXPECT_THAT(Refusal(Of({Made(NoticeText().substr(0, NoticeText().size() - 1) + R"(,"more":1})"), Acknowledged()})),
              HasSubstr("items[1]: the event is about a notice with another text"));
  EXPECT_THAT(Refusal(Of({Acknowledged(), Made()})), HasSubstr("items[1]: the notice is made after an entry"));
  EXPECT_THAT(Refusal(Of({Made(), Made()})), HasSubstr("made twice"));
  EXPECT_THAT(Refusal(Of({Made(), About("delivered", "", "C")})), HasSubstr("another party"));
  EXPECT_THAT(Refusal(Of({Made(NoticeText("C"))})), HasSubstr("to another party"));
  EXPECT_THAT(Refusal(Of({Made().insert(1, " ")})), HasSubstr("one form"));
  EXPECT_THAT(Refusal(Of({Made() + " "})), HasSubstr("one form"));
  EXPECT_THAT(Refusal(Of({About("acknowledged")})), HasSubstr("not a detached JWS"));
  EXPECT_THAT(Refusal(Of({"no JSON"})), HasSubstr("no JSON object"));
  EXPECT_THAT(Refusal(Of({R"({"at":"2026-03-01T10:04:02Z"})"})), HasSubstr("no type"));
  EXPECT_THAT(Refusal(Of({R"({"type":"x","at":"yesterday"})"})), HasSubstr("(at)"));
  EXPECT_THAT(Refusal(Of({R"({"type":"x","type":"x","at":"2026-03-01T10:04:02Z"})"})), HasSubstr("no JSON object"));
  EXPECT_THAT(Refusal(Of({R"({"at":"2026-03-01T10:04:02Z","type":"notice.delivered"})"})),
              HasSubstr("party and number"));
}

// A key that the one who verifies gave for another party is none of this one.
TEST(Receipt, TakesNoPartysKeyForAnothers) {
  Trust trust = All();
  trust.party_keys[0].party = "C";
  Receipt receipt = Of({Made(), Acknowledged()});
  receipt.party_keys[0].party = "C";
  const Result<VerifiedReceipt> verified = VerifyReceipt(receipt, trust);
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->events[1].notice->acknowledged->verified_by, std::nullopt);
}

TEST(Receipt, WithAnyByteChangedIsRefusedOrProvesNoMore) {
  const std::string text = WriteReceipt(Of({PartyPut(), Made(), Acknowledged()}));
  const std::string words = Explain(*VerifyReceipt(*ParseReceipt(text), All()));
  int read = 0;
  int proven = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    for (const int bit : {1, 32}) {
      std::string changed = text;
      changed[i] = static_cast<char>(changed[i] ^ bit);
      const Result<Receipt> receipt = ParseReceipt(changed);
      if (!receipt) continue;
      ++read;
      const Result<VerifiedReceipt> verified = VerifyReceipt(*receipt, All());
      if (!verified) continue;
      // A witness's signature under another name or key id is a stranger's; the operator's and the party's key of the
      // file do not count beside those that were given, but are said to be other ones.
      if (!verified->lacking.empty()) continue;
      ++proven;
      EXPECT_EQ(Explain(*verified), words) << i;
    }
  }
  EXPECT_GT(read, 1'000);
  EXPECT_EQ(proven, 0);
}

TEST(Receipt, OfAnyOtherFormIsRefusedWithItsPlace) {
  const json good = json::parse(WriteReceipt(Of({PartyPut(), Made()})));
  const auto refusal = [&](const std::function<void(json&)>& change) {
    json changed = good;
    change(changed);
    const Result<Receipt> receipt = ParseReceipt(changed.dump());
    return receipt ? "accepted" : receipt.error().message;
  };
  EXPECT_EQ(refusal([](json&) {}), "accepted");
  EXPECT_THAT(refusal([](json& j) { j["format"] = "wideberth-receipt/2"; }), HasSubstr("format: not"));
  EXPECT_THAT(refusal([](json& j) { j["more"] = 1; }), HasSubstr("the receipt: has a member"));
  EXPECT_THAT(refusal([](json& j) {
                j["Items"] = j["items"];
                j.erase("items");
              }),
              HasSubstr("no member \"items\""));
  EXPECT_THAT(refusal([](json& j) { j["items"] = json::array(); }), HasSubstr("items: empty"));
  EXPECT_THAT(refusal([](json& j) { j["items"] = json::object(); }), HasSubstr("items: not a list"));
  EXPECT_THAT(refusal([](json& j) { j["items"] = json(1001, j["items"][0]); }), HasSubstr("items: more than 1000"));
  EXPECT_THAT(refusal([](json& j) { j["items"][1]["index"] = 100; }), HasSubstr("items[1].index: not above"));
  EXPECT_THAT(refusal([](json& j) { j["items"][1]["index"] = -1; }), HasSubstr("items[1].index"));
  EXPECT_THAT(refusal([](json& j) { j["items"][1]["index"] = 107.0; }), HasSubstr("items[1].index"));
  EXPECT_THAT(refusal([](json& j) { j["items"][1]["index"] = "107"; }), HasSubstr("items[1].index"));
  EXPECT_THAT(refusal([](json& j) { j["items"][1]["index"] = UINT64_MAX; }), HasSubstr("items[1].index"));
  EXPECT_THAT(refusal([](json& j) { j["items"][1]["salt"] = "AAAA"; }), HasSubstr("items[1].salt"));
  EXPECT_THAT(refusal([](json& j) { j["items"][1]["event"] = json::object(); }),
              HasSubstr("items[1].event: not a text"));
  EXPECT_THAT(refusal([](json& j) { j["items"][1].erase("proof"); }), HasSubstr("items[1]: has no member \"proof\""));
  EXPECT_THAT(refusal([](json& j) { j["items"][1]["proof"][2] = 5; }), HasSubstr("items[1].proof[2]"));
  EXPECT_THAT(refusal([](json& j) { j["items"][1]["proof"] = json(64, j["items"][1]["proof"][0]); }),
              HasSubstr("items[1].proof: more than 63"));
  EXPECT_THAT(refusal([](json& j) { j["items"][1] = nullptr; }), HasSubstr("items[1]: not an object"));
  EXPECT_THAT(refusal([](json& j) { j["operator_key"] = "x"; }), HasSubstr("operator_key: "));
  EXPECT_THAT(refusal([](json& j) { j["operator_key"] = Witness().ToText(); }),
              HasSubstr("operator_key: not of Ed25519"));
  EXPECT_THAT(refusal([](json& j) { j["party_keys"][0]["key"] = "x"; }), HasSubstr("party_keys[0].key: "));
  EXPECT_THAT(refusal([](json& j) { j["party_keys"][0]["party"] = ""; }), HasSubstr("party_keys[0].party: empty"));
  EXPECT_THAT(refusal([](json& j) { j["checkpoint"] = 1; }), HasSubstr("checkpoint: not a text"));
  EXPECT_FALSE(ParseReceipt(""));
  EXPECT_FALSE(ParseReceipt("[]"));
  EXPECT_FALSE(ParseReceipt(good.dump() + "x"));
  EXPECT_FALSE(ParseReceipt(good.dump().insert(1, R"("format":"wideberth-receipt/1",)")));
  EXPECT_EQ(ParseReceipt(std::string(kReceiptBytesMax + 1, ' ')).error().code, Code::kTooLarge);
}

TEST(Receipt, LetsNoControlCharacterThrough) {
  const std::string evil = R"(\u001b[2J\nEntry 5\u202e\u009b\ufeff\u00ad)";
  const std::string event =
      R"({"at":"2026-03-01T10:04:02Z","type":")" + evil + R"(","by":")" + evil + R"(","id":")" + evil + R"("})";
  const Result<VerifiedReceipt> verified = VerifyReceipt(Of({event}), All());
  ASSERT_TRUE(verified) << verified.error().message;
  const std::string words = Explain(*verified);
  EXPECT_THAT(words, HasSubstr(R"(\u001b[2J\nEntry 5\u202e\u009b\ufeff\u00ad)"));
  EXPECT_THAT(words, Not(HasSubstr("\x1b")));
  EXPECT_THAT(words, Not(HasSubstr("\u202e")));
  EXPECT_THAT(words, Not(HasSubstr("\u009b")));
  EXPECT_THAT(words, Not(HasSubstr("\ufeff")));
}

}  // namespace
}  // namespace wideberth::ledger
