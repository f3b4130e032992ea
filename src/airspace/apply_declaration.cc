#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include "airspace/airspace.h"
#include "airspace/pairing.h"
#include "airspace/pseudonym.h"
#include "airspace/replace.h"
#include "base/check.h"

// What parties declare: rights, conflicts, the key, the reference that stands for each, and whom it concerns.
namespace wideberth::airspace {

using model::Availability;
using model::ConflictSeen;
using model::ConstraintReference;
using model::Declaration;
using model::DeclarationKind;
using model::DeclarationSeen;
using model::DeclaredVolume;
using model::DeclaredVolumes;
using model::Extents;
using model::IntentState;
using model::Meets;
using model::OperationalIntentReference;
using model::Outcome;
using model::RecordKind;
using model::Stamp;
using model::Subscription;
using model::Uuid;

namespace {

// Zones do not conflict with each other.
bool CanConflict(DeclarationKind a, DeclarationKind b) {
  return a == DeclarationKind::kIntent || b == DeclarationKind::kIntent;
}

// How much there is to compare.
size_t VerticesOf(const DeclaredVolumes& volumes) {
  size_t count = 0;
  for (const DeclaredVolume& one : volumes) count += one.volume().outline.vertices().size();
  return count;
}

// The simple ones first: what is entangled takes no effort away from them. Then by ids.
void SortBySize(std::vector<const Declaration*>& declarations) {
  std::vector<std::pair<size_t, const Declaration*>> sized;
  sized.reserve(declarations.size());
  for (const Declaration* one : declarations) sized.emplace_back(VerticesOf(one->volumes), one);
  std::stable_sort(sized.begin(), sized.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::transform(sized.begin(), sized.end(), declarations.begin(), [](const auto& one) { return one.second; });
}

DeclarationKind KindOf(const OperationalIntentReference&) { return DeclarationKind::kIntent; }
DeclarationKind KindOf(const ConstraintReference&) { return DeclarationKind::kConstraint; }

// The reason of a notice for whom the state is not shown: whether it is flown, and whether it was.
std::string_view WithoutState(std::string_view because) {
  if (because == "activated") return "changed";
  if (because == "withdrawn") return "ended";
  return because;
}

Error NotThere(DeclarationKind kind) {
  return {Code::kNotFound,
          kind == DeclarationKind::kIntent ? "there is no such intent" : "there is no such constraint"};
}

}  // namespace

// ---- What others see.

bool Airspace::SeesAll(const Declaration& declaration, std::string_view viewer) const {
  if (declaration.party == viewer || declaration.disclosure == model::Disclosure::kFull) return true;
  return std::any_of(declaration.visible_to.begin(), declaration.visible_to.end(), [&](const std::string& name) {
    const auto group = groups_.find(name);
    return group != groups_.end() &&
           std::binary_search(group->second.members.begin(), group->second.members.end(), viewer);
  });
}

DeclarationSeen Airspace::See(const Declaration& declaration, std::string_view viewer) const {
  DeclarationSeen seen{declaration, SeesAll(declaration, viewer), declaration.id, declaration.ovn};
  if (declaration.party != viewer) seen.declaration.visible_to.clear();
  if (seen.full) return seen;
  Pseudonyms pseudonyms(*secret_, viewer);
  seen.id = pseudonyms.Of(declaration.id);
  seen.ovn = pseudonyms.OfOvn(declaration.ovn);
  // Nothing that could be told by mistake.
  seen.declaration.id = seen.id;
  seen.declaration.ovn = seen.ovn;
  seen.declaration.party.clear();
  seen.declaration.version = 1;
  seen.declaration.state = IntentState::kAccepted;
  seen.declaration.reference_id = {};
  return seen;
}

std::optional<DeclarationSeen> Airspace::FindDeclaration(DeclarationKind kind, const Uuid& id,
                                                         std::string_view viewer) const {
  if (!secret_) return std::nullopt;
  // Both are always looked up, so that what is not there and what is not shown take the same time.
  const Declaration* behind = declarations_.Find(Pseudonyms(*secret_, viewer).Behind(id));
  const Declaration* plain = declarations_.Find(id);
  if (plain != nullptr && plain->kind == kind && SeesAll(*plain, viewer)) return See(*plain, viewer);
  if (behind != nullptr && behind->kind == kind && !SeesAll(*behind, viewer)) return See(*behind, viewer);
  return std::nullopt;
}

Airspace::Declarations Airspace::ListDeclarations(DeclarationKind kind, std::string_view viewer, TimeNs now,
                                                  const WantedDeclaration& wanted, const std::optional<Uuid>& after,
                                                  size_t count_max) const {
  if (!secret_) return {};
  using Known = std::pair<Uuid, const Declaration*>;  // by the id that the viewer knows
  std::vector<Known> known;
  Pseudonyms pseudonyms(*secret_, viewer);
  declarations_.ForEach([&](uint32_t, const Declaration& one) {
    if (one.kind != kind || IsOver(one.extents, now) || !wanted(one)) return;
    const Uuid id = SeesAll(one, viewer) ? one.id : pseudonyms.Of(one.id);
    if (!after || *after < id) known.emplace_back(id, &one);
  });
  const auto by_id = [](const Known& a, const Known& b) { return a.first < b.first; };
  const size_t first_few = std::min(known.size(), count_max);
  std::partial_sort(known.begin(), known.begin() + static_cast<ptrdiff_t>(first_few), known.end(), by_id);
  Declarations listed;
  size_t vertices = 0;
  for (size_t i = 0; i < first_few; ++i) {
    vertices += VerticesOf(known[i].second->volumes);
    if (i > 0 && vertices > kListedVerticesMax) break;
    listed.list.push_back(See(*known[i].second, viewer));
  }
  listed.more = listed.list.size() < known.size();
  return listed;
}

Airspace::OwnConflicts Airspace::ListConflicts(std::string_view party, TimeNs now, const WantedDeclaration& wanted,
                                               const Pairing::Wanted& wanted_volume,
                                               const std::optional<ConflictPosition>& after, size_t count_max) const {
  std::vector<const Declaration*> own;
  declarations_.ForEach([&](uint32_t, const Declaration& one) {
    if (one.party == party && !IsOver(one.extents, now) && !(after && one.id < after->own) && wanted(one))
      own.push_back(&one);
  });
  std::sort(own.begin(), own.end(), [](const Declaration* a, const Declaration* b) { return a->id < b->id; });
  OwnConflicts listed;
  Pairing pairing(now, wanted_volume);
  for (size_t i = 0; i < own.size(); ++i) {
    if (i > 0 && (i == kListedOwnMax || pairing.is_spent())) {
      listed.next = ConflictPosition{own[i]->id, std::nullopt};
      return listed;
    }
    for (ConflictSeen& conflict : FindConflicts(*own[i], {}, now, pairing)) {
      const Uuid& other = conflict.id();
      if (after && after->own == own[i]->id && after->other && !(*after->other < other)) continue;
      if (listed.list.size() == count_max) {
        listed.next = ConflictPosition{listed.list.back().own.id, listed.list.back().conflict.id()};
        return listed;
      }
      listed.list.push_back({See(*own[i], party), std::move(conflict)});
    }
  }
  return listed;
}

const Declaration* Airspace::BehindReference(const Uuid& reference_id) const {
  const auto at = behind_references_.find(reference_id);
  return at == behind_references_.end() ? nullptr : declarations_.Find(at->second);
}

// ---- Conflicts.

const model::ToldVolumes* Airspace::ToldOf(DeclarationKind kind, const Uuid& reference_id) const {
  const auto at = told_.find({kind, reference_id});
  return at == told_.end() ? nullptr : &at->second;
}

void Airspace::ForgetTold(DeclarationKind kind, const Uuid& reference_id, Changes& changes) {
  const auto at = told_.find({kind, reference_id});
  if (at == told_.end()) return;
  changes.push_back({KeyOf(at->second), std::nullopt});
  told_.erase(at);
}

template <typename Reference>
ConflictSeen Airspace::SeeReference(const Declaration& own, const Reference& reference, const model::ToldVolumes* told,
                                    Pairing& pairing) const {
  ConflictSeen seen{.other = reference,
                    .meets = told == nullptr ? pairing.Meet(own.volumes, reference.extents) : pairing.Meet(own, *told),
                    .in_key = false,
                    .needs_key = false};
  if (told != nullptr) seen.told = told->volumes;
  return seen;
}

std::vector<ConflictSeen> Airspace::FindConflicts(const Declaration& declaration, const std::vector<std::string>& key,
                                                  TimeNs now, Pairing& pairing) const {
  const std::unordered_set<std::string_view> known(key.begin(), key.end());
  const bool is_intent = declaration.kind == DeclarationKind::kIntent;
  std::vector<ConflictSeen> conflicts;
  std::vector<const Declaration*> others = declarations_.Meeting(declaration.extents);
  SortBySize(others);
  for (const Declaration* other : others) {
    if (other->id == declaration.id || IsOver(other->extents, now) || !CanConflict(declaration.kind, other->kind))
      continue;
    Meets meets = pairing.Meet(declaration, *other);
    if (meets.empty()) continue;
    DeclarationSeen seen = See(*other, declaration.party);
    const bool in_key = known.contains(seen.ovn);
    const bool goes_first = other->kind == DeclarationKind::kIntent && other->priority < declaration.priority;
    conflicts.push_back({std::move(seen), std::move(meets), in_key, is_intent && !goes_first});
  }
  const auto find_among = [&](const auto& references, const auto& needs_key) {
    using Other = std::pair<const model::ToldVolumes*, decltype(&*references.front())>;
    std::vector<Other> in_order;
    for (const auto* other : references) {
      if (!IsOver(other->extents, now) && !behind_references_.contains(other->id))
        in_order.emplace_back(ToldOf(KindOf(*other), other->id), other);
    }
    std::stable_sort(in_order.begin(), in_order.end(), [](const Other& a, const Other& b) {
      return (a.first == nullptr ? 0 : VerticesOf(a.first->volumes)) <
             (b.first == nullptr ? 0 : VerticesOf(b.first->volumes));
    });
    for (const auto& [told, other] : in_order) {
      ConflictSeen conflict = SeeReference(declaration, *other, told, pairing);
      if (conflict.meets.empty()) continue;
      conflict.in_key = known.contains(other->ovn);
      conflict.needs_key = is_intent && needs_key(*other);
      conflicts.push_back(std::move(conflict));
    }
  };
  // As F3548 has it: what a USS that is down has only planned may be planned over.
  find_among(intents_.Meeting(declaration.extents), [&](const OperationalIntentReference& other) {
    return other.state != IntentState::kAccepted || AvailabilityOf(other.manager) != Availability::kDown;
  });
  if (is_intent) find_among(constraints_.Meeting(declaration.extents), [](const ConstraintReference&) { return true; });
  std::sort(conflicts.begin(), conflicts.end(), [](const auto& a, const auto& b) { return a.id() < b.id(); });
  return conflicts;
}

// ---- Commands.

namespace {

bool LacksKey(const std::vector<ConflictSeen>& conflicts) {
  return std::any_of(conflicts.begin(), conflicts.end(),
                     [](const ConflictSeen& one) { return one.needs_key && !one.in_key; });
}

}  // namespace

Outcome Airspace::Do(const Stamp& stamp, const model::PutDeclaration& command, Changes& changes) {
  if (!secret_) return Error{Code::kUnavailable, "the service has not begun yet; try again"};
  if (command.extents.end < stamp.time) return Error{Code::kInvalid, "time_end: all volumes are over already"};
  const Declaration* old = declarations_.Find(command.id);
  if (command.ovn) {
    if (old == nullptr || old->party != command.party || old->kind != command.kind) return NotThere(command.kind);
    if (old->ovn != *command.ovn) return Error{Code::kConflict, "ovn: it is not the current one; read it again"};
  } else if (old != nullptr || intents_.Find(command.publication.new_reference_id) != nullptr ||
             constraints_.Find(command.publication.new_reference_id) != nullptr) {
    return Error{Code::kConflict, "the id that was drawn is taken; try again"};
  }
  for (const std::string& name : command.visible_to) {
    const model::Group* group = FindGroup(name);
    if (group == nullptr || !std::binary_search(group->members.begin(), group->members.end(), command.party))
      return Error{Code::kInvalid, "visible_to: you are in no group " + name};
  }
  Declaration declaration{.kind = command.kind,
                          .id = command.id,
                          .party = command.party,
                          .ovn = command.new_ovn,
                          .version = old == nullptr ? 1 : old->version + 1,
                          .state = command.state.value_or(old == nullptr ? IntentState::kAccepted : old->state),
                          .priority = command.priority,
                          .disclosure = command.disclosure,
                          .visible_to = command.visible_to,
                          .volumes = command.volumes,
                          .reference_id = old == nullptr ? command.publication.new_reference_id : old->reference_id,
                          .extents = command.extents};
  Pairing pairing(stamp.time);
  std::vector<ConflictSeen> conflicts = FindConflicts(declaration, command.key, stamp.time, pairing);
  if (LacksKey(conflicts)) return model::DeclarationRefused{std::move(declaration), std::move(conflicts)};
  SettleOwn(declaration, conflicts, changes);
  ReplaceDeclaration(stamp, declaration, command.publication, old == nullptr ? "declared" : "changed", changes);
  return model::DeclarationChanged{std::move(declaration), std::move(conflicts)};
}

Outcome Airspace::Do(const Stamp& stamp, const model::ActivateDeclaration& command, Changes& changes) {
  const Declaration* old = declarations_.Find(command.id);
  if (old == nullptr || old->party != command.party || old->kind != DeclarationKind::kIntent)
    return NotThere(DeclarationKind::kIntent);
  if (old->ovn != command.ovn) return Error{Code::kConflict, "ovn: it is not the current one; read it again"};
  if (IsOver(old->extents, stamp.time)) return Error{Code::kConflict, "the intent is over"};
  Declaration declaration = *old;
  declaration.state = IntentState::kActivated;
  declaration.ovn = command.new_ovn;
  ++declaration.version;
  Pairing pairing(stamp.time);
  std::vector<ConflictSeen> conflicts = FindConflicts(declaration, command.key, stamp.time, pairing);
  if (LacksKey(conflicts)) return model::DeclarationRefused{std::move(declaration), std::move(conflicts)};
  SettleOwn(declaration, conflicts, changes);
  ReplaceDeclaration(stamp, declaration, command.publication, "activated", changes);
  return model::DeclarationChanged{std::move(declaration), std::move(conflicts)};
}

Outcome Airspace::Do(const Stamp& stamp, const model::EndDeclaration& command, Changes& changes) {
  const Declaration* old = declarations_.Find(command.id);
  if (old == nullptr || old->party != command.party || old->kind != command.kind) return NotThere(command.kind);
  if (old->ovn != command.ovn) return Error{Code::kConflict, "ovn: it is not the current one; read it again"};
  Declaration declaration = *old;
  SettleOwn(declaration, {}, changes);
  Unpublish(declaration, stamp.time, changes);
  behind_references_.erase(declaration.reference_id);
  if (declaration.kind == DeclarationKind::kConstraint) --declared_constraints_;
  Erase(declarations_, RecordKind::kDeclaration, declaration.id, changes);
  TellParties(stamp, &declaration, nullptr, command.withdrawn ? "withdrawn" : "ended", changes);
  return model::DeclarationChanged{std::move(declaration), {}};
}

void Airspace::ReplaceDeclaration(const Stamp& stamp, const Declaration& declaration,
                                  const model::Publication& publication, std::string_view because, Changes& changes) {
  std::optional<Declaration> before;
  if (const Declaration* old = declarations_.Find(declaration.id); old != nullptr) before = *old;
  if (!before && declaration.kind == DeclarationKind::kConstraint) ++declared_constraints_;
  Replace(declarations_, RecordKind::kDeclaration, declaration, stamp.time, changes);
  behind_references_[declaration.reference_id] = declaration.id;
  Publish(declaration, publication, stamp.time, changes);
  TellParties(stamp, before ? &*before : nullptr, &declaration, because, changes);
}

// ---- The references that stand for them.

void Airspace::Publish(const Declaration& declaration, const model::Publication& publication, TimeNs now,
                       Changes& changes) {
  if (declaration.kind == DeclarationKind::kConstraint) {
    const ConstraintReference* old = constraints_.Find(declaration.reference_id);
    const ConstraintReference reference{.id = declaration.reference_id,
                                        .manager = publication.uss_id,
                                        .uss_base_url = publication.uss_base_url,
                                        .ovn = publication.new_reference_ovn,
                                        .version = old == nullptr ? 1 : old->version + 1,
                                        .extents = declaration.extents};
    return TellProviders(declaration, false, publication.uss_base_url, PutReference(reference, now, changes), now,
                         changes);
  }
  const OperationalIntentReference* old = intents_.Find(declaration.reference_id);
  // By its subscription, other providers learn that they are to tell this service of theirs.
  Subscription subscription{.id = publication.new_subscription_id,
                            .manager = publication.uss_id,
                            .uss_base_url = publication.uss_base_url,
                            .version = publication.new_subscription_version,
                            .notify_for_operational_intents = true,
                            .notify_for_constraints = true,
                            .implicit = true,
                            .extents = declaration.extents};
  if (old != nullptr && old->subscription_id) {
    const Subscription& had = *subscriptions_.Find(*old->subscription_id);
    subscription.id = had.id;
    subscription.notification_index = had.notification_index;
  }
  const OperationalIntentReference reference{.id = declaration.reference_id,
                                             .manager = publication.uss_id,
                                             .uss_base_url = publication.uss_base_url,
                                             .ovn = publication.new_reference_ovn,
                                             .version = old == nullptr ? 1 : old->version + 1,
                                             .state = declaration.state,
                                             .extents = declaration.extents,
                                             .subscription_id = subscription.id};
  TellProviders(declaration, false, publication.uss_base_url, PutReference(reference, subscription, now, changes), now,
                changes);
}

void Airspace::Unpublish(const Declaration& declaration, TimeNs now, Changes& changes) {
  if (declaration.kind == DeclarationKind::kIntent) {
    const OperationalIntentReference* reference = intents_.Find(declaration.reference_id);
    if (reference == nullptr) return;
    const std::string own_url = reference->uss_base_url;
    return TellProviders(declaration, true, own_url, RemoveReference(declaration.reference_id, now, changes), now,
                         changes);
  }
  const ConstraintReference* reference = constraints_.Find(declaration.reference_id);
  if (reference == nullptr) return;
  const std::string own_url = reference->uss_base_url;
  const std::vector<model::Notified> notified =
      Notify({&reference->extents}, &Subscription::notify_for_constraints, now, changes);
  Erase(constraints_, RecordKind::kConstraint, declaration.reference_id, changes);
  TellProviders(declaration, true, own_url, notified, now, changes);
}

void Airspace::TellProviders(const Declaration& declaration, bool deleted, std::string_view own_url,
                             const std::vector<model::Notified>& notified, TimeNs now, Changes& changes) {
  // They come in the order of URLs: a message for each.
  for (size_t from = 0; from < notified.size();) {
    model::ProviderMessage message{.uss_base_url = notified[from].uss_base_url,
                                   .kind = declaration.kind,
                                   .reference_id = declaration.reference_id,
                                   .deleted = deleted,
                                   .made = now};
    for (; from < notified.size() && notified[from].uss_base_url == message.uss_base_url; ++from)
      message.subscriptions.push_back({notified[from].subscription_id, notified[from].notification_index});
    if (message.uss_base_url == own_url) continue;  // its parties have notices
    message.number = static_cast<uint64_t>(std::max<int64_t>(now.value / 1000, 1));
    if (!provider_messages_.empty()) message.number = std::max(message.number, provider_messages_.rbegin()->first + 1);
    changes.push_back({KeyOf(message), model::Encode(message)});
    changes.messages_to_send = true;
    provider_messages_.emplace(message.number, std::move(message));
  }
}

std::vector<model::ProviderMessage> Airspace::ListProviderMessages(uint64_t after, size_t count_max) const {
  std::vector<model::ProviderMessage> list;
  for (auto at = provider_messages_.upper_bound(after); at != provider_messages_.end() && list.size() < count_max; ++at)
    list.push_back(at->second);
  return list;
}

Outcome Airspace::Do(const Stamp&, const model::DropProviderMessages& command, Changes& changes) {
  for (const uint64_t number : command.numbers) {
    const auto at = provider_messages_.find(number);
    if (at == provider_messages_.end()) continue;
    changes.push_back({KeyOf(at->second), std::nullopt});
    provider_messages_.erase(at);
  }
  return model::Done{};
}

// ---- Whom it concerns.

void Airspace::TellParties(const Stamp& stamp, const Declaration* before, const Declaration* after,
                           std::string_view because, Changes& changes) {
  std::map<Uuid, std::pair<Meets, Meets>> others;  // as it was before, and is after
  for (const auto& [declaration, part] :
       {std::pair(before, &std::pair<Meets, Meets>::first), std::pair(after, &std::pair<Meets, Meets>::second)}) {
    if (declaration == nullptr) continue;
    Pairing pairing(stamp.time);
    std::vector<const Declaration*> near = declarations_.Meeting(declaration->extents);
    SortBySize(near);
    for (const Declaration* other : near) {
      if (other->party == declaration->party || IsOver(other->extents, stamp.time) ||
          !CanConflict(declaration->kind, other->kind))
        continue;
      Meets found = pairing.Meet(*other, *declaration);
      if (!found.empty()) others[other->id].*part = std::move(found);
    }
  }
  for (auto& [id, meets] : others) {
    auto& [were, are] = meets;
    const Declaration& own = *declarations_.Find(id);
    const bool still = !are.empty();
    const Declaration& of = still ? *after : *before;
    DeclarationSeen seen = See(of, own.party);
    const std::string_view said = seen.full ? because : WithoutState(because);
    MakeNotice(stamp, still ? "conflict" : "conflict_over", said, own, of.id,
               {std::move(seen), std::move(still ? are : were), false, false}, changes);
  }
}

template <typename Reference>
void Airspace::TellPartiesOfReference(const Stamp& stamp, const Reference* before,
                                      const std::optional<model::ToldVolumes>& told, const Reference* after,
                                      std::string_view because, Changes& changes) {
  if (declarations_.size() == 0) return;
  Pairing pairing(stamp.time);
  std::map<Uuid, std::pair<ConflictSeen, bool>> others;  // and whether they meet still
  for (const Reference* reference : {before, after}) {
    if (reference == nullptr) continue;
    std::vector<const Declaration*> near = declarations_.Meeting(reference->extents);
    SortBySize(near);
    for (const Declaration* other : near) {
      if (IsOver(other->extents, stamp.time) || !CanConflict(other->kind, KindOf(*reference))) continue;
      ConflictSeen found = SeeReference(*other, *reference, reference == before && told ? &*told : nullptr, pairing);
      if (!found.meets.empty()) others.insert_or_assign(other->id, std::pair(std::move(found), reference == after));
    }
  }
  for (const auto& [id, seen] : others) {
    const auto& [conflict, still] = seen;
    MakeNotice(stamp, still ? "conflict" : "conflict_over", because, *declarations_.Find(id), conflict.id(), conflict,
               changes);
  }
}

template void Airspace::TellPartiesOfReference(const Stamp&, const OperationalIntentReference*,
                                               const std::optional<model::ToldVolumes>&,
                                               const OperationalIntentReference*, std::string_view, Changes&);
template void Airspace::TellPartiesOfReference(const Stamp&, const ConstraintReference*,
                                               const std::optional<model::ToldVolumes>&, const ConstraintReference*,
                                               std::string_view, Changes&);

// ---- What other USSs tell.

Outcome Airspace::Do(const Stamp& stamp, const model::RecordProviderNotice& command, Changes& changes) {
  if (command.kind == DeclarationKind::kIntent)
    return RecordTold(stamp, command, intents_.Find(command.reference_id), changes);
  return RecordTold(stamp, command, constraints_.Find(command.reference_id), changes);
}

template <typename Reference>
Outcome Airspace::RecordTold(const Stamp& stamp, const model::RecordProviderNotice& command, const Reference* reference,
                             Changes& changes) {
  if (reference != nullptr && reference->manager != command.manager)
    return Error{Code::kForbidden, "the reference belongs to another manager"};
  if (command.deleted) return model::Done{};  // the DSS told of the end itself
  if (reference == nullptr) return Error{Code::kForbidden, "the DSS has no such reference of this manager"};
  if (behind_references_.contains(reference->id))
    return Error{Code::kForbidden, "the reference is that of a party here, which alone says what stands behind it"};
  if (command.version != reference->version) {
    return Error{Code::kConflict, command.version < reference->version
                                      ? "version: the DSS has a later one"
                                      : "version: the DSS has not that one yet; tell of it after it was accepted"};
  }
  if (const model::ToldVolumes* told = ToldOf(command.kind, reference->id); told != nullptr) {
    if (told->volumes == command.volumes) return model::Unchanged{};
    return Error{Code::kConflict, "details: other volumes were told of this version"};
  }
  if (command.volumes.empty()) return model::Done{};  // it says nothing that would be finer than the extents
  const Extents& has = reference->extents;
  for (size_t i = 0; i < command.volumes.size(); ++i) {
    const Extents& one = command.volumes[i].extents();
    if (one.lower < has.lower || one.upper > has.upper || one.start < has.start || one.end > has.end ||
        !one.cover.Intersects(has.cover))
      return Error{Code::kInvalid, "details: volume " + std::to_string(i) +
                                       " lies outside the altitudes, the times or the area that the DSS has"};
  }

  const model::ToldVolumes told{.kind = command.kind,
                                .reference_id = reference->id,
                                .version = reference->version,
                                .volumes = command.volumes,
                                .extents = model::ExtentsOf(command.volumes)};
  changes.push_back({KeyOf(told), model::Encode(told)});
  told_.emplace(std::pair(told.kind, told.reference_id), told);

  Pairing pairing(stamp.time);
  std::map<Uuid, std::pair<ConflictSeen, bool>> concerned;  // and whether they meet
  std::vector<const Declaration*> near = declarations_.Meeting(has);
  SortBySize(near);
  for (const Declaration* own : near) {
    if (IsOver(own->extents, stamp.time) || !CanConflict(own->kind, command.kind)) continue;
    ConflictSeen conflict = SeeReference(*own, *reference, &told, pairing);
    const bool meets = !conflict.meets.empty();
    // What met the extents was told to be possible.
    if (!meets) conflict = SeeReference(*own, *reference, nullptr, pairing);
    if (!conflict.meets.empty()) concerned.emplace(own->id, std::pair(std::move(conflict), meets));
  }
  for (const auto& [id, seen] : concerned) {
    const auto& [conflict, meets] = seen;
    MakeNotice(stamp, meets ? "conflict" : "conflict_over", "told_by_provider", *declarations_.Find(id), reference->id,
               conflict, changes);
  }
  return model::Done{};
}

}  // namespace wideberth::airspace
