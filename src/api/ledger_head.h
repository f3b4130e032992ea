#ifndef WIDEBERTH_API_LEDGER_HEAD_H_
#define WIDEBERTH_API_LEDGER_HEAD_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/result.h"
#include "ledger/checkpoint.h"
#include "ledger/seal.h"
#include "node/ledger_log.h"

namespace wideberth::api {

// Signs the ledger's head, keeps it durable outside of the store before anybody is given it, and says which one is
// served. Thread-safe.
class LedgerHead {
 public:
  // Makes a signed head durable: once it returns, a start knows that the ledger was once as large.
  using Keep = std::function<Result<void>(const std::string& note)>;
  // Who decides which head is served.
  enum class Publishing {
    kAtOnce,  // the newest is served
    kRounds,  // what Publish was given last
  };
  // No two heads are made sooner after each other: each costs the disk what a commit does.
  static constexpr std::chrono::milliseconds kHeadEach{200};
  // With kAtOnce a head is made so often though nobody asks, so that a start can tell that the store lost something.
  static constexpr std::chrono::milliseconds kKeptEach{1'000};

  struct Head {
    uint64_t size = 0;
    ledger::Note note;  // signed by the operator alone
  };

  // `log` outlives it. What Keep returns if the head that is there cannot be kept.
  static Result<std::unique_ptr<LedgerHead>> Start(const node::LedgerLog& log, const ledger::Signer& signer,
                                                   Publishing publishing, Keep keep);
  ~LedgerHead();
  LedgerHead(const LedgerHead&) = delete;
  LedgerHead& operator=(const LedgerHead&) = delete;
  // Whoever waits is told kUnavailable.
  void Stop();

  // The checkpoint that is served; its size is never less than that of one before. `done` is called now or, when one is
  // being made, on another thread, and does not block.
  void WithCheckpoint(std::function<void(Result<std::string>)> done);
  // A head of what is durable when this is called. `done` likewise.
  void WithNewest(std::function<void(Result<Head>)> done);
  // The same two, waiting for neither: what is there. Empty or of size 0 before there is one.
  std::string published() const;
  Head newest() const;
  // From now on this is served, unless it is less than what is. REQUIRES: `note` is that of a Head, perhaps with more
  // signatures.
  void Publish(uint64_t size, const ledger::Note& note);

  const ledger::VerifierKey& verifier() const { return signer_.verifier; }
  const node::LedgerLog& log() const { return log_; }

 private:
  using WaitingForHead = std::function<void(Result<Head>)>;
  using WaitingForText = std::function<void(Result<std::string>)>;

  LedgerHead(const node::LedgerLog& log, ledger::Signer signer, Publishing publishing, Keep keep)
      : log_(log), signer_(std::move(signer)), publishing_(publishing), keep_(std::move(keep)) {}
  // Signs and keeps what is durable now. Called by one thread at a time.
  Result<Head> Make();
  void Run();

  const node::LedgerLog& log_;
  const ledger::Signer signer_;
  const Publishing publishing_;
  const Keep keep_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  Head newest_;
  bool has_published_ = false;
  uint64_t published_size_ = 0;
  std::string published_;
  std::vector<WaitingForHead> waiting_for_newest_;
  std::vector<WaitingForText> waiting_for_first_;  // that Publish is called at all
  std::thread thread_;
};

}  // namespace wideberth::api

#endif  // WIDEBERTH_API_LEDGER_HEAD_H_
