#include "cmd/trust.h"

#include <algorithm>
#include <filesystem>

#include "base/name_rule.h"
#include "cmd/party_key.h"
#include "cmd/plain_text.h"
#include "crypto/ed25519.h"

namespace wideberth::cmd {

namespace {

constexpr size_t kVerifierKeyBytesMax = 1024;

}  // namespace

void AddWitnessOptions(CLI::App& subcommand, TrustOptions& options) {
  subcommand
      .add_option("--witness", options.witnesses,
                  "The verifier key of a witness that you trust; may repeat. Each must have signed")
      ->allow_extra_args(false);
  subcommand.add_option("--witnesses-min", options.witnesses_min,
                        "How many of these must have signed, instead of all; 0: it is only said who did");
}

Result<ledger::VerifierKey> ReadVerifierKey(const std::string& option, const std::string& text,
                                            ledger::SignatureType type) {
  const Result<ledger::VerifierKey> key = ledger::VerifierKey::Parse(text);
  if (!key) return Error{key.error().code, option + ": " + Plain(key.error().message) + "; it is NAME+HASH+BASE64"};
  if (key->type() != type)
    return Error{Code::kInvalid, option + ": " + Plain(text) +
                                     (type == ledger::SignatureType::kEd25519 ? " is a witness's key, not an operator's"
                                                                              : " is no witness's key")};
  return *key;
}

Result<std::optional<ledger::VerifierKey>> ReadStoreKey(const std::string& directory) {
  const std::string path = (std::filesystem::path(directory) / kLedgerPublicFile).string();
  std::error_code none;
  if (!std::filesystem::exists(path, none)) return std::optional<ledger::VerifierKey>();
  WB_TRY(std::string text, ReadWholeFile(path, kVerifierKeyBytesMax));
  if (text.ends_with('\n')) text.pop_back();
  WB_TRY(const ledger::VerifierKey key, ReadVerifierKey(path, text, ledger::SignatureType::kEd25519));
  return std::optional(key);
}

Result<std::optional<ledger::Checkpoint>> ReadStoreHead(const std::string& directory,
                                                        const ledger::VerifierKey* operator_key) {
  const std::string path = (std::filesystem::path(directory) / kLedgerHeadFile).string();
  std::error_code none;
  if (!std::filesystem::exists(std::filesystem::symlink_status(path, none))) return std::optional<ledger::Checkpoint>();
  WB_TRY(const std::string text, ReadWholeFile(path, ledger::kNoteBytesMax));
  const auto wrong = [&](const Error& why) {
    return Error{Code::kInvalid,
                 path + ": is not the head of this ledger that was published last: " + Plain(why.message) +
                     ". Put back what was there. If that is lost, look with `wideberth audit --data " + directory +
                     " --state FILE`, with the state of somebody who audits the service, whether the store has all "
                     "that others saw; if so, remove the file"};
  };
  if (operator_key != nullptr) {
    const auto opened = ledger::OpenCheckpoint(text, *operator_key);
    if (!opened) return wrong(opened.error());
    return std::optional(opened->checkpoint);
  }
  const auto note = ledger::ParseNote(text);
  if (!note) return wrong(note.error());
  const auto checkpoint = ledger::ParseCheckpoint(note->text);
  if (!checkpoint) return wrong(checkpoint.error());
  return std::optional(*checkpoint);
}

Result<ledger::Trust> ReadTrust(const TrustOptions& options) {
  ledger::Trust trust;
  if (!options.operator_key.empty()) {
    WB_TRY(trust.operator_key,
           ReadVerifierKey("--operator-key", options.operator_key, ledger::SignatureType::kEd25519));
  }
  for (const std::string& text : options.witnesses) {
    WB_TRY(const ledger::VerifierKey key, ReadVerifierKey("--witness", text, ledger::SignatureType::kCosignature));
    if (std::find(trust.witnesses.begin(), trust.witnesses.end(), key) == trust.witnesses.end())
      trust.witnesses.push_back(key);
  }
  // Whoever signs under two names is one witness.
  for (const ledger::VerifierKey& key : trust.witnesses) {
    const auto first = std::find_if(trust.witnesses.begin(), trust.witnesses.end(),
                                    [&](const ledger::VerifierKey& other) { return other.key() == key.key(); });
    if (first->name() != key.name())
      return Error{Code::kInvalid, "--witness: " + Plain(first->name()) + " and " + Plain(key.name()) +
                                       " have the same key, so they are one witness; leave one out"};
  }
  if (options.witnesses_min.value_or(0) > trust.witnesses.size())
    return Error{Code::kInvalid, "--witnesses-min: is more than there are --witness (" +
                                     std::to_string(trust.witnesses.size()) + ", each key counted once)"};
  trust.witnesses_min = options.witnesses_min;
  for (const std::string& text : options.party_keys) {
    const size_t equals = text.rfind('=');
    if (equals == std::string::npos) return Error{Code::kInvalid, "--party-key: " + Plain(text) + " is not NAME=FILE"};
    if (const auto wrong = WrongWithName(std::string_view(text).substr(0, equals)))
      return Error{Code::kInvalid, "--party-key: NAME of NAME=FILE " + *wrong};
    const std::string file = text.substr(equals + 1);
    WB_TRY(const std::string pem, ReadWholeFile(file, crypto::kPemBytesMax));
    const Result<crypto::PublicKey> key = crypto::PublicKey::FromPem(pem);
    if (!key) return Error{key.error().code, "--party-key: " + file + ": " + key.error().message};
    trust.party_keys.push_back({text.substr(0, equals), *key});
  }
  return trust;
}

}  // namespace wideberth::cmd
