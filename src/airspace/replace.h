#ifndef WIDEBERTH_AIRSPACE_REPLACE_H_
#define WIDEBERTH_AIRSPACE_REPLACE_H_

#include <algorithm>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

#include "airspace/airspace.h"
#include "base/check.h"

// What the files that apply commands have in common: how an entity comes, goes and is over.
namespace wideberth::airspace {

// Later than any time that a client can name, and without overflow.
inline TimeNs Later(TimeNs time, int64_t ns) {
  return time.value > std::numeric_limits<int64_t>::max() - ns ? TimeNs{std::numeric_limits<int64_t>::max()}
                                                               : TimeNs{time.value + ns};
}

// When an entity that is written now was written: later than what it replaces, whatever the clock does.
inline TimeNs NextVersion(TimeNs now, const std::optional<TimeNs>& old) {
  return old ? std::max(now, Later(*old, 1)) : now;
}

// Of what is about to change.
template <typename T>
std::optional<T> CopyOf(const T* value) {
  return value == nullptr ? std::nullopt : std::optional<T>(*value);
}

inline bool IsOver(const model::Extents& extents, TimeNs now) { return extents.end < now; }

// When an entity in the table has its next event: it leaves the index, or it goes.
template <typename T>
TimeNs NextEvent(const Table<T>& table, uint32_t slot) {
  const TimeNs end = table.at(slot).extents.end;
  return table.entered(slot) ? end : Later(end, kKeptAfterEndNs);
}

template <typename T>
void Airspace::Schedule(Table<T>& table, model::RecordKind kind, uint32_t slot, TimeNs now) {
  if (!IsOver(table.at(slot).extents, now)) table.Enter(slot);
  events_.insert({NextEvent(table, slot), kind, slot});
}

template <typename T>
void Airspace::Replace(Table<T>& table, model::RecordKind kind, T entity, TimeNs now, Changes& changes) {
  uint32_t slot = table.SlotOf(entity.id);
  if (slot == Table<T>::kNoSlot) {
    slot = table.Add(std::move(entity));
  } else {
    events_.erase({NextEvent(table, slot), kind, slot});
    table.Set(slot, std::move(entity));
  }
  Schedule(table, kind, slot, now);
  changes.push_back({model::KeyOf(kind, slot), model::Encode(table.at(slot))});
}

template <typename T>
void Airspace::Erase(Table<T>& table, model::RecordKind kind, const model::Uuid& id, Changes& changes) {
  const uint32_t slot = table.SlotOf(id);
  WB_CHECK(slot != Table<T>::kNoSlot);
  events_.erase({NextEvent(table, slot), kind, slot});
  table.Remove(slot);
  if constexpr (std::is_same_v<T, model::OperationalIntentReference>)
    ForgetTold(model::DeclarationKind::kIntent, id, changes);
  if constexpr (std::is_same_v<T, model::ConstraintReference>)
    ForgetTold(model::DeclarationKind::kConstraint, id, changes);
  changes.push_back({model::KeyOf(kind, slot), std::nullopt});
}

}  // namespace wideberth::airspace

#endif  // WIDEBERTH_AIRSPACE_REPLACE_H_
