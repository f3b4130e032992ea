#include "airspace/airspace.h"

#include <algorithm>
#include <limits>
#include <type_traits>
#include <utility>

#include "airspace/replace.h"
#include "airspace/text.h"
#include "base/check.h"

namespace wideberth::airspace {

using model::Availability;
using model::ConstraintReference;
using model::Extents;
using model::IdentificationServiceArea;
using model::KeyOf;
using model::OperationalIntentReference;
using model::Outcome;
using model::RecordKind;
using model::RidSubscription;
using model::Stamp;
using model::Subscription;
using model::Uuid;

// ---- Time.

template <typename T>
void Airspace::ExpireOne(Table<T>& table, RecordKind kind, uint32_t slot, TimeNs now, Changes& changes) {
  const T& entity = table.at(slot);
  const TimeNs gone = Later(entity.extents.end, kKeptAfterEndNs);
  if (gone < now) {
    const Uuid id = entity.id;
    if constexpr (std::is_same_v<T, OperationalIntentReference>) {
      const std::optional<Uuid> subscription_id = entity.subscription_id;
      if (subscription_id) dependents_.erase({*subscription_id, id});
      Erase(table, kind, id, changes);
      DropIfUnused(subscription_id, changes);
    } else {
      if constexpr (std::is_same_v<T, model::Declaration>) {
        behind_references_.erase(entity.reference_id);
        if (entity.kind == model::DeclarationKind::kConstraint) --declared_constraints_;
      }
      Erase(table, kind, id, changes);
    }
    return;
  }
  events_.erase({entity.extents.end, kind, slot});
  table.Leave(slot);
  events_.insert({gone, kind, slot});
}

void Airspace::LetExpire(TimeNs now, Changes& changes) {
  while (!events_.empty() && events_.begin()->time < now) {
    const auto [time, kind, slot] = *events_.begin();
    switch (kind) {
      case RecordKind::kOperationalIntent:
        ExpireOne(intents_, kind, slot, now, changes);
        break;
      case RecordKind::kConstraint:
        ExpireOne(constraints_, kind, slot, now, changes);
        break;
      case RecordKind::kSubscription: {
        // While an intent depends on it, it stays readable; it goes with the last of them, whose end is not after its
        // own but may be as late. Both events may be due at once.
        const Uuid id = subscriptions_.at(slot).id;
        if (Later(subscriptions_.at(slot).extents.end, kKeptAfterEndNs) < now) {
          for (auto at = dependents_.lower_bound({id, Uuid{}}); at != dependents_.end() && at->first == id;) {
            OperationalIntentReference detached = *intents_.Find(at->second);
            at = dependents_.erase(at);
            detached.subscription_id.reset();
            Replace(intents_, RecordKind::kOperationalIntent, std::move(detached), now, changes);
          }
        }
        ExpireOne(subscriptions_, kind, slot, now, changes);
        break;
      }
      case RecordKind::kIdentificationServiceArea:
        ExpireOne(service_areas_, kind, slot, now, changes);
        break;
      case RecordKind::kRidSubscription:
        ExpireOne(rid_subscriptions_, kind, slot, now, changes);
        break;
      case RecordKind::kDeclaration:
        ExpireOne(declarations_, kind, slot, now, changes);
        break;
      case RecordKind::kAvailability:
      case RecordKind::kReport:
      case RecordKind::kUsedOvnSuffix:
      case RecordKind::kHeartbeat:
      case RecordKind::kParty:
      case RecordKind::kGroup:
      case RecordKind::kNotice:
      case RecordKind::kProviderMessage:
      case RecordKind::kSecret:
      case RecordKind::kToldVolumes:
        WB_CHECK(false);  // these do not end, or not so
    }
  }
  // A suffix that is too old to be asked for again need not be remembered.
  const int64_t forget_ms = (now.value - kOvnSuffixSkewMaxNs) / 1'000'000 - 1;
  while (!used_suffixes_by_time_.empty() && used_suffixes_by_time_.begin()->first < forget_ms) {
    const model::UsedOvnSuffix used = used_suffixes_by_time_.begin()->second;
    used_suffixes_by_time_.erase(used_suffixes_by_time_.begin());
    used_suffixes_.erase(used);
    changes.push_back({KeyOf(used), std::nullopt});
  }
}

std::optional<TimeNs> Airspace::NextExpiry() const {
  std::optional<TimeNs> next;
  if (!events_.empty()) next = events_.begin()->time;
  if (!notice_events_.empty()) {
    const TimeNs of_notices = std::get<TimeNs>(*notice_events_.begin());
    next = next ? std::min(*next, of_notices) : of_notices;
  }
  if (next) next = Later(*next, 1);
  return next;
}

// ---- What commands have in common.

Outcome Airspace::Apply(const Stamp& stamp, const model::Command& command, model::Effects& effects) {
  WB_CHECK(stamp.time >= last_time_);
  last_time_ = stamp.time;
  ledger_ = stamp.ledger;
  notices_made_ = 0;
  LetExpire(stamp.time, effects);
  LetNoticesExpire(stamp.time, effects);
  // The command comes before the notices that it makes.
  const size_t first = effects.events.size();
  Outcome outcome = std::visit([&](const auto& one) { return Do(stamp, one, effects); }, command);
  if (ledger_) {
    model::Event event = EventOf(stamp, command, outcome);
    if (!event.text.empty())
      effects.events.insert(effects.events.begin() + static_cast<ptrdiff_t>(first), std::move(event));
  }
  return outcome;
}

Outcome Airspace::Apply(const Stamp& stamp, const model::Command& command, std::vector<model::RecordChange>& changes) {
  model::Effects effects;
  effects.records.swap(changes);
  Outcome outcome = Apply(stamp, command, effects);
  effects.records.swap(changes);
  return outcome;
}

bool Airspace::HasDependents(const Uuid& subscription_id) const {
  const auto at = dependents_.lower_bound({subscription_id, Uuid{}});
  return at != dependents_.end() && at->first == subscription_id;
}

bool Airspace::ServesDeclaration(const Uuid& subscription_id) const {
  for (auto at = dependents_.lower_bound({subscription_id, Uuid{}});
       at != dependents_.end() && at->first == subscription_id; ++at) {
    if (behind_references_.contains(at->second)) return true;
  }
  return false;
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
    const uint32_t slot = subscriptions_.SlotOf(id);
    Subscription& subscription = subscriptions_.at(slot);
    if (subscription.notification_index < std::numeric_limits<int32_t>::max()) ++subscription.notification_index;
    changes.push_back({KeyOf(RecordKind::kSubscription, slot), model::Encode(subscription)});
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

// ---- Availability, reports, heartbeats, time alone.

Outcome Airspace::Do(const Stamp&, const model::SetAvailability& command, Changes& changes) {
  if (FindAvailability(command.uss_id).version != command.old_version)
    return Error{Code::kConflict, "old_version: it is not the current one; read the availability again"};
  model::UssAvailability& availability = availabilities_[command.uss_id];
  availability = {command.uss_id, command.new_version, command.availability};
  changes.push_back({KeyOf(availability), model::Encode(availability)});
  return model::AvailabilitySet{availability};
}

Outcome Airspace::Do(const Stamp&, const model::MakeReport& command, Changes& changes) {
  if (!reports_.emplace(command.report.id, command.report).second)
    return Error{Code::kConflict, "the id that was drawn for the report is taken; try again"};
  changes.push_back({KeyOf(command.report), model::Encode(command.report)});
  return model::ReportMade{command.report};
}

Outcome Airspace::Do(const Stamp&, const model::Expire&, Changes&) { return model::Expired{}; }

Outcome Airspace::Do(const Stamp&, const model::RecordHeartbeat& command, Changes& changes) {
  model::Heartbeat heartbeat = command.heartbeat;
  heartbeat.index = 1;
  heartbeat.reported = 1;
  const auto known = heartbeats_.find(heartbeat.instance);
  if (known != heartbeats_.end()) {
    const int64_t reported = known->second.reported + 1;
    // One that comes late is counted, but is not the most recent.
    if (heartbeat.timestamp < known->second.timestamp) {
      heartbeat = known->second;
    } else {
      heartbeat.index = reported;
    }
    heartbeat.reported = reported;
  }
  heartbeats_[heartbeat.instance] = heartbeat;
  changes.push_back({KeyOf(heartbeat), model::Encode(heartbeat)});
  return model::HeartbeatRecorded{heartbeat};
}

// ---- Queries.

std::optional<model::IntentSeen> Airspace::FindIntent(const Uuid& id) const {
  const OperationalIntentReference* found = intents_.Find(id);
  if (found == nullptr) return std::nullopt;
  return See(*found);
}

std::vector<model::IntentView> Airspace::ViewIntents(const Extents& extents, TimeNs now) const {
  std::vector<model::IntentView> found;
  for (const OperationalIntentReference* intent : intents_.Meeting(extents)) {
    if (!IsOver(intent->extents, now)) found.push_back({intent, AvailabilityOf(intent->manager)});
  }
  return found;
}

std::vector<model::IntentSeen> Airspace::QueryIntents(const Extents& extents, TimeNs now) const {
  std::vector<model::IntentSeen> found;
  for (const model::IntentView& view : ViewIntents(extents, now)) found.push_back({*view.reference, view.availability});
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

std::optional<IdentificationServiceArea> Airspace::FindServiceArea(const Uuid& id) const {
  const IdentificationServiceArea* found = service_areas_.Find(id);
  if (found == nullptr) return std::nullopt;
  return *found;
}

std::vector<IdentificationServiceArea> Airspace::QueryServiceAreas(const Extents& extents, TimeNs now) const {
  std::vector<IdentificationServiceArea> found;
  for (const IdentificationServiceArea* area : service_areas_.Meeting(extents)) {
    if (!IsOver(area->extents, now)) found.push_back(*area);
  }
  return found;
}

std::optional<RidSubscription> Airspace::FindRidSubscription(const Uuid& id) const {
  const RidSubscription* found = rid_subscriptions_.Find(id);
  if (found == nullptr) return std::nullopt;
  return *found;
}

std::vector<RidSubscription> Airspace::QueryRidSubscriptions(const Extents& extents, std::string_view owner,
                                                             TimeNs now) const {
  std::vector<RidSubscription> found;
  for (const RidSubscription* subscription : rid_subscriptions_.Meeting(extents)) {
    if (subscription->owner == owner && !IsOver(subscription->extents, now)) found.push_back(*subscription);
  }
  return found;
}

std::optional<model::Heartbeat> Airspace::FindHeartbeat(std::string_view instance) const {
  const auto at = heartbeats_.find(instance);
  if (at == heartbeats_.end()) return std::nullopt;
  return at->second;
}

// ---- The store.

Result<void> Airspace::Restore(const model::RecordKey& key, model::Entity entity) {
  const auto add = [&]<typename T>(Table<T>& table, T one) -> Result<void> {
    if (one.extents.cover.cells.empty()) return Error{Code::kInvalid, one.id.ToString() + " covers nothing"};
    if (one.extents.start == Extents::kNoStart || one.extents.end == Extents::kNoEnd)
      return Error{Code::kInvalid, one.id.ToString() + " has no time"};
    const std::string id = one.id.ToString();
    const uint32_t slot = model::SlotOf(key);
    if (!table.AddAt(slot, std::move(one))) return Error{Code::kInvalid, id + " is there twice, or its slot"};
    // Whatever is over by now leaves with the first command.
    table.Enter(slot);
    restored_events_.push_back({NextEvent(table, slot), key.kind, slot});
    return {};
  };
  if (auto* intent = std::get_if<OperationalIntentReference>(&entity)) {
    if (intent->subscription_id) dependents_.emplace(*intent->subscription_id, intent->id);
    return add(intents_, std::move(*intent));
  }
  if (auto* constraint = std::get_if<ConstraintReference>(&entity)) return add(constraints_, std::move(*constraint));
  if (auto* subscription = std::get_if<Subscription>(&entity)) return add(subscriptions_, std::move(*subscription));
  if (auto* area = std::get_if<IdentificationServiceArea>(&entity)) return add(service_areas_, std::move(*area));
  if (auto* subscription = std::get_if<RidSubscription>(&entity))
    return add(rid_subscriptions_, std::move(*subscription));
  if (auto* heartbeat = std::get_if<model::Heartbeat>(&entity)) {
    if (!heartbeats_.emplace(heartbeat->instance, *heartbeat).second)
      return Error{Code::kInvalid, "the heartbeat of " + heartbeat->instance + " is there twice"};
    return {};
  }
  if (auto* declaration = std::get_if<model::Declaration>(&entity)) {
    if (!behind_references_.emplace(declaration->reference_id, declaration->id).second)
      return Error{Code::kInvalid, declaration->id.ToString() + " has another's reference"};
    if (declaration->kind == model::DeclarationKind::kConstraint) ++declared_constraints_;
    return add(declarations_, std::move(*declaration));
  }
  if (auto* party = std::get_if<model::Party>(&entity)) {
    parties_.emplace(party->name, *party);
    return {};
  }
  if (auto* group = std::get_if<model::Group>(&entity)) {
    groups_.emplace(group->name, *group);
    return {};
  }
  if (auto* notice = std::get_if<model::Notice>(&entity)) {
    if (!notices_by_id_.emplace(notice->id, std::pair(notice->party, notice->number)).second)
      return Error{Code::kInvalid, "notice " + notice->id.ToString() + " is there twice"};
    if (notice->about && !notice->settled && !unsettled_.emplace(*notice->about, notice->id).second)
      return Error{Code::kInvalid, "notice " + notice->id.ToString() + " is about what another one is about"};
    if (!notice->acknowledged) ++notices_waiting_;
    notice_events_.emplace(NextEventOf(*notice), notice->party, notice->number);
    notices_[notice->party].emplace(notice->number, *notice);
    return {};
  }
  if (auto* message = std::get_if<model::ProviderMessage>(&entity)) {
    provider_messages_.emplace(message->number, *message);
    return {};
  }
  if (auto* secret = std::get_if<model::Secret>(&entity)) {
    secret_ = *secret;
    return {};
  }
  if (auto* told = std::get_if<model::ToldVolumes>(&entity)) {
    told_.emplace(std::pair(told->kind, told->reference_id), *told);
    return {};
  }
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

Result<void> Airspace::FinishRestore() {
  // In order, they go into the tree one after the other, each beside the one before.
  std::sort(restored_events_.begin(), restored_events_.end());
  events_.insert(restored_events_.begin(), restored_events_.end());
  restored_events_ = {};
  intents_.CollectFree();
  constraints_.CollectFree();
  subscriptions_.CollectFree();
  service_areas_.CollectFree();
  rid_subscriptions_.CollectFree();
  declarations_.CollectFree();
  if (declarations_.size() > 0 && !secret_) return Error{Code::kInvalid, "there are declarations and no secret"};
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
  for (const auto& [of, told] : told_) {
    const auto& [kind, id] = of;
    const OperationalIntentReference* intent = kind == model::DeclarationKind::kIntent ? intents_.Find(id) : nullptr;
    const ConstraintReference* constraint =
        kind == model::DeclarationKind::kConstraint ? constraints_.Find(id) : nullptr;
    const bool there = intent != nullptr ? intent->version == told.version
                                         : constraint != nullptr && constraint->version == told.version;
    if (!there)
      return Error{Code::kInvalid, "volumes were told of reference " + id.ToString() + ", which is not there"};
  }
  WB_TRY_OK(intents_.index().CheckInvariants());
  WB_TRY_OK(constraints_.index().CheckInvariants());
  WB_TRY_OK(subscriptions_.index().CheckInvariants());
  WB_TRY_OK(service_areas_.index().CheckInvariants());
  WB_TRY_OK(rid_subscriptions_.index().CheckInvariants());
  return declarations_.index().CheckInvariants();
}

void Airspace::VisitRecords(const std::function<void(const model::RecordKey&, const std::string&)>& visit) const {
  const auto show_table = [&](RecordKind kind, const auto& table) {
    table.ForEach([&](uint32_t slot, const auto& entity) { visit(KeyOf(kind, slot), model::Encode(entity)); });
  };
  show_table(RecordKind::kOperationalIntent, intents_);
  show_table(RecordKind::kConstraint, constraints_);
  show_table(RecordKind::kSubscription, subscriptions_);
  for (const auto& [id, availability] : availabilities_) visit(KeyOf(availability), model::Encode(availability));
  for (const auto& [id, report] : reports_) visit(KeyOf(report), model::Encode(report));
  for (const model::UsedOvnSuffix& used : used_suffixes_) visit(KeyOf(used), model::Encode(used));
  show_table(RecordKind::kIdentificationServiceArea, service_areas_);
  show_table(RecordKind::kRidSubscription, rid_subscriptions_);
  for (const auto& [instance, heartbeat] : heartbeats_) visit(KeyOf(heartbeat), model::Encode(heartbeat));
  show_table(RecordKind::kDeclaration, declarations_);
  for (const auto& [name, party] : parties_) visit(KeyOf(party), model::Encode(party));
  for (const auto& [name, group] : groups_) visit(KeyOf(group), model::Encode(group));
  for (const auto& [party, notices] : notices_) {
    for (const auto& [number, notice] : notices) visit(KeyOf(notice), model::Encode(notice));
  }
  for (const auto& [number, message] : provider_messages_) visit(KeyOf(message), model::Encode(message));
  if (secret_) visit(KeyOf(*secret_), model::Encode(*secret_));
  for (const auto& [of, told] : told_) visit(KeyOf(told), model::Encode(told));
}

Airspace::Sizes Airspace::sizes() const {
  return {.intents = intents_.size(),
          .constraints = constraints_.size(),
          .subscriptions = subscriptions_.size(),
          .availabilities = availabilities_.size(),
          .reports = reports_.size(),
          .service_areas = service_areas_.size(),
          .rid_subscriptions = rid_subscriptions_.size(),
          .heartbeats = heartbeats_.size(),
          .declarations = declarations_.size(),
          .declared_constraints = declared_constraints_,
          .parties = parties_.size(),
          .groups = groups_.size(),
          .notices = notices_by_id_.size(),
          .notices_waiting = notices_waiting_,
          .provider_messages = provider_messages_.size(),
          .indexed = intents_.index().size() + constraints_.index().size() + subscriptions_.index().size() +
                     service_areas_.index().size() + rid_subscriptions_.index().size() + declarations_.index().size(),
          .index_bytes = intents_.index().bytes() + constraints_.index().bytes() + subscriptions_.index().bytes() +
                         service_areas_.index().bytes() + rid_subscriptions_.index().bytes() +
                         declarations_.index().bytes()};
}

}  // namespace wideberth::airspace
