#ifndef WIDEBERTH_NODE_FAIR_QUEUE_H_
#define WIDEBERTH_NODE_FAIR_QUEUE_H_

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace wideberth::node {

// What waits, a line for each party; the lines are served in turn, so that a party that asks for a lot waits behind
// itself and not before others. A party has at most its share of the places: all of them, or as many as there are
// divided by the parties that wait. Thread-compatible.
template <typename T>
class FairQueue {
 public:
  static constexpr size_t kShareMin = 8;  // places that a party has, however many others wait

  explicit FairQueue(size_t places) : places_(places) {}

  enum class Room { kYes, kPartyFull, kFull };
  // Whether one more of the party's would be taken. Full is when the shares of all together, which shrink when another
  // party comes but are not taken back, make four times the places. O(log parties).
  Room RoomFor(std::string_view party) const {
    if (size_ >= 4 * places_) return Room::kFull;
    const auto line = lines_.find(party);
    const size_t waiting = line == lines_.end() ? 0 : line->second.waiting.size();
    const size_t parties = lines_.size() + (line == lines_.end() ? 1 : 0);
    return waiting < std::max(kShareMin, places_ / parties) ? Room::kYes : Room::kPartyFull;
  }

  // REQUIRES: RoomFor(party) == kYes, unless it must not be refused.
  void Push(std::string_view party, T item) {
    auto line = lines_.find(party);
    if (line == lines_.end()) {
      line = lines_.emplace(std::string(party), Line{}).first;
      line->second.turn = turns_.insert(turns_.end(), line->first);
    }
    line->second.waiting.push_back(std::move(item));
    ++size_;
  }

  // Takes the first of the party whose turn it is. REQUIRES: !empty().
  T Pop() {
    const auto line = lines_.find(turns_.front());
    T item = std::move(line->second.waiting.front());
    line->second.waiting.pop_front();
    --size_;
    if (line->second.waiting.empty()) {
      turns_.erase(line->second.turn);
      lines_.erase(line);
    } else {
      turns_.splice(turns_.end(), turns_, line->second.turn);
    }
    return item;
  }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void clear() {
    turns_.clear();
    lines_.clear();
    size_ = 0;
  }

 private:
  struct Line {
    std::deque<T> waiting;
    std::list<std::string_view>::iterator turn;
  };

  const size_t places_;
  std::map<std::string, Line, std::less<>> lines_;
  std::list<std::string_view> turns_;  // views of the keys above
  size_t size_ = 0;
};

}  // namespace wideberth::node

#endif  // WIDEBERTH_NODE_FAIR_QUEUE_H_
