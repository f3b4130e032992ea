#ifndef WIDEBERTH_MODEL_COMMAND_H_
#define WIDEBERTH_MODEL_COMMAND_H_

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "model/entities.h"

// What changes an airspace, and what comes of it. Everything that a command needs of the world (time, ids, chance, the
// rights of the caller, settings) is in it before it is given to the airspace.
namespace wideberth::model {

// What every command carries.
struct Stamp {
  TimeNs time;                      // never lower than that of the command before
  bool strict_availability = true;  // whether a USS marked Down may accept, activate or delete intents (F3548's 412)
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

using Command =
    std::variant<PutOperationalIntent, DeleteOperationalIntent, PutConstraint, DeleteConstraint, PutSubscription,
                 DeleteSubscription, SetAvailability, MakeReport, Expire, PutIdentificationServiceArea,
                 DeleteIdentificationServiceArea, PutRidSubscription, DeleteRidSubscription, RecordHeartbeat>;

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

using Outcome =
    std::variant<Error, OperationalIntentChanged, ConstraintChanged, SubscriptionChanged, AvailabilitySet, ReportMade,
                 Expired, KeyMissing, IdentificationServiceAreaChanged, RidSubscriptionChanged, HeartbeatRecorded>;

}  // namespace wideberth::model

#endif  // WIDEBERTH_MODEL_COMMAND_H_
