// What remote ID's interfaces and a heartbeat are sent: bodies, searched areas and queries. Whatever the bytes, they
// are read or refused with a reason; and what is read is something that the airspace can take, answer and store.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "airspace/airspace.h"
#include "api/auxiliary.h"
#include "api/f3411_json.h"
#include "base/check.h"
#include "http/query.h"

namespace wideberth {
namespace {

using model::RidInterface;

constexpr TimeNs kNow{1'800'000'000 * kNsPerSecond};
constexpr model::Uuid kArea{{1, 2, 3, 4, 5, 6, 0x40, 8, 0x80}};
constexpr model::Uuid kSubscription{{2, 2, 3, 4, 5, 6, 0x40, 8, 0x80}};

template <typename T>
bool Sound(const Result<T>& result) {
  if (result) return true;
  WB_CHECK(!result.error().message.empty());
  WB_CHECK(result.error().code == Code::kInvalid || result.error().code == Code::kTooLarge);
  return false;
}

void CheckExtents(const model::Extents& extents) {
  WB_CHECK(!extents.cover.cells.empty() && index::IsCover(extents.cover));
  WB_CHECK(extents.start <= extents.end);
  WB_CHECK(extents.lower == model::Extents::kNoLower && extents.upper == model::Extents::kNoUpper);
}

RidInterface Other(RidInterface through) {
  return through == RidInterface::kV19 ? RidInterface::kV22a : RidInterface::kV19;
}

// A subscription and an area of the same place and time meet, through whichever interface each was written.
void CheckBody(std::string_view body, RidInterface through) {
  const model::Stamp stamp{kNow, true};
  std::vector<model::RecordChange> changes;
  airspace::Airspace airspace;
  auto area = api::ParsePutServiceArea(body, through, true);
  if (Sound(area)) {
    CheckExtents(area->extents);
    WB_CHECK(!area->url.empty() && area->written_through == through);
    area->id = kArea;
    area->owner = "uss1";
    model::PutRidSubscription around{.id = kSubscription, .owner = "uss2", .extents = area->extents, .url = area->url};
    const model::Outcome subscribed = airspace.Apply(stamp, around, changes);
    const model::Outcome outcome = airspace.Apply(stamp, *area, changes);
    if (const auto* changed = std::get_if<model::IdentificationServiceAreaChanged>(&outcome)) {
      const bool told = std::holds_alternative<model::RidSubscriptionChanged>(subscribed);
      WB_CHECK(changed->notified.size() == (told ? 1 : 0));
      WB_CHECK(airspace.QueryServiceAreas(changed->area.extents, kNow).size() == 1);
      WB_CHECK(!api::RenderServiceAreaChanged(*changed, through).empty());
      WB_CHECK(!api::RenderServiceAreaChanged(*changed, Other(through)).empty());
    }
  }
  auto subscription = api::ParsePutRidSubscription(body, through, true);
  if (Sound(subscription)) {
    CheckExtents(subscription->extents);
    WB_CHECK(!subscription->url.empty() && subscription->written_through == through);
    subscription->id = kSubscription;
    subscription->owner = "uss3";
    airspace::Airspace empty;
    const model::Outcome outcome = empty.Apply(stamp, *subscription, changes);
    if (const auto* changed = std::get_if<model::RidSubscriptionChanged>(&outcome)) {
      WB_CHECK(empty.QueryRidSubscriptions(changed->subscription.extents, "uss3", kNow).size() == 1);
      WB_CHECK(!api::RenderRidSubscriptionChanged(*changed, through).empty());
      WB_CHECK(!api::RenderRidSubscriptionChanged(*changed, Other(through)).empty());
    }
  }
  for (const model::RecordChange& change : changes) {
    if (change.record) WB_CHECK(bool(model::Decode(change.key, *change.record)));
  }
}

// A whole query, as it stands in a URL after the "?".
void CheckQuery(const std::string& query) {
  const auto parameters = http::QueryParameters::Parse(query);
  if (Sound(parameters)) {
    const auto text = parameters->Find("area");
    if (Sound(text) && *text) {
      const auto area = api::ParseArea(**text);
      if (Sound(area)) {
        CheckExtents(*area);
        WB_CHECK(airspace::Airspace().QueryServiceAreas(*area, kNow).empty());
      }
    }
  }
  auto heartbeat = api::ParseHeartbeat(query, kNow);
  if (!Sound(heartbeat)) return;
  heartbeat->instance = "instance";
  heartbeat->reporter = "uss1";
  std::vector<model::RecordChange> changes;
  airspace::Airspace airspace;
  const model::Outcome outcome = airspace.Apply({kNow, true}, model::RecordHeartbeat{*heartbeat}, changes);
  WB_CHECK(std::holds_alternative<model::HeartbeatRecorded>(outcome) && changes.size() == 1);
  WB_CHECK(bool(model::Decode(changes[0].key, *changes[0].record)));
  WB_CHECK(airspace.FindHeartbeat("instance")->source == heartbeat->source);
}

// A version is the one text of its number.
void CheckVersion(std::string_view text) {
  const auto version = api::ParseRidVersion(text);
  if (Sound(version)) WB_CHECK(api::FormatRidVersion(*version) == text);
}

}  // namespace
}  // namespace wideberth

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 16'384) return 0;
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  wideberth::CheckBody(input, wideberth::RidInterface::kV19);
  wideberth::CheckBody(input, wideberth::RidInterface::kV22a);
  wideberth::CheckQuery(std::string(input));
  wideberth::CheckVersion(input);
  return 0;
}
