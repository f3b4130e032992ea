#include <optional>
#include <utility>
#include <vector>

#include "airspace/airspace.h"
#include "airspace/replace.h"

namespace wideberth::airspace {

using model::ConstraintReference;
using model::DeclarationKind;
using model::Extents;
using model::Outcome;
using model::RecordKind;
using model::Stamp;
using model::Subscription;

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
  if (behind_references_.contains(command.id))
    return Error{Code::kForbidden, "it stands for what a party declared here, and only the party changes it"};
  ConstraintReference constraint{.id = command.id,
                                 .manager = command.manager,
                                 .uss_base_url = command.uss_base_url,
                                 .ovn = command.new_ovn,
                                 .version = old == nullptr ? 1 : old->version + 1,
                                 .extents = command.extents};
  std::optional<ConstraintReference> before;
  if (old != nullptr) before = *old;
  const std::optional<model::ToldVolumes> told = CopyOf(ToldOf(DeclarationKind::kConstraint, command.id));
  std::vector<model::Notified> notified = PutReference(constraint, stamp.time, changes);
  TellPartiesOfReference(stamp, before ? &*before : nullptr, told, &constraint, before ? "changed" : "declared",
                         changes);
  return model::ConstraintChanged{std::move(constraint), std::move(notified)};
}

std::vector<model::Notified> Airspace::PutReference(const ConstraintReference& constraint, TimeNs now,
                                                    Changes& changes) {
  const ConstraintReference* old = constraints_.Find(constraint.id);
  std::optional<Extents> old_extents;
  if (old != nullptr) old_extents = old->extents;
  ForgetTold(DeclarationKind::kConstraint, constraint.id, changes);
  Replace(constraints_, RecordKind::kConstraint, constraint, now, changes);
  std::vector<const Extents*> concerned{&constraint.extents};
  if (old_extents && *old_extents != constraint.extents) concerned.push_back(&*old_extents);
  return Notify(concerned, &Subscription::notify_for_constraints, now, changes);
}

Outcome Airspace::Do(const Stamp& stamp, const model::DeleteConstraint& command, Changes& changes) {
  const ConstraintReference* found = constraints_.Find(command.id);
  if (found == nullptr) return Error{Code::kNotFound, "there is no such constraint reference"};
  if (found->manager != command.manager)
    return Error{Code::kForbidden, "this constraint reference belongs to another manager"};
  if (found->ovn != command.ovn)
    return Error{Code::kConflict, "ovn: it is not the current one; read the reference again"};
  if (behind_references_.contains(command.id))
    return Error{Code::kForbidden, "it stands for what a party declared here, and only the party changes it"};
  ConstraintReference constraint = *found;
  const std::optional<model::ToldVolumes> told = CopyOf(ToldOf(DeclarationKind::kConstraint, command.id));
  std::vector<model::Notified> notified =
      Notify({&constraint.extents}, &Subscription::notify_for_constraints, stamp.time, changes);
  Erase(constraints_, RecordKind::kConstraint, constraint.id, changes);
  TellPartiesOfReference<ConstraintReference>(stamp, &constraint, told, nullptr, "ended", changes);
  return model::ConstraintChanged{std::move(constraint), std::move(notified)};
}

}  // namespace wideberth::airspace
