#ifndef WIDEBERTH_API_NOTICE_BOARD_H_
#define WIDEBERTH_API_NOTICE_BOARD_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/command.h"
#include "model/record.h"
#include "node/node.h"

namespace wideberth::api {

// Who waits for notices, and what is known to have been delivered. Thread-safe.
class NoticeBoard {
 public:
  // Somebody who waits; called when there may be something new: from any thread, briefly.
  using Wake = std::function<void()>;
  class Listener;

  // Before anything else, and until Stop.
  void Attach(node::Node& node);
  // Wakes nobody any more, and orders nothing.
  void Stop();

  // These are durable now. For Node's on_committed.
  void Post(std::span<const model::NoticePosted> posted);

  // Wakes are called until the listener ends; one that is under way may come shortly after.
  std::shared_ptr<Listener> Listen(const std::string& party, Wake wake);

  // A party's notices with numbers up to this are durable.
  int64_t DurableUpTo(std::string_view party) const;

  // That a party was given these by a channel: becomes a command, together with what else was delivered meanwhile.
  void Delivered(const std::string& party, std::span<const int64_t> numbers, const std::string& channel);

  size_t listeners() const;

 private:
  struct Line {
    int64_t newest = 0;  // that was posted
    std::set<Listener*> listeners;
  };
  void Leave(Listener* listener);
  void OrderDeliveries();

  node::Node* node_ = nullptr;
  mutable std::mutex mutex_;
  std::map<std::string, Line, std::less<>> lines_;  // by party
  size_t listeners_ = 0;
  std::map<std::string, std::vector<model::MarkDelivered::One>> delivered_;  // by channel; not ordered yet
  bool ordering_ = false;                                                    // a command is under way
  bool stopped_ = false;
};

class NoticeBoard::Listener {
 public:
  Listener(NoticeBoard& board, std::string party, Wake wake)
      : board_(board), party_(std::move(party)), wake_(std::move(wake)) {}
  ~Listener() { board_.Leave(this); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

 private:
  friend class NoticeBoard;
  NoticeBoard& board_;
  const std::string party_;
  const Wake wake_;
};

}  // namespace wideberth::api

#endif  // WIDEBERTH_API_NOTICE_BOARD_H_
