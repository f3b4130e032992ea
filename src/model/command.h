#ifndef WIDEBERTH_MODEL_COMMAND_H_
#define WIDEBERTH_MODEL_COMMAND_H_

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "model/declaration.h"
#include "model/entities.h"

// What changes an airspace, and what comes of it. Everything that a command needs of the world (time, ids, chance, the
// rights of the caller, settings) is in it before it is given to the airspace.
namespace wideberth::model {

// What every command carries.
struct Stamp {
  TimeNs time;                      // never lower than that of the command before
  bool strict_availability = true;  // whether a USS marked Down may accept, activate or delete intents (F3548's 412)
  bool ledger = false;              // whether what happens is also told as events, for the ledger
  std::array<uint8_t, 32> seed{};   // by chance: ids of notices, and salts, are made of it
};

struct NewSubscription {
  std::string uss_base_url;
  bool notify_for_constraints = false;
};

// Creates an operational intent reference, or, with `ovn`, updates the one that has it.
struct PutOperationalIntent {
  Uuid id;
  std::string manager;
  std::optional<std::string> ovn;
  Extents extents;
  IntentState state = IntentState::kAccepted;
  std::string uss_base_url;
  std::vector<std::string> key;
  std::optional<Uuid> subscription_id;              // at most one of this
  std::optional<NewSubscription> new_subscription;  // and this
  std::optional<Uuid> requested_ovn_suffix;         // of version 7
  std::string new_ovn;                              // what it gets otherwise: 16 to 128 characters, by chance
  Uuid new_subscription_id;                         // by chance
  std::string new_subscription_version;             // by chance
};

struct DeleteOperationalIntent {
  Uuid id;
  std::string manager;
  std::string ovn;
};

// Creates a constraint reference, or, with `ovn`, updates the one that has it.
struct PutConstraint {
  Uuid id;
  std::string manager;
  std::optional<std::string> ovn;
  Extents extents;
  std::string uss_base_url;
  std::string new_ovn;
};

struct DeleteConstraint {
  Uuid id;
  std::string manager;
  std::string ovn;
};

// Creates a subscription, or, with `version`, updates the one that has it.
struct PutSubscription {
  Uuid id;
  std::string manager;
  std::optional<std::string> version;
  Extents extents;  // kNoStart: from now on (or, on an update, as it was); kNoEnd: a day after the start
  std::string uss_base_url;
  bool notify_for_operational_intents = false;
  bool notify_for_constraints = false;
  std::string new_version;
};

struct DeleteSubscription {
  Uuid id;
  std::string manager;
  std::string version;
};

struct SetAvailability {
  std::string uss_id;
  std::string old_version;  // "" for none
  Availability availability = Availability::kUnknown;
  std::string new_version;
};

struct MakeReport {
  Report report;
};

// Lets what has expired go. Every other command does so too.
struct Expire {};

// Creates an identification service area (F3411), or, with `version`, updates the one that has it.
struct PutIdentificationServiceArea {
  Uuid id;
  std::string owner;
  std::optional<TimeNs> version;
  Extents extents;  // kNoStart: from now on (or, on an update, as it was); kNoEnd: on an update alone, as it was
  std::string url;
  RidInterface written_through = RidInterface::kV22a;
};

struct DeleteIdentificationServiceArea {
  Uuid id;
  std::string owner;
  TimeNs version;
};

// Creates a subscription to service areas (F3411), or, with `version`, updates the one that has it.
struct PutRidSubscription {
  Uuid id;
  std::string owner;
  std::optional<TimeNs> version;
  Extents extents;  // kNoStart and kNoEnd: as it was, or, on a creation, from now on and for a day
  std::string url;
  RidInterface written_through = RidInterface::kV22a;
};

struct DeleteRidSubscription {
  Uuid id;
  std::string owner;
  TimeNs version;
};

// A sign of life of a DSS instance. Its indexes are for the airspace to give.
struct RecordHeartbeat {
  Heartbeat heartbeat;
};

// ---- Parties that declare here (docs/parties.md).

// Gives a store its secret; nothing if it has one.
struct Initialise {
  Secret secret;  // by chance
};

// Registers a party, or changes what is registered of it.
struct PutParty {
  std::string by;  // the operator
  std::string name;
  std::vector<Party::Key> keys;  // ascending, each once
  bool is_operator = false;
};

// Where a party's notices are sent; "" for nowhere. The party need not be registered before.
struct PutWebhook {
  std::string party;
  std::string url;
};

struct PutGroup {
  std::string by;  // the operator
  std::string name;
  std::vector<std::string> members;  // ascending, each once; none: the group goes
};

// The service's own USS, and what a reference of it needs by chance.
struct Publication {
  std::string uss_id;
  std::string uss_base_url;
  Uuid new_reference_id;
  std::string new_reference_ovn;
  Uuid new_subscription_id;
  std::string new_subscription_version;
};

// Creates an intent or a constraint, or, with `ovn`, replaces the one that has it.
struct PutDeclaration {
  DeclarationKind kind = DeclarationKind::kIntent;
  Uuid id;
  std::string party;
  std::optional<std::string> ovn;
  std::optional<IntentState> state;  // kAccepted or kActivated; without it as it was, or kAccepted
  int32_t priority = 0;
  Disclosure disclosure = Disclosure::kFull;
  std::vector<std::string> visible_to;  // ascending, each once
  DeclaredVolumes volumes;
  Extents extents;  // ExtentsOf(volumes)
  std::vector<std::string> key;
  std::string declared;  // the volumes as JSON, for the ledger
  std::string new_ovn;
  Publication publication;
};

struct ActivateDeclaration {
  Uuid id;
  std::string party;
  std::string ovn;
  std::vector<std::string> key;
  std::string new_ovn;
  Publication publication;
};

struct EndDeclaration {
  DeclarationKind kind = DeclarationKind::kIntent;
  Uuid id;
  std::string party;
  std::string ovn;
  bool withdrawn = false;  // before it was flown; else it has ended
  std::string uss_id;      // of the service's own USS
};

// That a party was given its notices with these numbers, the first time for each that was not yet.
struct MarkDelivered {
  struct One {
    std::string party;
    int64_t number = 0;
  };
  std::vector<One> notices;
  std::string channel;  // "poll", "events", "webhook"
};

struct AcknowledgeNotice {
  std::string party;
  Uuid id;
  std::string key_id;           // thumbprint of the key that signed
  Party::Key key{};             // that key
  std::string acknowledgement;  // detached JWS over the hash of the notice's text, verified
  std::array<uint8_t, 32> hash{};
};

// What another USS told the service's own of an intent or a constraint (F3548's notifications to a USS).
struct RecordProviderNotice {
  std::string manager;  // who told
  DeclarationKind kind = DeclarationKind::kIntent;
  Uuid reference_id;
  bool deleted = false;
  std::string uss_base_url;
  std::string ovn;
  int32_t version = 0;
  DeclaredVolumes volumes;
};

// That these messages to other USSs need not be sent any more.
struct DropProviderMessages {
  std::vector<uint64_t> numbers;
  bool told = false;  // else they were given up
};

using Command =
    std::variant<PutOperationalIntent, DeleteOperationalIntent, PutConstraint, DeleteConstraint, PutSubscription,
                 DeleteSubscription, SetAvailability, MakeReport, Expire, PutIdentificationServiceArea,
                 DeleteIdentificationServiceArea, PutRidSubscription, DeleteRidSubscription, RecordHeartbeat,
                 Initialise, PutParty, PutWebhook, PutGroup, PutDeclaration, ActivateDeclaration, EndDeclaration,
                 MarkDelivered, AcknowledgeNotice, RecordProviderNotice, DropProviderMessages>;

// Whom a change concerns: a subscription, and its notification index after this change.
struct Notified {
  std::string uss_base_url;
  Uuid subscription_id;
  int32_t notification_index = 0;

  friend bool operator==(const Notified&, const Notified&) = default;
};

// What comes of a command that is done.
struct OperationalIntentChanged {
  OperationalIntentReference reference;
  Availability availability = Availability::kUnknown;  // of its manager
  std::vector<Notified> notified;                      // in the order of URL and id
};
struct ConstraintChanged {
  ConstraintReference reference;
  std::vector<Notified> notified;
};
// An operational intent with what its manager's availability is.
struct IntentSeen {
  OperationalIntentReference reference;
  Availability availability = Availability::kUnknown;
};
// The same, of a reference that somebody else keeps.
struct IntentView {
  const OperationalIntentReference* reference = nullptr;
  Availability availability = Availability::kUnknown;
};
struct SubscriptionSeen {
  Subscription subscription;
  std::vector<Uuid> dependent_intents;  // in order
};
struct SubscriptionChanged {
  SubscriptionSeen seen;
  std::vector<IntentSeen> intents;               // now relevant, in the order of ids; empty unless it asks for them
  std::vector<ConstraintReference> constraints;  // likewise
};
struct AvailabilitySet {
  UssAvailability availability;
};
struct ReportMade {
  Report report;
};
struct Expired {};
// Whom a change of a service area concerns: a subscription, and its notification index after this change.
struct RidNotified {
  std::string url;
  RidInterface written_through = RidInterface::kV22a;
  Uuid subscription_id;
  int32_t notification_index = 0;

  friend bool operator==(const RidNotified&, const RidNotified&) = default;
};
struct IdentificationServiceAreaChanged {
  IdentificationServiceArea area;
  std::vector<RidNotified> notified;  // in the order of ids
};
struct RidSubscriptionChanged {
  RidSubscription subscription;
  std::vector<IdentificationServiceArea> areas;  // that it is about now, in the order of ids
};
struct HeartbeatRecorded {
  Heartbeat most_recent;
};
// The key lacks the OVNs of these; nothing was changed.
struct KeyMissing {
  std::vector<IntentSeen> intents;
  std::vector<ConstraintReference> constraints;
};

// What one party may know of a declaration of another, or of its own.
struct DeclarationSeen {
  Declaration declaration;  // in full if `full`; else party and groups are empty, version and state as for any
  bool full = false;
  // What the viewer knows it by: id and OVN, or their pseudonyms.
  Uuid id;
  std::string ovn;
};

// Two volumes that meet, by their places in the two lists.
struct VolumePair {
  uint32_t own = 0;
  uint32_t other = 0;  // 0 where the other is known by its extents alone

  friend bool operator==(const VolumePair&, const VolumePair&) = default;
};

// Where a declaration and something else meet.
struct Meets {
  std::vector<VolumePair> pairs;  // ascending
  bool more = false;              // pairs meet that are not told, or may
  bool possible = false;          // two sets of volumes were not compared to the end: `own` alone counts in the pairs

  bool empty() const { return pairs.empty(); }
};

// What a declaration conflicts with: another one, or a reference of F3548.
struct ConflictSeen {
  std::variant<DeclarationSeen, OperationalIntentReference, ConstraintReference> other;
  Meets meets;
  bool in_key = false;        // the key has its OVN
  bool needs_key = true;      // false for a lower priority
  DeclaredVolumes told = {};  // of a reference, if its USS told them

  // What its party knows it by.
  const Uuid& id() const {
    if (const auto* seen = std::get_if<DeclarationSeen>(&other)) return seen->id;
    if (const auto* intent = std::get_if<OperationalIntentReference>(&other)) return intent->id;
    return std::get<ConstraintReference>(other).id;
  }
  // What the other has of volumes here: none of a reference that only has extents.
  const DeclaredVolumes& volumes() const {
    const auto* seen = std::get_if<DeclarationSeen>(&other);
    return seen != nullptr ? seen->declaration.volumes : told;
  }
  // Whether the volumes of both were compared, exactly.
  bool is_certain() const { return !volumes().empty() && !meets.possible; }
  const Extents& extents() const {
    if (const auto* seen = std::get_if<DeclarationSeen>(&other)) return seen->declaration.extents;
    if (const auto* intent = std::get_if<OperationalIntentReference>(&other)) return intent->extents;
    return std::get<ConstraintReference>(other).extents;
  }
};

struct DeclarationChanged {
  Declaration declaration;
  std::vector<ConflictSeen> conflicts;  // in the order of ids as seen
};
// The key lacks the OVN of some of these; nothing was changed.
struct DeclarationRefused {
  Declaration declaration;              // as it would have been
  std::vector<ConflictSeen> conflicts;  // all, those in the key too
};
struct PartyChanged {
  Party party;
};
struct GroupChanged {
  Group group;
};
struct NoticeAcknowledged {
  Notice notice;
};
struct Done {};
// It was so before, and nothing happens.
struct Unchanged {};

using Outcome = std::variant<Error, OperationalIntentChanged, ConstraintChanged, SubscriptionChanged, AvailabilitySet,
                             ReportMade, Expired, KeyMissing, IdentificationServiceAreaChanged, RidSubscriptionChanged,
                             HeartbeatRecorded, DeclarationChanged, DeclarationRefused, PartyChanged, GroupChanged,
                             NoticeAcknowledged, Done, Unchanged>;

}  // namespace wideberth::model

#endif  // WIDEBERTH_MODEL_COMMAND_H_
