#include "airspace/text.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <variant>

#include "base/json_writer.h"
#include "base/rfc3339.h"
#include "conflict/meetings.h"
#include "crypto/base64.h"
#include "crypto/sha256.h"
#include "model/record.h"

namespace wideberth::airspace {

using model::ConflictSeen;
using model::Declaration;
using model::DeclarationKind;
using model::DeclarationSeen;
using model::Event;
using model::Notice;

std::string_view NameOf(model::IntentState state) {
  switch (state) {
    case model::IntentState::kAccepted:
      return "accepted";
    case model::IntentState::kActivated:
      return "activated";
    case model::IntentState::kNonconforming:
      return "nonconforming";
    case model::IntentState::kContingent:
      return "contingent";
  }
  return "";
}

std::string_view NameOf(DeclarationKind kind) { return kind == DeclarationKind::kIntent ? "intent" : "constraint"; }

std::string_view NameOf(model::Disclosure disclosure) {
  return disclosure == model::Disclosure::kFull ? "full" : "volume";
}

namespace {

double Metres(AltitudeMm altitude) { return static_cast<double>(altitude.value) / 1000.0; }

void WriteBand(JsonWriter& to, AltitudeMm lower, AltitudeMm upper) {
  if (lower != model::Extents::kNoLower) to.Key("altitude_lower_m").Number(Metres(lower));
  if (upper != model::Extents::kNoUpper) to.Key("altitude_upper_m").Number(Metres(upper));
}

void WriteTimes(JsonWriter& to, TimeNs start, TimeNs end) {
  to.Key("time_start").String(FormatRfc3339(start));
  to.Key("time_end").String(FormatRfc3339(end));
}

double Degrees(int32_t e7) { return static_cast<double>(e7) / 1e7; }

// What the declaration's volume shares with the other's, or with all of a reference that has none.
void WriteMeeting(JsonWriter& to, const Declaration& own, const ConflictSeen& other, const model::VolumePair& pair) {
  const geo::Volume4D& mine = own.volumes[pair.own].volume();
  to.Object([&] {
    to.Key("volume").Int(pair.own);
    const geo::Outline* theirs_outline = &mine.outline;
    if (other.is_certain()) {
      const geo::Volume4D& theirs = other.volumes()[pair.other].volume();
      to.Key("other_volume").Int(pair.other);
      const conflict::Shared shared = conflict::SharedOf(mine, theirs);
      WriteBand(to, shared.lower, shared.upper);
      WriteTimes(to, shared.start, shared.end);
      theirs_outline = &theirs.outline;
    } else {
      const model::Extents& theirs = other.extents();
      WriteBand(to, std::max(mine.altitudes.lower(), theirs.lower), std::min(mine.altitudes.upper(), theirs.upper));
      WriteTimes(to, std::max(mine.times.start(), theirs.start), std::min(mine.times.end(), theirs.end));
    }
    to.Key("bbox_deg");
    WriteSharedBounds(to, mine.outline, *theirs_outline);
  });
}

}  // namespace

void WriteSharedBounds(JsonWriter& to, const geo::Outline& a, const geo::Outline& b) {
  geo::BoundsE7 bounds = a.bounds();
  const geo::BoundsE7 others = b.bounds();
  bounds.south = std::max(bounds.south, others.south);
  bounds.north = std::min(bounds.north, others.north);
  // Across the antimeridian the first one's rectangle stands, which holds the shared one.
  if (bounds.west <= bounds.east && others.west <= others.east) {
    bounds.west = std::max(bounds.west, others.west);
    bounds.east = std::min(bounds.east, others.east);
  }
  to.Array(std::array{bounds.west, bounds.south, bounds.east, bounds.north},
           [&](int32_t e7) { to.Number(Degrees(e7)); });
}

void WriteOther(JsonWriter& to, const ConflictSeen& other) {
  to.Object([&] {
    if (const auto* seen = std::get_if<DeclarationSeen>(&other.other)) {
      const Declaration& declaration = seen->declaration;
      to.Key("type").String(NameOf(declaration.kind));
      to.Key("id").String(seen->id.ToString());
      to.Key("ovn").String(seen->ovn);
      to.Key("disclosure").String(seen->full ? "full" : "volume");
      if (declaration.kind == DeclarationKind::kIntent) to.Key("priority").Int(declaration.priority);
      if (seen->full) {
        to.Key("party").String(declaration.party);
        if (declaration.kind == DeclarationKind::kIntent) to.Key("state").String(NameOf(declaration.state));
        to.Key("version").Int(declaration.version);
      }
      to.Key("possible").Bool(other.meets.possible);
    } else {
      const auto write = [&](std::string_view type, const auto& reference) {
        to.Key("type").String(type);
        to.Key("id").String(reference.id.ToString());
        to.Key("manager").String(reference.manager);
        to.Key("uss_base_url").String(reference.uss_base_url);
        to.Key("version").Int(reference.version);
        to.Key("possible").Bool(!other.is_certain());
      };
      if (const auto* intent = std::get_if<model::OperationalIntentReference>(&other.other)) {
        write("operational_intent_reference", *intent);
      } else {
        write("constraint_reference", std::get<model::ConstraintReference>(other.other));
      }
    }
  });
}

std::string NoticeText(const Notice& notice, const NoticeContent& content) {
  JsonWriter to;
  to.Object([&] {
    to.Key("id").String(notice.id.ToString());
    to.Key("party").String(notice.party);
    to.Key("made_at").String(FormatRfc3339(notice.made));
    to.Key("kind").String(content.kind);
    to.Key("because").String(content.because);
    to.Key("own").Object([&] {
      to.Key("type").String(NameOf(content.own->kind));
      to.Key("id").String(content.own->id.ToString());
      to.Key("ovn").String(content.own->ovn);
      to.Key("version").Int(content.own->version);
    });
    to.Key("other");
    WriteOther(to, *content.other);
    if (content.other->meets.more) to.Key("more_meets").Bool(true);
    to.Key("meets").Array(content.other->meets.pairs,
                          [&](const model::VolumePair& pair) { WriteMeeting(to, *content.own, *content.other, pair); });
  });
  return to.Take();
}

// ---- Events.

namespace {

// Adds what is of one command and its outcome; false if it leaves no mark.
class EventWriter {
 public:
  EventWriter(JsonWriter& to, Event& event) : to_(to), event_(event) {}

  bool operator()(const model::PutOperationalIntent& command, const model::OperationalIntentChanged& done) {
    Reference("dss.operational_intent.put", command.manager, done.reference);
    to_.Key("state").String(NameOf(done.reference.state));
    return true;
  }
  bool operator()(const model::DeleteOperationalIntent& command, const model::OperationalIntentChanged& done) {
    Reference("dss.operational_intent.deleted", command.manager, done.reference);
    return true;
  }
  bool operator()(const model::PutConstraint& command, const model::ConstraintChanged& done) {
    Reference("dss.constraint.put", command.manager, done.reference);
    return true;
  }
  bool operator()(const model::DeleteConstraint& command, const model::ConstraintChanged& done) {
    Reference("dss.constraint.deleted", command.manager, done.reference);
    return true;
  }
  bool operator()(const model::PutSubscription& command, const model::SubscriptionChanged& done) {
    Start("dss.subscription.put", command.manager);
    to_.Key("id").String(command.id.ToString());
    Record(done.seen.subscription);
    return true;
  }
  bool operator()(const model::DeleteSubscription& command, const model::SubscriptionChanged&) {
    Start("dss.subscription.deleted", command.manager);
    to_.Key("id").String(command.id.ToString());
    return true;
  }
  bool operator()(const model::SetAvailability& command, const model::AvailabilitySet&) {
    Start("dss.availability.set", command.uss_id);
    to_.Key("availability").Int(static_cast<int>(command.availability));
    return true;
  }
  bool operator()(const model::MakeReport& command, const model::ReportMade& done) {
    Start("dss.report.made", command.report.manager);
    to_.Key("id").String(command.report.id.ToString());
    Record(done.report);
    return true;
  }
  bool operator()(const model::PutIdentificationServiceArea& command,
                  const model::IdentificationServiceAreaChanged& done) {
    Start("rid.service_area.put", command.owner);
    to_.Key("id").String(command.id.ToString());
    Record(done.area);
    return true;
  }
  bool operator()(const model::DeleteIdentificationServiceArea& command,
                  const model::IdentificationServiceAreaChanged&) {
    Start("rid.service_area.deleted", command.owner);
    to_.Key("id").String(command.id.ToString());
    return true;
  }
  bool operator()(const model::PutRidSubscription& command, const model::RidSubscriptionChanged& done) {
    Start("rid.subscription.put", command.owner);
    to_.Key("id").String(command.id.ToString());
    Record(done.subscription);
    return true;
  }
  bool operator()(const model::DeleteRidSubscription& command, const model::RidSubscriptionChanged&) {
    Start("rid.subscription.deleted", command.owner);
    to_.Key("id").String(command.id.ToString());
    return true;
  }
  bool operator()(const model::RecordHeartbeat& command, const model::HeartbeatRecorded& done) {
    Start("pool.heartbeat", command.heartbeat.reporter);
    Record(done.most_recent);
    return true;
  }
  bool operator()(const model::PutParty& command, const model::PartyChanged& done) {
    Start("party.put", command.by);
    event_.readers.push_back(command.name);
    event_.subject = SubjectOfParty(command.name);
    to_.Key("name").String(command.name);
    to_.Key("version").Int(done.party.version);
    to_.Key("operator").Bool(command.is_operator);
    to_.Key("keys_sha256").Array(command.keys, [&](const model::Party::Key& key) {
      to_.String(crypto::ToHex(crypto::Sha256::Of({reinterpret_cast<const char*>(key.data()), key.size()})));
    });
    return true;
  }
  bool operator()(const model::PutWebhook& command, const model::PartyChanged& done) {
    Start("party.webhook.put", command.party);
    to_.Key("version").Int(done.party.version);
    to_.Key("url").String(command.url);
    return true;
  }
  bool operator()(const model::PutGroup& command, const model::GroupChanged&) {
    Start("group.put", command.by);
    for (const std::string& member : command.members) event_.readers.push_back(member);
    to_.Key("name").String(command.name);
    to_.Key("members").Array(command.members, [&](const std::string& member) { to_.String(member); });
    return true;
  }
  bool operator()(const model::PutDeclaration& command, const model::DeclarationChanged& done) {
    Declared(command.ovn ? "changed" : "declared", done.declaration);
    if (!command.declared.empty()) to_.Key("volumes").Raw(command.declared);
    Conflicts(done.conflicts);
    return true;
  }
  bool operator()(const model::PutDeclaration& command, const model::DeclarationRefused& refused) {
    Declared("refused", refused.declaration);
    if (!command.declared.empty()) to_.Key("volumes").Raw(command.declared);
    Conflicts(refused.conflicts);
    return true;
  }
  bool operator()(const model::ActivateDeclaration&, const model::DeclarationChanged& done) {
    Declared("activated", done.declaration);
    Conflicts(done.conflicts);
    return true;
  }
  bool operator()(const model::ActivateDeclaration&, const model::DeclarationRefused& refused) {
    Declared("refused", refused.declaration);
    Conflicts(refused.conflicts);
    return true;
  }
  bool operator()(const model::EndDeclaration& command, const model::DeclarationChanged& done) {
    Declared(command.withdrawn ? "withdrawn" : "ended", done.declaration);
    return true;
  }
  bool operator()(const model::RecordProviderNotice& command, const model::Done&) {
    Start("provider.told", command.manager);
    to_.Key("reference").String(command.reference_id.ToString());
    to_.Key("version").Int(command.version);
    to_.Key("deleted").Bool(command.deleted);
    return true;
  }
  bool operator()(const model::DropProviderMessages& command, const model::Done&) {
    if (command.numbers.empty()) return false;
    to_.Key("type").String(command.told ? "provider.was_told" : "provider.could_not_be_told");
    to_.Key("messages").Array(command.numbers, [&](uint64_t number) { to_.Int(static_cast<int64_t>(number)); });
    return true;
  }
  // Notices have events of their own; time, the secret and refusals leave no mark.
  template <typename Command, typename Outcome>
  bool operator()(const Command&, const Outcome&) {
    return false;
  }

 private:
  void Start(std::string_view type, const std::string& by) {
    to_.Key("type").String(type);
    to_.Key("by").String(by);
    event_.readers.push_back(by);
  }
  void Record(const model::Entity& entity) {
    to_.Key("record_sha256").String(crypto::ToHex(crypto::Sha256::Of(model::Encode(entity))));
  }
  template <typename Ref>
  void Reference(std::string_view type, const std::string& manager, const Ref& reference) {
    Start(type, manager);
    to_.Key("id").String(reference.id.ToString());
    to_.Key("ovn").String(reference.ovn);
    to_.Key("version").Int(reference.version);
    Record(reference);
  }
  void Declared(std::string_view what, const Declaration& declaration) {
    Start(std::string(NameOf(declaration.kind)) + "." + std::string(what), declaration.party);
    to_.Key("id").String(declaration.id.ToString());
    to_.Key("ovn").String(declaration.ovn);
    to_.Key("version").Int(declaration.version);
    to_.Key("state").String(NameOf(declaration.state));
    to_.Key("priority").Int(declaration.priority);
    to_.Key("disclosure").String(NameOf(declaration.disclosure));
    to_.Key("visible_to").Array(declaration.visible_to, [&](const std::string& group) { to_.String(group); });
  }
  // What the party was told in the answer.
  void Conflicts(const std::vector<ConflictSeen>& conflicts) {
    to_.Key("conflicts").Array(conflicts, [&](const ConflictSeen& conflict) {
      to_.Object([&] {
        to_.Key("other");
        WriteOther(to_, conflict);
        to_.Key("in_key").Bool(conflict.in_key);
      });
    });
  }

  JsonWriter& to_;
  Event& event_;
};

}  // namespace

int64_t SubjectOfParty(std::string_view name) {
  const crypto::Digest digest = crypto::Sha256::Of(name);
  uint64_t number = 0;
  std::memcpy(&number, digest.data(), sizeof number);
  return -1 - static_cast<int64_t>(number >> 1);
}

Event EventOf(const model::Stamp& stamp, const model::Command& command, const model::Outcome& outcome) {
  Event event;
  JsonWriter to;
  bool marks = false;
  to.Object([&] {
    to.Key("at").String(FormatRfc3339(stamp.time));
    marks = std::visit(EventWriter(to, event), command, outcome);
  });
  if (marks) event.text = to.Take();
  return event;
}

namespace {

template <typename WriteRest>
Event MakeNoticeEvent(TimeNs at, std::string_view what, const Notice& notice, const WriteRest& write_rest) {
  JsonWriter to;
  to.Object([&] {
    to.Key("at").String(FormatRfc3339(at));
    to.Key("type").String(what);
    to.Key("party").String(notice.party);
    to.Key("number").Int(notice.number);
    if (what == "notice.made") {
      to.Key("notice").Raw(notice.text);
    } else {
      to.Key("notice_id").String(notice.id.ToString());
      to.Key("notice_sha256").String(crypto::ToHex(crypto::Sha256::Of(notice.text)));
    }
    write_rest(to);
  });
  return {to.Take(), {notice.party}, notice.made.value};
}

}  // namespace

Event NoticeEvent(TimeNs at, std::string_view what, const Notice& notice, std::string_view detail) {
  return MakeNoticeEvent(at, what, notice, [&](JsonWriter& to) {
    if (what == "notice.delivered") to.Key("channel").String(detail);
    if (what == "notice.repeated") to.Key("repeated").Int(notice.repeated);
  });
}

Event AcknowledgedEvent(TimeNs at, const Notice& notice, const model::Party::Key& key) {
  return MakeNoticeEvent(at, "notice.acknowledged", notice, [&](JsonWriter& to) {
    to.Key("jws").String(notice.acknowledgement);
    to.Key("key").String(crypto::ToBase64Url({reinterpret_cast<const char*>(key.data()), key.size()}));
  });
}

}  // namespace wideberth::airspace
