#include "ledger/checkpoint.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/check.h"
#include "crypto/base64.h"

namespace wideberth::ledger {
namespace {

constexpr std::string_view kSignatureStart = "\u2014 ";  // an em dash and a space
constexpr size_t kKeyIdBytes = 4;
constexpr size_t kTimeBytes = 8;

// White_Space of Unicode beyond ASCII, in UTF-8.
constexpr std::array<std::string_view, 19> kSpaces{"\u0085", "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003",
                                                   "\u2004", "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200a",
                                                   "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"};

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20; }

Result<void> CheckName(std::string_view name) {
  if (name.empty()) return Error{Code::kInvalid, "the name of a key is empty"};
  if (name.size() > kKeyNameBytesMax)
    return Error{Code::kTooLarge, "the name of a key has more than " + std::to_string(kKeyNameBytesMax) + " bytes"};
  const bool has_space = std::any_of(kSpaces.begin(), kSpaces.end(), [&](std::string_view space) {
    return name.find(space) != std::string_view::npos;
  });
  if (!simdjson::validate_utf8(name.data(), name.size()) || has_space ||
      std::any_of(name.begin(), name.end(), [](char c) { return IsControl(c) || c == ' ' || c == '+'; }))
    return Error{Code::kInvalid, "the name of a key is not UTF-8 without spaces, control characters and '+'"};
  return {};
}

std::string BigEndian(uint64_t number, size_t count) {
  std::string bytes(count, '\0');
  for (size_t i = count; i-- > 0; number >>= 8) bytes[i] = static_cast<char>(number & 0xff);
  return bytes;
}

uint64_t FromBigEndian(std::string_view bytes) {
  uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

std::string IdDigits(uint32_t id) {
  crypto::Digest digest{};
  const std::string bytes = BigEndian(id, kKeyIdBytes);
  std::copy(bytes.begin(), bytes.end(), digest.begin());
  return crypto::ToHex(digest).substr(0, 2 * kKeyIdBytes);
}

// The next line without its newline, which is taken away from `text`; nothing if no newline is left.
std::optional<std::string_view> TakeLine(std::string_view& text) {
  const size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

Result<NoteSignature> ParseSignatureLine(std::string_view line) {
  const Error error{Code::kInvalid,
                    "a signature is not a line of an em dash, a name and base64 with one space between"};
  if (!line.starts_with(kSignatureStart)) return error;
  line.remove_prefix(kSignatureStart.size());
  const size_t space = line.find(' ');
  if (space == std::string_view::npos) return error;
  NoteSignature signature{.name = std::string(line.substr(0, space))};
  WB_TRY_OK(CheckName(signature.name));
  const std::optional<std::string> bytes = crypto::FromBase64(line.substr(space + 1));
  if (!bytes || bytes->size() <= kKeyIdBytes) return error;
  if (bytes->size() > kKeyIdBytes + kSignatureBytesMax)
    return Error{Code::kTooLarge, "a signature has more than " + std::to_string(kSignatureBytesMax) + " bytes"};
  signature.key_id = static_cast<uint32_t>(FromBigEndian(std::string_view(*bytes).substr(0, kKeyIdBytes)));
  signature.bytes = bytes->substr(kKeyIdBytes);
  return signature;
}

std::string CosignedText(std::string_view text, int64_t seconds) {
  std::string message = "cosignature/v1\ntime " + std::to_string(seconds) + "\n";
  message += text;
  return message;
}

std::optional<Signed> Check(std::string_view text, std::string_view signature, const VerifierKey& key) {
  switch (key.type()) {
    case SignatureType::kEd25519:
      if (!key.key().Verify(text, signature)) return std::nullopt;
      return Signed{};
    case SignatureType::kCosignature: {
      if (signature.size() != kTimeBytes + crypto::kSignatureBytes) return std::nullopt;
      const uint64_t seconds = FromBigEndian(signature.substr(0, kTimeBytes));
      if (seconds > static_cast<uint64_t>(kCosignatureTimeMax)) return std::nullopt;
      const auto time = static_cast<int64_t>(seconds);
      if (!key.key().Verify(CosignedText(text, time), signature.substr(kTimeBytes))) return std::nullopt;
      return Signed{time};
    }
  }
  return std::nullopt;
}

}  // namespace

// ---- Keys.

VerifierKey::VerifierKey(std::string name, SignatureType type, const crypto::PublicKey& key)
    : name_(std::move(name)), type_(type), key_(key) {
  std::string bytes = name_ + "\n";
  bytes += static_cast<char>(type_);
  bytes += key_.ToBytes();
  const crypto::Digest digest = crypto::Sha256::Of(bytes);
  id_ = static_cast<uint32_t>(FromBigEndian(BytesOf(digest).substr(0, kKeyIdBytes)));
}

Result<VerifierKey> VerifierKey::Make(std::string name, SignatureType type, const crypto::PublicKey& key) {
  WB_TRY_OK(CheckName(name));
  return VerifierKey(std::move(name), type, key);
}

Result<VerifierKey> VerifierKey::Parse(std::string_view text) {
  const size_t first = text.find('+');
  const size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos)
    return Error{Code::kInvalid, "a verifier key is not NAME+HASH+BASE64, as signed notes have it"};
  const std::optional<std::string> bytes = crypto::FromBase64(text.substr(second + 1));
  if (!bytes || bytes->size() != 1 + crypto::PublicKey::kBytes)
    return Error{Code::kInvalid, "a verifier key has not the base64 of a type and 32 bytes after its second '+'"};
  const auto type = static_cast<SignatureType>((*bytes)[0]);
  if (type != SignatureType::kEd25519 && type != SignatureType::kCosignature)
    return Error{Code::kInvalid, "a verifier key is neither of Ed25519 (type 1) nor of a cosignature (type 4)"};
  WB_TRY(const crypto::PublicKey public_key, crypto::PublicKey::FromBytes(std::string_view(*bytes).substr(1)));
  WB_TRY(VerifierKey key, Make(std::string(text.substr(0, first)), type, public_key));
  if (text.substr(first + 1, second - first - 1) != IdDigits(key.id_))
    return Error{Code::kInvalid, "a verifier key's hash is not that of its name and key"};
  return key;
}

std::string VerifierKey::ToText() const {
  return name_ + "+" + IdDigits(id_) + "+" + crypto::ToBase64(static_cast<char>(type_) + key_.ToBytes());
}

// ---- Notes.

Result<Note> ParseNote(std::string_view bytes) {
  if (bytes.size() > kNoteBytesMax)
    return Error{Code::kTooLarge, "a note has more than " + std::to_string(kNoteBytesMax) + " bytes"};
  if (!simdjson::validate_utf8(bytes.data(), bytes.size()) ||
      std::any_of(bytes.begin(), bytes.end(), [](char c) { return IsControl(c) && c != '\n'; }))
    return Error{Code::kInvalid, "a note is not UTF-8 without control characters other than the newline"};
  const size_t blank = bytes.rfind("\n\n");
  if (blank == std::string_view::npos) return Error{Code::kInvalid, "a note has no blank line before its signatures"};
  WB_TRY(std::vector<NoteSignature> signatures, ParseSignatureLines(bytes.substr(blank + 2)));
  return Note{std::string(bytes.substr(0, blank + 1)), std::move(signatures)};
}

std::string WriteNote(const Note& note) {
  std::string bytes = note.text + "\n";
  for (const NoteSignature& signature : note.signatures) bytes += WriteSignatureLine(signature);
  return bytes;
}

Result<std::vector<NoteSignature>> ParseSignatureLines(std::string_view lines) {
  if (lines.size() > kNoteBytesMax)
    return Error{Code::kTooLarge, "signatures have more than " + std::to_string(kNoteBytesMax) + " bytes"};
  std::vector<NoteSignature> signatures;
  while (const std::optional<std::string_view> line = TakeLine(lines)) {
    if (signatures.size() == kNoteSignaturesMax)
      return Error{Code::kTooLarge, "a note has more than " + std::to_string(kNoteSignaturesMax) + " signatures"};
    WB_TRY(NoteSignature signature, ParseSignatureLine(*line));
    signatures.push_back(std::move(signature));
  }
  if (!lines.empty()) return Error{Code::kInvalid, "a note does not end with a newline"};
  if (signatures.empty()) return Error{Code::kInvalid, "a note has no signature"};
  return signatures;
}

std::string WriteSignatureLine(const NoteSignature& signature) {
  return std::string(kSignatureStart) + signature.name + " " +
         crypto::ToBase64(BigEndian(signature.key_id, kKeyIdBytes) + signature.bytes) + "\n";
}

NoteSignature SignText(std::string_view text, const VerifierKey& signer, const crypto::PrivateKey& key) {
  WB_CHECK(signer.type() == SignatureType::kEd25519 && signer.key() == key.public_key());
  return {signer.name(), signer.id(), key.Sign(text)};
}

NoteSignature Cosign(std::string_view text, const VerifierKey& witness, const crypto::PrivateKey& key,
                     int64_t seconds) {
  WB_CHECK(witness.type() == SignatureType::kCosignature && witness.key() == key.public_key());
  WB_CHECK(seconds >= 0 && seconds <= kCosignatureTimeMax);
  return {witness.name(), witness.id(),
          BigEndian(static_cast<uint64_t>(seconds), kTimeBytes) + key.Sign(CosignedText(text, seconds))};
}

Result<std::optional<Signed>> FindSignature(const Note& note, const VerifierKey& key) {
  std::optional<Signed> found;
  for (const NoteSignature& signature : note.signatures) {
    if (signature.name != key.name() || signature.key_id != key.id()) continue;
    const std::optional<Signed> good = Check(note.text, signature.bytes, key);
    if (!good)
      return Error{Code::kUnauthenticated,
                   "a signature that is said to be of " + key.name() + " is not, or not of this text"};
    if (!found || good->seconds < found->seconds) found = good;
  }
  return found;
}

// ---- Checkpoints.

std::optional<Hash> HashFromBase64(std::string_view text) {
  const std::optional<std::string> bytes = crypto::FromBase64(text);
  if (!bytes || bytes->size() != kHashBytes) return std::nullopt;
  return HashOf(*bytes);
}

std::string HashToBase64(const Hash& hash) { return crypto::ToBase64(BytesOf(hash)); }

std::optional<uint64_t> TreeSizeOf(std::string_view digits) {
  uint64_t size = 0;
  if (digits.empty() || (digits.size() > 1 && digits[0] == '0')) return std::nullopt;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
  if (error != std::errc() || end != digits.data() + digits.size() || size > kTreeSizeMax) return std::nullopt;
  return size;
}

Result<Checkpoint> ParseCheckpoint(std::string_view text) {
  if (text.size() > kNoteBytesMax)
    return Error{Code::kTooLarge, "a checkpoint has more than " + std::to_string(kNoteBytesMax) + " bytes"};
  const auto origin = TakeLine(text);
  if (!origin || origin->empty()) return Error{Code::kInvalid, "a checkpoint has no line with its origin"};
  const auto digits = TakeLine(text);
  const std::optional<uint64_t> size = digits ? TreeSizeOf(*digits) : std::nullopt;
  if (!size)
    return Error{Code::kInvalid,
                 "a checkpoint's second line is not a tree's size in decimal digits, without zeros before"};
  const auto base64 = TakeLine(text);
  const std::optional<Hash> root = base64 ? HashFromBase64(*base64) : std::nullopt;
  if (!root) return Error{Code::kInvalid, "a checkpoint's third line is not a root of 32 bytes in base64"};
  if (*size == 0 && *root != EmptyRoot())
    return Error{Code::kInvalid, "a checkpoint of a tree without entries has the root of another"};
  Checkpoint checkpoint{std::string(*origin), *size, *root, {}};
  while (const auto line = TakeLine(text)) {
    if (line->empty()) return Error{Code::kInvalid, "a checkpoint has an empty line"};
    if (checkpoint.extensions.size() == kExtensionLinesMax)
      return Error{Code::kTooLarge,
                   "a checkpoint has more than " + std::to_string(kExtensionLinesMax) + " lines after its root"};
    checkpoint.extensions.emplace_back(*line);
  }
  if (!text.empty()) return Error{Code::kInvalid, "a checkpoint does not end with a newline"};
  return checkpoint;
}

std::string WriteCheckpoint(const Checkpoint& checkpoint) {
  std::string text =
      checkpoint.origin + "\n" + std::to_string(checkpoint.size) + "\n" + HashToBase64(checkpoint.root) + "\n";
  for (const std::string& line : checkpoint.extensions) text += line + "\n";
  return text;
}

Result<SignedCheckpoint> OpenCheckpoint(std::string_view bytes, const VerifierKey& operator_key) {
  WB_TRY(Note note, ParseNote(bytes));
  WB_TRY(Checkpoint checkpoint, ParseCheckpoint(note.text));
  if (checkpoint.origin != operator_key.name())
    return Error{Code::kUnauthenticated, "the checkpoint is of the ledger \"" + checkpoint.origin +
                                             "\", the key of \"" + operator_key.name() + "\""};
  WB_TRY(const std::optional<Signed> found, FindSignature(note, operator_key));
  if (!found) return Error{Code::kUnauthenticated, "the checkpoint has no signature of " + operator_key.ToText()};
  return SignedCheckpoint{std::move(note), std::move(checkpoint)};
}

}  // namespace wideberth::ledger
