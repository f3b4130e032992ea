#ifndef WIDEBERTH_LEDGER_CHECKPOINT_H_
#define WIDEBERTH_LEDGER_CHECKPOINT_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/ed25519.h"
#include "ledger/tree.h"

// What an operator signs of its ledger, and a witness with it: C2SP signed-note, tlog-checkpoint and tlog-cosignature
// (docs/formats/ledger.md). Everything that is read has exactly the form in which it is written here.
namespace wideberth::ledger {

inline constexpr size_t kNoteBytesMax = 64 * 1024;
inline constexpr size_t kNoteSignaturesMax = 64;
inline constexpr size_t kSignatureBytesMax = 8 * 1024;  // of one signature of a note, of whatever kind
inline constexpr size_t kKeyNameBytesMax = 256;
inline constexpr size_t kExtensionLinesMax = 16;
inline constexpr int64_t kCosignatureTimeMax = 9'214'646'399;  // seconds since 1970: the end of 2261

// How a key signs notes. The numbers are those of signed-note.
enum class SignatureType : uint8_t {
  kEd25519 = 0x01,      // the text of the note
  kCosignature = 0x04,  // a time and the text of a checkpoint (cosignature/v1)
};

// Who signed, and how, as one that checks it must know it. A value.
class VerifierKey {
 public:
  // kInvalid for a name that is empty, too long, not UTF-8 or has a control character, a space or '+'.
  static Result<VerifierKey> Make(std::string name, SignatureType type, const crypto::PublicKey& key);
  // "NAME+HASH+BASE64": HASH is the key's id, eight lower-case hexadecimal digits, and what is in base64 the type and
  // the public key.
  static Result<VerifierKey> Parse(std::string_view text);
  std::string ToText() const;

  const std::string& name() const { return name_; }
  SignatureType type() const { return type_; }
  uint32_t id() const { return id_; }
  const crypto::PublicKey& key() const { return key_; }

  friend bool operator==(const VerifierKey&, const VerifierKey&) = default;

 private:
  VerifierKey(std::string name, SignatureType type, const crypto::PublicKey& key);

  std::string name_;
  SignatureType type_;
  uint32_t id_;
  crypto::PublicKey key_;
};

struct NoteSignature {
  std::string name;
  uint32_t key_id = 0;
  std::string bytes;

  friend bool operator==(const NoteSignature&, const NoteSignature&) = default;
};

// A text and who signed it. Nothing of it may be believed before a signature is found good.
struct Note {
  std::string text;  // ends with a newline
  std::vector<NoteSignature> signatures;

  friend bool operator==(const Note&, const Note&) = default;
};

// kInvalid or kTooLarge for what WriteNote would not have written.
Result<Note> ParseNote(std::string_view bytes);
std::string WriteNote(const Note& note);
// One line of a note for each signature, as a witness answers; at least one.
Result<std::vector<NoteSignature>> ParseSignatureLines(std::string_view lines);
std::string WriteSignatureLine(const NoteSignature& signature);

// REQUIRES: `key` is of `signer`, whose type is kEd25519.
NoteSignature SignText(std::string_view text, const VerifierKey& signer, const crypto::PrivateKey& key);
// REQUIRES: `key` is of `witness`, whose type is kCosignature; 0 <= seconds <= kCosignatureTimeMax.
NoteSignature Cosign(std::string_view text, const VerifierKey& witness, const crypto::PrivateKey& key, int64_t seconds);

// What a good signature says.
struct Signed {
  int64_t seconds = 0;  // when, since 1970, of a cosignature; else 0

  friend bool operator==(const Signed&, const Signed&) = default;
};
// Of the key's signatures on the note, the earliest; nothing if it has none. kUnauthenticated if one that is said to be
// of the key is not.
Result<std::optional<Signed>> FindSignature(const Note& note, const VerifierKey& key);

// The head of a tree.
struct Checkpoint {
  std::string origin;  // which ledger
  uint64_t size = 0;
  Hash root{};
  std::vector<std::string> extensions;

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// From and to the text of a note.
Result<Checkpoint> ParseCheckpoint(std::string_view text);
std::string WriteCheckpoint(const Checkpoint& checkpoint);

// A checkpoint that its ledger signed, with what else is signed on it.
struct SignedCheckpoint {
  Note note;
  Checkpoint checkpoint;

  friend bool operator==(const SignedCheckpoint&, const SignedCheckpoint&) = default;
};
// Reads a checkpoint. kUnauthenticated unless it has a good signature of `operator_key`, whose name is the origin.
Result<SignedCheckpoint> OpenCheckpoint(std::string_view bytes, const VerifierKey& operator_key);

// 32 bytes in base64 with padding: the one form of a hash in the texts here.
std::optional<Hash> HashFromBase64(std::string_view text);
std::string HashToBase64(const Hash& hash);
// Decimal digits, without zeros before them, up to kTreeSizeMax.
std::optional<uint64_t> TreeSizeOf(std::string_view digits);

}  // namespace wideberth::ledger

#endif  // WIDEBERTH_LEDGER_CHECKPOINT_H_
