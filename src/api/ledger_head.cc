#include "api/ledger_head.h"

#include <algorithm>

namespace wideberth::api {

namespace {

constexpr size_t kAskedMax = 16;

}  // namespace

LedgerHead::Made LedgerHead::MakeOf(const node::LedgerLog::Head& head) const {
  Made made{head.size, {}};
  made.note.text = ledger::WriteCheckpoint({verifier_.name(), head.size, head.root, {}});
  made.note.signatures.push_back(ledger::SignText(made.note.text, verifier_, key_));
  return made;
}

std::string LedgerHead::Checkpoint() {
  const std::lock_guard lock(mutex_);
  const node::LedgerLog::Head head = log_.head();
  if (newest_text_.empty() || head.size > newest_.size) {
    newest_ = MakeOf(head);
    newest_text_ = ledger::WriteNote(newest_.note);
    asked_[head.size] = newest_.note;
    if (asked_.size() > kAskedMax) asked_.erase(asked_.begin());
  }
  return newest_text_;
}

std::string LedgerHead::WitnessedCheckpoint() {
  {
    const std::lock_guard lock(mutex_);
    if (!witnessed_.note.signatures.empty()) return ledger::WriteNote(witnessed_.note);
  }
  return Checkpoint();
}

void LedgerHead::AddCosignatures(uint64_t size, const std::vector<ledger::NoteSignature>& signatures) {
  const std::lock_guard lock(mutex_);
  const auto asked = asked_.find(size);
  if (asked == asked_.end() || signatures.empty()) return;
  ledger::Note& note = asked->second;
  for (const ledger::NoteSignature& signature : signatures) {
    const auto same = std::find_if(note.signatures.begin(), note.signatures.end(), [&](const auto& one) {
      return one.name == signature.name && one.key_id == signature.key_id;
    });
    if (same == note.signatures.end()) {
      note.signatures.push_back(signature);
    } else {
      *same = signature;
    }
  }
  if (size == newest_.size) {
    newest_.note = note;
    newest_text_ = ledger::WriteNote(note);
  }
  if (size >= witnessed_.size) witnessed_ = {size, note};
}

}  // namespace wideberth::api
