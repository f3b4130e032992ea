#include "api/ledger_head.h"

namespace wideberth::api {

namespace {

Error Stopping() { return {Code::kUnavailable, "the service is stopping"}; }

}  // namespace

Result<std::unique_ptr<LedgerHead>> LedgerHead::Start(const node::LedgerLog& log, const ledger::Signer& signer,
                                                      Publishing publishing, Keep keep) {
  std::unique_ptr<LedgerHead> head(new LedgerHead(log, signer, publishing, std::move(keep)));
  WB_TRY(head->newest_, head->Make());
  if (publishing == Publishing::kAtOnce) head->Publish(head->newest_.size, head->newest_.note);
  head->thread_ = std::thread([raw = head.get()] { raw->Run(); });
  return head;
}

LedgerHead::~LedgerHead() { Stop(); }

void LedgerHead::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  std::vector<WaitingForHead> for_newest;
  std::vector<WaitingForText> for_first;
  {
    const std::lock_guard lock(mutex_);
    for_newest.swap(waiting_for_newest_);
    for_first.swap(waiting_for_first_);
  }
  for (const WaitingForHead& done : for_newest) done(Stopping());
  for (const WaitingForText& done : for_first) done(Stopping());
}

Result<LedgerHead::Head> LedgerHead::Make() {
  const node::LedgerLog::Head durable = log_.head();
  Head made{durable.size, {}};
  made.note.text = ledger::WriteCheckpoint({verifier().name(), durable.size, durable.root, {}});
  made.note.signatures.push_back(ledger::SignText(made.note.text, verifier(), signer_.key));
  WB_TRY_OK(keep_(ledger::WriteNote(made.note)));
  return made;
}

void LedgerHead::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait_for(lock, kKeptEach, [this] { return stopping_ || !waiting_for_newest_.empty(); });
    if (stopping_) return;
    const bool idle = waiting_for_newest_.empty();
    if (idle && (publishing_ != Publishing::kAtOnce || newest_.size == log_.size())) continue;
    // Who asks from here on waits for the next.
    std::vector<WaitingForHead> waiting;
    waiting.swap(waiting_for_newest_);
    lock.unlock();
    const auto begun = std::chrono::steady_clock::now();
    const Result<Head> made = Make();
    if (made) {
      if (publishing_ == Publishing::kAtOnce) Publish(made->size, made->note);
      const std::lock_guard again(mutex_);
      newest_ = *made;
    }
    for (const WaitingForHead& done : waiting) done(made);
    lock.lock();
    changed_.wait_until(lock, begun + kHeadEach, [this] { return stopping_; });
  }
}

void LedgerHead::WithNewest(std::function<void(Result<Head>)> done) {
  Result<Head> now = Stopping();
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      if (newest_.size != log_.size()) {
        waiting_for_newest_.push_back(std::move(done));
        changed_.notify_all();
        return;
      }
      now = newest_;
    }
  }
  done(std::move(now));
}

void LedgerHead::WithCheckpoint(std::function<void(Result<std::string>)> done) {
  if (publishing_ == Publishing::kAtOnce) {
    return WithNewest([this, done = std::move(done)](const Result<Head>& newest) {
      // One that could not be kept is given to nobody; that before it was.
      if (!newest && newest.error().code == Code::kUnavailable) return done(newest.error());
      done(published());
    });
  }
  Result<std::string> now = Stopping();
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      if (!has_published_) {
        waiting_for_first_.push_back(std::move(done));
        return;
      }
      now = published_;
    }
  }
  done(std::move(now));
}

std::string LedgerHead::published() const {
  const std::lock_guard lock(mutex_);
  return published_;
}

LedgerHead::Head LedgerHead::newest() const {
  const std::lock_guard lock(mutex_);
  return newest_;
}

void LedgerHead::Publish(uint64_t size, const ledger::Note& note) {
  std::vector<WaitingForText> waiting;
  std::string text = ledger::WriteNote(note);
  {
    const std::lock_guard lock(mutex_);
    if (has_published_ && size < published_size_) return;
    has_published_ = true;
    published_size_ = size;
    published_ = std::move(text);
    waiting.swap(waiting_for_first_);
    text = published_;
  }
  for (const WaitingForText& done : waiting) done(text);
}

}  // namespace wideberth::api
