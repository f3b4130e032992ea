// Bodies of the DSS's interface: whatever the bytes, they are read or refused with a reason that begins with a member's
// name; and what is read has extents that the airspace can take.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "airspace/airspace.h"
#include "api/f3548_json.h"
#include "base/check.h"

namespace wideberth {
namespace {

template <typename T>
bool Sound(const Result<T>& result) {
  if (result) return true;
  WB_CHECK(!result.error().message.empty());
  WB_CHECK(result.error().code == Code::kInvalid || result.error().code == Code::kTooLarge);
  return false;
}

void CheckExtents(const model::Extents& extents) {
  WB_CHECK(!extents.cover.cells.empty() && index::IsCover(extents.cover));
  WB_CHECK(extents.lower <= extents.upper && extents.start <= extents.end);
}

void Check(std::string_view body) {
  const api::ParseOptions options{.allow_http_uss = true};
  const model::Stamp stamp{{1'800'000'000 * kNsPerSecond}, true};
  std::vector<model::RecordChange> changes;
  airspace::Airspace airspace;
  if (auto put = api::ParsePutOperationalIntent(body, options); Sound(put)) {
    CheckExtents(put->extents);
    put->manager = "uss";
    put->new_ovn = "0123456789abcdef";
    const model::Outcome outcome = airspace.Apply(stamp, *put, changes);
    if (const auto* changed = std::get_if<model::OperationalIntentChanged>(&outcome)) {
      WB_CHECK(!api::RenderIntentChanged(*changed, "uss").empty());
      WB_CHECK(airspace.QueryIntents(put->extents, stamp.time).size() == (put->extents.end < stamp.time ? 0 : 1));
    }
  }
  if (auto put = api::ParsePutConstraint(body, options); Sound(put)) {
    CheckExtents(put->extents);
    airspace.Apply(stamp, *put, changes);
  }
  if (auto put = api::ParsePutSubscription(body, options); Sound(put)) {
    WB_CHECK(!put->extents.cover.cells.empty());
    airspace.Apply(stamp, *put, changes);
  }
  if (const auto area = api::ParseQuery(body); Sound(area)) {
    CheckExtents(*area);
    static_cast<void>(airspace.QueryConstraints(*area, stamp.time));
  }
  Sound(api::ParseSetAvailability(body));
  Sound(api::ParseReport(body, "id"));
  for (const model::RecordChange& change : changes) {
    if (change.record) WB_CHECK(bool(model::Decode(change.key, *change.record)));
  }
}

}  // namespace
}  // namespace wideberth

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size <= 16'384) wideberth::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
