#include <utility>

#include "airspace/airspace.h"
#include "airspace/replace.h"

// F3411's subscriptions. Refusals come in this order: times, existence (an update: existence, version, owner, times),
// then how many there are; a deletion: existence, version, owner.
namespace wideberth::airspace {

using model::Extents;
using model::Outcome;
using model::RecordKind;
using model::RidSubscription;
using model::Stamp;
using model::Uuid;

namespace {

Result<Extents> WithTimes(Extents extents, const RidSubscription* old, TimeNs now) {
  if (extents.start == Extents::kNoStart) {
    extents.start = old == nullptr ? now : old->extents.start;
  } else if (extents.start.value < now.value - kClockSkewMaxNs &&
             (old == nullptr || extents.start != old->extents.start)) {
    return Error{Code::kInvalid, "extents.time_start: it lies more than 5 minutes back"};
  }
  if (extents.end == Extents::kNoEnd)
    extents.end = old == nullptr ? Later(extents.start, kSubscriptionMaxNs) : old->extents.end;
  if (extents.end < extents.start) return Error{Code::kInvalid, "extents.time_end: it lies before time_start"};
  if (extents.end.value - extents.start.value > kSubscriptionMaxNs)
    return Error{Code::kInvalid, "extents.time_end: a subscription lasts at most 24 hours"};
  if (extents.end < now) return Error{Code::kInvalid, "extents.time_end: it has passed"};
  return extents;
}

}  // namespace

bool Airspace::TooManySubscriptions(const Uuid& id, std::string_view owner, const Extents& extents, TimeNs now) const {
  std::vector<const index::CellCover*> others;
  for (const RidSubscription* other : rid_subscriptions_.Meeting({.cover = extents.cover})) {
    if (other->id != id && other->owner == owner && !IsOver(other->extents, now))
      others.push_back(&other->extents.cover);
  }
  return others.size() >= kRidSubscriptionsMax && index::DeepestWithin(extents.cover, others) >= kRidSubscriptionsMax;
}

Outcome Airspace::Do(const Stamp& stamp, const model::PutRidSubscription& command, Changes& changes) {
  const RidSubscription* old = rid_subscriptions_.Find(command.id);
  if (command.version) {
    if (old == nullptr) return Error{Code::kInvalid, "id: there is no such subscription to update"};
    if (old->version != *command.version)
      return Error{Code::kConflict, "version: it is not the current one; read the subscription again"};
    if (old->owner != command.owner) return Error{Code::kForbidden, "this subscription belongs to another owner"};
  }
  WB_TRY(Extents extents, WithTimes(command.extents, command.version ? old : nullptr, stamp.time));
  if (!command.version && old != nullptr)
    return Error{Code::kConflict, "a subscription with this id exists; its owner updates it with its version"};
  if (TooManySubscriptions(command.id, command.owner, extents, stamp.time)) {
    return Error{Code::kTooMany,
                 "there is a place in these extents in which you have 10 subscriptions already, the most that F3411 "
                 "allows; delete one or make the area smaller"};
  }

  const RidSubscription subscription{
      .id = command.id,
      .owner = command.owner,
      .url = command.url,
      .written_through = command.written_through,
      .version = NextVersion(stamp.time, old == nullptr ? std::nullopt : std::optional(old->version)),
      .notification_index = old == nullptr ? 0 : old->notification_index,
      .extents = std::move(extents)};
  Replace(rid_subscriptions_, RecordKind::kRidSubscription, subscription, stamp.time, changes);
  return model::RidSubscriptionChanged{subscription, QueryServiceAreas(subscription.extents, stamp.time)};
}

Outcome Airspace::Do(const Stamp&, const model::DeleteRidSubscription& command, Changes& changes) {
  const RidSubscription* found = rid_subscriptions_.Find(command.id);
  if (found == nullptr) return Error{Code::kNotFound, "there is no such subscription"};
  if (found->version != command.version)
    return Error{Code::kConflict, "version: it is not the current one; read the subscription again"};
  if (found->owner != command.owner) return Error{Code::kForbidden, "this subscription belongs to another owner"};
  const RidSubscription subscription = *found;
  Erase(rid_subscriptions_, RecordKind::kRidSubscription, command.id, changes);
  return model::RidSubscriptionChanged{subscription, {}};
}

}  // namespace wideberth::airspace
