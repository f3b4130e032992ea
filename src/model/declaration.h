#ifndef WIDEBERTH_MODEL_DECLARATION_H_
#define WIDEBERTH_MODEL_DECLARATION_H_

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "geo/volume4d.h"
#include "model/entities.h"
#include "model/extents.h"
#include "model/uuid.h"

// What parties without a provider declare here, and what they are told (docs/parties.md), as plain values.
namespace wideberth::model {

// What one may declare. On disk: never renumber.
enum class DeclarationKind : uint8_t { kIntent = 1, kConstraint = 2 };

// How much of a declaration others see. On disk: never renumber; 3 is for `private`.
enum class Disclosure : uint8_t { kFull = 1, kVolume = 2 };

// A volume as it was declared, with the extents that cover it. A value.
class DeclaredVolume {
 public:
  explicit DeclaredVolume(geo::Volume4D volume);

  const geo::Volume4D& volume() const { return volume_; }
  const Extents& extents() const { return extents_; }

  friend bool operator==(const DeclaredVolume& a, const DeclaredVolume& b) { return a.volume_ == b.volume_; }

 private:
  geo::Volume4D volume_;
  Extents extents_;
};

// The volumes of one declaration, which never change: a value whose copies share them. What was moved from is empty.
class DeclaredVolumes {
 public:
  DeclaredVolumes() = default;
  DeclaredVolumes(std::vector<DeclaredVolume> volumes)  // NOLINT(google-explicit-constructor): the same in another form
      : volumes_(std::make_shared<const std::vector<DeclaredVolume>>(std::move(volumes))) {}

  auto begin() const { return all().begin(); }
  auto end() const { return all().end(); }
  size_t size() const { return all().size(); }
  bool empty() const { return all().empty(); }
  const DeclaredVolume& operator[](size_t i) const { return all()[i]; }

  friend bool operator==(const DeclaredVolumes& a, const DeclaredVolumes& b) {
    return a.volumes_ == b.volumes_ || a.all() == b.all();
  }

 private:
  const std::vector<DeclaredVolume>& all() const {
    static const std::vector<DeclaredVolume> kNone;
    return volumes_ == nullptr ? kNone : *volumes_;
  }

  std::shared_ptr<const std::vector<DeclaredVolume>> volumes_;
};

// An intent or a constraint (keep-clear zone) of a party.
struct Declaration {
  static constexpr size_t kVolumesMax = 1'000;
  static constexpr size_t kVerticesMax = 10'000;  // in all of them together
  static constexpr size_t kPairsMax = 100;        // of volumes that meet, that are told of two declarations
  static constexpr size_t kGroupsMax = 100;       // in visible_to

  DeclarationKind kind = DeclarationKind::kIntent;
  Uuid id;
  std::string party;
  std::string ovn;
  int32_t version = 1;                         // rises by one with each change
  IntentState state = IntentState::kAccepted;  // or kActivated; a constraint is always kAccepted
  int32_t priority = 0;                        // a lesser number is a lower one; a constraint has none: 0
  Disclosure disclosure = Disclosure::kFull;
  std::vector<std::string> visible_to;  // groups that see all; ascending, each once
  DeclaredVolumes volumes;              // 1 to kVolumesMax
  Uuid reference_id;                    // of the reference that stands for it among those of F3548
  Extents extents;                      // of all volumes together

  friend bool operator==(const Declaration&, const Declaration&) = default;
};

// The least extents that contain those of every volume. REQUIRES: there is one.
Extents ExtentsOf(const DeclaredVolumes& volumes);

// The volumes of a reference of F3548 as its USS told them, while the reference is of the version that they are of.
struct ToldVolumes {
  DeclarationKind kind = DeclarationKind::kIntent;
  Uuid reference_id;
  int32_t version = 0;
  DeclaredVolumes volumes;  // at least one
  Extents extents;          // of all volumes together

  friend bool operator==(const ToldVolumes&, const ToldVolumes&) = default;
};

// Who may declare with keys of his own.
struct Party {
  static constexpr size_t kKeysMax = 16;
  using Key = std::array<uint8_t, 32>;  // Ed25519

  std::string name;       // the `sub` of its tokens
  std::vector<Key> keys;  // ascending, each once
  bool is_operator = false;
  std::string webhook;  // where its notices are sent; "" for nowhere
  int32_t version = 1;  // rises by one with each change

  friend bool operator==(const Party&, const Party&) = default;
};

// Parties that show each other more.
struct Group {
  static constexpr size_t kMembersMax = 10'000;

  std::string name;
  std::vector<std::string> members;  // names of parties; ascending, each once
  int32_t version = 1;

  friend bool operator==(const Group&, const Group&) = default;
};

// What a notice is about, by the true ids.
struct NoticeSubject {
  // On disk: never renumber.
  enum class Other : uint8_t { kDeclaration = 1, kOperationalIntentReference = 2, kConstraintReference = 3 };

  Uuid own;
  Other kind = Other::kDeclaration;
  Uuid other;

  friend auto operator<=>(const NoticeSubject&, const NoticeSubject&) = default;
};

// What one party was told. Its text never changes.
struct Notice {
  Uuid id;
  std::string party;
  int64_t number = 0;  // rises from one of a party's notices to the next; another with each repetition
  TimeNs made;
  TimeNs concerns_until;  // when what it tells of is over by itself
  std::string text;       // JSON (docs/formats/notice.md); its SHA-256 is what a receipt signs
  int32_t repeated = 0;
  std::optional<TimeNs> delivered;                    // first
  std::optional<TimeNs> acknowledged;                 // first
  std::string acknowledgement;                        // the party's detached JWS; "" before
  std::optional<NoticeSubject> about = std::nullopt;  // nothing in those of before it was kept
  bool settled = false;                               // what it tells of is over, or was told anew: it is not repeated

  friend bool operator==(const Notice&, const Notice&) = default;
};

// What the service's own USS is to tell another one (F3548's notifyOperationalIntentDetailsChanged and
// notifyConstraintDetailsChanged), until it is told or it is too late.
struct ProviderMessage {
  struct Subscription {
    Uuid id;
    int32_t notification_index = 0;

    friend bool operator==(const Subscription&, const Subscription&) = default;
  };

  uint64_t number = 0;  // rises
  std::string uss_base_url;
  DeclarationKind kind = DeclarationKind::kIntent;
  Uuid reference_id;
  bool deleted = false;
  std::vector<Subscription> subscriptions;
  TimeNs made;

  friend bool operator==(const ProviderMessage&, const ProviderMessage&) = default;
};

// What pseudonyms are made of; drawn once in the life of a store.
struct Secret {
  std::array<uint8_t, 32> bytes{};

  friend bool operator==(const Secret&, const Secret&) = default;
};

}  // namespace wideberth::model

#endif  // WIDEBERTH_MODEL_DECLARATION_H_
