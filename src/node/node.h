#ifndef WIDEBERTH_NODE_NODE_H_
#define WIDEBERTH_NODE_NODE_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "airspace/airspace.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/rng.h"
#include "model/command.h"
#include "node/fair_queue.h"
#include "node/ledger_log.h"
#include "store/store.h"

namespace wideberth::node {

// What of a batch concerns others than who asked for it.
struct Committed {
  std::vector<model::NoticePosted> notices;
  bool keys_changed = false;      // of parties
  bool webhooks_changed = false;  // likewise
  bool messages_to_send = false;  // to other USSs
};

struct NodeOptions {
  bool strict_availability = true;  // F3548's 412 for a USS that is marked Down
  // Commands waiting (FairQueue's places): a party that has its share of them waiting is refused with kTooMany.
  size_t queue_max = 400;
  size_t batch_max = 64;  // commands in one transaction of the store: what an answer may have to wait behind
  // Told once when the store failed, with what to print: the process is to end, because what is in memory is no longer
  // what is durable. From then on nothing is answered. Called on the sequencer's thread.
  std::function<void(const Error&)> on_fatal;
  // Told of each batch, on the sequencer's thread; may be empty.
  std::function<void(size_t commands, double commit_s)> on_batch;
  // Told of each batch that changed something, on the sequencer's thread, once it is durable and before anybody has an
  // answer; short; may be empty. It may call Read.
  std::function<void(const Committed&)> on_committed;
  bool ledger = true;  // whether what happens is kept in the store's ledger
  LedgerLog::Sealing sealing{};
};

// Owns one airspace: puts commands in order, applies them, makes them durable a batch at a time, then answers. While a
// batch is being made durable the next one gathers, so that durability costs one fsync a batch. Thread-safe.
class Node {
 public:
  // Builds the airspace from the store and starts the sequencer's thread. kInvalid or kIo for a store that cannot be
  // trusted. `store`, `clock` and `rng` outlive the node. A new store gets its secret (model::Initialise).
  static Result<std::unique_ptr<Node>> Start(store::Store& store, const Clock& clock, Rng& rng, NodeOptions options);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // Orders a command of a party. `done` receives its outcome once it is durable, on the sequencer's thread: it is short
  // and does not block. kTooMany when the party has its share of commands waiting, kUnavailable when the queue is full
  // or the node stops; then `done` is not called.
  using Done = std::function<void(model::Outcome)>;
  Result<void> Submit(std::string_view party, model::Command command, Done done);
  // The Error that Submit would give now, before a request is even read.
  Result<void> HasRoom(std::string_view party) const;

  // Calls `read` with the airspace as it is, under a lock that other readers share, then `done` once all that `read`
  // saw is durable: at once, or later on the sequencer's thread. REQUIRES: `read` does not call Read, which might wait
  // for a writer that waits for it.
  void Read(const std::function<void(const airspace::Airspace&, TimeNs now)>& read, std::function<void()> done);

  // Answers what was ordered, then ends the thread. Idempotent.
  void Stop();

  airspace::Airspace::Sizes sizes() const;
  size_t queue_length() const;
  store::Position position() const;
  // Null without one.
  const LedgerLog* ledger() const { return ledger_.get(); }

 private:
  struct Waiting {
    model::Command command;
    Done done;
  };
  struct Reader {
    uint64_t batch;
    std::function<void()> done;
  };

  Node(store::Store& store, const Clock& clock, Rng& rng, NodeOptions options)
      : store_(store), clock_(clock), rng_(rng), options_(std::move(options)), queue_(options_.queue_max) {}
  // REQUIRES: queue_mutex_ is held.
  Result<void> CheckRoom(std::string_view party) const;
  void Run();
  // Returns whether to go on.
  bool RunBatch(std::vector<Waiting> batch);

  store::Store& store_;
  const Clock& clock_;
  Rng& rng_;
  const NodeOptions options_;
  std::unique_ptr<LedgerLog> ledger_;

  // The airspace. A writer takes `turn_` first and keeps it, so that readers who come later cannot starve it.
  mutable std::mutex turn_;
  mutable std::shared_mutex airspace_mutex_;
  airspace::Airspace airspace_;
  uint64_t applied_batch_ = 0;  // the batch that the airspace's newest change belongs to
  TimeNs last_time_{std::numeric_limits<int64_t>::min()};

  mutable std::mutex queue_mutex_;
  std::condition_variable queue_changed_;
  FairQueue<Waiting> queue_;
  bool stopping_ = false;
  bool failed_ = false;
  store::Position durable_;
  std::vector<Reader> readers_;  // that saw what was not durable yet

  std::mutex stop_mutex_;
  std::thread sequencer_;
};

}  // namespace wideberth::node

#endif  // WIDEBERTH_NODE_NODE_H_
