#include "ledger/witness.h"

#include <utility>

namespace wideberth::ledger {
namespace {

constexpr std::string_view kOld = "old ";

WitnessDecision Refuse(WitnessStatus status, const std::string& reason) {
  return {status, reason + "\n", std::nullopt};
}

WitnessDecision Conflict(const WatchedLedger& ledger) {
  return {WitnessStatus::kConflict, std::to_string(ledger.size) + "\n", std::nullopt};
}

}  // namespace

Result<AddCheckpoint> ParseAddCheckpoint(std::string_view body) {
  if (body.size() > kAddCheckpointBytesMax)
    return Error{Code::kTooLarge, "the request has more than " + std::to_string(kAddCheckpointBytesMax) + " bytes"};
  AddCheckpoint request;
  const size_t first = body.find('\n');
  const std::optional<uint64_t> old_size = first != std::string_view::npos && body.starts_with(kOld)
                                               ? TreeSizeOf(body.substr(kOld.size(), first - kOld.size()))
                                               : std::nullopt;
  if (!old_size) return Error{Code::kInvalid, "the first line is not \"old SIZE\""};
  request.old_size = *old_size;
  body.remove_prefix(first + 1);
  while (true) {
    const size_t end = body.find('\n');
    if (end == std::string_view::npos) return Error{Code::kInvalid, "no empty line before the checkpoint"};
    const std::string_view line = body.substr(0, end);
    body.remove_prefix(end + 1);
    if (line.empty()) break;
    if (request.proof.size() == kProofHashesMax)
      return Error{Code::kTooLarge, "the proof has more than " + std::to_string(kProofHashesMax) + " lines"};
    const std::optional<Hash> hash = HashFromBase64(line);
    if (!hash)
      return Error{Code::kInvalid,
                   "line " + std::to_string(request.proof.size() + 1) + " of the proof is not 32 bytes in base64"};
    request.proof.push_back(*hash);
  }
  if (body.empty()) return Error{Code::kInvalid, "no checkpoint"};
  request.checkpoint = body;
  return request;
}

std::string WriteAddCheckpoint(const AddCheckpoint& request) {
  std::string body = std::string(kOld) + std::to_string(request.old_size) + "\n";
  for (const Hash& hash : request.proof) body += HashToBase64(hash) + "\n";
  return body + "\n" + request.checkpoint;
}

WitnessDecision Decide(std::string_view body, const FindLedger& find, const VerifierKey& witness,
                       const crypto::PrivateKey& key, int64_t seconds) {
  const Result<AddCheckpoint> request = ParseAddCheckpoint(body);
  if (!request) return Refuse(WitnessStatus::kMalformed, request.error().message);
  const Result<Note> note = ParseNote(request->checkpoint);
  if (!note) return Refuse(WitnessStatus::kMalformed, note.error().message);
  const Result<Checkpoint> read = ParseCheckpoint(note->text);
  if (!read) return Refuse(WitnessStatus::kMalformed, read.error().message);
  const Checkpoint& checkpoint = *read;

  const std::optional<WatchedLedger> ledger = find(checkpoint.origin);
  if (!ledger) return Refuse(WitnessStatus::kNotWatched, "no ledger of this origin is watched here");
  const Result<std::optional<Signed>> by_operator = FindSignature(*note, ledger->key);
  if (!by_operator) return Refuse(WitnessStatus::kForbidden, by_operator.error().message);
  if (!*by_operator) return Refuse(WitnessStatus::kForbidden, "no signature of " + ledger->key.ToText());

  if (request->old_size > checkpoint.size)
    return Refuse(WitnessStatus::kMalformed, "the old size is above that of the checkpoint");
  if (request->old_size != ledger->size) return Conflict(*ledger);
  if (checkpoint.size == ledger->size && checkpoint.root != ledger->root) return Conflict(*ledger);
  if (const Result<void> consistent =
          VerifyConsistency(ledger->size, checkpoint.size, ledger->root, checkpoint.root, request->proof);
      !consistent)
    return Refuse(WitnessStatus::kUnprocessable, consistent.error().message);
  return {WitnessStatus::kCosigned, WriteSignatureLine(Cosign(note->text, witness, key, seconds)), checkpoint};
}

}  // namespace wideberth::ledger
