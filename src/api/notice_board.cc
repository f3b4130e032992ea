#include "api/notice_board.h"

#include <algorithm>
#include <utility>

namespace wideberth::api {

void NoticeBoard::Attach(node::Node& node) {
  const std::lock_guard lock(mutex_);
  node_ = &node;
}

void NoticeBoard::Stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
}

void NoticeBoard::Post(std::span<const model::NoticePosted> posted) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return;
  for (const auto& [party, number] : posted) {
    Line& line = lines_[party];
    line.newest = std::max(line.newest, number);
    for (const Listener* listener : line.listeners) listener->wake_();
  }
}

std::shared_ptr<NoticeBoard::Listener> NoticeBoard::Listen(const std::string& party, Wake wake) {
  auto listener = std::make_shared<Listener>(*this, party, std::move(wake));
  const std::lock_guard lock(mutex_);
  lines_[party].listeners.insert(listener.get());
  ++listeners_;
  return listener;
}

void NoticeBoard::Leave(Listener* listener) {
  const std::lock_guard lock(mutex_);
  const auto line = lines_.find(listener->party_);
  if (line != lines_.end()) listeners_ -= line->second.listeners.erase(listener);
}

int64_t NoticeBoard::DurableUpTo(std::string_view party) const {
  // A notice that is not durable yet was made after this time, and its number is that of its microsecond or a greater
  // one (Airspace).
  const int64_t of_time = node_->position().time.value / 1'000 - 1;
  const std::lock_guard lock(mutex_);
  const auto line = lines_.find(party);
  return line == lines_.end() ? of_time : std::max(of_time, line->second.newest);
}

void NoticeBoard::Delivered(const std::string& party, std::span<const int64_t> numbers, const std::string& channel) {
  if (numbers.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    std::vector<model::MarkDelivered::One>& waiting = delivered_[channel];
    for (const int64_t number : numbers) waiting.push_back({party, number});
  }
  OrderDeliveries();
}

void NoticeBoard::OrderDeliveries() {
  model::MarkDelivered mark;
  {
    const std::lock_guard lock(mutex_);
    if (ordering_ || stopped_ || delivered_.empty()) return;
    mark.channel = delivered_.begin()->first;
    mark.notices = std::move(delivered_.begin()->second);
    delivered_.erase(delivered_.begin());
    ordering_ = true;
  }
  const model::MarkDelivered again = mark;
  const Result<void> ordered = node_->Submit("", std::move(mark), [this](const model::Outcome&) {
    {
      const std::lock_guard lock(mutex_);
      ordering_ = false;
    }
    OrderDeliveries();
  });
  if (ordered) return;
  // There is too much to do now: with the next ones.
  const std::lock_guard lock(mutex_);
  ordering_ = false;
  std::vector<model::MarkDelivered::One>& waiting = delivered_[again.channel];
  waiting.insert(waiting.begin(), again.notices.begin(), again.notices.end());
}

size_t NoticeBoard::listeners() const {
  const std::lock_guard lock(mutex_);
  return listeners_;
}

}  // namespace wideberth::api
