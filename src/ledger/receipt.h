#ifndef WIDEBERTH_LEDGER_RECEIPT_H_
#define WIDEBERTH_LEDGER_RECEIPT_H_

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "crypto/ed25519.h"
#include "ledger/checkpoint.h"
#include "ledger/tree.h"

// A receipt: a file of its own that proves to anyone that events are in the ledger (docs/formats/receipt.md).
namespace wideberth::ledger {

inline constexpr size_t kReceiptBytesMax = 32 * 1024 * 1024;
inline constexpr size_t kReceiptItemsMax = 1'000;
inline constexpr size_t kReceiptPartyKeysMax = 1'000;
inline constexpr size_t kEventBytesMax = 8 * 1024 * 1024;
inline constexpr size_t kPartyNameBytesMax = 256;

struct ReceiptItem {
  uint64_t index = 0;
  std::string event;  // JSON, UTF-8
  Hash salt{};
  Proof proof;

  friend bool operator==(const ReceiptItem&, const ReceiptItem&) = default;
};

struct PartyKey {
  std::string party;
  crypto::PublicKey key;

  friend bool operator==(const PartyKey&, const PartyKey&) = default;
};

// What a receipt says; nothing of it is proven before it is verified.
struct Receipt {
  VerifierKey operator_key;          // for who has it from nowhere else
  std::vector<PartyKey> party_keys;  // likewise, those that signed acknowledgements
  std::vector<ReceiptItem> items;    // 1 to kReceiptItemsMax; indexes ascend
  std::string checkpoint;            // a note

  friend bool operator==(const Receipt&, const Receipt&) = default;
};

// Members in any order, white space as JSON has it; nothing else but what WriteReceipt writes. kInvalid or kTooLarge
// with the member's place.
Result<Receipt> ParseReceipt(std::string_view text);
std::string WriteReceipt(const Receipt& receipt);

// What a party signs to acknowledge a notice, as a detached JWS: the 32 bytes of the SHA-256 of the notice's text.
std::string AcknowledgedBytes(std::string_view notice_text);

// Whom the one who verifies trusts, from another source than the receipt. What is given here counts alone: nothing that
// the receipt says of itself stands in for it.
struct Trust {
  std::optional<VerifierKey> operator_key;  // without one, the receipt's own counts, and the result says so
  std::vector<VerifierKey> witnesses;       // none twice
  std::vector<PartyKey> party_keys;         // with any, only these sign for parties; without, those that are registered
  std::optional<size_t> witnesses_min = std::nullopt;  // how many must have signed; without, all
};

// Whose word it is that a key is a party's.
enum class KeySource {
  kGiven,    // Trust names it
  kLedger,   // the receipt names it, and an earlier entry of the receipt that it was registered for the party
  kReceipt,  // the receipt alone names it
};

// The party's signature on the hash of a notice's text.
struct Acknowledgement {
  std::string key_id;  // as the signature names it
  // Nothing if the signature could not be checked, for the key is not known, or none of those that Trust has: then the
  // operator alone says it.
  std::optional<KeySource> verified_by;
  bool keys_given = false;  // Trust has keys of parties
  // Of kLedger: since which entry the party has the key, and the first later entry, if one is here, from which on it
  // has not.
  uint64_t registered_at = 0;
  std::optional<uint64_t> gone_at;
};

// Of an event about a notice.
struct NoticeFacts {
  std::string id;
  std::string sha256;                           // of the notice's text, hexadecimal digits
  std::optional<nlohmann::json> text;           // of "notice.made"
  std::optional<Acknowledgement> acknowledged;  // of "notice.acknowledged"
};

struct ProvenEvent {
  uint64_t index = 0;
  TimeNs at;
  std::string type;
  nlohmann::json event;
  std::optional<NoticeFacts> notice;
};

struct Witnessed {
  std::string name;
  int64_t seconds = 0;  // since 1970
};

// What a receipt proves: that its operator had committed to each event before it signed the checkpoint.
struct VerifiedReceipt {
  Checkpoint checkpoint;
  VerifierKey operator_key;
  bool operator_key_given = false;
  std::vector<Witnessed> witnessed;           // by witnesses of Trust
  std::vector<std::string> not_witnessed_by;  // those of Trust that did not sign
  std::vector<ProvenEvent> events;
  // What keeps the receipt from proving all that it says: signatures that are missing or could not be checked, and keys
  // of the file that are other than those of Trust. Empty: it proves all of it.
  std::vector<std::string> lacking;
};

// Every item is in the tree of the checkpoint, the operator signed the checkpoint, no signature of a known key is
// wrong, and what events say of one notice agrees; else an Error with the first place where it does not hold.
Result<VerifiedReceipt> VerifyReceipt(const Receipt& receipt, const Trust& trust);

// The same in plain words, some lines. No control character of what was read gets through.
std::string Explain(const VerifiedReceipt& verified);

}  // namespace wideberth::ledger

#endif  // WIDEBERTH_LEDGER_RECEIPT_H_
