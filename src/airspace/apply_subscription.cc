#include <utility>

#include "airspace/airspace.h"
#include "airspace/replace.h"

namespace wideberth::airspace {

using model::Extents;
using model::Outcome;
using model::RecordKind;
using model::Stamp;
using model::Subscription;
using model::Uuid;

Outcome Airspace::Do(const Stamp& stamp, const model::PutSubscription& command, Changes& changes) {
  const Subscription* old = subscriptions_.Find(command.id);
  if (!command.version) {
    if (old != nullptr) return Error{Code::kConflict, "a subscription with this id exists; update it with its version"};
  } else {
    if (old == nullptr) return Error{Code::kInvalid, "subscriptionid: there is no such subscription to update"};
    if (old->version != *command.version)
      return Error{Code::kConflict, "version: it is not the current one; read the subscription again"};
    if (old->manager != command.manager) return Error{Code::kForbidden, "this subscription belongs to another manager"};
  }
  if (ServesDeclaration(command.id))
    return Error{Code::kForbidden, "what a party declared here depends on it, and only the party changes that"};
  Extents extents = command.extents;
  if (extents.start == Extents::kNoStart) {
    extents.start = old == nullptr ? stamp.time : old->extents.start;
  } else if (extents.start.value < stamp.time.value - kClockSkewMaxNs &&
             (old == nullptr || extents.start != old->extents.start)) {
    return Error{Code::kInvalid, "extents.time_start: it lies more than 5 minutes back"};
  }
  if (extents.end == Extents::kNoEnd) extents.end = Later(extents.start, kSubscriptionMaxNs);
  if (extents.end < extents.start) return Error{Code::kInvalid, "extents.time_end: it lies before time_start"};
  if (extents.end.value - extents.start.value > kSubscriptionMaxNs)
    return Error{Code::kInvalid, "extents.time_end: a subscription lasts at most 24 hours"};
  if (extents.end < stamp.time) return Error{Code::kInvalid, "extents.time_end: it has passed"};
  for (const Uuid& id : old == nullptr ? std::vector<Uuid>{} : See(*old).dependent_intents) {
    const Extents& needs = intents_.Find(id)->extents;
    if (extents.start.value > Later(needs.start, kClockSkewMaxNs).value || extents.end < needs.end ||
        extents.lower > needs.lower || extents.upper < needs.upper || !extents.cover.Contains(needs.cover)) {
      return Error{Code::kInvalid, "extents: operational intent " + id.ToString() +
                                       " depends on this subscription and would not be covered"};
    }
  }

  Subscription subscription{.id = command.id,
                            .manager = command.manager,
                            .uss_base_url = command.uss_base_url,
                            .version = command.new_version,
                            .notification_index = old == nullptr ? 0 : old->notification_index,
                            .notify_for_operational_intents = command.notify_for_operational_intents,
                            .notify_for_constraints = command.notify_for_constraints,
                            .implicit = false,
                            .extents = std::move(extents)};
  Replace(subscriptions_, RecordKind::kSubscription, subscription, stamp.time, changes);
  model::SubscriptionChanged changed;
  changed.seen = See(subscription);
  if (subscription.notify_for_operational_intents) changed.intents = QueryIntents(subscription.extents, stamp.time);
  if (subscription.notify_for_constraints) changed.constraints = QueryConstraints(subscription.extents, stamp.time);
  return changed;
}

Outcome Airspace::Do(const Stamp&, const model::DeleteSubscription& command, Changes& changes) {
  const Subscription* found = subscriptions_.Find(command.id);
  if (found == nullptr) return Error{Code::kNotFound, "there is no such subscription"};
  if (found->manager != command.manager) return Error{Code::kForbidden, "this subscription belongs to another manager"};
  if (found->version != command.version)
    return Error{Code::kConflict, "version: it is not the current one; read the subscription again"};
  if (HasDependents(command.id))
    return Error{Code::kInvalid, "operational intents depend on this subscription; delete or detach them first"};
  model::SubscriptionChanged changed{{*found, {}}, {}, {}};
  Erase(subscriptions_, RecordKind::kSubscription, command.id, changes);
  return changed;
}

}  // namespace wideberth::airspace
