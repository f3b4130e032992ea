#ifndef WIDEBERTH_HTTP_WAKE_QUEUE_H_
#define WIDEBERTH_HTTP_WAKE_QUEUE_H_

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace wideberth::http {

// Who waits for a wake: what is called on the thread of the context, unless the one who waits is gone. Many wakes
// before that are one.
struct Sleeper {
  std::atomic<bool> woken{false};
  std::function<void()> on_wake;  // used on the context's thread alone; null once nobody waits
};

// Brings wakes from any thread to the thread of a context: one task for all that came in the meantime, however many
// thousands. Held by all who may wake, so that it may outlive the context. Thread-safe.
class WakeQueue : public std::enable_shared_from_this<WakeQueue> {
 public:
  explicit WakeQueue(boost::asio::io_context& context) : context_(&context) {}

  void Wake(const std::shared_ptr<Sleeper>& sleeper) {
    if (sleeper->woken.exchange(true)) return;
    const std::lock_guard lock(mutex_);
    if (context_ == nullptr) return;
    woken_.push_back(sleeper);
    if (woken_.size() > 1) return;
    boost::asio::post(*context_, [self = shared_from_this()] { self->Call(); });
  }

  // From now on wakes do nothing. Called before the context ends.
  void Close() {
    const std::lock_guard lock(mutex_);
    context_ = nullptr;
    woken_.clear();
  }

 private:
  void Call() {
    std::vector<std::shared_ptr<Sleeper>> all;
    {
      const std::lock_guard lock(mutex_);
      all.swap(woken_);
    }
    for (const auto& sleeper : all) {
      sleeper->woken = false;
      if (sleeper->on_wake) sleeper->on_wake();
    }
  }

  std::mutex mutex_;
  boost::asio::io_context* context_;
  std::vector<std::shared_ptr<Sleeper>> woken_;
};

}  // namespace wideberth::http

#endif  // WIDEBERTH_HTTP_WAKE_QUEUE_H_
