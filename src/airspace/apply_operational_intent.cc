#include <cstdlib>
#include <unordered_set>
#include <utility>

#include "airspace/airspace.h"
#include "airspace/replace.h"

namespace wideberth::airspace {

using model::Availability;
using model::ConstraintReference;
using model::DeclarationKind;
using model::Extents;
using model::IntentState;
using model::KeyOf;
using model::OperationalIntentReference;
using model::Outcome;
using model::RecordKind;
using model::Stamp;
using model::Subscription;
using model::Uuid;

Outcome Airspace::Do(const Stamp& stamp, const model::PutOperationalIntent& command, Changes& changes) {
  if (command.requested_ovn_suffix) {
    const int64_t apart_ms = command.requested_ovn_suffix->unix_ms() - stamp.time.value / 1'000'000;
    if (std::abs(apart_ms) > kOvnSuffixSkewMaxNs / 1'000'000)
      return Error{Code::kInvalid, "requested_ovn_suffix: its time is more than 5 minutes from ours"};
  }
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
  if (behind_references_.contains(command.id))
    return Error{Code::kForbidden, "it stands for what a party declared here, and only the party changes it"};
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
  std::optional<OperationalIntentReference> before;
  if (old != nullptr) before = *old;
  if (used) {
    used_suffixes_.insert(*used);
    used_suffixes_by_time_.emplace(used->suffix.unix_ms(), *used);
    changes.push_back({KeyOf(*used), model::Encode(*used)});
  }
  const std::optional<model::ToldVolumes> told = CopyOf(ToldOf(DeclarationKind::kIntent, command.id));
  std::vector<model::Notified> notified = PutReference(intent, std::move(subscription), stamp.time, changes);
  TellPartiesOfReference(stamp, before ? &*before : nullptr, told, &intent, before ? "changed" : "declared", changes);
  return model::OperationalIntentChanged{std::move(intent), AvailabilityOf(command.manager), std::move(notified)};
}

std::vector<model::Notified> Airspace::PutReference(const OperationalIntentReference& intent,
                                                    std::optional<Subscription> subscription, TimeNs now,
                                                    Changes& changes) {
  const OperationalIntentReference* old = intents_.Find(intent.id);
  const std::optional<Uuid> old_subscription = old != nullptr ? old->subscription_id : std::nullopt;
  std::optional<Extents> old_extents;
  if (old != nullptr) old_extents = old->extents;
  if (subscription) Replace(subscriptions_, RecordKind::kSubscription, *std::move(subscription), now, changes);
  if (old_subscription) dependents_.erase({*old_subscription, intent.id});
  if (intent.subscription_id) dependents_.emplace(*intent.subscription_id, intent.id);
  ForgetTold(DeclarationKind::kIntent, intent.id, changes);
  Replace(intents_, RecordKind::kOperationalIntent, intent, now, changes);
  DropIfUnused(old_subscription, changes);
  std::vector<const Extents*> concerned{&intent.extents};
  if (old_extents && *old_extents != intent.extents) concerned.push_back(&*old_extents);
  return Notify(concerned, &Subscription::notify_for_operational_intents, now, changes);
}

Outcome Airspace::Do(const Stamp& stamp, const model::DeleteOperationalIntent& command, Changes& changes) {
  const OperationalIntentReference* found = intents_.Find(command.id);
  if (found == nullptr) return Error{Code::kNotFound, "there is no such operational intent reference"};
  if (found->manager != command.manager)
    return Error{Code::kForbidden, "this operational intent reference belongs to another manager"};
  if (found->ovn != command.ovn)
    return Error{Code::kConflict, "ovn: it is not the current one; read the reference again"};
  if (behind_references_.contains(command.id))
    return Error{Code::kForbidden, "it stands for what a party declared here, and only the party changes it"};
  const Availability availability = AvailabilityOf(command.manager);
  if (stamp.strict_availability && availability == Availability::kDown)
    return Error{Code::kPrecondition, "a USS that is marked Down may not delete operational intents"};
  OperationalIntentReference intent = *found;
  const std::optional<model::ToldVolumes> told = CopyOf(ToldOf(DeclarationKind::kIntent, command.id));
  std::vector<model::Notified> notified = RemoveReference(intent.id, stamp.time, changes);
  TellPartiesOfReference<OperationalIntentReference>(stamp, &intent, told, nullptr, "ended", changes);
  return model::OperationalIntentChanged{std::move(intent), availability, std::move(notified)};
}

std::vector<model::Notified> Airspace::RemoveReference(const Uuid& id, TimeNs now, Changes& changes) {
  const OperationalIntentReference intent = *intents_.Find(id);
  // Before its implicit subscription goes: that one is told too.
  std::vector<model::Notified> notified =
      Notify({&intent.extents}, &Subscription::notify_for_operational_intents, now, changes);
  if (intent.subscription_id) dependents_.erase({*intent.subscription_id, intent.id});
  Erase(intents_, RecordKind::kOperationalIntent, intent.id, changes);
  DropIfUnused(intent.subscription_id, changes);
  return notified;
}

}  // namespace wideberth::airspace
