#include <fmt/format.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "cmd/bounded_json.h"
#include "cmd/diagnostics.h"
#include "cmd/durable_file.h"
#include "cmd/exit_status.h"
#include "cmd/party_key.h"
#include "cmd/subcommands.h"
#include "cmd/trust.h"
#include "http/server.h"
#include "ledger/witness.h"
#include "os/system.h"

namespace wideberth::cmd {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kFormat = "wideberth-witness/1";
constexpr size_t kStateBytesMax = size_t{4} << 20;
constexpr size_t kWaitingMax = 64;  // requests; one more is told to come again (503)
constexpr std::chrono::milliseconds kStopPatience{2'000};

struct WitnessOptions {
  std::string name;
  std::string key_file;
  std::vector<std::string> ledgers;
  std::string state;
  bool new_state = false;
  http::ServerOptions server{.listen = "127.0.0.1:8090",
                             .body_bytes_max = ledger::kAddCheckpointBytesMax,
                             .large_bodies_bytes_max = size_t{16} << 20,
                             // Whoever sends slowly takes a place from others for no longer than this.
                             .request_time_max = std::chrono::seconds(3),
                             .connections_max = 900};
};

// Decides on requests, one at a time, on a thread of its own: it waits for the disk.
class Witness {
 public:
  Witness(ledger::VerifierKey verifier, const crypto::PrivateKey& key, std::string state)
      : verifier_(std::move(verifier)), key_(key), state_(std::move(state)) {}
  ~Witness() { Stop(); }

  // What a ledger is, its name says: kInvalid for a second key of one.
  Result<void> Watch(const ledger::VerifierKey& ledger_key) {
    const auto& watched = *watched_.try_emplace(ledger_key.name(), ledger::WatchedLedger{.key = ledger_key}).first;
    if (watched.second.key == ledger_key) return {};
    return Error{Code::kInvalid, "--ledger: " + ledger_key.name() +
                                     " is given with two keys; name one, or run a witness for each, with a key and a "
                                     "state of its own"};
  }

  // Of those that are watched, the ones that are not in the state, which are in it from now on.
  std::vector<std::string> AddMissing() {
    std::vector<std::string> missing;
    for (const auto& [origin, ledger] : watched_) {
      if (seen_.try_emplace(origin, Seen{ledger.size, ledger.root}).second) missing.push_back(origin);
    }
    return missing;
  }

  // What was cosigned in an earlier life. What is not watched now is kept.
  Result<void> ReadState() {
    WB_TRY(const std::string text, ReadWholeFile(state_, kStateBytesMax));
    const Result<Json> parsed = ParseJson(text);
    const Json read = parsed ? *parsed : Json();
    const Error wrong{Code::kInvalid, state_ + ": is no state of `wideberth witness`; put back what was there"};
    if (!read.is_object() || read.value("format", Json()) != kFormat || !read.value("ledgers", Json()).is_array())
      return wrong;
    for (const Json& one : read["ledgers"]) {
      if (!one.is_object() || !one.value("origin", Json()).is_string() || !one.value("size", Json()).is_string() ||
          !one.value("root", Json()).is_string())
        return wrong;
      const std::optional<uint64_t> size = ledger::TreeSizeOf(one["size"].get<std::string>());
      const std::optional<ledger::Hash> root = ledger::HashFromBase64(one["root"].get<std::string>());
      if (!size || !root || !seen_.try_emplace(one["origin"].get<std::string>(), Seen{*size, *root}).second)
        return wrong;
    }
    if (seen_.empty()) return wrong;
    return {};
  }

  Result<void> WriteState() const { return ReplaceFile(state_, StateText()); }

  void Start() {
    thread_ = std::thread([this] { Run(); });
  }

  void Stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  void Handle(http::Request request, http::Server::Respond respond) {
    if (request.path != "/add-checkpoint") return respond(Text(404, "there is nothing here but /add-checkpoint\n"));
    if (request.method != "POST") {
      http::Response refused = Text(405, "POST is the method\n");
      refused.headers.emplace_back("Allow", "POST");
      return respond(std::move(refused));
    }
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.size() < kWaitingMax && !stopping_) {
        waiting_.push_back({std::move(request.body), std::move(respond)});
        changed_.notify_all();
        return;
      }
    }
    respond(Busy("too many wait\n"));
  }

  static http::Response Text(int status, std::string body) {
    http::Response response;
    response.status = status;
    response.content_type = "text/plain; charset=utf-8";
    response.body = std::move(body);
    return response;
  }

 private:
  struct Seen {
    uint64_t size = 0;
    ledger::Hash root{};
  };
  struct Waiting {
    std::string body;
    http::Server::Respond respond;
  };

  static http::Response Busy(std::string reason) {
    http::Response response = Text(503, std::move(reason));
    response.headers.emplace_back("Retry-After", "1");
    return response;
  }

  std::string StateText() const {
    Json ledgers = Json::array();
    for (const auto& [origin, seen] : seen_)
      ledgers.push_back(
          {{"origin", origin}, {"size", std::to_string(seen.size)}, {"root", ledger::HashToBase64(seen.root)}});
    return Json{{"format", kFormat}, {"ledgers", ledgers}}.dump(2) + "\n";
  }

  void Run() {
    while (true) {
      Waiting next;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        next = std::move(waiting_.front());
        waiting_.pop_front();
      }
      next.respond(Answer(next.body));
    }
  }

  http::Response Answer(const std::string& body) {
    const int64_t now_s = os::SystemClock().Now().value / kNsPerSecond;
    const ledger::WitnessDecision decision = ledger::Decide(
        body,
        [this](std::string_view origin) -> std::optional<ledger::WatchedLedger> {
          const auto watched = watched_.find(origin);
          if (watched == watched_.end()) return std::nullopt;
          ledger::WatchedLedger found = watched->second;
          if (const auto seen = seen_.find(origin); seen != seen_.end()) {
            found.size = seen->second.size;
            found.root = seen->second.root;
          }
          return found;
        },
        verifier_, key_, now_s);
    if (decision.seen) {
      const auto before = seen_.find(decision.seen->origin);
      const std::optional<Seen> old = before == seen_.end() ? std::nullopt : std::optional(before->second);
      seen_[decision.seen->origin] = {decision.seen->size, decision.seen->root};
      if (const Result<void> written = WriteState(); !written) {
        // What was not durable was not seen, and is not signed.
        if (old) {
          seen_[decision.seen->origin] = *old;
        } else {
          seen_.erase(decision.seen->origin);
        }
        diagnostics::Warn("the state cannot be written; nothing is signed", {{"reason", written.error().message}});
        return Busy("the witness cannot write\n");
      }
    }
    const int status = static_cast<int>(decision.status);
    if (status >= 400) {
      diagnostics::Warn("refused", {{"status", status}, {"reason", decision.body}});
    } else {
      diagnostics::Info("cosigned", {{"ledger", decision.seen->origin}, {"size", decision.seen->size}});
    }
    http::Response response = Text(status, decision.body);
    if (decision.status == ledger::WitnessStatus::kConflict)
      response.content_type = std::string(ledger::kTreeSizeContentType);
    return response;
  }

  const ledger::VerifierKey verifier_;
  const crypto::PrivateKey key_;
  const std::string state_;
  std::map<std::string, ledger::WatchedLedger, std::less<>> watched_;
  std::map<std::string, Seen, std::less<>> seen_;  // of the thread, once it runs
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

int RunWitness(const WitnessOptions& options) {
  const Result<crypto::PrivateKey> key = ReadPartyKey(options.key_file);
  if (!key) return Fail(key.error(), kExitBadInput);
  const Result<ledger::VerifierKey> verifier =
      ledger::VerifierKey::Make(options.name, ledger::SignatureType::kCosignature, key->public_key());
  if (!verifier) return Fail({Code::kInvalid, "--name: " + verifier.error().message}, kExitBadInput);
  const Result<FileLock> lock = FileLock::Take(options.state);
  if (!lock) return Fail(lock.error(), kExitBadInput);
  Witness witness(*verifier, *key, options.state);
  for (const std::string& text : options.ledgers) {
    const Result<ledger::VerifierKey> ledger_key = ReadVerifierKey("--ledger", text, ledger::SignatureType::kEd25519);
    if (!ledger_key) return Fail(ledger_key.error(), kExitBadInput);
    if (const Result<void> watched = witness.Watch(*ledger_key); !watched) return Fail(watched.error(), kExitBadInput);
  }
  std::error_code none;
  const bool there = std::filesystem::exists(std::filesystem::symlink_status(options.state, none));
  if (there == options.new_state)
    return Fail(
        {Code::kInvalid,
         there ? "--new-state: " + options.state + " is there already; leave the option out"
               : "--state: " + options.state +
                     " is not there, and a witness that forgot what it signed would sign a fork; put it back, or say "
                     "--new-state if this key never signed anything"},
        kExitBadInput);
  if (there) {
    if (const Result<void> read = witness.ReadState(); !read) return Fail(read.error(), kExitBadInput);
  }
  const std::vector<std::string> missing = witness.AddMissing();
  if (!missing.empty()) {
    if (const Result<void> written = witness.WriteState(); !written) return Fail(written.error(), kExitCannotWrite);
  }

  // Every thread inherits this: the signals wait for sigwait below.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  witness.Start();
  Result<std::unique_ptr<http::Server>> server = http::Server::Start(
      options.server,
      [&](http::Request request, http::Server::Respond respond) {
        witness.Handle(std::move(request), std::move(respond));
      },
      [](int, const std::string& reason) { return Json{{"message", reason}}.dump(); });
  if (!server) return Fail(server.error(), kExitBadInput);
  const std::string host = options.server.listen.substr(0, options.server.listen.rfind(':'));
  diagnostics::Info("listening",
                    {{"url", fmt::format("{}://{}:{}", options.server.tls_key_file.empty() ? "http" : "https", host,
                                         (*server)->port())},
                     {"witness_key", verifier->ToText()}});
  for (const std::string& origin : missing) {
    if (there) diagnostics::Warn("a ledger is watched that was not before", {{"ledger", origin}});
  }
  int signal = 0;
  sigwait(&signals, &signal);
  (*server)->Stop(kStopPatience);
  witness.Stop();
  return kExitDone;
}

}  // namespace

void AddWitness(CLI::App& app, int& status) {
  CLI::App* witness = app.add_subcommand("witness", "Cosign the checkpoints of ledgers, as long as these only grow");
  const auto options = std::make_shared<WitnessOptions>();
  witness->add_option("--name", options->name, "The witness's name, as w.example/w1: a host of yours, and a path")
      ->required();
  witness
      ->add_option("--key", options->key_file, "Its private key, a file of `wideberth keygen`, used for nothing else")
      ->required();
  witness
      ->add_option("--ledger", options->ledgers, "The verifier key of a ledger to watch, NAME+HASH+BASE64; may repeat")
      ->allow_extra_args(false)
      ->required();
  witness->add_option("--state", options->state, "File with what was cosigned last; durable before anything is signed")
      ->required();
  witness->add_flag("--new-state", options->new_state, "Make the state: only for a key that never signed anything");
  witness->add_option("--listen", options->server.listen, "HOST:PORT")->capture_default_str();
  CLI::Option* certificate = witness->add_option("--tls-cert", options->server.tls_certificate_file,
                                                 "PEM file with the certificate and its chain");
  CLI::Option* tls_key =
      witness->add_option("--tls-key", options->server.tls_key_file, "PEM file with its private key");
  certificate->needs(tls_key);
  tls_key->needs(certificate);
  witness->footer(
      R"(It answers POST /add-checkpoint as C2SP's tlog-witness says. The first line on standard error names the key that others verify with.

Examples:
  wideberth keygen w1.key
  wideberth witness --name w.example/w1 --key w1.key --ledger sky.example/ledger+bc1df4fe+AchtAa2L... --state w1.state --new-state)");
  witness->callback([options, &status] { status = RunWitness(*options); });
}

}  // namespace wideberth::cmd
