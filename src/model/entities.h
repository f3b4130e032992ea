#ifndef WIDEBERTH_MODEL_ENTITIES_H_
#define WIDEBERTH_MODEL_ENTITIES_H_

#include <cstdint>
#include <optional>
#include <string>

#include "base/units.h"
#include "model/extents.h"
#include "model/uuid.h"

// What the DSS keeps, as plain values (ASTM F3548-21's references, subscriptions and availability).
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

}  // namespace wideberth::model

#endif  // WIDEBERTH_MODEL_ENTITIES_H_
