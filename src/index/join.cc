#include "index/join.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <utility>

#include "base/check.h"
#include "index/box_scan.h"
#include "index/key.h"

namespace wideberth::index {
namespace {

constexpr size_t kFillMax = kScanMax;
// Leaves and nodes are cut at the coarsest boundary that leaves at least this many in them.
constexpr size_t kFillMin = 6;
constexpr size_t kProgressSteps = 100;

// What one look at all boxes tells about how to order them.
struct Survey {
  std::array<uint32_t, kAxes> least;  // of the centres, biased
  std::array<uint32_t, kAxes> most;   // likewise
  uint64_t groups = 0;                // bit g: some box is of group g
  uint32_t shortest = ~0u;            // length in steps of any box on any axis
  bool some_have_several = false;     // boxes for one id
};

Survey SurveyBoxes(std::span<const Box> boxes, std::span<const uint32_t> ids) {
  Survey survey;
  survey.least.fill(std::numeric_limits<uint32_t>::max());
  survey.most.fill(0);
  for (size_t i = 1; i < ids.size(); ++i) {
    WB_CHECK(ids[i - 1] <= ids[i]);
    survey.some_have_several |= ids[i - 1] == ids[i];
  }
  for (const Box& box : boxes) {
    WB_CHECK(box.valid());
    for (size_t axis = 0; axis < kAxes; ++axis) {
      const uint32_t center = Center(box, axis);
      survey.least[axis] = std::min(survey.least[axis], center);
      survey.most[axis] = std::max(survey.most[axis], center);
      survey.shortest = std::min(survey.shortest, LengthInSteps(box, axis));
    }
    survey.groups |= uint64_t{1} << GroupOf(box);
  }
  return survey;
}

// How the order of these boxes is put into 64 bits: from the highest bit down the rank of the group among those
// that occur, the Morton code of some levels of the centre, and the index of the box.
struct OrderFormat {
  int index_bits;
  int level_shift;  // the lowest level of the Morton code
  int levels;       // how many
  int group_shift;
  int bits;  // in all
};

OrderFormat ChooseFormat(const Survey& survey, size_t count) {
  OrderFormat format;
  format.index_bits = static_cast<int>(std::bit_width(count - 1));
  const int group_bits = static_cast<int>(std::bit_width(static_cast<unsigned>(std::popcount(survey.groups)) - 1));
  int top = 0;
  for (size_t axis = 0; axis < kAxes; ++axis) {
    const uint32_t range = (survey.most[axis] - survey.least[axis]) >> kStepShift[axis];
    top = std::max(top, static_cast<int>(std::bit_width(range)));
  }
  const int own = std::max(0, static_cast<int>(std::bit_width(survey.shortest)) - 1);
  const int room = std::min(16, (64 - format.index_bits - group_bits) / kAxes);
  format.levels = std::clamp(top - own, 0, room);
  format.level_shift = std::max(top - format.levels, 0);
  format.group_shift = format.index_bits + format.levels * kAxes;
  format.bits = format.group_shift + group_bits;
  return format;
}

uint32_t StepsFrom(const Box& box, const std::array<uint32_t, kAxes>& least, size_t axis) {
  return (Center(box, axis) - least[axis]) >> kStepShift[axis];
}

HugeArray<uint64_t> UnsortedOrder(std::span<const Box> boxes, const Survey& survey, const OrderFormat& format) {
  std::array<uint8_t, kGroups> rank{};
  for (int group = 0; group < kGroups; ++group) {
    rank[static_cast<size_t>(group)] =
        static_cast<uint8_t>(std::popcount(survey.groups & ((uint64_t{1} << group) - 1)));
  }
  HugeArray<uint64_t> order(boxes.size());
  const int shift = format.level_shift;
  for (size_t i = 0; i < boxes.size(); ++i) {
    const Box& box = boxes[i];
    const uint64_t code =
        Interleave(StepsFrom(box, survey.least, kLatitude) >> shift, StepsFrom(box, survey.least, kLongitude) >> shift,
                   StepsFrom(box, survey.least, kAltitude) >> shift, StepsFrom(box, survey.least, kTime) >> shift);
    uint64_t place = code << format.index_bits | i;
    if (format.bits > format.group_shift) place |= uint64_t{rank[GroupOf(box)]} << format.group_shift;
    order[i] = place;
  }
  return order;
}

// Sorts by the bits from `low_bit` to `high_bit`; least significant digit first, so equal ones stay in order.
void RadixSort(HugeArray<uint64_t>& values, int low_bit, int high_bit) {
  constexpr int kDigitBitsMax = 11;
  const int bits = high_bit - low_bit;
  if (bits <= 0) return;
  const int passes = (bits + kDigitBitsMax - 1) / kDigitBitsMax;
  const int digit_bits = (bits + passes - 1) / passes;
  const size_t radix = size_t{1} << digit_bits;
  const uint64_t mask = radix - 1;

  std::vector<uint32_t> counts(radix * static_cast<size_t>(passes));
  for (const uint64_t value : values) {
    for (int pass = 0; pass < passes; ++pass) {
      ++counts[static_cast<size_t>(pass) * radix + (value >> (low_bit + pass * digit_bits) & mask)];
    }
  }
  HugeArray<uint64_t> scratch(values.size());
  for (int pass = 0; pass < passes; ++pass) {
    const int shift = low_bit + pass * digit_bits;
    uint32_t* const starts = &counts[static_cast<size_t>(pass) * radix];
    if (starts[values[0] >> shift & mask] == values.size()) continue;
    uint32_t sum = 0;
    for (size_t digit = 0; digit < radix; ++digit) sum += std::exchange(starts[digit], sum);
    for (const uint64_t value : values) scratch[starts[value >> shift & mask]++] = value;
    values.swap(scratch);
  }
}

// Runs of equal places that are longer than a leaf are sorted by all their levels.
void SortLongTies(std::span<const Box> boxes, const Survey& survey, const OrderFormat& format,
                  HugeArray<uint64_t>& order) {
  if (format.level_shift == 0) return;
  struct Item {
    std::array<uint32_t, kAxes> at;
    uint64_t place;
  };
  std::vector<Item> items;
  const uint64_t index_mask = (uint64_t{1} << format.index_bits) - 1;
  for (size_t first = 0; first < order.size();) {
    size_t last = first + 1;
    while (last < order.size() && (order[first] ^ order[last]) <= index_mask) ++last;
    if (last - first > kFillMax) {
      items.clear();
      for (size_t i = first; i < last; ++i) {
        const Box& box = boxes[order[i] & index_mask];
        Item& item = items.emplace_back();
        item.place = order[i];
        for (size_t axis = 0; axis < kAxes; ++axis) item.at[axis] = StepsFrom(box, survey.least, axis);
      }
      std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) {
        // The axis with the highest differing bit decides, as in the Morton code.
        constexpr std::array<size_t, kAxes> kFromHighest = {kTime, kLatitude, kLongitude, kAltitude};
        size_t decider = kTime;
        uint32_t most = 0;
        for (const size_t axis : kFromHighest) {
          const uint32_t difference = a.at[axis] ^ b.at[axis];
          if (most < difference && most < (most ^ difference)) {
            most = difference;
            decider = axis;
          }
        }
        return a.at[decider] != b.at[decider] ? a.at[decider] < b.at[decider] : a.place < b.place;
      });
      for (size_t i = first; i < last; ++i) order[i] = items[i - first].place;
    }
    first = last;
  }
}

// Where the run that begins at `first` of `count` ends: after at most kFillMax, at the coarsest boundary (the last of
// several) that leaves at least kFillMin in it. level_before(i) says how coarse the boundary between i - 1 and i is.
template <typename LevelBefore>
size_t EndOfRun(size_t first, size_t count, LevelBefore level_before) {
  if (count - first <= kFillMax) return count;
  size_t best = first + kFillMin;
  int best_level = level_before(best);
  for (size_t i = best + 1; i <= first + kFillMax; ++i) {
    const int level = level_before(i);
    if (level >= best_level) {
      best = i;
      best_level = level;
    }
  }
  return best;
}

void Prefetch(const void* memory, size_t bytes) {
  for (size_t line = 0; line < bytes; line += 64) __builtin_prefetch(static_cast<const char*>(memory) + line);
}

}  // namespace

Join::Join(std::span<const Box> boxes, std::span<const uint32_t> ids) : boxes_(boxes), ids_(ids) {
  WB_CHECK(boxes.size() == ids.size() && boxes.size() <= kBoxesMax);
  const size_t count = boxes.size();
  if (count == 0) return;
  const Survey survey = SurveyBoxes(boxes, ids);
  some_have_several_ = survey.some_have_several;
  const OrderFormat format = ChooseFormat(survey, count);
  index_mask_ = (uint64_t{1} << format.index_bits) - 1;
  order_ = UnsortedOrder(boxes, survey, format);
  RadixSort(order_, format.index_bits, format.bits);
  SortLongTies(boxes, survey, format, order_);

  constexpr size_t kPrefetchAhead = 32;
  sorted_ = HugeArray<Box>(count + kScanGroup - 1);
  for (size_t position = 0; position < count; ++position) {
    __builtin_prefetch(&boxes_[order_[std::min(position + kPrefetchAhead, count - 1)] & index_mask_]);
    sorted_[position] = boxes_[order_[position] & index_mask_];
  }
  for (size_t position = count; position < sorted_.size(); ++position) sorted_[position] = {};

  const auto level_before = [&](size_t i) {
    return static_cast<int>(std::bit_width((order_[i - 1] ^ order_[i]) >> format.index_bits));
  };
  std::vector<uint32_t> starts;
  std::vector<uint8_t> boundaries;  // how coarse, before each leaf
  starts.reserve(count / 10 + 2);
  boundaries.reserve(count / 10 + 2);
  for (size_t first = 0; first < count;) {
    starts.push_back(static_cast<uint32_t>(first));
    boundaries.push_back(static_cast<uint8_t>(first == 0 ? 0 : level_before(first)));
    size_t end = EndOfRun(first, count, level_before);
    // A group's boxes keep to themselves. A shift by 64 would be undefined: then there is one group.
    const auto same_group = [&](size_t i) {
      return format.group_shift >= 64 || (order_[first] ^ order_[i]) >> format.group_shift == 0;
    };
    if (!same_group(end - 1)) {
      end = first + 1;
      while (same_group(end)) ++end;
    }
    first = end;
  }
  starts.push_back(static_cast<uint32_t>(count));
  PackLevels(std::move(starts), std::move(boundaries));
}

void Join::PackLevels(std::vector<uint32_t> starts, std::vector<uint8_t> boundaries) {
  while (true) {
    const HugeArray<Box>& children = levels_.empty() ? sorted_ : levels_.back().bounds;
    const size_t count = starts.size() - 1;
    HugeArray<Box> bounds(count + kScanGroup - 1);
    for (size_t node = 0; node < count; ++node) {
      Box bound = children[starts[node]];
      for (size_t child = starts[node] + 1; child < starts[node + 1]; ++child) bound.Extend(children[child]);
      bounds[node] = bound;
    }
    for (size_t node = count; node < bounds.size(); ++node) bounds[node] = {};
    levels_.push_back({std::move(starts), std::move(bounds)});
    if (count == 1 && levels_.size() > 1) break;

    starts.clear();
    std::vector<uint8_t> coarser;
    for (size_t first = 0; first < count;) {
      starts.push_back(static_cast<uint32_t>(first));
      coarser.push_back(boundaries[first]);
      first = EndOfRun(first, count, [&](size_t i) { return int{boundaries[i]}; });
    }
    starts.push_back(static_cast<uint32_t>(count));
    boundaries = std::move(coarser);
  }
}

bool Join::IsFirstMeeting(size_t i, size_t j) const {
  if (ids_[i] > ids_[j]) std::swap(i, j);
  const auto first_of = [this](size_t k) {
    return static_cast<size_t>(std::lower_bound(ids_.begin(), ids_.end(), ids_[k]) - ids_.begin());
  };
  const size_t first_j = first_of(j);
  for (size_t a = first_of(i); a <= i; ++a) {
    for (size_t b = first_j; b < ids_.size() && ids_[b] == ids_[j] && (a < i || b < j); ++b) {
      if (boxes_[a].Intersects(boxes_[b])) return false;
    }
  }
  return true;
}

// Collects pairs of positions; hands them out as pairs of ids, a batch at a time.
class Join::Emitter {
 public:
  Emitter(const Join& join, PairVisitor visit) : join_(join), visit_(visit), found_(kRoom) { pairs_.reserve(kRoom); }

  void Add(size_t position_a, size_t position_b) {
    found_[count_++] = {static_cast<uint32_t>(position_a), static_cast<uint32_t>(position_b)};
  }

  // To be called at least after every kScanMax calls of Add. Returns whether to go on.
  bool FlushIfFull() { return count_ <= kRoom - kScanMax || Flush(); }
  bool Flush() {
    pairs_.clear();
    for (size_t k = 0; k < count_; ++k) {
      const size_t i = join_.order_[found_[k].a] & join_.index_mask_;
      const size_t j = join_.order_[found_[k].b] & join_.index_mask_;
      const uint32_t a = join_.ids_[i];
      const uint32_t b = join_.ids_[j];
      if (join_.some_have_several_ && (a == b || !join_.IsFirstMeeting(i, j))) continue;
      pairs_.push_back({std::min(a, b), std::max(a, b)});
    }
    count_ = 0;
    return pairs_.empty() || visit_(pairs_);
  }

 private:
  static constexpr size_t kRoom = kPairsPerBatch;

  const Join& join_;
  PairVisitor visit_;
  std::vector<IdPair> found_;  // positions
  size_t count_ = 0;
  std::vector<IdPair> pairs_;
};

// Leaves with copies of their bounds side by side.
struct Join::LeafList {
  std::vector<uint32_t> leaves;
  std::vector<Box> bounds;
};

void Join::FindLeaves(const Box& bounds, uint32_t from, LeafList& found) const {
  // On each level the node that `from` is in: the nodes before it are not looked at.
  std::array<uint32_t, 16> least{};
  least[0] = from;
  for (size_t level = 1; level < levels_.size(); ++level) {
    const std::vector<uint32_t>& starts = levels_[level].starts;
    least[level] =
        static_cast<uint32_t>(std::upper_bound(starts.begin(), starts.end(), least[level - 1]) - starts.begin() - 1);
  }
  struct Step {
    size_t level;
    uint32_t node;
  };
  // Each level leaves at most kFillMax steps behind; there are at most 12 of them, each kFillMin times smaller.
  std::array<Step, 16 * kFillMax> stack;
  size_t depth = 0;
  stack[depth++] = {levels_.size() - 1, 0};
  while (depth > 0) {
    const Step step = stack[--depth];
    const Level& level = levels_[step.level];
    const Level& below = levels_[step.level - 1];
    const uint32_t first = std::max(level.starts[step.node], least[step.level - 1]);
    uint32_t hits = Scan(&below.bounds[first], static_cast<int>(level.starts[step.node + 1] - first), bounds);
    if (step.level == 1) {
      for (; hits != 0; hits &= hits - 1) {
        const uint32_t leaf = first + static_cast<uint32_t>(std::countr_zero(hits));
        found.leaves.push_back(leaf);
        found.bounds.push_back(below.bounds[leaf]);
      }
    } else {
      while (hits != 0) {  // the last first, so that the first comes off the stack first
        const uint32_t slot = static_cast<uint32_t>(std::bit_width(hits)) - 1;
        hits ^= 1u << slot;
        stack[depth++] = {step.level - 1, first + slot};
      }
    }
  }
}

bool Join::VisitLeaves(size_t first, size_t last, PairVisitor visit) const {
  WB_CHECK(first <= last && last <= leaf_count());
  if (first == last) return true;
  Emitter emitter(*this, visit);
  const Level& leaves = levels_[0];
  const Level& parents = levels_[1];
  LeafList near;  // what may meet the leaves of one parent: found once for all of them
  std::vector<uint32_t> others;
  size_t parent =
      static_cast<size_t>(std::upper_bound(parents.starts.begin(), parents.starts.end(), static_cast<uint32_t>(first)) -
                          parents.starts.begin() - 1);
  for (uint32_t leaf = static_cast<uint32_t>(first); leaf < last; ++parent) {
    near.leaves.clear();
    near.bounds.clear();
    FindLeaves(parents.bounds[parent], leaf, near);
    near.bounds.resize(near.bounds.size() + kScanGroup - 1);

    const uint32_t end = std::min(parents.starts[parent + 1], static_cast<uint32_t>(last));
    // The list begins with the leaves of the parent, from `leaf` on: after[self] of it stand behind the leaf itself.
    for (size_t after = 1; leaf < end; ++leaf, ++after) {
      const Box bounds = leaves.bounds[leaf];
      others.clear();
      for (size_t begin = after; begin < near.leaves.size(); begin += kScanMax) {
        const size_t count = std::min<size_t>(near.leaves.size() - begin, kScanMax);
        uint32_t hits = Scan(&near.bounds[begin], static_cast<int>(count), bounds);
        for (; hits != 0; hits &= hits - 1) {
          const uint32_t other = near.leaves[begin + static_cast<size_t>(std::countr_zero(hits))];
          Prefetch(&sorted_[leaves.starts[other]], 10 * sizeof(Box));
          others.push_back(other);
        }
      }

      const uint32_t start = leaves.starts[leaf];
      const int size = static_cast<int>(leaves.starts[leaf + 1] - start);
      const Box* const own = &sorted_[start];
      for (int slot = 1; slot < size; ++slot) {
        for (uint32_t hits = Scan(own, slot, own[slot]); hits != 0; hits &= hits - 1) {
          emitter.Add(start + static_cast<uint32_t>(std::countr_zero(hits)), start + static_cast<uint32_t>(slot));
        }
        if (!emitter.FlushIfFull()) return false;
      }
      for (const uint32_t other : others) {
        const uint32_t other_start = leaves.starts[other];
        const Box* const theirs = &sorted_[other_start];
        uint32_t candidates = Scan(theirs, static_cast<int>(leaves.starts[other + 1] - other_start), bounds);
        for (; candidates != 0; candidates &= candidates - 1) {
          const uint32_t slot = static_cast<uint32_t>(std::countr_zero(candidates));
          for (uint32_t hits = Scan(own, size, theirs[slot]); hits != 0; hits &= hits - 1) {
            emitter.Add(start + static_cast<uint32_t>(std::countr_zero(hits)), other_start + slot);
          }
          if (!emitter.FlushIfFull()) return false;
        }
      }
    }
  }
  return emitter.Flush();
}

bool Join::Visit(PairVisitor visit) const { return VisitLeaves(0, leaf_count(), visit); }

bool Join::Visit(PairVisitor visit, ProgressVisitor progress) const {
  const size_t steps = std::clamp<size_t>(leaf_count(), 1, kProgressSteps);
  for (size_t step = 0; step < steps; ++step) {
    progress(static_cast<double>(step) / static_cast<double>(steps));
    if (!VisitLeaves(leaf_count() * step / steps, leaf_count() * (step + 1) / steps, visit)) return false;
  }
  progress(1);
  return true;
}

}  // namespace wideberth::index
