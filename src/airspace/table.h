#ifndef WIDEBERTH_AIRSPACE_TABLE_H_
#define WIDEBERTH_AIRSPACE_TABLE_H_

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <queue>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/check.h"
#include "index/box.h"
#include "index/live_index.h"
#include "model/extents.h"
#include "model/uuid.h"

namespace wideberth::airspace {

// Entities of one kind, by id and by place and time. Each has a slot, a small number by which the store and the index
// know it: the least one that was free when it came, so that the same entities that came in the same order have the
// same slots, also after a restart in between. Thread-compatible: any number of readers at the same time, or one
// writer.
template <typename T>
class Table {
 public:
  static constexpr uint32_t kNoSlot = 0xffff'ffff;

  // kNoSlot if there is none with this id.
  uint32_t SlotOf(const model::Uuid& id) const;
  T* Find(const model::Uuid& id);
  const T* Find(const model::Uuid& id) const;
  T& at(uint32_t slot) { return slots_[slot].entity; }
  const T& at(uint32_t slot) const { return slots_[slot].entity; }

  // Adds an entity that is not in the index yet; returns its slot. REQUIRES: no such id.
  uint32_t Add(T entity);
  // The same, into a slot that it had before. False if the id or the slot is taken, or the slot is beyond reason.
  bool AddAt(uint32_t slot, T entity);
  // After the last AddAt: from now on the least free slot is given.
  void CollectFree();
  // Puts an entity in the place of the one in a slot, which leaves the index. REQUIRES: they have the same id.
  void Set(uint32_t slot, T entity);
  void Remove(uint32_t slot);
  void Enter(uint32_t slot);  // into the index
  void Leave(uint32_t slot);  // out of it; nothing if it is not in
  bool entered(uint32_t slot) const { return slots_[slot].entered; }
  // Each entity in the index whose extents meet, in the order of ids.
  std::vector<const T*> Meeting(const model::Extents& extents) const;
  // Calls `visit(slot, entity)` with each, in the order of slots.
  template <typename Visit>
  void ForEach(Visit visit) const;
  size_t size() const { return by_id_.size(); }
  const index::LiveIndex& index() const { return index_; }

 private:
  static constexpr uint32_t kSlotsMax = 500'000'000;

  struct Slot {
    T entity;
    bool used = false;
    bool entered = false;
  };
  std::unordered_map<model::Uuid, uint32_t, model::UuidHash> by_id_;
  std::deque<Slot> slots_;
  std::priority_queue<uint32_t, std::vector<uint32_t>, std::greater<>> free_;
  index::LiveIndex index_;
};

inline index::CoverBoxes BoxesOf(const model::Extents& extents) {
  return index::BoxesOf(extents.cover, extents.lower, extents.upper, extents.start, extents.end);
}

template <typename T>
uint32_t Table<T>::SlotOf(const model::Uuid& id) const {
  const auto at = by_id_.find(id);
  return at == by_id_.end() ? kNoSlot : at->second;
}

template <typename T>
T* Table<T>::Find(const model::Uuid& id) {
  const uint32_t slot = SlotOf(id);
  return slot == kNoSlot ? nullptr : &slots_[slot].entity;
}

template <typename T>
const T* Table<T>::Find(const model::Uuid& id) const {
  const uint32_t slot = SlotOf(id);
  return slot == kNoSlot ? nullptr : &slots_[slot].entity;
}

template <typename T>
uint32_t Table<T>::Add(T entity) {
  // Among the free ones are some that were taken or cut off since.
  while (!free_.empty() && (free_.top() >= slots_.size() || slots_[free_.top()].used)) free_.pop();
  auto slot = static_cast<uint32_t>(slots_.size());
  if (free_.empty()) {
    slots_.emplace_back();
  } else {
    slot = free_.top();
    free_.pop();
  }
  WB_CHECK(by_id_.emplace(entity.id, slot).second);
  slots_[slot] = {std::move(entity), true, false};
  return slot;
}

template <typename T>
bool Table<T>::AddAt(uint32_t slot, T entity) {
  if (slot > kSlotsMax || (slot < slots_.size() && slots_[slot].used)) return false;
  if (!by_id_.emplace(entity.id, slot).second) return false;
  while (slots_.size() <= slot) slots_.emplace_back();
  slots_[slot] = {std::move(entity), true, false};
  return true;
}

template <typename T>
void Table<T>::CollectFree() {
  for (uint32_t slot = 0; slot < slots_.size(); ++slot) {
    if (!slots_[slot].used) free_.push(slot);
  }
}

template <typename T>
void Table<T>::Set(uint32_t slot, T entity) {
  Leave(slot);
  WB_CHECK(slots_[slot].used && slots_[slot].entity.id == entity.id);
  slots_[slot].entity = std::move(entity);
}

template <typename T>
void Table<T>::Remove(uint32_t slot) {
  Leave(slot);
  WB_CHECK(by_id_.erase(slots_[slot].entity.id) == 1);
  slots_[slot] = {};
  free_.push(slot);
  while (!slots_.empty() && !slots_.back().used) slots_.pop_back();
}

template <typename T>
void Table<T>::Enter(uint32_t slot) {
  WB_CHECK(!slots_[slot].entered);
  slots_[slot].entered = true;
  for (const index::Box& box : BoxesOf(slots_[slot].entity.extents)) WB_CHECK(index_.Insert(slot, box));
}

template <typename T>
void Table<T>::Leave(uint32_t slot) {
  if (!slots_[slot].entered) return;
  slots_[slot].entered = false;
  for (const index::Box& box : BoxesOf(slots_[slot].entity.extents)) WB_CHECK(index_.Remove(slot, box));
}

template <typename T>
template <typename Visit>
void Table<T>::ForEach(Visit visit) const {
  for (uint32_t slot = 0; slot < slots_.size(); ++slot) {
    if (slots_[slot].used) visit(slot, slots_[slot].entity);
  }
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
