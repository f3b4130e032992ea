#include "airspace/pairing.h"

#include <algorithm>
#include <vector>

namespace wideberth::airspace {

using model::Declaration;
using model::DeclaredVolume;
using model::DeclaredVolumes;
using model::Extents;
using model::Meets;

namespace {

// The effort of comparing two covers, and for each of their cells.
constexpr int64_t kCoverEffort = 8;
constexpr int64_t kCellEffort = 2;

// Some volumes of a declaration by the times when they are there.
class InTime {
 public:
  InTime(const DeclaredVolumes& volumes, std::vector<uint32_t> some) : volumes_(volumes), order_(std::move(some)) {
    std::stable_sort(order_.begin(), order_.end(),
                     [&](uint32_t a, uint32_t b) { return TimesOf(a).start() < TimesOf(b).start(); });
    for (const uint32_t i : order_)
      last_end_.push_back(last_end_.empty() ? TimesOf(i).end() : std::max(last_end_.back(), TimesOf(i).end()));
  }

  // Those that share an instant with these times, ascending.
  std::vector<uint32_t> Meeting(const geo::TimeInterval& times) const {
    std::vector<uint32_t> found;
    const auto until = std::upper_bound(order_.begin(), order_.end(), times.end(),
                                        [&](TimeNs end, uint32_t i) { return end < TimesOf(i).start(); });
    for (auto at = static_cast<size_t>(until - order_.begin()); at-- > 0 && last_end_[at] >= times.start();) {
      if (TimesOf(order_[at]).end() >= times.start()) found.push_back(order_[at]);
    }
    std::sort(found.begin(), found.end());
    return found;
  }

 private:
  const geo::TimeInterval& TimesOf(uint32_t i) const { return volumes_[i].volume().times; }

  const DeclaredVolumes& volumes_;
  std::vector<uint32_t> order_;
  std::vector<TimeNs> last_end_;  // of this one and all before it
};

}  // namespace

bool Pairing::IsWanted(const DeclaredVolume& own) const {
  return own.volume().times.end() >= now_ && (!wanted_ || wanted_(own));
}

bool Pairing::CoversMeet(const Extents& a, const Extents& b) {
  effort_.count += kCoverEffort;
  if (!(a.start <= b.end && b.start <= a.end && a.lower <= b.upper && b.lower <= a.upper)) return false;
  effort_.count += kCellEffort * static_cast<int64_t>(a.cover.cells.size() + b.cover.cells.size());
  return a.cover.Intersects(b.cover);
}

size_t Pairing::PairsLeft() const {
  return pairs_ >= kPairsMax ? 1 : std::min(kPairsMax - pairs_, Declaration::kPairsMax);
}

Meets Pairing::Meet(const Declaration& own, const Declaration& other) {
  return MeetExactly({own.volumes, own.extents}, {other.volumes, other.extents});
}

Meets Pairing::Meet(const Declaration& own, const model::ToldVolumes& other) {
  return MeetExactly({own.volumes, own.extents}, {other.volumes, other.extents});
}

Meets Pairing::MeetExactly(const Side& own, const Side& other) {
  Meets meets;
  const size_t pairs_max = PairsLeft();
  // What is far from all of the other is left aside first: it is most of two long flights that cross.
  std::vector<uint32_t> theirs;
  for (uint32_t j = 0; j < other.volumes.size() && !is_spent(); ++j) {
    if (other.volumes[j].volume().times.end() >= now_ && CoversMeet(other.volumes[j].extents(), own.extents))
      theirs.push_back(j);
  }
  const InTime in_time(other.volumes, std::move(theirs));
  for (uint32_t i = 0; i < own.volumes.size() && !is_spent(); ++i) {
    if (!IsWanted(own.volumes[i]) || !CoversMeet(own.volumes[i].extents(), other.extents)) continue;
    for (const uint32_t j : in_time.Meeting(own.volumes[i].volume().times)) {
      if (is_spent()) break;
      if (!CoversMeet(own.volumes[i].extents(), other.volumes[j].extents()) ||
          !geo::Intersects(own.volumes[i].volume(), other.volumes[j].volume(), effort_))
        continue;
      if (meets.pairs.size() == pairs_max) {
        meets.more = true;
        pairs_ += meets.pairs.size();
        return meets;
      }
      meets.pairs.push_back({i, j});
    }
  }
  pairs_ += meets.pairs.size();
  if (!is_spent()) return meets;
  if (meets.pairs.empty()) {
    meets = Meet(own.volumes, other.extents);
    meets.possible = true;
  } else {
    meets.more = true;
  }
  return meets;
}

Meets Pairing::Meet(const DeclaredVolumes& own, const Extents& other) {
  Meets meets;
  const size_t pairs_max = PairsLeft();
  for (uint32_t i = 0; i < own.size(); ++i) {
    if (!IsWanted(own[i]) || !CoversMeet(own[i].extents(), other)) continue;
    if (meets.pairs.size() == pairs_max) {
      meets.more = true;
      break;
    }
    meets.pairs.push_back({i, 0});
  }
  pairs_ += meets.pairs.size();
  return meets;
}

}  // namespace wideberth::airspace
