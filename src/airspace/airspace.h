#ifndef WIDEBERTH_AIRSPACE_AIRSPACE_H_
#define WIDEBERTH_AIRSPACE_AIRSPACE_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "airspace/pairing.h"
#include "airspace/table.h"
#include "base/result.h"
#include "model/command.h"
#include "model/record.h"

namespace wideberth::airspace {

// How long a reference or a subscription that is over can still be read, changed and deleted by its id. From its end on
// it meets nothing, is asked for in no key, is found by no query and is told of nothing; this long after its end it is
// gone.
inline constexpr int64_t kKeptAfterEndNs = 3600 * kNsPerSecond;
// F3548's limits of time.
inline constexpr int64_t kClockSkewMaxNs = 300 * kNsPerSecond;        // how far back a subscription may start
inline constexpr int64_t kSubscriptionMaxNs = 86'400 * kNsPerSecond;  // how long it may last, and does by default
inline constexpr int64_t kOvnSuffixSkewMaxNs = 300 * kNsPerSecond;    // requested_ovn_suffix: time from ours
// A notice that is not acknowledged is repeated after this time, then after twice that, and so on, up to the other,
// while what it tells of is not over.
inline constexpr int64_t kNoticeRepeatedFirstNs = 60 * kNsPerSecond;
inline constexpr int64_t kNoticeRepeatedMaxNs = 3600 * kNsPerSecond;
// How long a notice stays after what it tells of is over, or after it was acknowledged, if that is sooner.
inline constexpr int64_t kNoticeKeptNs = 86'400 * kNsPerSecond;
// F3411's limits; kClockSkewMaxNs and kSubscriptionMaxNs are its own too.
inline constexpr size_t kRidSubscriptionsMax = 10;  // of one owner, in any place: in one cell of their covers

// The state of one airspace and all rules of F3548's and F3411's DSS: deterministic, in memory. The same commands, in
// the same order, give the same outcomes and the same records on every machine. Two entities are relevant to each other
// if their extents meet (model::Extents::Meets); none is missed and no answer is cut short. Thread-compatible: any
// number of queries at the same time, or one Apply.
class Airspace {
 public:
  Airspace() = default;
  Airspace(const Airspace&) = delete;
  Airspace& operator=(const Airspace&) = delete;

  // Does the command, or refuses it (Error, KeyMissing) and changes nothing but what has expired. `changes` receives
  // what is different in the store from now on. Refusals come in this order: fields that only the time can judge,
  // existence, owner, version, availability, what the request refers to, the key. (F3411's have theirs in their files.)
  // REQUIRES: stamp.time is not lower than in any call before; extents have cells.
  model::Outcome Apply(const model::Stamp& stamp, const model::Command& command, model::Effects& effects);
  // The same, for who wants the records alone.
  model::Outcome Apply(const model::Stamp& stamp, const model::Command& command,
                       std::vector<model::RecordChange>& changes);

  // Adds what the store kept under a key, before the first Apply. kInvalid for what cannot be (an id twice).
  Result<void> Restore(const model::RecordKey& key, model::Entity entity);
  // After the last Restore, and before anything else: kInvalid if something refers to what is not there.
  Result<void> FinishRestore();

  // ---- Queries. `now` decides what is over. Lists are in the order of ids.
  std::optional<model::IntentSeen> FindIntent(const model::Uuid& id) const;
  std::vector<model::IntentSeen> QueryIntents(const model::Extents& extents, TimeNs now) const;
  // The same without copies: valid until the next Apply.
  std::vector<model::IntentView> ViewIntents(const model::Extents& extents, TimeNs now) const;
  std::optional<model::ConstraintReference> FindConstraint(const model::Uuid& id) const;
  std::vector<model::ConstraintReference> QueryConstraints(const model::Extents& extents, TimeNs now) const;
  std::optional<model::SubscriptionSeen> FindSubscription(const model::Uuid& id) const;
  std::vector<model::SubscriptionSeen> QuerySubscriptions(const model::Extents& extents, std::string_view manager,
                                                          TimeNs now) const;
  // Unknown, with an empty version, for a USS that nobody marked.
  model::UssAvailability FindAvailability(std::string_view uss_id) const;

  std::optional<model::IdentificationServiceArea> FindServiceArea(const model::Uuid& id) const;
  std::vector<model::IdentificationServiceArea> QueryServiceAreas(const model::Extents& extents, TimeNs now) const;
  std::optional<model::RidSubscription> FindRidSubscription(const model::Uuid& id) const;
  std::vector<model::RidSubscription> QueryRidSubscriptions(const model::Extents& extents, std::string_view owner,
                                                            TimeNs now) const;
  // The most recent one of an instance; nothing before the first.
  std::optional<model::Heartbeat> FindHeartbeat(std::string_view instance) const;

  // ---- What parties declare (docs/parties.md), as a viewer may see it.

  // Nothing for what is not there and for what the viewer knows by another id.
  std::optional<model::DeclarationSeen> FindDeclaration(model::DeclarationKind kind, const model::Uuid& id,
                                                        std::string_view viewer) const;
  // A part of those that are not over and that `wanted` takes, in the order of the ids that the viewer knows them by:
  // above `after`, at most `count_max`, and no more after the first than have kListedVerticesMax vertices together.
  // O(declarations).
  static constexpr size_t kListedVerticesMax = 20'000;
  using WantedDeclaration = std::function<bool(const model::Declaration&)>;
  struct Declarations {
    std::vector<model::DeclarationSeen> list;
    bool more = false;
  };
  Declarations ListDeclarations(model::DeclarationKind kind, std::string_view viewer, TimeNs now,
                                const WantedDeclaration& wanted, const std::optional<model::Uuid>& after,
                                size_t count_max) const;

  // A part of what a party's own declarations conflict with, in the order of their ids and of those of the others as it
  // knows them: above `after`, at most `count_max`, of at most kListedOwnMax of its own, and no more of its own once
  // their comparison has taken what one answer may (Pairing). So there may be more though there are few here, or none.
  // O(declarations).
  static constexpr size_t kListedOwnMax = 1'000;
  struct ConflictPosition {
    model::Uuid own;
    std::optional<model::Uuid> other;  // nothing: before all others
  };
  struct OwnConflict {
    model::DeclarationSeen own;
    model::ConflictSeen conflict;
  };
  struct OwnConflicts {
    std::vector<OwnConflict> list;
    std::optional<ConflictPosition> next;  // where to go on, if there may be more
  };
  OwnConflicts ListConflicts(std::string_view party, TimeNs now, const WantedDeclaration& wanted,
                             const Pairing::Wanted& wanted_volume, const std::optional<ConflictPosition>& after,
                             size_t count_max) const;
  // What stands behind a reference of the service's own USS; valid until the next Apply, null for none.
  const model::Declaration* BehindReference(const model::Uuid& reference_id) const;

  const model::Party* FindParty(std::string_view name) const;
  const model::Group* FindGroup(std::string_view name) const;
  const std::map<std::string, model::Party, std::less<>>& parties() const { return parties_; }
  const std::map<std::string, model::Group, std::less<>>& groups() const { return groups_; }

  // A party's notices with numbers above `after`, up to `until`, at most `count_max`, ascending.
  std::vector<model::Notice> ListNotices(std::string_view party, int64_t after, int64_t until, size_t count_max) const;
  // How many there are of these.
  size_t CountNotices(std::string_view party, int64_t after, int64_t until) const;
  // Its own, by id; nothing for another's.
  std::optional<model::Notice> FindNotice(std::string_view party, const model::Uuid& id) const;
  // The greatest number of its notices; 0 if it has none.
  int64_t NewestNotice(std::string_view party) const;
  // The number before the first notice that it has not acknowledged, or its last number: from here on it is told again.
  int64_t AcknowledgedUpTo(std::string_view party) const;
  // Ascending by number.
  std::vector<model::ProviderMessage> ListProviderMessages(uint64_t after, size_t count_max) const;
  bool has_secret() const { return secret_.has_value(); }

  // When the next Expire has something to do; nothing when there is nothing that ends.
  std::optional<TimeNs> NextExpiry() const;

  // Every record that the store should have.
  void VisitRecords(const std::function<void(const model::RecordKey&, const std::string&)>& visit) const;

  struct Sizes {
    size_t intents = 0;
    size_t constraints = 0;
    size_t subscriptions = 0;
    size_t availabilities = 0;
    size_t reports = 0;
    size_t service_areas = 0;
    size_t rid_subscriptions = 0;
    size_t heartbeats = 0;
    size_t declarations = 0;
    size_t declared_constraints = 0;  // of these
    size_t parties = 0;
    size_t groups = 0;
    size_t notices = 0;
    size_t notices_waiting = 0;  // of these, not acknowledged
    size_t provider_messages = 0;
    size_t indexed = 0;      // boxes in the indexes
    size_t index_bytes = 0;  // of memory
  };
  Sizes sizes() const;

 private:
  using Changes = model::Effects;
  // An entity's next event, by its slot: it leaves the index, or it goes.
  struct Event {
    TimeNs time;
    model::RecordKind kind;
    uint32_t slot;

    friend auto operator<=>(const Event&, const Event&) = default;
  };

  model::Outcome Do(const model::Stamp& stamp, const model::PutOperationalIntent& command, Changes& changes);
  model::Outcome Do(const model::Stamp& stamp, const model::DeleteOperationalIntent& command, Changes& changes);
  model::Outcome Do(const model::Stamp& stamp, const model::PutConstraint& command, Changes& changes);
  model::Outcome Do(const model::Stamp& stamp, const model::DeleteConstraint& command, Changes& changes);
  model::Outcome Do(const model::Stamp& stamp, const model::PutSubscription& command, Changes& changes);
  model::Outcome Do(const model::Stamp& stamp, const model::DeleteSubscription& command, Changes& changes);
  model::Outcome Do(const model::Stamp& stamp, const model::SetAvailability& command, Changes& changes);
  model::Outcome Do(const model::Stamp& stamp, const model::MakeReport& command, Changes& changes);
  model::Outcome Do(const model::Stamp& stamp, const model::Expire& command, Changes& changes);
  model::Outcome Do(const model::Stamp& stamp, const model::PutIdentificationServiceArea& command, Changes& changes);
  model::Outcome Do(const model::Stamp& stamp, const model::DeleteIdentificationServiceArea& command, Changes& changes);
  model::Outcome Do(const model::Stamp& stamp, const model::PutRidSubscription& command, Changes& changes);
  model::Outcome Do(const model::Stamp& stamp, const model::DeleteRidSubscription& command, Changes& changes);
  model::Outcome Do(const model::Stamp& stamp, const model::RecordHeartbeat& command, Changes& changes);
  model::Outcome Do(const model::Stamp& stamp, const model::Initialise& command, Changes& changes);
  model::Outcome Do(const model::Stamp& stamp, const model::PutParty& command, Changes& changes);
  model::Outcome Do(const model::Stamp& stamp, const model::PutWebhook& command, Changes& changes);
  model::Outcome Do(const model::Stamp& stamp, const model::PutGroup& command, Changes& changes);
  model::Outcome Do(const model::Stamp& stamp, const model::PutDeclaration& command, Changes& changes);
  model::Outcome Do(const model::Stamp& stamp, const model::ActivateDeclaration& command, Changes& changes);
  model::Outcome Do(const model::Stamp& stamp, const model::EndDeclaration& command, Changes& changes);
  model::Outcome Do(const model::Stamp& stamp, const model::MarkDelivered& command, Changes& changes);
  model::Outcome Do(const model::Stamp& stamp, const model::AcknowledgeNotice& command, Changes& changes);
  model::Outcome Do(const model::Stamp& stamp, const model::RecordProviderNotice& command, Changes& changes);
  model::Outcome Do(const model::Stamp& stamp, const model::DropProviderMessages& command, Changes& changes);

  void LetExpire(TimeNs now, Changes& changes);
  template <typename T>
  void ExpireOne(Table<T>& table, model::RecordKind kind, uint32_t slot, TimeNs now, Changes& changes);

  // Puts an entity in the place of the one with its id, if there is one: table, index, events, store.
  template <typename T>
  void Replace(Table<T>& table, model::RecordKind kind, T entity, TimeNs now, Changes& changes);
  // Into the index, unless it is over, and its next event.
  template <typename T>
  void Schedule(Table<T>& table, model::RecordKind kind, uint32_t slot, TimeNs now);
  template <typename T>
  void Erase(Table<T>& table, model::RecordKind kind, const model::Uuid& id, Changes& changes);

  // An implicit subscription goes with the last intent that depends on it.
  void DropIfUnused(const std::optional<model::Uuid>& subscription_id, Changes& changes);
  bool HasDependents(const model::Uuid& subscription_id) const;
  // Whether what a party declared depends on it: nobody but the party changes that.
  bool ServesDeclaration(const model::Uuid& subscription_id) const;

  // A reference with the subscription that it depends on, if that is new or changed; and its end. What they return is
  // whom it concerns.
  std::vector<model::Notified> PutReference(const model::OperationalIntentReference& intent,
                                            std::optional<model::Subscription> subscription, TimeNs now,
                                            Changes& changes);
  std::vector<model::Notified> RemoveReference(const model::Uuid& id, TimeNs now, Changes& changes);
  std::vector<model::Notified> PutReference(const model::ConstraintReference& constraint, TimeNs now, Changes& changes);

  // ---- Declarations.
  model::DeclarationSeen See(const model::Declaration& declaration, std::string_view viewer) const;
  bool SeesAll(const model::Declaration& declaration, std::string_view viewer) const;
  std::vector<model::ConflictSeen> FindConflicts(const model::Declaration& declaration,
                                                 const std::vector<std::string>& key, TimeNs now,
                                                 Pairing& pairing) const;
  // Puts a declaration in the place of the one before, with its reference, and tells whom it concerns.
  void ReplaceDeclaration(const model::Stamp& stamp, const model::Declaration& declaration,
                          const model::Publication& publication, std::string_view because, Changes& changes);
  void Publish(const model::Declaration& declaration, const model::Publication& publication, TimeNs now,
               Changes& changes);
  void Unpublish(const model::Declaration& declaration, TimeNs now, Changes& changes);
  void TellProviders(const model::Declaration& declaration, bool deleted, std::string_view own_url,
                     const std::vector<model::Notified>& notified, TimeNs now, Changes& changes);
  // Tells each party that has something which conflicts, or did, of a change from `before` to `after` (either may be
  // null) of another's declaration.
  void TellParties(const model::Stamp& stamp, const model::Declaration* before, const model::Declaration* after,
                   std::string_view because, Changes& changes);
  // Likewise of a reference; `told` is what was told of it before.
  template <typename Reference>
  void TellPartiesOfReference(const model::Stamp& stamp, const Reference* before,
                              const std::optional<model::ToldVolumes>& told, const Reference* after,
                              std::string_view because, Changes& changes);
  // What its USS told of the volumes of a reference as it is now; null for nothing.
  const model::ToldVolumes* ToldOf(model::DeclarationKind kind, const model::Uuid& reference_id) const;
  // Where a declaration and a reference meet: exactly, if it was told.
  template <typename Reference>
  model::ConflictSeen SeeReference(const model::Declaration& own, const Reference& reference,
                                   const model::ToldVolumes* told, Pairing& pairing) const;
  template <typename Reference>
  model::Outcome RecordTold(const model::Stamp& stamp, const model::RecordProviderNotice& command,
                            const Reference* reference, Changes& changes);
  // The reference changed or went.
  void ForgetTold(model::DeclarationKind kind, const model::Uuid& reference_id, Changes& changes);
  // `other_id` is the true one. Notices before about the same two are settled.
  void MakeNotice(const model::Stamp& stamp, std::string_view kind, std::string_view because,
                  const model::Declaration& own, const model::Uuid& other_id, const model::ConflictSeen& other,
                  Changes& changes);
  // Settles the notices about a party's own declaration and what it does not conflict with any more.
  void SettleOwn(const model::Declaration& own, const std::vector<model::ConflictSeen>& conflicts, Changes& changes);
  void Settle(const model::Uuid& notice_id, Changes& changes);
  void StoreNotice(const model::Notice& notice, Changes& changes);
  void LetNoticesExpire(TimeNs now, Changes& changes);
  TimeNs NextEventOf(const model::Notice& notice) const;
  bool ledger_ = false;  // the stamp's, while a command is applied

  // Counts the notice in every subscription that asks for it and meets one of the extents.
  std::vector<model::Notified> Notify(const std::vector<const model::Extents*>& extents,
                                      bool model::Subscription::* asks, TimeNs now, Changes& changes);
  // Likewise of F3411's subscriptions.
  std::vector<model::RidNotified> NotifyOfServiceArea(const std::vector<const model::Extents*>& extents, TimeNs now,
                                                      Changes& changes);
  // Whether some point of the extents would lie in more subscriptions of the owner than F3411 allows.
  bool TooManySubscriptions(const model::Uuid& id, std::string_view owner, const model::Extents& extents,
                            TimeNs now) const;
  model::Availability AvailabilityOf(std::string_view uss_id) const;
  model::IntentSeen See(const model::OperationalIntentReference& intent) const;
  model::SubscriptionSeen See(const model::Subscription& subscription) const;

  Table<model::OperationalIntentReference> intents_;
  Table<model::ConstraintReference> constraints_;
  Table<model::Subscription> subscriptions_;
  std::map<std::string, model::UssAvailability, std::less<>> availabilities_;
  std::map<model::Uuid, model::Report> reports_;
  Table<model::IdentificationServiceArea> service_areas_;
  Table<model::RidSubscription> rid_subscriptions_;
  std::map<std::string, model::Heartbeat, std::less<>> heartbeats_;  // by instance
  std::set<model::UsedOvnSuffix> used_suffixes_;
  std::set<std::pair<int64_t, model::UsedOvnSuffix>> used_suffixes_by_time_;  // milliseconds of the suffix
  std::set<std::pair<model::Uuid, model::Uuid>> dependents_;                  // (subscription, intent)
  std::optional<model::Secret> secret_;
  Table<model::Declaration> declarations_;
  size_t declared_constraints_ = 0;                                                    // of declarations_
  std::map<model::Uuid, model::Uuid> behind_references_;                               // (reference, declaration)
  std::map<std::pair<model::DeclarationKind, model::Uuid>, model::ToldVolumes> told_;  // by reference
  std::map<std::string, model::Party, std::less<>> parties_;
  std::map<std::string, model::Group, std::less<>> groups_;
  std::map<std::string, std::map<int64_t, model::Notice>, std::less<>> notices_;  // by party and number
  std::map<model::Uuid, std::pair<std::string, int64_t>> notices_by_id_;
  std::map<model::NoticeSubject, model::Uuid> unsettled_;             // the one notice of each that is not settled
  size_t notices_waiting_ = 0;                                        // of them, not acknowledged
  std::set<std::tuple<TimeNs, std::string, int64_t>> notice_events_;  // a notice is repeated, or goes
  uint32_t notices_made_ = 0;                                         // with this command
  std::map<uint64_t, model::ProviderMessage> provider_messages_;
  std::set<Event> events_;
  std::vector<Event> restored_events_;  // until FinishRestore
  TimeNs last_time_{std::numeric_limits<int64_t>::min()};
};

}  // namespace wideberth::airspace

#endif  // WIDEBERTH_AIRSPACE_AIRSPACE_H_
