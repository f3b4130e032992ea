#include "node/node.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

namespace wideberth::node {

Result<std::unique_ptr<Node>> Node::Start(store::Store& store, const Clock& clock, Rng& rng, NodeOptions options) {
  std::unique_ptr<Node> node(new Node(store, clock, rng, std::move(options)));
  WB_TRY(node->durable_, store.position());
  node->applied_batch_ = node->durable_.batch;
  node->last_time_ = node->durable_.time;
  WB_TRY_OK(store.Load([&](const model::RecordKey& key, std::string_view record) -> Result<void> {
    WB_TRY(model::Entity entity, model::Decode(key, record));
    return node->airspace_.Restore(key, std::move(entity));
  }));
  WB_TRY_OK(node->airspace_.FinishRestore());
  if (node->options_.ledger) {
    WB_TRY(auto reader, store.OpenLedger());
    WB_TRY(node->ledger_, LedgerLog::Open(std::move(reader), node->options_.sealing));
  }
  if (!node->airspace_.has_secret()) {
    model::Initialise initialise;
    rng.Fill(std::as_writable_bytes(std::span(initialise.secret.bytes)));
    std::vector<Waiting> first;
    first.push_back({initialise, nullptr});
    if (!node->RunBatch(std::move(first))) return Error{Code::kIo, "the store cannot be written"};
  }
  if (node->ledger_ && node->ledger_->needs_seal()) {
    LedgerLog::Appended nothing;
    node->ledger_->Seal(nothing);
    ++node->durable_.batch;
    WB_TRY_OK(store.Commit({node->durable_, {}, {}, {}, nothing.links, nothing.seal}));
    node->applied_batch_ = node->durable_.batch;
  }
  node->sequencer_ = std::thread([raw = node.get()] { raw->Run(); });
  return node;
}

Node::~Node() { Stop(); }

void Node::Stop() {
  const std::lock_guard stop(stop_mutex_);
  {
    const std::lock_guard lock(queue_mutex_);
    stopping_ = true;
  }
  queue_changed_.notify_all();
  if (sequencer_.joinable()) sequencer_.join();
}

Result<void> Node::CheckRoom(std::string_view party) const {
  if (stopping_ || failed_) return Error{Code::kUnavailable, "the service is stopping; try again later"};
  switch (queue_.RoomFor(party)) {
    case FairQueue<Waiting>::Room::kYes:
      return {};
    case FairQueue<Waiting>::Room::kPartyFull:
      return Error{Code::kTooMany, "your requests come faster than the service can do them; try again later"};
    case FairQueue<Waiting>::Room::kFull:
      break;
  }
  return Error{Code::kUnavailable, "the service has more to do than it can; try again later"};
}

Result<void> Node::HasRoom(std::string_view party) const {
  const std::lock_guard lock(queue_mutex_);
  return CheckRoom(party);
}

Result<void> Node::Submit(std::string_view party, model::Command command, Done done) {
  {
    const std::lock_guard lock(queue_mutex_);
    WB_TRY_OK(CheckRoom(party));
    queue_.Push(party, {std::move(command), std::move(done)});
  }
  queue_changed_.notify_one();
  return {};
}

void Node::Read(const std::function<void(const airspace::Airspace&, TimeNs now)>& read, std::function<void()> done) {
  uint64_t batch = 0;
  {
    std::unique_lock turn(turn_);
    const std::shared_lock lock(airspace_mutex_);
    turn.unlock();
    batch = applied_batch_;
    read(airspace_, std::max(clock_.Now(), last_time_));
  }
  {
    const std::lock_guard lock(queue_mutex_);
    if (durable_.batch < batch) {
      readers_.push_back({batch, std::move(done)});
      return;
    }
  }
  done();
}

airspace::Airspace::Sizes Node::sizes() const {
  std::unique_lock turn(turn_);
  const std::shared_lock lock(airspace_mutex_);
  turn.unlock();
  return airspace_.sizes();
}

size_t Node::queue_length() const {
  const std::lock_guard lock(queue_mutex_);
  return queue_.size();
}

store::Position Node::position() const {
  const std::lock_guard lock(queue_mutex_);
  return durable_;
}

void Node::Run() {
  while (true) {
    std::vector<Waiting> batch;
    {
      std::unique_lock lock(queue_mutex_);
      const bool more =
          queue_changed_.wait_for(lock, std::chrono::seconds(1), [&] { return stopping_ || !queue_.empty(); });
      if (stopping_ && queue_.empty()) return;
      batch.reserve(std::min(queue_.size(), options_.batch_max));
      while (!queue_.empty() && batch.size() < options_.batch_max) batch.push_back(queue_.Pop());
      if (!more) batch.push_back({model::Expire{}, nullptr});
    }
    if (!RunBatch(std::move(batch))) return;
  }
}

bool Node::RunBatch(std::vector<Waiting> batch) {
  model::Effects effects;
  LedgerLog::Appended appended;
  std::vector<model::Outcome> outcomes;
  store::Position to;
  {
    const std::lock_guard lock(queue_mutex_);
    to.batch = durable_.batch + 1;
  }
  for (Waiting& waiting : batch) {
    // One at a time: readers wait for a command, not for a batch.
    const std::lock_guard turn(turn_);
    const std::lock_guard lock(airspace_mutex_);
    // The clock may have been set back. No two commands have the same time: F3411's versions are made of it.
    last_time_ = std::max(TimeNs{last_time_.value + 1}, clock_.Now());
    model::Stamp stamp{last_time_, options_.strict_availability, ledger_ != nullptr, {}};
    rng_.Fill(std::as_writable_bytes(std::span(stamp.seed)));
    const size_t events_before = effects.events.size();
    outcomes.push_back(airspace_.Apply(stamp, waiting.command, effects));
    if (ledger_) ledger_->Append(stamp.seed, std::span(effects.events).subspan(events_before), appended);
    if (!effects.records.empty() || !appended.entries.empty()) applied_batch_ = to.batch;
  }
  to.time = last_time_;
  // A batch that changed nothing has nothing to make durable.
  const bool commits = !effects.records.empty() || !appended.entries.empty();
  if (commits) {
    if (ledger_) ledger_->Seal(appended);
    const auto start = std::chrono::steady_clock::now();
    const Result<void> committed =
        store_.Commit({to, effects.records, appended.entries, appended.tiles, appended.links, appended.seal});
    if (!committed) {
      {
        const std::lock_guard lock(queue_mutex_);
        failed_ = true;
        queue_.clear();
        readers_.clear();
      }
      if (options_.on_fatal) options_.on_fatal(committed.error());
      return false;
    }
    if (options_.on_batch)
      options_.on_batch(batch.size(), std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::vector<Reader> ready;
  {
    const std::lock_guard lock(queue_mutex_);
    if (commits) durable_ = to;
    // All of them: what they saw was applied in this batch at the latest.
    ready.swap(readers_);
  }
  if (commits && ledger_) ledger_->Publish();
  if (commits && options_.on_committed)
    options_.on_committed(
        {std::move(effects.notices), effects.keys_changed, effects.webhooks_changed, effects.messages_to_send});
  for (size_t i = 0; i < batch.size(); ++i) {
    if (batch[i].done) batch[i].done(std::move(outcomes[i]));
  }
  for (const Reader& reader : ready) reader.done();
  return true;
}

}  // namespace wideberth::node
