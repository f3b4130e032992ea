#include <set>
#include <utility>

#include "airspace/airspace.h"
#include "airspace/replace.h"

// F3411's service areas. Refusals come in this order: times, existence, then owner and version (an update) or version
// and owner (a deletion), as clients of that standard expect.
namespace wideberth::airspace {

using model::Extents;
using model::IdentificationServiceArea;
using model::Outcome;
using model::RecordKind;
using model::RidSubscription;
using model::Stamp;
using model::Uuid;

namespace {

// Fills in the times that were not given. `old` is what is replaced.
Result<Extents> WithTimes(Extents extents, const IdentificationServiceArea* old, TimeNs now) {
  if (extents.start == Extents::kNoStart) {
    extents.start = old == nullptr ? now : old->extents.start;
  } else if (extents.start.value < now.value - kClockSkewMaxNs &&
             (old == nullptr || extents.start != old->extents.start)) {
    return Error{Code::kInvalid, "extents.time_start: it lies more than 5 minutes back"};
  }
  if (extents.end == Extents::kNoEnd) {
    if (old == nullptr) return Error{Code::kInvalid, "extents.time_end: is missing"};
    extents.end = old->extents.end;
  }
  if (extents.end <= extents.start) return Error{Code::kInvalid, "extents.time_end: it does not lie after time_start"};
  if (extents.end < now) return Error{Code::kInvalid, "extents.time_end: it has passed"};
  return extents;
}

}  // namespace

std::vector<model::RidNotified> Airspace::NotifyOfServiceArea(const std::vector<const Extents*>& extents, TimeNs now,
                                                              Changes& changes) {
  std::set<Uuid> ids;
  for (const Extents* one : extents) {
    for (const RidSubscription* subscription : rid_subscriptions_.Meeting(*one)) {
      if (!IsOver(subscription->extents, now)) ids.insert(subscription->id);
    }
  }
  std::vector<model::RidNotified> notified;
  for (const Uuid& id : ids) {
    const uint32_t slot = rid_subscriptions_.SlotOf(id);
    RidSubscription& subscription = rid_subscriptions_.at(slot);
    if (subscription.notification_index < std::numeric_limits<int32_t>::max()) ++subscription.notification_index;
    changes.push_back({model::KeyOf(RecordKind::kRidSubscription, slot), model::Encode(subscription)});
    notified.push_back({subscription.url, subscription.written_through, id, subscription.notification_index});
  }
  return notified;
}

Outcome Airspace::Do(const Stamp& stamp, const model::PutIdentificationServiceArea& command, Changes& changes) {
  const IdentificationServiceArea* old = service_areas_.Find(command.id);
  if (command.version) {
    if (old == nullptr) return Error{Code::kInvalid, "id: there is no such identification service area to update"};
    if (old->owner != command.owner)
      return Error{Code::kForbidden, "this identification service area belongs to another owner"};
    if (old->version != *command.version)
      return Error{Code::kConflict, "version: it is not the current one; read the identification service area again"};
  }
  WB_TRY(Extents extents, WithTimes(command.extents, command.version ? old : nullptr, stamp.time));
  if (!command.version && old != nullptr) {
    return Error{Code::kConflict,
                 "an identification service area with this id exists; its owner updates it with its version"};
  }

  IdentificationServiceArea area{
      .id = command.id,
      .owner = command.owner,
      .url = command.url,
      .written_through = command.written_through,
      .version = NextVersion(stamp.time, old == nullptr ? std::nullopt : std::optional(old->version)),
      .extents = std::move(extents)};
  std::vector<const Extents*> places{&area.extents};
  Extents before;
  if (old != nullptr) {
    before = old->extents;
    places.push_back(&before);
  }
  Replace(service_areas_, RecordKind::kIdentificationServiceArea, area, stamp.time, changes);
  std::vector<model::RidNotified> notified = NotifyOfServiceArea(places, stamp.time, changes);
  return model::IdentificationServiceAreaChanged{std::move(area), std::move(notified)};
}

Outcome Airspace::Do(const Stamp& stamp, const model::DeleteIdentificationServiceArea& command, Changes& changes) {
  const IdentificationServiceArea* found = service_areas_.Find(command.id);
  if (found == nullptr) return Error{Code::kNotFound, "there is no such identification service area"};
  if (found->version != command.version)
    return Error{Code::kConflict, "version: it is not the current one; read the identification service area again"};
  if (found->owner != command.owner)
    return Error{Code::kForbidden, "this identification service area belongs to another owner"};
  const IdentificationServiceArea area = *found;
  Erase(service_areas_, RecordKind::kIdentificationServiceArea, command.id, changes);
  return model::IdentificationServiceAreaChanged{area, NotifyOfServiceArea({&area.extents}, stamp.time, changes)};
}

}  // namespace wideberth::airspace
