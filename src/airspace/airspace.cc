#include "airspace/airspace.h"

#include <algorithm>
#include <limits>
#include <type_traits>
#include <unordered_set>

#include "base/check.h"
#include "index/box.h"

namespace wideberth::airspace {

using model::Availability;
using model::ConstraintReference;
using model::Extents;
using model::IntentState;
using model::KeyOf;
using model::OperationalIntentReference;
using model::Outcome;
using model::RecordKind;
using model::Stamp;
using model::Subscription;
using model::Uuid;

namespace {

index::Boxes BoxesOf(const Extents& extents) {
  return index::BoxesOf(index::BoundsOf(extents.cover), extents.lower, extents.upper, extents.start, extents.end);
}

// Later than any time that a client can name, and without overflow.
TimeNs Later(TimeNs time, int64_t ns) {
  return time.value > std::numeric_limits<int64_t>::max() - ns ? TimeNs{std::numeric_limits<int64_t>::max()}
                                                               : TimeNs{time.value + ns};
}

bool IsOver(const Extents& extents, TimeNs now) { return extents.end < now; }

template <typename T>
RecordKind KindOf() {
  if constexpr (std::is_same_v<T, OperationalIntentReference>) return RecordKind::kOperationalIntent;
  if constexpr (std::is_same_v<T, ConstraintReference>) return RecordKind::kConstraint;
  return RecordKind::kSubscription;
}

}  // namespace

// ---- Tables.

template <typename T>
T* Airspace::Table<T>::Find(const Uuid& id) {
  const auto at = by_id_.find(id);
  return at == by_id_.end() ? nullptr : &slots_[at->second].entity;
}

template <typename T>
const T* Airspace::Table<T>::Find(const Uuid& id) const {
  const auto at = by_id_.find(id);
  return at == by_id_.end() ? nullptr : &slots_[at->second].entity;
}

template <typename T>
T& Airspace::Table<T>::Add(T entity) {
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
void Airspace::Table<T>::Remove(const Uuid& id) {
  const auto at = by_id_.find(id);
  WB_CHECK(at != by_id_.end());
  Leave(slots_[at->second].entity);
  slots_[at->second] = {};
  free_.push_back(at->second);
  by_id_.erase(at);
}

template <typename T>
void Airspace::Table<T>::Enter(const T& entity) {
  const uint32_t slot = by_id_.at(entity.id);
  WB_CHECK(!slots_[slot].entered);
  slots_[slot].entered = true;
  for (const index::Box& box : BoxesOf(entity.extents)) WB_CHECK(index_.Insert(slot, box));
}

template <typename T>
void Airspace::Table<T>::Leave(const T& entity) {
  const uint32_t slot = by_id_.at(entity.id);
  if (!slots_[slot].entered) return;
  slots_[slot].entered = false;
  for (const index::Box& box : BoxesOf(entity.extents)) WB_CHECK(index_.Remove(slot, box));
}

template <typename T>
std::vector<const T*> Airspace::Table<T>::Meeting(const Extents& extents) const {
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

template <typename T>
void Airspace::Replace(Table<T>& table, RecordKind kind, T entity, TimeNs now, Changes& changes) {
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
  changes.push_back({KeyOf(kind, added.id), model::Encode(added)});
}

template <typename T>
void Airspace::Erase(Table<T>& table, RecordKind kind, const Uuid& id, Changes& changes) {
  const T* entity = table.Find(id);
  WB_CHECK(entity != nullptr);
  events_.erase({table.entered(id) ? entity->extents.end : Later(entity->extents.end, kKeptAfterEndNs), kind, id});
  table.Remove(id);
  changes.push_back({KeyOf(kind, id), std::nullopt});
}

// ---- Time.

template <typename T>
void Airspace::ExpireOne(Table<T>& table, RecordKind kind, const Uuid& id, TimeNs now, Changes& changes) {
  const T& entity = *table.Find(id);
  const TimeNs gone = Later(entity.extents.end, kKeptAfterEndNs);
  if (gone < now) {
    if constexpr (std::is_same_v<T, OperationalIntentReference>) {
      const std::optional<Uuid> subscription_id = entity.subscription_id;
      if (subscription_id) dependents_.erase({*subscription_id, id});
      Erase(table, kind, id, changes);
      DropIfUnused(subscription_id, changes);
    } else {
      Erase(table, kind, id, changes);
    }
    return;
  }
  events_.erase({entity.extents.end, kind, id});
  table.Leave(entity);
  events_.emplace(gone, kind, id);
}

void Airspace::LetExpire(TimeNs now, Changes& changes) {
  while (!events_.empty() && std::get<TimeNs>(*events_.begin()) < now) {
    const auto [time, kind, id] = *events_.begin();
    switch (kind) {
      case RecordKind::kOperationalIntent:
        ExpireOne(intents_, kind, id, now, changes);
        break;
      case RecordKind::kConstraint:
        ExpireOne(constraints_, kind, id, now, changes);
        break;
      case RecordKind::kSubscription: {
        // While an intent depends on it, it stays readable; it goes with the last of them, whose end is not after its
        // own but may be as late. Both events may be due at once.
        const Subscription& subscription = *subscriptions_.Find(id);
        if (Later(subscription.extents.end, kKeptAfterEndNs) < now) {
          for (auto at = dependents_.lower_bound({id, Uuid{}}); at != dependents_.end() && at->first == id;) {
            OperationalIntentReference detached = *intents_.Find(at->second);
            at = dependents_.erase(at);
            detached.subscription_id.reset();
            Replace(intents_, RecordKind::kOperationalIntent, std::move(detached), now, changes);
          }
        }
        ExpireOne(subscriptions_, kind, id, now, changes);
        break;
      }
      case RecordKind::kAvailability:
      case RecordKind::kReport:
      case RecordKind::kUsedOvnSuffix:
        WB_CHECK(false);  // these do not end
    }
  }
  // A suffix that is too old to be asked for again need not be remembered.
  const int64_t forget_ms = (now.value - kOvnSuffixSkewMaxNs) / 1'000'000 - 1;
  while (!used_suffixes_by_time_.empty() && used_suffixes_by_time_.begin()->first < forget_ms) {
    const model::UsedOvnSuffix used = used_suffixes_by_time_.begin()->second;
    used_suffixes_by_time_.erase(used_suffixes_by_time_.begin());
    used_suffixes_.erase(used);
    changes.push_back({KeyOf(model::Entity(used)), std::nullopt});
  }
}

std::optional<TimeNs> Airspace::NextExpiry() const {
  if (events_.empty()) return std::nullopt;
  return Later(std::get<TimeNs>(*events_.begin()), 1);
}

// ---- What commands have in common.

Outcome Airspace::Apply(const Stamp& stamp, const model::Command& command, Changes& changes) {
  WB_CHECK(stamp.time >= last_time_);
  last_time_ = stamp.time;
  LetExpire(stamp.time, changes);
  return std::visit([&](const auto& one) { return Do(stamp, one, changes); }, command);
}

bool Airspace::HasDependents(const Uuid& subscription_id) const {
  const auto at = dependents_.lower_bound({subscription_id, Uuid{}});
  return at != dependents_.end() && at->first == subscription_id;
}

void Airspace::DropIfUnused(const std::optional<Uuid>& subscription_id, Changes& changes) {
  if (!subscription_id || HasDependents(*subscription_id)) return;
  const Subscription* subscription = subscriptions_.Find(*subscription_id);
  if (subscription != nullptr && subscription->implicit)
    Erase(subscriptions_, RecordKind::kSubscription, *subscription_id, changes);
}

std::vector<model::Notified> Airspace::Notify(const std::vector<const Extents*>& extents, bool Subscription::* asks,
                                              TimeNs now, Changes& changes) {
  std::set<Uuid> ids;
  for (const Extents* one : extents) {
    for (const Subscription* subscription : subscriptions_.Meeting(*one)) {
      if (subscription->*asks && !IsOver(subscription->extents, now)) ids.insert(subscription->id);
    }
  }
  std::vector<model::Notified> notified;
  for (const Uuid& id : ids) {
    Subscription& subscription = *subscriptions_.Find(id);
    if (subscription.notification_index < std::numeric_limits<int32_t>::max()) ++subscription.notification_index;
    changes.push_back({KeyOf(RecordKind::kSubscription, id), model::Encode(subscription)});
    notified.push_back({subscription.uss_base_url, id, subscription.notification_index});
  }
  std::stable_sort(notified.begin(), notified.end(),
                   [](const auto& a, const auto& b) { return a.uss_base_url < b.uss_base_url; });
  return notified;
}

Availability Airspace::AvailabilityOf(std::string_view uss_id) const {
  const auto at = availabilities_.find(uss_id);
  return at == availabilities_.end() ? Availability::kUnknown : at->second.availability;
}

model::IntentSeen Airspace::See(const OperationalIntentReference& intent) const {
  return {intent, AvailabilityOf(intent.manager)};
}

model::SubscriptionSeen Airspace::See(const Subscription& subscription) const {
  model::SubscriptionSeen seen{subscription, {}};
  for (auto at = dependents_.lower_bound({subscription.id, Uuid{}});
       at != dependents_.end() && at->first == subscription.id; ++at)
    seen.dependent_intents.push_back(at->second);
  return seen;
}

// ---- Operational intents.

Outcome Airspace::Do(const Stamp& stamp, const model::PutOperationalIntent& command, Changes& changes) {
  const OperationalIntentReference* old = intents_.Find(command.id);
  if (!command.ovn) {
    if (old != nullptr && old->manager == command.manager)
      return Error{Code::kConflict, "an operational intent reference with this id exists; update it with its OVN"};
    if (old != nullptr) return Error{Code::kForbidden, "this operational intent reference belongs to another manager"};
  } else {
    if (old == nullptr)
      return Error{Code::kInvalid, "entityid: there is no such operational intent reference to update"};
    if (old->manager != command.manager)
      return Error{Code::kForbidden, "this operational intent reference belongs to another manager"};
    if (old->ovn != *command.ovn)
      return Error{Code::kConflict, "ovn: it is not the current one; read the reference again"};
  }
  const bool nominal = command.state == IntentState::kAccepted || command.state == IntentState::kActivated;
  if (stamp.strict_availability && nominal && AvailabilityOf(command.manager) == Availability::kDown)
    return Error{Code::kPrecondition, "a USS that is marked Down may not accept or activate operational intents"};

  OperationalIntentReference intent{.id = command.id,
                                    .manager = command.manager,
                                    .uss_base_url = command.uss_base_url,
                                    .ovn = command.new_ovn,
                                    .version = old == nullptr ? 1 : old->version + 1,
                                    .state = command.state,
                                    .extents = command.extents};
  std::optional<model::UsedOvnSuffix> used;
  if (command.requested_ovn_suffix) {
    const int64_t apart_ms = command.requested_ovn_suffix->unix_ms() - stamp.time.value / 1'000'000;
    if (std::abs(apart_ms) > kOvnSuffixSkewMaxNs / 1'000'000)
      return Error{Code::kInvalid, "requested_ovn_suffix: its time is more than 5 minutes from ours"};
    used = model::UsedOvnSuffix{command.id, *command.requested_ovn_suffix};
    if (used_suffixes_.contains(*used))
      return Error{Code::kConflict, "requested_ovn_suffix: this entity had that OVN before"};
    intent.ovn = command.id.ToString() + "_" + command.requested_ovn_suffix->ToString();
  }

  // The subscription that it will depend on.
  std::optional<Subscription> subscription;  // as it will be, if it is new or has to grow
  bool wants_constraints = false;
  if (command.new_subscription) {
    if (subscriptions_.Find(command.new_subscription_id) != nullptr)
      return Error{Code::kConflict, "the id that was drawn for the new subscription is taken; try again"};
    subscription = Subscription{.id = command.new_subscription_id,
                                .manager = command.manager,
                                .uss_base_url = command.new_subscription->uss_base_url,
                                .version = command.new_subscription_version,
                                .notify_for_operational_intents = true,
                                .notify_for_constraints = command.new_subscription->notify_for_constraints,
                                .implicit = true,
                                .extents = command.extents};
    intent.subscription_id = subscription->id;
    wants_constraints = subscription->notify_for_constraints;
  } else if (command.subscription_id) {
    const Subscription* found = subscriptions_.Find(*command.subscription_id);
    if (found == nullptr) return Error{Code::kInvalid, "subscription_id: there is no such subscription"};
    if (found->manager != command.manager)
      return Error{Code::kForbidden, "subscription_id: this subscription belongs to another manager"};
    const Extents& has = found->extents;
    const Extents& needs = command.extents;
    const bool covers = has.start <= needs.start && needs.end <= has.end && has.cover.Contains(needs.cover);
    if (!covers && !found->implicit)
      return Error{Code::kInvalid,
                   "subscription_id: this subscription does not cover the operational intent's area and time"};
    if (found->implicit && (!covers || needs.lower < has.lower || needs.upper > has.upper)) {
      subscription = *found;
      subscription->extents = model::Union(has, needs);
    }
    intent.subscription_id = found->id;
    wants_constraints = found->notify_for_constraints;
  }

  if (nominal) {
    const std::unordered_set<std::string_view> key(command.key.begin(), command.key.end());
    model::KeyMissing missing;
    for (const OperationalIntentReference* other : intents_.Meeting(command.extents)) {
      if (other->id == command.id || IsOver(other->extents, stamp.time) || key.contains(other->ovn)) continue;
      if (other->state == IntentState::kAccepted && AvailabilityOf(other->manager) == Availability::kDown) continue;
      missing.intents.push_back(See(*other));
    }
    if (wants_constraints) {
      for (const ConstraintReference* constraint : constraints_.Meeting(command.extents)) {
        if (!IsOver(constraint->extents, stamp.time) && !key.contains(constraint->ovn))
          missing.constraints.push_back(*constraint);
      }
    }
    if (!missing.intents.empty() || !missing.constraints.empty()) return missing;
  }

  // No refusal from here on.
  const std::optional<Uuid> old_subscription = old != nullptr ? old->subscription_id : std::nullopt;
  std::optional<Extents> old_extents;
  if (old != nullptr) old_extents = old->extents;
  if (used) {
    used_suffixes_.insert(*used);
    used_suffixes_by_time_.emplace(used->suffix.unix_ms(), *used);
    changes.push_back({KeyOf(model::Entity(*used)), model::Encode(*used)});
  }
  if (subscription) Replace(subscriptions_, RecordKind::kSubscription, std::move(*subscription), stamp.time, changes);
  if (old_subscription) dependents_.erase({*old_subscription, command.id});
  if (intent.subscription_id) dependents_.emplace(*intent.subscription_id, command.id);
  Replace(intents_, RecordKind::kOperationalIntent, intent, stamp.time, changes);
  DropIfUnused(old_subscription, changes);
  std::vector<const Extents*> concerned{&command.extents};
  if (old_extents && *old_extents != command.extents) concerned.push_back(&*old_extents);
  std::vector<model::Notified> notified =
      Notify(concerned, &Subscription::notify_for_operational_intents, stamp.time, changes);
  return model::OperationalIntentChanged{std::move(intent), AvailabilityOf(command.manager), std::move(notified)};
}

Outcome Airspace::Do(const Stamp& stamp, const model::DeleteOperationalIntent& command, Changes& changes) {
  const OperationalIntentReference* found = intents_.Find(command.id);
  if (found == nullptr) return Error{Code::kNotFound, "there is no such operational intent reference"};
  if (found->manager != command.manager)
    return Error{Code::kForbidden, "this operational intent reference belongs to another manager"};
  if (found->ovn != command.ovn)
    return Error{Code::kConflict, "ovn: it is not the current one; read the reference again"};
  const Availability availability = AvailabilityOf(command.manager);
  if (stamp.strict_availability && availability == Availability::kDown)
    return Error{Code::kPrecondition, "a USS that is marked Down may not delete operational intents"};
  OperationalIntentReference intent = *found;
  // Before its implicit subscription goes: that one is told too.
  std::vector<model::Notified> notified =
      Notify({&intent.extents}, &Subscription::notify_for_operational_intents, stamp.time, changes);
  if (intent.subscription_id) dependents_.erase({*intent.subscription_id, intent.id});
  Erase(intents_, RecordKind::kOperationalIntent, intent.id, changes);
  DropIfUnused(intent.subscription_id, changes);
  return model::OperationalIntentChanged{std::move(intent), availability, std::move(notified)};
}

// ---- Constraints.

Outcome Airspace::Do(const Stamp& stamp, const model::PutConstraint& command, Changes& changes) {
  const ConstraintReference* old = constraints_.Find(command.id);
  if (!command.ovn) {
    if (old != nullptr && old->manager == command.manager)
      return Error{Code::kConflict, "a constraint reference with this id exists; update it with its OVN"};
    if (old != nullptr) return Error{Code::kForbidden, "this constraint reference belongs to another manager"};
  } else {
    if (old == nullptr) return Error{Code::kConflict, "entityid: there is no such constraint reference to update"};
    if (old->manager != command.manager)
      return Error{Code::kForbidden, "this constraint reference belongs to another manager"};
    if (old->ovn != *command.ovn)
      return Error{Code::kConflict, "ovn: it is not the current one; read the reference again"};
  }
  ConstraintReference constraint{.id = command.id,
                                 .manager = command.manager,
                                 .uss_base_url = command.uss_base_url,
                                 .ovn = command.new_ovn,
                                 .version = old == nullptr ? 1 : old->version + 1,
                                 .extents = command.extents};
  std::optional<Extents> old_extents;
  if (old != nullptr) old_extents = old->extents;
  Replace(constraints_, RecordKind::kConstraint, constraint, stamp.time, changes);
  std::vector<const Extents*> concerned{&command.extents};
  if (old_extents && *old_extents != command.extents) concerned.push_back(&*old_extents);
  std::vector<model::Notified> notified = Notify(concerned, &Subscription::notify_for_constraints, stamp.time, changes);
  return model::ConstraintChanged{std::move(constraint), std::move(notified)};
}

Outcome Airspace::Do(const Stamp& stamp, const model::DeleteConstraint& command, Changes& changes) {
  const ConstraintReference* found = constraints_.Find(command.id);
  if (found == nullptr) return Error{Code::kNotFound, "there is no such constraint reference"};
  if (found->manager != command.manager)
    return Error{Code::kForbidden, "this constraint reference belongs to another manager"};
  if (found->ovn != command.ovn)
    return Error{Code::kConflict, "ovn: it is not the current one; read the reference again"};
  ConstraintReference constraint = *found;
  std::vector<model::Notified> notified =
      Notify({&constraint.extents}, &Subscription::notify_for_constraints, stamp.time, changes);
  Erase(constraints_, RecordKind::kConstraint, constraint.id, changes);
  return model::ConstraintChanged{std::move(constraint), std::move(notified)};
}

// ---- Subscriptions.

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

// ---- The rest.

Outcome Airspace::Do(const Stamp&, const model::SetAvailability& command, Changes& changes) {
  if (FindAvailability(command.uss_id).version != command.old_version)
    return Error{Code::kConflict, "old_version: it is not the current one; read the availability again"};
  model::UssAvailability& availability = availabilities_[command.uss_id];
  availability = {command.uss_id, command.new_version, command.availability};
  changes.push_back({KeyOf(model::Entity(availability)), model::Encode(availability)});
  return model::AvailabilitySet{availability};
}

Outcome Airspace::Do(const Stamp&, const model::MakeReport& command, Changes& changes) {
  if (!reports_.emplace(command.report.id, command.report).second)
    return Error{Code::kConflict, "the id that was drawn for the report is taken; try again"};
  changes.push_back({KeyOf(model::Entity(command.report)), model::Encode(command.report)});
  return model::ReportMade{command.report};
}

Outcome Airspace::Do(const Stamp&, const model::Expire&, Changes&) { return model::Expired{}; }

// ---- Queries.

std::optional<model::IntentSeen> Airspace::FindIntent(const Uuid& id) const {
  const OperationalIntentReference* found = intents_.Find(id);
  if (found == nullptr) return std::nullopt;
  return See(*found);
}

std::vector<model::IntentSeen> Airspace::QueryIntents(const Extents& extents, TimeNs now) const {
  std::vector<model::IntentSeen> found;
  for (const OperationalIntentReference* intent : intents_.Meeting(extents)) {
    if (!IsOver(intent->extents, now)) found.push_back(See(*intent));
  }
  return found;
}

std::optional<ConstraintReference> Airspace::FindConstraint(const Uuid& id) const {
  const ConstraintReference* found = constraints_.Find(id);
  if (found == nullptr) return std::nullopt;
  return *found;
}

std::vector<ConstraintReference> Airspace::QueryConstraints(const Extents& extents, TimeNs now) const {
  std::vector<ConstraintReference> found;
  for (const ConstraintReference* constraint : constraints_.Meeting(extents)) {
    if (!IsOver(constraint->extents, now)) found.push_back(*constraint);
  }
  return found;
}

std::optional<model::SubscriptionSeen> Airspace::FindSubscription(const Uuid& id) const {
  const Subscription* found = subscriptions_.Find(id);
  if (found == nullptr) return std::nullopt;
  return See(*found);
}

std::vector<model::SubscriptionSeen> Airspace::QuerySubscriptions(const Extents& extents, std::string_view manager,
                                                                  TimeNs now) const {
  std::vector<model::SubscriptionSeen> found;
  for (const Subscription* subscription : subscriptions_.Meeting(extents)) {
    if (subscription->manager == manager && !IsOver(subscription->extents, now)) found.push_back(See(*subscription));
  }
  return found;
}

model::UssAvailability Airspace::FindAvailability(std::string_view uss_id) const {
  const auto at = availabilities_.find(uss_id);
  if (at != availabilities_.end()) return at->second;
  return {std::string(uss_id), "", Availability::kUnknown};
}

// ---- The store.

Result<void> Airspace::Restore(model::Entity entity) {
  const auto add = [&]<typename T>(Table<T>& table, T one) -> Result<void> {
    if (table.Find(one.id) != nullptr) return Error{Code::kInvalid, one.id.ToString() + " is there twice"};
    if (one.extents.cover.cells.empty()) return Error{Code::kInvalid, one.id.ToString() + " covers nothing"};
    if (one.extents.start == Extents::kNoStart || one.extents.end == Extents::kNoEnd)
      return Error{Code::kInvalid, one.id.ToString() + " has no time"};
    Changes same;
    // Whatever is over by now leaves with the first command.
    Replace(table, KindOf<T>(), std::move(one), {std::numeric_limits<int64_t>::min()}, same);
    return {};
  };
  if (auto* intent = std::get_if<OperationalIntentReference>(&entity)) {
    if (intent->subscription_id) dependents_.emplace(*intent->subscription_id, intent->id);
    return add(intents_, std::move(*intent));
  }
  if (auto* constraint = std::get_if<ConstraintReference>(&entity)) return add(constraints_, std::move(*constraint));
  if (auto* subscription = std::get_if<Subscription>(&entity)) return add(subscriptions_, std::move(*subscription));
  if (auto* availability = std::get_if<model::UssAvailability>(&entity)) {
    if (!availabilities_.emplace(availability->uss_id, *availability).second)
      return Error{Code::kInvalid, "availability of " + availability->uss_id + " is there twice"};
    return {};
  }
  if (auto* report = std::get_if<model::Report>(&entity)) {
    if (!reports_.emplace(report->id, *report).second)
      return Error{Code::kInvalid, "report " + report->id.ToString() + " is there twice"};
    return {};
  }
  const auto& used = std::get<model::UsedOvnSuffix>(entity);
  used_suffixes_.insert(used);
  used_suffixes_by_time_.emplace(used.suffix.unix_ms(), used);
  return {};
}

Result<void> Airspace::CheckReferences() const {
  for (const auto& [subscription_id, intent_id] : dependents_) {
    const Subscription* subscription = subscriptions_.Find(subscription_id);
    if (subscription == nullptr) {
      return Error{Code::kInvalid, "operational intent " + intent_id.ToString() + " depends on subscription " +
                                       subscription_id.ToString() + ", which is not there"};
    }
    if (subscription->manager != intents_.Find(intent_id)->manager) {
      return Error{Code::kInvalid, "operational intent " + intent_id.ToString() + " depends on subscription " +
                                       subscription_id.ToString() + " of another manager"};
    }
  }
  WB_TRY_OK(intents_.index().CheckInvariants());
  WB_TRY_OK(constraints_.index().CheckInvariants());
  return subscriptions_.index().CheckInvariants();
}

void Airspace::VisitRecords(const std::function<void(const model::RecordKey&, const std::string&)>& visit) const {
  const auto show = [&](const model::Entity& entity) { visit(KeyOf(entity), model::Encode(entity)); };
  for (const auto& [id, slot] : intents_.ids()) show(*intents_.Find(id));
  for (const auto& [id, slot] : constraints_.ids()) show(*constraints_.Find(id));
  for (const auto& [id, slot] : subscriptions_.ids()) show(*subscriptions_.Find(id));
  for (const auto& [id, availability] : availabilities_) show(availability);
  for (const auto& [id, report] : reports_) show(report);
  for (const model::UsedOvnSuffix& used : used_suffixes_) show(used);
}

Airspace::Sizes Airspace::sizes() const {
  return {.intents = intents_.size(),
          .constraints = constraints_.size(),
          .subscriptions = subscriptions_.size(),
          .availabilities = availabilities_.size(),
          .reports = reports_.size(),
          .indexed = intents_.index().size() + constraints_.index().size() + subscriptions_.index().size(),
          .index_bytes = intents_.index().bytes() + constraints_.index().bytes() + subscriptions_.index().bytes()};
}

}  // namespace wideberth::airspace
