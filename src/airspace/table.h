#ifndef WIDEBERTH_AIRSPACE_TABLE_H_
#define WIDEBERTH_AIRSPACE_TABLE_H_

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "base/check.h"
#include "index/box.h"
#include "index/live_index.h"
#include "model/extents.h"
#include "model/uuid.h"

namespace wideberth::airspace {

// Entities of one kind, by id and by place and time. Thread-compatible: any number of readers at the same time, or one
// writer.
template <typename T>
class Table {
 public:
  T* Find(const model::Uuid& id);
  const T* Find(const model::Uuid& id) const;
  T& Add(T entity);  // REQUIRES: no such id; not yet in the index
  void Remove(const model::Uuid& id);
  void Enter(const T& entity);  // into the index
  void Leave(const T& entity);  // out of it; nothing if it is not in
  bool entered(const model::Uuid& id) const { return slots_[by_id_.at(id)].entered; }
  // Each entity in the index whose extents meet, in the order of ids.
  std::vector<const T*> Meeting(const model::Extents& extents) const;
  const std::map<model::Uuid, uint32_t>& ids() const { return by_id_; }
  size_t size() const { return by_id_.size(); }
  const index::LiveIndex& index() const { return index_; }

 private:
  struct Slot {
    T entity;
    bool entered = false;
  };
  std::map<model::Uuid, uint32_t> by_id_;
  std::deque<Slot> slots_;
  std::vector<uint32_t> free_;
  index::LiveIndex index_;
};

inline index::CoverBoxes BoxesOf(const model::Extents& extents) {
  return index::BoxesOf(extents.cover, extents.lower, extents.upper, extents.start, extents.end);
}

template <typename T>
T* Table<T>::Find(const model::Uuid& id) {
  const auto at = by_id_.find(id);
  return at == by_id_.end() ? nullptr : &slots_[at->second].entity;
}

template <typename T>
const T* Table<T>::Find(const model::Uuid& id) const {
  const auto at = by_id_.find(id);
  return at == by_id_.end() ? nullptr : &slots_[at->second].entity;
}

template <typename T>
T& Table<T>::Add(T entity) {
  uint32_t slot = 0;
  if (!free_.empty()) {
    slot = free_.back();
    free_.pop_back();
  } else {
    slot = static_cast<uint32_t>(slots_.size());
    slots_.emplace_back();
  }
  WB_CHECK(by_id_.emplace(entity.id, slot).second);
  slots_[slot] = {std::move(entity), false};
  return slots_[slot].entity;
}

template <typename T>
void Table<T>::Remove(const model::Uuid& id) {
  const auto at = by_id_.find(id);
  WB_CHECK(at != by_id_.end());
  Leave(slots_[at->second].entity);
  slots_[at->second] = {};
  free_.push_back(at->second);
  by_id_.erase(at);
}

template <typename T>
void Table<T>::Enter(const T& entity) {
  const uint32_t slot = by_id_.at(entity.id);
  WB_CHECK(!slots_[slot].entered);
  slots_[slot].entered = true;
  for (const index::Box& box : BoxesOf(entity.extents)) WB_CHECK(index_.Insert(slot, box));
}

template <typename T>
void Table<T>::Leave(const T& entity) {
  const uint32_t slot = by_id_.at(entity.id);
  if (!slots_[slot].entered) return;
  slots_[slot].entered = false;
  for (const index::Box& box : BoxesOf(entity.extents)) WB_CHECK(index_.Remove(slot, box));
}

template <typename T>
std::vector<const T*> Table<T>::Meeting(const model::Extents& extents) const {
  std::vector<const T*> found;
  for (const index::Box& box : BoxesOf(extents)) {
    index_.Query(box, [&](uint64_t slot, const index::Box&) {
      const T& entity = slots_[slot].entity;
      if (entity.extents.Meets(extents)) found.push_back(&entity);
      return true;
    });
  }
  std::sort(found.begin(), found.end(), [](const T* a, const T* b) { return a->id < b->id; });
  found.erase(std::unique(found.begin(), found.end()), found.end());  // two boxes may find it twice
  return found;
}

}  // namespace wideberth::airspace

#endif  // WIDEBERTH_AIRSPACE_TABLE_H_
