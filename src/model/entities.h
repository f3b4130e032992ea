#ifndef WIDEBERTH_MODEL_ENTITIES_H_
#define WIDEBERTH_MODEL_ENTITIES_H_

#include <cstdint>
#include <optional>
#include <string>

#include "base/units.h"
#include "model/extents.h"
#include "model/uuid.h"

// What the DSS keeps, as plain values (ASTM F3548-21's references, subscriptions and availability; F3411's service
// areas and subscriptions; the heartbeats of a pool's instances).
namespace wideberth::model {

// Of an operational intent. On disk: never renumber.
enum class IntentState : uint8_t { kAccepted = 1, kActivated = 2, kNonconforming = 3, kContingent = 4 };

struct OperationalIntentReference {
  Uuid id;
  std::string manager;  // the `sub` of the token that wrote it
  std::string uss_base_url;
  std::string ovn;
  int32_t version = 1;  // rises by one with each update
  IntentState state = IntentState::kAccepted;
  Extents extents;  // every bound given
  std::optional<Uuid> subscription_id;

  friend bool operator==(const OperationalIntentReference&, const OperationalIntentReference&) = default;
};

struct ConstraintReference {
  Uuid id;
  std::string manager;
  std::string uss_base_url;
  std::string ovn;
  int32_t version = 1;
  Extents extents;  // times given, altitudes perhaps not

  friend bool operator==(const ConstraintReference&, const ConstraintReference&) = default;
};

struct Subscription {
  Uuid id;
  std::string manager;
  std::string uss_base_url;
  std::string version;  // opaque; another with each PUT
  int32_t notification_index = 0;
  bool notify_for_operational_intents = false;
  bool notify_for_constraints = false;
  bool implicit = false;  // made for an operational intent, and gone with the last one that depends on it
  Extents extents;        // times given, altitudes perhaps not

  friend bool operator==(const Subscription&, const Subscription&) = default;
};

// On disk: never renumber.
enum class Availability : uint8_t { kUnknown = 0, kNormal = 1, kDown = 2 };

struct UssAvailability {
  std::string uss_id;
  std::string version;  // opaque; another with each PUT, "" before the first
  Availability availability = Availability::kUnknown;

  friend bool operator==(const UssAvailability&, const UssAvailability&) = default;
};

// A report of POST /dss/v1/reports, as it came, for the operator to read.
struct Report {
  Uuid id;
  std::string manager;
  TimeNs received;
  std::string body;  // JSON

  friend bool operator==(const Report&, const Report&) = default;
};

// That an operational intent had the OVN "{intent}_{suffix}": no entity gets the same OVN twice.
struct UsedOvnSuffix {
  Uuid intent;
  Uuid suffix;  // of version 7

  friend auto operator<=>(const UsedOvnSuffix&, const UsedOvnSuffix&) = default;
};

// Which interface of F3411 something was written through: each names its URL in its own way (api/f3411_json.h). On
// disk: never renumber.
enum class RidInterface : uint8_t { kV19 = 1, kV22a = 2 };

// Where and when a provider of remote ID may have flights to tell of (F3411). Altitudes are not kept: nobody asks for
// service areas by altitude.
struct IdentificationServiceArea {
  Uuid id;
  std::string owner;  // the `sub` of the token that wrote it
  std::string url;    // as it was written
  RidInterface written_through = RidInterface::kV22a;
  TimeNs version;   // when it was written; later with each PUT
  Extents extents;  // times given, altitudes not

  friend bool operator==(const IdentificationServiceArea&, const IdentificationServiceArea&) = default;
};

// Who wants to know of service areas, where and when (F3411).
struct RidSubscription {
  Uuid id;
  std::string owner;
  std::string url;
  RidInterface written_through = RidInterface::kV22a;
  TimeNs version;  // when it was written; later with each PUT, the same after a notification
  int32_t notification_index = 0;
  Extents extents;

  friend bool operator==(const RidSubscription&, const RidSubscription&) = default;
};

// The most recent sign of life of one DSS instance.
struct Heartbeat {
  std::string instance;
  TimeNs timestamp;
  std::string reporter;  // the `sub` of the token that reported it
  std::string source;
  int64_t index = 1;     // among all of this instance, from 1
  int64_t reported = 1;  // how many of this instance there were: more than `index` when older ones came late
  std::optional<TimeNs> next_expected_before;

  friend bool operator==(const Heartbeat&, const Heartbeat&) = default;
};

}  // namespace wideberth::model

#endif  // WIDEBERTH_MODEL_ENTITIES_H_
