// Bodies of the parties' interface and of what other USSs tell: whatever the bytes, they are read or refused with a
// reason; what is read is declared twice, so that the two conflict; what comes of it is JSON, and is stored so that an
// airspace made of it is the same.
#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>

#include "airspace/airspace.h"
#include "api/declaration_json.h"
#include "api/uss.h"
#include "base/check.h"

namespace wideberth {
namespace {

using model::DeclarationKind;

template <typename T>
bool Sound(const Result<T>& result) {
  if (result) return true;
  WB_CHECK(!result.error().message.empty());
  WB_CHECK(result.error().code == Code::kInvalid || result.error().code == Code::kTooLarge);
  return false;
}

model::Uuid Id(uint8_t last) {
  model::Uuid id = *model::Uuid::Parse("2f8343be-6482-4d1b-a474-16847e01af00");
  id.bytes[15] = last;
  return id;
}

// An airspace and what its store would have.
struct World {
  airspace::Airspace airspace;
  std::map<model::RecordKey, std::string> stored;
  int64_t now_ns = 1'700'000'000 * kNsPerSecond;

  model::Outcome Do(const model::Command& command) {
    model::Effects effects;
    model::Stamp stamp{{++now_ns}, true, true, {}};
    stamp.seed[0] = static_cast<uint8_t>(now_ns);
    model::Outcome outcome = airspace.Apply(stamp, command, effects);
    for (const model::RecordChange& change : effects.records) {
      if (change.record) {
        WB_CHECK(bool(model::Decode(change.key, *change.record)));
        stored[change.key] = *change.record;
      } else {
        stored.erase(change.key);
      }
    }
    for (const model::Event& event : effects.events) WB_CHECK(nlohmann::json::accept(event.text));
    return outcome;
  }

  void CheckStored() const {
    airspace::Airspace again;
    for (const auto& [key, record] : stored) WB_CHECK(bool(again.Restore(key, *model::Decode(key, record))));
    WB_CHECK(bool(again.FinishRestore()));
    size_t count = 0;
    airspace.VisitRecords([&](const model::RecordKey& key, const std::string& record) {
      WB_CHECK(stored.at(key) == record);
      ++count;
    });
    WB_CHECK(count == stored.size());
  }
};

void CheckOutcome(const model::Outcome& outcome) {
  if (const auto* changed = std::get_if<model::DeclarationChanged>(&outcome))
    WB_CHECK(nlohmann::json::accept(api::RenderDeclarationChanged(*changed)));
  if (const auto* refused = std::get_if<model::DeclarationRefused>(&outcome))
    WB_CHECK(nlohmann::json::accept(api::RenderDeclarationRefused(*refused)));
}

void Declare(std::string_view body, DeclarationKind kind) {
  auto put = api::ParseDeclaration(body, kind);
  if (!Sound(put)) return;
  // What is written of the volumes is read again as the same.
  const auto again = api::ParseDeclaration(R"({"type":"FeatureCollection","features":)" + put->declared + "}", kind);
  WB_CHECK(again && again->volumes == put->volumes);
  World world;
  model::Initialise initialise;
  initialise.secret.bytes.fill(9);
  world.Do(initialise);
  for (const std::string& group : put->visible_to) world.Do(model::PutGroup{"op", group, {"A"}});
  put->party = "A";
  put->id = Id(1);
  put->new_ovn = "ovn-1-----------";
  put->publication = {"wideberth", "https://own.example", Id(11), "reference-ovn-1-", Id(21), "version-1"};
  CheckOutcome(world.Do(*put));
  model::PutDeclaration other = *put;
  other.party = "B";
  other.visible_to.clear();
  other.kind = DeclarationKind::kIntent;
  other.id = Id(2);
  other.new_ovn = "ovn-2-----------";
  other.publication = {"wideberth", "https://own.example", Id(12), "reference-ovn-2-", Id(22), "version-2"};
  const model::Outcome refused = world.Do(other);
  CheckOutcome(refused);
  if (const auto* conflicts = std::get_if<model::DeclarationRefused>(&refused)) {
    for (const model::ConflictSeen& one : conflicts->conflicts)
      other.key.push_back(std::get<model::DeclarationSeen>(one.other).ovn);
    const model::Outcome accepted = world.Do(other);
    CheckOutcome(accepted);
    WB_CHECK(std::holds_alternative<model::DeclarationChanged>(accepted));
    WB_CHECK(!world.airspace.ListNotices("A", 0, INT64_MAX, 10).empty());
  }
  world.CheckStored();
}

void Tell(std::string_view body, DeclarationKind kind) {
  auto told = api::ParseNotification(body, kind, true);
  if (!Sound(told)) return;
  told->manager = "uss";
  World world;
  world.Do(model::Initialise{});
  world.Do(*told);
  world.CheckStored();
}

}  // namespace
}  // namespace wideberth

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using wideberth::model::DeclarationKind;
  if (size > 16'384) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const DeclarationKind kind : {DeclarationKind::kIntent, DeclarationKind::kConstraint}) {
    wideberth::Declare(body, kind);
    wideberth::Tell(body, kind);
  }
  wideberth::Sound(wideberth::api::ParseKey(body));
  return 0;
}
