#ifndef WIDEBERTH_AIRSPACE_REPLACE_H_
#define WIDEBERTH_AIRSPACE_REPLACE_H_

#include <limits>
#include <optional>
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

inline bool IsOver(const model::Extents& extents, TimeNs now) { return extents.end < now; }

template <typename T>
void Airspace::Replace(Table<T>& table, model::RecordKind kind, T entity, TimeNs now, Changes& changes) {
  if (const T* old = table.Find(entity.id)) {
    events_.erase(
        {table.entered(old->id) ? old->extents.end : Later(old->extents.end, kKeptAfterEndNs), kind, old->id});
    table.Remove(old->id);
  }
  const T& added = table.Add(std::move(entity));
  if (IsOver(added.extents, now)) {
    events_.emplace(Later(added.extents.end, kKeptAfterEndNs), kind, added.id);
  } else {
    table.Enter(added);
    events_.emplace(added.extents.end, kind, added.id);
  }
  changes.push_back({model::KeyOf(kind, added.id), model::Encode(added)});
}

template <typename T>
void Airspace::Erase(Table<T>& table, model::RecordKind kind, const model::Uuid& id, Changes& changes) {
  const T* entity = table.Find(id);
  WB_CHECK(entity != nullptr);
  events_.erase({table.entered(id) ? entity->extents.end : Later(entity->extents.end, kKeptAfterEndNs), kind, id});
  table.Remove(id);
  changes.push_back({model::KeyOf(kind, id), std::nullopt});
}

}  // namespace wideberth::airspace

#endif  // WIDEBERTH_AIRSPACE_REPLACE_H_
