#include "cmd/witness_collector.h"

#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "cmd/diagnostics.h"
#include "ledger/witness.h"
#include "outbound/sender.h"

namespace wideberth::cmd {

namespace {

constexpr std::chrono::seconds kRoundEach{2};
constexpr int kRetriesMax = 3;  // of one witness in one round, when it has seen another size than was thought

struct Witness {
  ledger::VerifierKey key;
  std::string url;
  uint64_t seen = 0;       // the size that it signed last, as far as is known
  std::string last_error;  // what was logged last
};

}  // namespace

struct WitnessCollector::Parts {
  explicit Parts(api::LedgerHead& a_head) : head(a_head) {}

  api::LedgerHead& head;
  std::vector<Witness> witnesses;
  std::unique_ptr<outbound::Sender> sender;
  std::mutex mutex;
  std::condition_variable changed;
  bool stopping = false;
  std::thread thread;

  void Run();
  Result<ledger::NoteSignature> Ask(Witness& witness, const std::string& checkpoint, uint64_t size);
  Result<outbound::Response> Send(outbound::Request request);
};

WitnessCollector::WitnessCollector(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Result<std::unique_ptr<WitnessCollector>> WitnessCollector::Start(api::LedgerHead& head,
                                                                  const std::vector<std::string>& witnesses,
                                                                  const DeliveryOptions& options) {
  auto parts = std::make_unique<Parts>(head);
  for (const std::string& text : witnesses) {
    // A key in base64 may end with "=": the URL begins after the last one before "http".
    const size_t url_at = text.find("=http");
    if (url_at == std::string::npos) return Error{Code::kInvalid, "--witness: \"" + text + "\" is not KEY=URL"};
    const auto key = ledger::VerifierKey::Parse(text.substr(0, url_at));
    if (!key) return Error{Code::kInvalid, "--witness: " + key.error().message};
    if (key->type() != ledger::SignatureType::kCosignature)
      return Error{Code::kInvalid, "--witness: " + key->name() + " is no key of a witness (cosignature/v1)"};
    std::string url = text.substr(url_at + 1);
    while (url.ends_with('/')) url.pop_back();
    parts->witnesses.push_back({*key, url + "/add-checkpoint", 0, ""});
  }
  outbound::SenderOptions sending;
  sending.allow_http = true;  // what is signed needs no secrecy; a witness beside the service has no certificate
  sending.allow_private_addresses = true;
  sending.ca_file = options.ca_file;
  WB_TRY(parts->sender, outbound::Sender::Start(sending));
  Parts* raw = parts.get();
  std::unique_ptr<WitnessCollector> made(new WitnessCollector(std::move(parts)));
  raw->thread = std::thread([raw] { raw->Run(); });
  return made;
}

WitnessCollector::~WitnessCollector() { Stop(); }

void WitnessCollector::Stop() {
  {
    const std::lock_guard lock(parts_->mutex);
    parts_->stopping = true;
  }
  parts_->changed.notify_all();
  parts_->sender->Stop();
  if (parts_->thread.joinable()) parts_->thread.join();
}

Result<outbound::Response> WitnessCollector::Parts::Send(outbound::Request request) {
  // Shared with `done`, which may come when nobody waits any more.
  const auto answer = std::make_shared<std::promise<Result<outbound::Response>>>();
  auto answered = answer->get_future();
  WB_TRY_OK(sender->Send(std::move(request),
                         [answer](Result<outbound::Response> response) { answer->set_value(std::move(response)); }));
  return answered.get();
}

Result<ledger::NoteSignature> WitnessCollector::Parts::Ask(Witness& witness, const std::string& checkpoint,
                                                           uint64_t size) {
  for (int i = 0; i < kRetriesMax; ++i) {
    ledger::AddCheckpoint add{witness.seen, {}, checkpoint};
    WB_TRY(add.proof, head.log().ConsistencyProof(witness.seen, size));
    WB_TRY(const outbound::Response response,
           Send({.url = witness.url, .headers = {{"Content-Type", "text/plain"}}, .body = WriteAddCheckpoint(add)}));
    if (response.status == static_cast<int>(ledger::WitnessStatus::kConflict)) {
      std::string_view digits = response.body;
      while (digits.ends_with('\n')) digits.remove_suffix(1);
      const auto seen = ledger::TreeSizeOf(digits);
      if (!seen) return Error{Code::kInvalid, "it answered 409 without the size that it has seen"};
      if (*seen > size) {
        return Error{Code::kConflict, "it has signed a ledger of " + std::to_string(*seen) +
                                          " entries, more than there are: the store was put back to an older state, or "
                                          "somebody else has its key"};
      }
      witness.seen = *seen;
      continue;
    }
    if (response.status != 200)
      return Error{Code::kUnavailable,
                   "it answered " + std::to_string(response.status) + ": " + response.body.substr(0, 200)};
    WB_TRY(const auto lines, ledger::ParseSignatureLines(response.body));
    WB_TRY(ledger::Note note, ledger::ParseNote(checkpoint));
    for (const ledger::NoteSignature& line : lines) {
      if (line.name != witness.key.name() || line.key_id != witness.key.id()) continue;
      note.signatures = {line};
      WB_TRY(const auto found, ledger::FindSignature(note, witness.key));
      if (!found) continue;
      witness.seen = size;
      return line;
    }
    return Error{Code::kUnauthenticated, "its answer has no signature of its key"};
  }
  return Error{Code::kConflict, "it says another size each time"};
}

void WitnessCollector::Parts::Run() {
  uint64_t witnessed = 0;
  while (true) {
    {
      std::unique_lock lock(mutex);
      changed.wait_for(lock, kRoundEach, [this] { return stopping; });
      if (stopping) return;
    }
    const std::string checkpoint = head.Checkpoint();
    const auto opened = ledger::OpenCheckpoint(checkpoint, head.verifier());
    if (!opened || opened->checkpoint.size == witnessed || opened->checkpoint.size == 0) continue;
    // Without what other witnesses signed before.
    const std::string own = ledger::WriteNote({opened->note.text, {opened->note.signatures.front()}});
    std::vector<ledger::NoteSignature> signatures;
    for (Witness& witness : witnesses) {
      auto signature = Ask(witness, own, opened->checkpoint.size);
      if (signature) {
        signatures.push_back(*std::move(signature));
        witness.last_error.clear();
      } else if (signature.error().message != witness.last_error) {
        witness.last_error = signature.error().message;
        diagnostics::Warn("a witness does not sign", {{"witness", witness.key.name()}, {"reason", witness.last_error}});
      }
    }
    head.AddCosignatures(opened->checkpoint.size, signatures);
    if (signatures.size() == witnesses.size()) witnessed = opened->checkpoint.size;
  }
}

}  // namespace wideberth::cmd
