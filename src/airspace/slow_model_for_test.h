#ifndef WIDEBERTH_AIRSPACE_SLOW_MODEL_FOR_TEST_H_
#define WIDEBERTH_AIRSPACE_SLOW_MODEL_FOR_TEST_H_

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "airspace/airspace.h"

// The rules once more, slowly: lists that are read from end to end, no index, no events, and sets of cells at one level
// instead of covers. Written from F3548 and F3411 alone, to be compared with Airspace.
namespace wideberth::airspace {

class SlowModel {
 public:
  TimeNs now{0};
  std::map<model::Uuid, model::OperationalIntentReference> intents;
  std::map<model::Uuid, model::ConstraintReference> constraints;
  std::map<model::Uuid, model::Subscription> subscriptions;
  std::map<std::string, model::UssAvailability> availabilities;
  std::map<model::Uuid, model::IdentificationServiceArea> service_areas;
  std::map<model::Uuid, model::RidSubscription> rid_subscriptions;

  static bool Meets(const model::Extents& a, const model::Extents& b) {
    if (a.end < b.start || b.end < a.start || a.upper < b.lower || b.upper < a.lower) return false;
    return std::any_of(a.cover.cells.begin(), a.cover.cells.end(), [&](uint64_t x) {
      return std::any_of(b.cover.cells.begin(), b.cover.cells.end(), [&](uint64_t y) {
        // A cell's descendants are its id, give or take its lowest set bit.
        const uint64_t bit_x = x & (~x + 1);
        const uint64_t bit_y = y & (~y + 1);
        return x - (bit_x - 1) <= y + (bit_y - 1) && y - (bit_y - 1) <= x + (bit_x - 1);
      });
    });
  }
  bool Live(const model::Extents& extents) const { return extents.end >= now; }
  bool Down(const std::string& uss) const {
    const auto at = availabilities.find(uss);
    return at != availabilities.end() && at->second.availability == model::Availability::kDown;
  }
  std::vector<model::Uuid> Dependents(const model::Uuid& subscription) const {
    std::vector<model::Uuid> found;
    for (const auto& [id, intent] : intents)
      if (intent.subscription_id == subscription) found.push_back(id);
    return found;
  }

  // What is an hour past its end goes, and with an intent its implicit subscription.
  void Advance(TimeNs to) {
    now = to;
    const auto gone = [&](const model::Extents& e) { return e.end.value + kKeptAfterEndNs < now.value; };
    std::erase_if(intents, [&](const auto& one) { return gone(one.second.extents); });
    std::erase_if(constraints, [&](const auto& one) { return gone(one.second.extents); });
    std::erase_if(subscriptions, [&](const auto& one) { return gone(one.second.extents); });
    std::erase_if(service_areas, [&](const auto& one) { return gone(one.second.extents); });
    std::erase_if(rid_subscriptions, [&](const auto& one) { return gone(one.second.extents); });
    DropUnused();
    for (auto& [id, intent] : intents)
      if (intent.subscription_id && !subscriptions.contains(*intent.subscription_id)) intent.subscription_id.reset();
  }
  void DropUnused() {
    std::erase_if(subscriptions, [&](const auto& one) { return one.second.implicit && Dependents(one.first).empty(); });
  }
  // The ids told, each counted once.
  std::set<model::Uuid> Tell(const std::vector<model::Extents>& extents, bool model::Subscription::* asks) {
    std::set<model::Uuid> told;
    for (auto& [id, subscription] : subscriptions) {
      if (!(subscription.*asks) || !Live(subscription.extents)) continue;
      if (std::none_of(extents.begin(), extents.end(), [&](const auto& e) { return Meets(e, subscription.extents); }))
        continue;
      ++subscription.notification_index;
      told.insert(id);
    }
    return told;
  }
  // The same of F3411's.
  std::set<model::Uuid> TellOfServiceArea(const std::vector<model::Extents>& extents) {
    std::set<model::Uuid> told;
    for (auto& [id, subscription] : rid_subscriptions) {
      if (!Live(subscription.extents)) continue;
      if (std::none_of(extents.begin(), extents.end(), [&](const auto& e) { return Meets(e, subscription.extents); }))
        continue;
      ++subscription.notification_index;
      told.insert(id);
    }
    return told;
  }
  // How many live subscriptions of the owner, without this one, have a point of the cover in common.
  size_t Deepest(const model::Uuid& id, const std::string& owner, const index::CellCover& cover) const {
    const auto covers = [](const index::CellCover& one, uint64_t leaf) {
      return std::any_of(one.cells.begin(), one.cells.end(), [&](uint64_t cell) {
        const uint64_t bit = cell & (~cell + 1);
        return cell - (bit - 1) <= leaf && leaf <= cell + (bit - 1);
      });
    };
    std::vector<const index::CellCover*> others;
    std::set<uint64_t> leaves;  // the deepest place begins where some cell begins
    const auto add = [&](const index::CellCover& one) {
      for (const uint64_t cell : one.cells) leaves.insert(cell - ((cell & (~cell + 1)) - 1));
    };
    add(cover);
    for (const auto& [other_id, other] : rid_subscriptions) {
      if (other_id == id || other.owner != owner || !Live(other.extents)) continue;
      others.push_back(&other.extents.cover);
      add(other.extents.cover);
    }
    size_t deepest = 0;
    for (const uint64_t leaf : leaves) {
      if (!covers(cover, leaf)) continue;
      const auto here =
          std::count_if(others.begin(), others.end(), [&](const auto* one) { return covers(*one, leaf); });
      deepest = std::max(deepest, static_cast<size_t>(here));
    }
    return deepest;
  }
};

}  // namespace wideberth::airspace

#endif  // WIDEBERTH_AIRSPACE_SLOW_MODEL_FOR_TEST_H_
