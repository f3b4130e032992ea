#include "model/record.h"

#include <google/protobuf/stubs/logging.h>
#include <model/stored.pb.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <utility>
#include <vector>

#include "base/check.h"

namespace wideberth::model {
namespace {

std::string Bytes(const Uuid& id) { return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()}; }

Result<Uuid> ToUuid(std::string_view bytes) {
  Uuid id;
  if (bytes.size() != id.bytes.size()) return Error{Code::kInvalid, "an id has not 16 bytes"};
  std::memcpy(id.bytes.data(), bytes.data(), bytes.size());
  return id;
}

void ToStored(const Extents& extents, stored::Extents& to) {
  to.mutable_cells()->Add(extents.cover.cells.begin(), extents.cover.cells.end());
  if (extents.lower != Extents::kNoLower) to.set_altitude_lower_mm(extents.lower.value);
  if (extents.upper != Extents::kNoUpper) to.set_altitude_upper_mm(extents.upper.value);
  to.set_time_start_ns(static_cast<uint64_t>(extents.start.value));
  to.set_time_end_ns(static_cast<uint64_t>(extents.end.value));
}

Result<Extents> FromStored(const stored::Extents& from) {
  Extents extents;
  extents.cover.cells.assign(from.cells().begin(), from.cells().end());
  if (!index::IsCover(extents.cover)) return Error{Code::kInvalid, "the cells are no cover"};
  if (from.has_altitude_lower_mm()) extents.lower = {from.altitude_lower_mm()};
  if (from.has_altitude_upper_mm()) extents.upper = {from.altitude_upper_mm()};
  extents.start = {static_cast<int64_t>(from.time_start_ns())};
  extents.end = {static_cast<int64_t>(from.time_end_ns())};
  if (extents.lower > extents.upper) return Error{Code::kInvalid, "the altitudes are in the wrong order"};
  if (extents.start > extents.end) return Error{Code::kInvalid, "the times are in the wrong order"};
  return extents;
}

void Write(const OperationalIntentReference& intent, stored::OperationalIntentReference& to) {
  to.set_id(Bytes(intent.id));
  to.set_manager(intent.manager);
  to.set_uss_base_url(intent.uss_base_url);
  to.set_ovn(intent.ovn);
  to.set_version(intent.version);
  to.set_state(static_cast<uint32_t>(intent.state));
  ToStored(intent.extents, *to.mutable_extents());
  if (intent.subscription_id) to.set_subscription_id(Bytes(*intent.subscription_id));
}

Result<OperationalIntentReference> Read(const stored::OperationalIntentReference& from) {
  OperationalIntentReference intent;
  WB_TRY(intent.id, ToUuid(from.id()));
  intent.manager = from.manager();
  intent.uss_base_url = from.uss_base_url();
  intent.ovn = from.ovn();
  intent.version = from.version();
  if (from.state() < 1 || from.state() > 4) return Error{Code::kInvalid, "there is no such state"};
  intent.state = static_cast<IntentState>(from.state());
  WB_TRY(intent.extents, FromStored(from.extents()));
  if (from.has_subscription_id()) {
    WB_TRY(intent.subscription_id, ToUuid(from.subscription_id()));
  }
  return intent;
}

void Write(const ConstraintReference& constraint, stored::ConstraintReference& to) {
  to.set_id(Bytes(constraint.id));
  to.set_manager(constraint.manager);
  to.set_uss_base_url(constraint.uss_base_url);
  to.set_ovn(constraint.ovn);
  to.set_version(constraint.version);
  ToStored(constraint.extents, *to.mutable_extents());
}

Result<ConstraintReference> Read(const stored::ConstraintReference& from) {
  ConstraintReference constraint;
  WB_TRY(constraint.id, ToUuid(from.id()));
  constraint.manager = from.manager();
  constraint.uss_base_url = from.uss_base_url();
  constraint.ovn = from.ovn();
  constraint.version = from.version();
  WB_TRY(constraint.extents, FromStored(from.extents()));
  return constraint;
}

void Write(const Subscription& subscription, stored::Subscription& to) {
  to.set_id(Bytes(subscription.id));
  to.set_manager(subscription.manager);
  to.set_uss_base_url(subscription.uss_base_url);
  to.set_version(subscription.version);
  to.set_notification_index(subscription.notification_index);
  to.set_notify_for_operational_intents(subscription.notify_for_operational_intents);
  to.set_notify_for_constraints(subscription.notify_for_constraints);
  to.set_implicit(subscription.implicit);
  ToStored(subscription.extents, *to.mutable_extents());
}

Result<Subscription> Read(const stored::Subscription& from) {
  Subscription subscription;
  WB_TRY(subscription.id, ToUuid(from.id()));
  subscription.manager = from.manager();
  subscription.uss_base_url = from.uss_base_url();
  subscription.version = from.version();
  subscription.notification_index = from.notification_index();
  subscription.notify_for_operational_intents = from.notify_for_operational_intents();
  subscription.notify_for_constraints = from.notify_for_constraints();
  subscription.implicit = from.implicit();
  WB_TRY(subscription.extents, FromStored(from.extents()));
  return subscription;
}

void Write(const UssAvailability& availability, stored::UssAvailability& to) {
  to.set_uss_id(availability.uss_id);
  to.set_version(availability.version);
  to.set_availability(static_cast<uint32_t>(availability.availability));
}

Result<UssAvailability> Read(const stored::UssAvailability& from) {
  if (from.availability() > 2) return Error{Code::kInvalid, "there is no such availability"};
  return UssAvailability{from.uss_id(), from.version(), static_cast<Availability>(from.availability())};
}

void Write(const Report& report, stored::Report& to) {
  to.set_id(Bytes(report.id));
  to.set_manager(report.manager);
  to.set_received_ns(static_cast<uint64_t>(report.received.value));
  to.set_body(report.body);
}

Result<Report> Read(const stored::Report& from) {
  WB_TRY(const Uuid id, ToUuid(from.id()));
  return Report{id, from.manager(), {static_cast<int64_t>(from.received_ns())}, from.body()};
}

void Write(const UsedOvnSuffix& used, stored::UsedOvnSuffix& to) {
  to.set_intent(Bytes(used.intent));
  to.set_suffix(Bytes(used.suffix));
}

Result<UsedOvnSuffix> Read(const stored::UsedOvnSuffix& from) {
  UsedOvnSuffix used;
  WB_TRY(used.intent, ToUuid(from.intent()));
  WB_TRY(used.suffix, ToUuid(from.suffix()));
  return used;
}

Result<RidInterface> ToRidInterface(uint32_t stored) {
  if (stored < 1 || stored > 2) return Error{Code::kInvalid, "there is no such interface"};
  return static_cast<RidInterface>(stored);
}

void Write(const IdentificationServiceArea& area, stored::IdentificationServiceArea& to) {
  to.set_id(Bytes(area.id));
  to.set_owner(area.owner);
  to.set_url(area.url);
  to.set_written_through(static_cast<uint32_t>(area.written_through));
  to.set_version_ns(static_cast<uint64_t>(area.version.value));
  ToStored(area.extents, *to.mutable_extents());
}

Result<IdentificationServiceArea> Read(const stored::IdentificationServiceArea& from) {
  IdentificationServiceArea area;
  WB_TRY(area.id, ToUuid(from.id()));
  area.owner = from.owner();
  area.url = from.url();
  WB_TRY(area.written_through, ToRidInterface(from.written_through()));
  area.version = {static_cast<int64_t>(from.version_ns())};
  WB_TRY(area.extents, FromStored(from.extents()));
  return area;
}

void Write(const RidSubscription& subscription, stored::RidSubscription& to) {
  to.set_id(Bytes(subscription.id));
  to.set_owner(subscription.owner);
  to.set_url(subscription.url);
  to.set_written_through(static_cast<uint32_t>(subscription.written_through));
  to.set_version_ns(static_cast<uint64_t>(subscription.version.value));
  to.set_notification_index(subscription.notification_index);
  ToStored(subscription.extents, *to.mutable_extents());
}

Result<RidSubscription> Read(const stored::RidSubscription& from) {
  RidSubscription subscription;
  WB_TRY(subscription.id, ToUuid(from.id()));
  subscription.owner = from.owner();
  subscription.url = from.url();
  WB_TRY(subscription.written_through, ToRidInterface(from.written_through()));
  subscription.version = {static_cast<int64_t>(from.version_ns())};
  subscription.notification_index = from.notification_index();
  WB_TRY(subscription.extents, FromStored(from.extents()));
  return subscription;
}

void Write(const Heartbeat& heartbeat, stored::Heartbeat& to) {
  to.set_instance(heartbeat.instance);
  to.set_timestamp_ns(static_cast<uint64_t>(heartbeat.timestamp.value));
  to.set_reporter(heartbeat.reporter);
  to.set_source(heartbeat.source);
  to.set_index(heartbeat.index);
  to.set_reported(heartbeat.reported);
  if (heartbeat.next_expected_before)
    to.set_next_expected_before_ns(static_cast<uint64_t>(heartbeat.next_expected_before->value));
}

Result<Heartbeat> Read(const stored::Heartbeat& from) {
  Heartbeat heartbeat{.instance = from.instance(),
                      .timestamp = {static_cast<int64_t>(from.timestamp_ns())},
                      .reporter = from.reporter(),
                      .source = from.source(),
                      .index = from.index(),
                      .reported = from.reported(),
                      .next_expected_before = std::nullopt};
  if (heartbeat.index < 1 || heartbeat.reported < heartbeat.index)
    return Error{Code::kInvalid, "the indexes cannot be those of a heartbeat"};
  if (from.has_next_expected_before_ns())
    heartbeat.next_expected_before = TimeNs{static_cast<int64_t>(from.next_expected_before_ns())};
  return heartbeat;
}

int64_t Signed(uint64_t stored) { return static_cast<int64_t>(stored); }

void Write(const geo::Volume4D& volume, stored::Volume& to) {
  for (const geo::LatLng& vertex : volume.outline.vertices()) {
    to.add_coordinates_deg(vertex.latitude_deg);
    to.add_coordinates_deg(vertex.longitude_deg);
  }
  to.set_radius_m(volume.outline.radius_m());
  to.set_altitude_lower_mm(volume.altitudes.lower().value);
  to.set_altitude_upper_mm(volume.altitudes.upper().value);
  to.set_time_start_ns(static_cast<uint64_t>(volume.times.start().value));
  to.set_time_end_ns(static_cast<uint64_t>(volume.times.end().value));
}

Result<geo::Volume4D> Read(const stored::Volume& from) {
  if (from.coordinates_deg_size() % 2 != 0 || from.coordinates_deg_size() == 0)
    return Error{Code::kInvalid, "the coordinates are no pairs"};
  std::vector<geo::LatLng> vertices;
  for (int i = 0; i < from.coordinates_deg_size(); i += 2)
    vertices.push_back({from.coordinates_deg(i), from.coordinates_deg(i + 1)});
  const bool circle = from.radius_m() != 0;
  if (circle && vertices.size() != 1) return Error{Code::kInvalid, "a circle has not one centre"};
  WB_TRY(geo::Outline outline,
         circle ? geo::Outline::MakeCircle(vertices[0], from.radius_m()) : geo::Outline::MakePolygon(vertices));
  WB_TRY(const geo::AltitudeBand altitudes,
         geo::AltitudeBand::Make({from.altitude_lower_mm()}, {from.altitude_upper_mm()}));
  WB_TRY(const geo::TimeInterval times,
         geo::TimeInterval::Make({Signed(from.time_start_ns())}, {Signed(from.time_end_ns())}));
  return geo::Volume4D{std::move(outline), altitudes, times};
}

Result<DeclarationKind> ToKind(uint32_t stored) {
  if (stored < 1 || stored > 2) return Error{Code::kInvalid, "one cannot declare that"};
  return static_cast<DeclarationKind>(stored);
}

// Each once, ascending.
bool IsSet(const auto& list) {
  return std::adjacent_find(list.begin(), list.end(), std::greater_equal<>()) == list.end();
}

using StoredVolumes = google::protobuf::RepeatedPtrField<stored::Volume>;

void Write(const DeclaredVolumes& volumes, StoredVolumes& to) {
  for (const DeclaredVolume& volume : volumes) Write(volume.volume(), *to.Add());
}

Result<DeclaredVolumes> Read(const StoredVolumes& from) {
  if (from.empty()) return Error{Code::kInvalid, "there is no volume"};
  std::vector<DeclaredVolume> volumes;
  for (const stored::Volume& one : from) {
    WB_TRY(geo::Volume4D volume, Read(one));
    volumes.emplace_back(std::move(volume));
  }
  return DeclaredVolumes(std::move(volumes));
}

void Write(const Declaration& declaration, stored::Declaration& to) {
  to.set_kind(static_cast<uint32_t>(declaration.kind));
  to.set_id(Bytes(declaration.id));
  to.set_party(declaration.party);
  to.set_ovn(declaration.ovn);
  to.set_version(declaration.version);
  to.set_state(static_cast<uint32_t>(declaration.state));
  to.set_priority(declaration.priority);
  to.set_disclosure(static_cast<uint32_t>(declaration.disclosure));
  for (const std::string& group : declaration.visible_to) to.add_visible_to(group);
  Write(declaration.volumes, *to.mutable_volumes());
  to.set_reference_id(Bytes(declaration.reference_id));
}

Result<Declaration> Read(const stored::Declaration& from) {
  Declaration declaration;
  WB_TRY(declaration.kind, ToKind(from.kind()));
  WB_TRY(declaration.id, ToUuid(from.id()));
  declaration.party = from.party();
  declaration.ovn = from.ovn();
  declaration.version = from.version();
  if (from.state() < 1 || from.state() > 2) return Error{Code::kInvalid, "a declaration has no such state"};
  declaration.state = static_cast<IntentState>(from.state());
  declaration.priority = from.priority();
  if (from.disclosure() < 1 || from.disclosure() > 2) return Error{Code::kInvalid, "there is no such disclosure"};
  declaration.disclosure = static_cast<Disclosure>(from.disclosure());
  declaration.visible_to.assign(from.visible_to().begin(), from.visible_to().end());
  if (!IsSet(declaration.visible_to)) return Error{Code::kInvalid, "the groups are not in order"};
  WB_TRY(declaration.volumes, Read(from.volumes()));
  WB_TRY(declaration.reference_id, ToUuid(from.reference_id()));
  declaration.extents = ExtentsOf(declaration.volumes);
  return declaration;
}

void Write(const Party& party, stored::Party& to) {
  to.set_name(party.name);
  for (const Party::Key& key : party.keys) to.add_keys(key.data(), key.size());
  to.set_is_operator(party.is_operator);
  to.set_webhook(party.webhook);
  to.set_version(party.version);
}

Result<Party> Read(const stored::Party& from) {
  Party party{
      .name = from.name(), .is_operator = from.is_operator(), .webhook = from.webhook(), .version = from.version()};
  for (const std::string& bytes : from.keys()) {
    Party::Key key{};
    if (bytes.size() != key.size()) return Error{Code::kInvalid, "a key has not 32 bytes"};
    std::memcpy(key.data(), bytes.data(), key.size());
    party.keys.push_back(key);
  }
  if (!IsSet(party.keys)) return Error{Code::kInvalid, "the keys are not in order"};
  return party;
}

void Write(const Group& group, stored::Group& to) {
  to.set_name(group.name);
  for (const std::string& member : group.members) to.add_members(member);
  to.set_version(group.version);
}

Result<Group> Read(const stored::Group& from) {
  Group group{
      .name = from.name(), .members = {from.members().begin(), from.members().end()}, .version = from.version()};
  if (!IsSet(group.members)) return Error{Code::kInvalid, "the members are not in order"};
  return group;
}

void Write(const Notice& notice, stored::Notice& to) {
  to.set_id(Bytes(notice.id));
  to.set_party(notice.party);
  to.set_number(notice.number);
  to.set_made_ns(static_cast<uint64_t>(notice.made.value));
  to.set_concerns_until_ns(static_cast<uint64_t>(notice.concerns_until.value));
  to.set_text(notice.text);
  to.set_repeated(notice.repeated);
  if (notice.delivered) to.set_delivered_ns(static_cast<uint64_t>(notice.delivered->value));
  if (notice.acknowledged) to.set_acknowledged_ns(static_cast<uint64_t>(notice.acknowledged->value));
  to.set_acknowledgement(notice.acknowledgement);
  if (notice.about) {
    to.set_about_own(Bytes(notice.about->own));
    to.set_about_other(Bytes(notice.about->other));
    to.set_about_other_kind(static_cast<uint32_t>(notice.about->kind));
  }
  to.set_settled(notice.settled);
}

Result<Notice> Read(const stored::Notice& from) {
  Notice notice{.id = {},
                .party = from.party(),
                .number = from.number(),
                .made = {Signed(from.made_ns())},
                .concerns_until = {Signed(from.concerns_until_ns())},
                .text = from.text(),
                .repeated = from.repeated(),
                .delivered = std::nullopt,
                .acknowledged = std::nullopt,
                .acknowledgement = from.acknowledgement(),
                .about = std::nullopt,
                .settled = from.settled()};
  WB_TRY(notice.id, ToUuid(from.id()));
  if (from.has_about_own()) {
    NoticeSubject about;
    WB_TRY(about.own, ToUuid(from.about_own()));
    WB_TRY(about.other, ToUuid(from.about_other()));
    if (from.about_other_kind() < 1 || from.about_other_kind() > 3)
      return Error{Code::kInvalid, "a notice is about no such thing"};
    about.kind = static_cast<NoticeSubject::Other>(from.about_other_kind());
    notice.about = about;
  }
  if (from.has_delivered_ns()) notice.delivered = TimeNs{Signed(from.delivered_ns())};
  if (from.has_acknowledged_ns()) notice.acknowledged = TimeNs{Signed(from.acknowledged_ns())};
  return notice;
}

void Write(const ProviderMessage& message, stored::ProviderMessage& to) {
  to.set_number(message.number);
  to.set_uss_base_url(message.uss_base_url);
  to.set_kind(static_cast<uint32_t>(message.kind));
  to.set_reference_id(Bytes(message.reference_id));
  to.set_deleted(message.deleted);
  for (const ProviderMessage::Subscription& subscription : message.subscriptions) {
    auto& one = *to.add_subscriptions();
    one.set_id(Bytes(subscription.id));
    one.set_notification_index(subscription.notification_index);
  }
  to.set_made_ns(static_cast<uint64_t>(message.made.value));
}

Result<ProviderMessage> Read(const stored::ProviderMessage& from) {
  ProviderMessage message{.number = from.number(),
                          .uss_base_url = from.uss_base_url(),
                          .deleted = from.deleted(),
                          .made = {Signed(from.made_ns())}};
  WB_TRY(message.kind, ToKind(from.kind()));
  WB_TRY(message.reference_id, ToUuid(from.reference_id()));
  for (const auto& one : from.subscriptions()) {
    WB_TRY(const Uuid id, ToUuid(one.id()));
    message.subscriptions.push_back({id, one.notification_index()});
  }
  return message;
}

void Write(const Secret& secret, stored::Secret& to) { to.set_secret(secret.bytes.data(), secret.bytes.size()); }

Result<Secret> Read(const stored::Secret& from) {
  Secret secret;
  if (from.secret().size() != secret.bytes.size()) return Error{Code::kInvalid, "the secret has not 32 bytes"};
  std::memcpy(secret.bytes.data(), from.secret().data(), secret.bytes.size());
  return secret;
}

void Write(const ToldVolumes& told, stored::ToldVolumes& to) {
  to.set_kind(static_cast<uint32_t>(told.kind));
  to.set_reference_id(Bytes(told.reference_id));
  to.set_version(told.version);
  Write(told.volumes, *to.mutable_volumes());
}

Result<ToldVolumes> Read(const stored::ToldVolumes& from) {
  ToldVolumes told;
  WB_TRY(told.kind, ToKind(from.kind()));
  WB_TRY(told.reference_id, ToUuid(from.reference_id()));
  told.version = from.version();
  WB_TRY(told.volumes, Read(from.volumes()));
  told.extents = ExtentsOf(told.volumes);
  return told;
}

template <typename Stored>
Result<Entity> Parse(std::string_view record) {
  Stored stored;
  if (record.size() > INT32_MAX || !stored.ParseFromArray(record.data(), static_cast<int>(record.size())))
    return Error{Code::kInvalid, "the record is no protobuf of its kind"};
  WB_TRY(auto entity, Read(stored));
  return Entity(std::move(entity));
}

Result<Entity> Parse(RecordKind kind, std::string_view record) {
  switch (kind) {
    case RecordKind::kOperationalIntent:
      return Parse<stored::OperationalIntentReference>(record);
    case RecordKind::kConstraint:
      return Parse<stored::ConstraintReference>(record);
    case RecordKind::kSubscription:
      return Parse<stored::Subscription>(record);
    case RecordKind::kAvailability:
      return Parse<stored::UssAvailability>(record);
    case RecordKind::kReport:
      return Parse<stored::Report>(record);
    case RecordKind::kUsedOvnSuffix:
      return Parse<stored::UsedOvnSuffix>(record);
    case RecordKind::kIdentificationServiceArea:
      return Parse<stored::IdentificationServiceArea>(record);
    case RecordKind::kRidSubscription:
      return Parse<stored::RidSubscription>(record);
    case RecordKind::kHeartbeat:
      return Parse<stored::Heartbeat>(record);
    case RecordKind::kDeclaration:
      return Parse<stored::Declaration>(record);
    case RecordKind::kParty:
      return Parse<stored::Party>(record);
    case RecordKind::kGroup:
      return Parse<stored::Group>(record);
    case RecordKind::kNotice:
      return Parse<stored::Notice>(record);
    case RecordKind::kProviderMessage:
      return Parse<stored::ProviderMessage>(record);
    case RecordKind::kSecret:
      return Parse<stored::Secret>(record);
    case RecordKind::kToldVolumes:
      return Parse<stored::ToldVolumes>(record);
  }
  return Error{Code::kInvalid, "there is no such kind of record"};
}

template <typename Stored, typename T>
std::string Serialize(const T& entity) {
  Stored stored;
  Write(entity, stored);
  return stored.SerializeAsString();
}

struct Encoder {
  std::string operator()(const OperationalIntentReference& e) const {
    return Serialize<stored::OperationalIntentReference>(e);
  }
  std::string operator()(const ConstraintReference& e) const { return Serialize<stored::ConstraintReference>(e); }
  std::string operator()(const Subscription& e) const { return Serialize<stored::Subscription>(e); }
  std::string operator()(const UssAvailability& e) const { return Serialize<stored::UssAvailability>(e); }
  std::string operator()(const Report& e) const { return Serialize<stored::Report>(e); }
  std::string operator()(const UsedOvnSuffix& e) const { return Serialize<stored::UsedOvnSuffix>(e); }
  std::string operator()(const IdentificationServiceArea& e) const {
    return Serialize<stored::IdentificationServiceArea>(e);
  }
  std::string operator()(const RidSubscription& e) const { return Serialize<stored::RidSubscription>(e); }
  std::string operator()(const Heartbeat& e) const { return Serialize<stored::Heartbeat>(e); }
  std::string operator()(const Declaration& e) const { return Serialize<stored::Declaration>(e); }
  std::string operator()(const Party& e) const { return Serialize<stored::Party>(e); }
  std::string operator()(const Group& e) const { return Serialize<stored::Group>(e); }
  std::string operator()(const Notice& e) const { return Serialize<stored::Notice>(e); }
  std::string operator()(const ProviderMessage& e) const { return Serialize<stored::ProviderMessage>(e); }
  std::string operator()(const Secret& e) const { return Serialize<stored::Secret>(e); }
  std::string operator()(const ToldVolumes& e) const { return Serialize<stored::ToldVolumes>(e); }
};

constexpr size_t kSlotBytes = 4;

// Whether a record may stand under a key.
struct Fits {
  const RecordKey& key;

  bool operator()(const UssAvailability& e) const { return KeyOf(e) == key; }
  bool operator()(const Report& e) const { return KeyOf(e) == key; }
  bool operator()(const UsedOvnSuffix& e) const { return KeyOf(e) == key; }
  bool operator()(const Heartbeat& e) const { return KeyOf(e) == key; }
  bool operator()(const Party& e) const { return KeyOf(e) == key; }
  bool operator()(const Group& e) const { return KeyOf(e) == key; }
  bool operator()(const Notice& e) const { return KeyOf(e) == key; }
  bool operator()(const ProviderMessage& e) const { return KeyOf(e) == key; }
  bool operator()(const Secret& e) const { return KeyOf(e) == key; }
  bool operator()(const ToldVolumes& e) const { return KeyOf(e) == key; }
  template <typename T>
  bool operator()(const T&) const {
    return key.key.size() == kSlotBytes;
  }
};

}  // namespace

RecordKey KeyOf(RecordKind kind, uint32_t slot) {
  RecordKey key{kind, std::string(kSlotBytes, '\0')};
  for (size_t i = 0; i < kSlotBytes; ++i) key.key[kSlotBytes - 1 - i] = static_cast<char>(slot >> (8 * i) & 0xff);
  return key;
}

RecordKey KeyOf(const UssAvailability& availability) { return {RecordKind::kAvailability, availability.uss_id}; }

RecordKey KeyOf(const Report& report) { return {RecordKind::kReport, Bytes(report.id)}; }

RecordKey KeyOf(const UsedOvnSuffix& used) {
  return {RecordKind::kUsedOvnSuffix, Bytes(used.intent) + Bytes(used.suffix)};
}

RecordKey KeyOf(const Heartbeat& heartbeat) { return {RecordKind::kHeartbeat, heartbeat.instance}; }

namespace {

std::string BigEndian(uint64_t number) {
  std::string bytes(8, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[bytes.size() - 1 - i] = static_cast<char>(number >> (8 * i) & 0xff);
  return bytes;
}

}  // namespace

RecordKey KeyOf(const Party& party) { return {RecordKind::kParty, party.name}; }

RecordKey KeyOf(const Group& group) { return {RecordKind::kGroup, group.name}; }

RecordKey KeyOf(const Notice& notice) {
  return {RecordKind::kNotice, BigEndian(static_cast<uint64_t>(notice.number)) + notice.party};
}

RecordKey KeyOf(const ProviderMessage& message) { return {RecordKind::kProviderMessage, BigEndian(message.number)}; }

RecordKey KeyOf(const Secret&) { return {RecordKind::kSecret, ""}; }

RecordKey KeyOf(const ToldVolumes& told) {
  return {RecordKind::kToldVolumes, static_cast<char>(told.kind) + Bytes(told.reference_id)};
}

uint32_t SlotOf(const RecordKey& key) {
  WB_CHECK(key.key.size() == kSlotBytes);
  uint32_t slot = 0;
  for (const char byte : key.key) slot = slot << 8 | static_cast<uint8_t>(byte);
  return slot;
}

std::string Encode(const Entity& entity) { return std::visit(Encoder{}, entity); }

Result<Entity> Decode(const RecordKey& key, std::string_view record) {
  const google::protobuf::LogSilencer silence;  // what is wrong is returned, and not printed by a library
  WB_TRY(Entity entity, Parse(key.kind, record));
  if (!std::visit(Fits{key}, entity)) return Error{Code::kInvalid, "the record belongs to another key"};
  // What protobuf forgives (fields twice, unknown ones) is nothing that we wrote.
  if (Encode(entity) != record) return Error{Code::kInvalid, "the record is not as it would be written"};
  return entity;
}

}  // namespace wideberth::model
