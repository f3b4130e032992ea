#ifndef WIDEBERTH_CONFLICT_PLAN_SET_H_
#define WIDEBERTH_CONFLICT_PLAN_SET_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/check.h"
#include "geo/volume4d.h"

namespace wideberth::conflict {

// Plans of several parties, as a file gives them: parties have intents, and intents have volumes. An intent is known
// by its party and its name together. Numbers are handed out in order of first appearance. A value.
class PlanSet {
 public:
  struct Intent {
    std::string name;
    uint32_t party;
  };

  // The most volumes one set holds: their numbers, and those of their boxes, fit 32 bits with room to spare.
  static constexpr size_t kVolumesMax = 100'000'000;

  // The number of a party, new or known. O(1) on average.
  uint32_t PartyNumber(std::string_view name) {
    const auto found = party_numbers_.find(name);
    if (found != party_numbers_.end()) return found->second;
    const auto number = static_cast<uint32_t>(parties_.size());
    parties_.emplace_back(name);
    party_numbers_.emplace(parties_.back(), number);
    intent_numbers_.emplace_back();
    return number;
  }

  // The number of a party's intent, new or known. O(1) on average. REQUIRES: `party` was handed out.
  uint32_t IntentNumber(uint32_t party, std::string_view name) {
    WB_CHECK(party < parties_.size());
    auto& numbers = intent_numbers_[party];
    const auto found = numbers.find(name);
    if (found != numbers.end()) return found->second;
    const auto number = static_cast<uint32_t>(intents_.size());
    intents_.push_back({std::string(name), party});
    numbers.emplace(name, number);
    return number;
  }

  // REQUIRES: `intent` was handed out; fewer than kVolumesMax volumes.
  void Add(uint32_t intent, geo::Volume4D volume) {
    WB_CHECK(intent < intents_.size() && volumes_.size() < kVolumesMax);
    volumes_.push_back(std::move(volume));
    intent_of_.push_back(intent);
  }

  void Reserve(size_t volumes) {
    volumes_.reserve(volumes);
    intent_of_.reserve(volumes);
  }

  const std::vector<std::string>& parties() const { return parties_; }
  const std::vector<Intent>& intents() const { return intents_; }
  const std::vector<geo::Volume4D>& volumes() const { return volumes_; }
  // For each volume, its intent.
  const std::vector<uint32_t>& intent_of() const { return intent_of_; }
  uint32_t party_of_volume(size_t volume) const { return intents_[intent_of_[volume]].party; }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Numbers = std::unordered_map<std::string, uint32_t, Hash, std::equal_to<>>;  // never iterated

  std::vector<std::string> parties_;
  std::vector<Intent> intents_;
  std::vector<geo::Volume4D> volumes_;
  std::vector<uint32_t> intent_of_;
  Numbers party_numbers_;
  std::vector<Numbers> intent_numbers_;  // by party
};

}  // namespace wideberth::conflict

#endif  // WIDEBERTH_CONFLICT_PLAN_SET_H_
