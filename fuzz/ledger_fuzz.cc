// What others hand to a ledger's verifiers and witnesses: whatever the bytes, they are refused with a reason or written
// again to the same; events of any text, in a ledger that commits to them, are explained without a control character;
// a witness signs no text that is no checkpoint, and none that does not grow.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "ledger/checkpoint.h"
#include "ledger/receipt.h"
#include "ledger/seal.h"
#include "ledger/tree.h"
#include "ledger/witness.h"

namespace wideberth::ledger {
namespace {

constexpr size_t kEventsMax = 20;

const crypto::PrivateKey& Private() {
  static const crypto::PrivateKey key = *crypto::PrivateKey::FromSeed(std::string(32, 'o'));
  return key;
}
const VerifierKey& Operator() {
  static const VerifierKey key =
      *VerifierKey::Make("ledger.example/sky", SignatureType::kEd25519, Private().public_key());
  return key;
}
const VerifierKey& Witness() {
  static const VerifierKey key =
      *VerifierKey::Make("witness.example/w1", SignatureType::kCosignature, Private().public_key());
  return key;
}

template <typename Parse, typename Write>
void ReadsWhatItWrites(std::string_view text, Parse parse, Write write) {
  const auto parsed = parse(text);
  if (!parsed) {
    WB_CHECK(!parsed.error().message.empty());
    return;
  }
  WB_CHECK(write(*parsed) == text);
}

void CheckWords(const Result<VerifiedReceipt>& verified) {
  if (!verified) {
    WB_CHECK(!verified.error().message.empty());
    return;
  }
  const std::string words = Explain(*verified);
  WB_CHECK(std::none_of(words.begin(), words.end(),
                        [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f; }));
  // A line for each event, one for the ledger, one for the lack of witnesses; and before them one for each thing that
  // is not proven, and one that ends these.
  const size_t lacking = verified->lacking.empty() ? 0 : verified->lacking.size() + 1;
  WB_CHECK(std::count(words.begin(), words.end(), '\n') ==
           static_cast<std::ptrdiff_t>(verified->events.size() + 2 + lacking));
}

void CheckReceipt(std::string_view text) {
  const Result<Receipt> receipt = ParseReceipt(text);
  if (!receipt) {
    WB_CHECK(!receipt.error().message.empty());
    return;
  }
  WB_CHECK(*ParseReceipt(WriteReceipt(*receipt)) == *receipt);
  CheckWords(VerifyReceipt(*receipt, {}));
}

// What a store says of its ledger.
void CheckSeal(std::string_view text) {
  const Result<Seal> seal = OpenSeal(text, nullptr);
  const Result<Seal> of_operator = OpenSeal(text, &Operator());
  if (!seal) {
    WB_CHECK(!seal.error().message.empty() && !of_operator);
    return;
  }
  WB_CHECK(!of_operator || *of_operator == *seal);
  const Signer signer{Operator(), Private()};
  WB_CHECK(*OpenSeal(WriteSeal(*seal, nullptr), nullptr) == *seal);
  WB_CHECK(*OpenSeal(WriteSeal(*seal, &signer), &Operator()) == *seal);
}

// Each line of the text is an event of a ledger that commits to it.
void CheckEvents(std::string_view text) {
  Tree tree;
  std::vector<FullTile> full;
  Receipt receipt{Operator(), {{"B", Private().public_key()}}, {}, {}};
  while (!text.empty() && receipt.items.size() < kEventsMax) {
    const size_t end = std::min(text.find('\n'), text.size());
    receipt.items.push_back({tree.size(), std::string(text.substr(0, end)), EmptyRoot(), {}});
    tree.Append(Commitment(EmptyRoot(), text.substr(0, end)), full);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const TileSource source = [&](const TileId& tile) {
    return tree.TileBytes(tile, [](const TileId&) -> Result<std::string> { return Error{Code::kNotFound, "none"}; });
  };
  for (ReceiptItem& item : receipt.items) item.proof = *InclusionProof(item.index, tree.size(), source);
  Note note{WriteCheckpoint({Operator().name(), tree.size(), tree.Root(), {}}), {}};
  note.signatures.push_back(SignText(note.text, Operator(), Private()));
  receipt.checkpoint = WriteNote(note);
  CheckWords(VerifyReceipt(receipt, {Operator(), {}, {}}));
}

void CheckWitness(std::string_view text) {
  const FindLedger find = [](std::string_view) { return std::optional<WatchedLedger>({Operator(), 0, EmptyRoot()}); };
  const WitnessDecision unsigned_one = Decide(text, find, Witness(), Private(), 1);
  WB_CHECK(!unsigned_one.body.empty());
  // With the operator's signature below it, on whatever it is.
  Note note{std::string(text) + "\n", {}};
  note.signatures.push_back(SignText(note.text, Operator(), Private()));
  const WitnessDecision decision = Decide("old 0\n\n" + WriteNote(note), find, Witness(), Private(), 1);
  WB_CHECK(decision.seen.has_value() == (decision.status == WitnessStatus::kCosigned));
  if (decision.seen) WB_CHECK(WriteCheckpoint(*decision.seen) == note.text);
}

}  // namespace
}  // namespace wideberth::ledger

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace wideberth::ledger;  // NOLINT(google-build-using-namespace): one function
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ReadsWhatItWrites(text, ParseNote, WriteNote);
  ReadsWhatItWrites(text, ParseCheckpoint, WriteCheckpoint);
  ReadsWhatItWrites(text, ParseAddCheckpoint, WriteAddCheckpoint);
  ReadsWhatItWrites(text, ParseTilePath, PathOf);
  ReadsWhatItWrites(text, VerifierKey::Parse, [](const VerifierKey& key) { return key.ToText(); });
  CheckReceipt(text);
  CheckSeal(text);
  CheckEvents(text);
  CheckWitness(text);
  return 0;
}
