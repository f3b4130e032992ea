#include "cmd/witness_collector.h"

#include <algorithm>
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

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::chrono::milliseconds kRoundEach{1'000};
// A head waits so long for the signatures of those who answered the last time; who takes longer is not waited for any
// more until it answers in time.
constexpr std::chrono::milliseconds kPatience{3'000};
constexpr std::chrono::milliseconds kAnswerTimeMax{10'000};
// Before one that failed is asked again: twice as long each time, up to the second.
constexpr std::chrono::milliseconds kPauseMin{1'000};
constexpr std::chrono::milliseconds kPauseMax{30'000};
constexpr size_t kWitnessesMax = ledger::kNoteSignaturesMax - 1;
constexpr int kRetriesMax = 3;  // of one witness in one round, when it has seen another size than was thought

struct Witness {
  ledger::VerifierKey key;
  std::string url;
  // Of its thread.
  uint64_t seen = 0;       // the size that it signed last, as far as is known
  std::string last_error;  // what was logged last
  std::thread thread{};
  // Guarded by the mutex.
  uint64_t answered = 0;   // the last round that it was asked in, to the end
  uint64_t signed_in = 0;  // the last round that it signed in
  bool in_time = true;     // it answered well and in time when it was asked last
};

// A head that is being signed, or was published and may still get a signature.
struct Round {
  uint64_t number = 0;  // 0: there was none yet
  uint64_t size = 0;
  std::string checkpoint;  // as the operator signed it
  ledger::Note note;       // with what came so far
  bool published = false;
};

}  // namespace

struct WitnessCollector::Parts {
  explicit Parts(api::LedgerHead& a_head) : head(a_head) {}

  api::LedgerHead& head;
  std::vector<std::unique_ptr<Witness>> witnesses;
  std::unique_ptr<outbound::Sender> sender;
  std::mutex mutex;
  std::condition_variable changed;
  bool stopping = false;
  Round round;
  std::thread thread;

  void Run();
  void RunWitness(Witness& witness);
  std::optional<api::LedgerHead::Head> Newest();
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
    for (const auto& other : parts->witnesses) {
      if (other->key == *key) return Error{Code::kInvalid, "--witness: " + key->name() + " is given twice"};
    }
    if (parts->witnesses.size() == kWitnessesMax)
      return Error{Code::kInvalid, "--witness: there are more than " + std::to_string(kWitnessesMax)};
    parts->witnesses.push_back(std::make_unique<Witness>(Witness{.key = *key, .url = url + "/add-checkpoint"}));
  }
  outbound::SenderOptions sending;
  sending.allow_http = true;  // what is signed needs no secrecy; a witness beside the service has no certificate
  sending.allow_private_addresses = true;
  sending.ca_file = options.ca_file;
  sending.total_time_max = kAnswerTimeMax;
  sending.at_once_of_host_max = kWitnessesMax;  // several may be on one; none waits for another
  WB_TRY(parts->sender, outbound::Sender::Start(sending));
  Parts* raw = parts.get();
  std::unique_ptr<WitnessCollector> made(new WitnessCollector(std::move(parts)));
  raw->thread = std::thread([raw] { raw->Run(); });
  for (const auto& witness : raw->witnesses)
    witness->thread = std::thread([raw, one = witness.get()] { raw->RunWitness(*one); });
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
  for (const auto& witness : parts_->witnesses) {
    if (witness->thread.joinable()) witness->thread.join();
  }
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

std::optional<api::LedgerHead::Head> WitnessCollector::Parts::Newest() {
  const auto made = std::make_shared<std::promise<Result<api::LedgerHead::Head>>>();
  auto head_made = made->get_future();
  head.WithNewest([made](Result<api::LedgerHead::Head> newest) { made->set_value(std::move(newest)); });
  auto newest = head_made.get();
  if (!newest) return std::nullopt;
  return *std::move(newest);
}

void WitnessCollector::Parts::Run() {
  SteadyTime begun = std::chrono::steady_clock::now();
  for (uint64_t number = 1;;) {
    const auto newest = Newest();
    std::unique_lock lock(mutex);
    if (stopping) return;
    if (newest && (number == 1 || newest->size > round.size)) {
      round = {number, newest->size, ledger::WriteNote(newest->note), newest->note, false};
      changed.notify_all();
      if (round.size > 0) {
        changed.wait_until(lock, begun + kPatience, [&] {
          return stopping || std::all_of(witnesses.begin(), witnesses.end(), [&](const auto& witness) {
                   return !witness->in_time || witness->answered == number;
                 });
        });
      }
      if (stopping) return;
      for (const auto& witness : witnesses) witness->in_time &= witness->answered == number || round.size == 0;
      round.published = true;
      head.Publish(round.size, round.note);
      ++number;
    }
    begun = std::max(begun + kRoundEach, std::chrono::steady_clock::now());
    changed.wait_until(lock, begun, [this] { return stopping; });
    if (stopping) return;
  }
}

void WitnessCollector::Parts::RunWitness(Witness& witness) {
  std::unique_lock lock(mutex);
  std::chrono::milliseconds pause{0};
  while (true) {
    changed.wait(lock, [&] { return stopping || (round.size > 0 && witness.signed_in != round.number); });
    if (pause.count() > 0) changed.wait_for(lock, pause, [this] { return stopping; });
    if (stopping) return;
    const uint64_t number = round.number;
    const uint64_t size = round.size;
    const std::string checkpoint = round.checkpoint;
    lock.unlock();
    const SteadyTime asked = std::chrono::steady_clock::now();
    auto signature = Ask(witness, checkpoint, size);
    const bool in_time = signature && std::chrono::steady_clock::now() - asked <= kPatience;
    lock.lock();
    if (stopping) return;
    witness.answered = number;
    witness.in_time = in_time;
    if (signature) {
      pause = {};
      witness.last_error.clear();
      witness.signed_in = number;
      if (number == round.number) {
        round.note.signatures.push_back(*std::move(signature));
        if (round.published) head.Publish(round.size, round.note);
      }
    } else {
      pause = std::clamp(2 * pause, kPauseMin, kPauseMax);
      if (signature.error().message != witness.last_error) {
        witness.last_error = signature.error().message;
        diagnostics::Warn("a witness does not sign", {{"witness", witness.key.name()}, {"reason", witness.last_error}});
      }
    }
    changed.notify_all();
  }
}

}  // namespace wideberth::cmd
