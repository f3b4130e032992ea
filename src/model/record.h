#ifndef WIDEBERTH_MODEL_RECORD_H_
#define WIDEBERTH_MODEL_RECORD_H_

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "model/declaration.h"
#include "model/entities.h"

// Entities as the store keeps them: a kind, a key, and a record (protobuf, stored.proto; docs/formats/store.md).
namespace wideberth::model {

// On disk: never renumber.
enum class RecordKind : uint8_t {
  kOperationalIntent = 1,
  kConstraint = 2,
  kSubscription = 3,
  kAvailability = 4,
  kReport = 5,
  kUsedOvnSuffix = 6,
  kIdentificationServiceArea = 7,
  kRidSubscription = 8,
  kHeartbeat = 9,
  kDeclaration = 10,
  kParty = 11,
  kGroup = 12,
  kNotice = 13,
  kProviderMessage = 14,
  kSecret = 15,
  kToldVolumes = 16,
};

// What names a record. Of what has a place and a time: its slot in the airspace (4 bytes, the highest first), so that
// what comes together is stored together. Of the others: the id of a USS or of a DSS instance; a report's id, 16 bytes;
// the two ids of a used suffix; the name of a party or group; a notice's number (8 bytes, the highest first) and its
// party; a message's number; nothing for the secret; the kind of a reference (1 byte) and its id.
struct RecordKey {
  RecordKind kind;
  std::string key;

  friend auto operator<=>(const RecordKey&, const RecordKey&) = default;
};

// A change of what is stored: a record in the place of what had this key, or nothing.
struct RecordChange {
  RecordKey key;
  std::optional<std::string> record;
};

using Entity = std::variant<OperationalIntentReference, ConstraintReference, Subscription, UssAvailability, Report,
                            UsedOvnSuffix, IdentificationServiceArea, RidSubscription, Heartbeat, Declaration, Party,
                            Group, Notice, ProviderMessage, Secret, ToldVolumes>;

// What happened, for the ledger: a text, and who may see it.
struct Event {
  std::string text;                  // JSON (docs/formats/event.md)
  std::vector<std::string> readers;  // names of parties
  std::optional<int64_t> subject;    // the notice that it is about, by the time at which that was made
};

// That a party has a notice, under this number.
struct NoticePosted {
  std::string party;
  int64_t number = 0;
};

// All that commands change besides the airspace itself.
struct Effects {
  std::vector<RecordChange> records;
  std::vector<Event> events;
  std::vector<NoticePosted> notices;
  bool keys_changed = false;      // of parties
  bool webhooks_changed = false;  // likewise
  bool messages_to_send = false;  // to other USSs

  void push_back(RecordChange change) { records.push_back(std::move(change)); }
};

RecordKey KeyOf(RecordKind kind, uint32_t slot);
RecordKey KeyOf(const UssAvailability& availability);
RecordKey KeyOf(const Report& report);
RecordKey KeyOf(const UsedOvnSuffix& used);
RecordKey KeyOf(const Heartbeat& heartbeat);
RecordKey KeyOf(const Party& party);
RecordKey KeyOf(const Group& group);
RecordKey KeyOf(const Notice& notice);
RecordKey KeyOf(const ProviderMessage& message);
RecordKey KeyOf(const Secret& secret);
RecordKey KeyOf(const ToldVolumes& told);
// REQUIRES: a key that Decode took for an entity with a slot.
uint32_t SlotOf(const RecordKey& key);

// The same bytes for equal entities.
std::string Encode(const Entity& entity);
// kInvalid, saying what is wrong, for what is not a record that Encode made of an entity that may have that key.
Result<Entity> Decode(const RecordKey& key, std::string_view record);

}  // namespace wideberth::model

#endif  // WIDEBERTH_MODEL_RECORD_H_
