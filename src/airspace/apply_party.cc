#include <algorithm>
#include <string>
#include <utility>

#include "airspace/airspace.h"

// Who declares here, and who shows whom more.
namespace wideberth::airspace {

using model::Group;
using model::Outcome;
using model::Party;
using model::Stamp;

Outcome Airspace::Do(const Stamp&, const model::Initialise& command, Changes& changes) {
  if (!secret_) {
    secret_ = command.secret;
    changes.push_back({KeyOf(*secret_), model::Encode(*secret_)});
  }
  return model::Done{};
}

Outcome Airspace::Do(const Stamp&, const model::PutParty& command, Changes& changes) {
  // A key is of one party, or nobody could tell who signed.
  for (const auto& [name, other] : parties_) {
    if (name == command.name) continue;
    for (const Party::Key& key : command.keys) {
      if (std::binary_search(other.keys.begin(), other.keys.end(), key))
        return Error{Code::kConflict, "public_keys: one of them is another party's"};
    }
  }
  const auto at = parties_.find(command.name);
  Party party{.name = command.name, .keys = command.keys, .is_operator = command.is_operator};
  if (at != parties_.end()) {
    party.webhook = at->second.webhook;
    party.version = at->second.version;
    if (party == at->second) return model::PartyChanged{std::move(party)};  // a second try changes nothing
    ++party.version;
  }
  changes.push_back({KeyOf(party), model::Encode(party)});
  changes.keys_changed = true;
  parties_[party.name] = party;
  return model::PartyChanged{std::move(party)};
}

Outcome Airspace::Do(const Stamp&, const model::PutWebhook& command, Changes& changes) {
  const auto at = parties_.find(command.party);
  Party party{.name = command.party};
  if (at != parties_.end()) {
    party = at->second;
    ++party.version;
  }
  party.webhook = command.url;
  changes.push_back({KeyOf(party), model::Encode(party)});
  changes.webhooks_changed = true;
  parties_[party.name] = party;
  return model::PartyChanged{std::move(party)};
}

Outcome Airspace::Do(const Stamp& stamp, const model::PutGroup& command, Changes& changes) {
  const auto at = groups_.find(command.name);
  Group group{.name = command.name, .members = command.members};
  if (at != groups_.end()) group.version = at->second.version + 1;
  if (group.members.empty()) {
    if (at == groups_.end()) return Error{Code::kNotFound, "there is no such group"};
    changes.push_back({KeyOf(group), std::nullopt});
    // What names it shows nothing to a group that is made later under the same name.
    std::vector<model::Declaration> naming;
    declarations_.ForEach([&](uint32_t, const model::Declaration& declaration) {
      if (std::binary_search(declaration.visible_to.begin(), declaration.visible_to.end(), group.name))
        naming.push_back(declaration);
    });
    for (model::Declaration& declaration : naming) {
      std::erase(declaration.visible_to, group.name);
      Replace(declarations_, model::RecordKind::kDeclaration, declaration, stamp.time, changes);
    }
    return model::GroupChanged{std::move(groups_.extract(at).mapped())};  // as it was
  }
  changes.push_back({KeyOf(group), model::Encode(group)});
  groups_[group.name] = group;
  return model::GroupChanged{std::move(group)};
}

const Party* Airspace::FindParty(std::string_view name) const {
  const auto at = parties_.find(name);
  return at == parties_.end() ? nullptr : &at->second;
}

const Group* Airspace::FindGroup(std::string_view name) const {
  const auto at = groups_.find(name);
  return at == groups_.end() ? nullptr : &at->second;
}

}  // namespace wideberth::airspace
