#include "index/live_index.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <string>

#include "base/check.h"

namespace wideberth::index {
namespace {

// A box that orders before or with every other.
constexpr int32_t kLeast = std::numeric_limits<int32_t>::min();
constexpr Box kLeastBox = {{kLeast, kLeast, kLeast, kLeast}, {kLeast, kLeast, kLeast, kLeast}};

uint64_t ClearBelow(uint64_t value, int bit) { return value >> bit << bit; }

// Where to cut a row of `count`: at the coarsest boundary that leaves `least` on both sides and at most `most`, of
// several the one nearest to the middle. level_before(i) says how coarse the boundary between i - 1 and i is.
template <typename LevelBefore>
int BestCut(int count, int least, int most, LevelBefore level_before) {
  const int from = std::max(least, count - most);
  int best = from;
  int best_level = -1;
  int best_offset = 0;
  for (int i = from; i <= count - from; ++i) {
    const int level = level_before(i);
    const int offset = std::abs(2 * i - count);
    if (level > best_level || (level == best_level && offset < best_offset)) {
      best = i;
      best_level = level;
      best_offset = offset;
    }
  }
  return best;
}

// How coarse the boundary before a separator is: SeparatorBetween leaves as many low bits of its key zero.
int Coarseness(const Key& key) { return key.low != 0 ? std::countr_zero(key.low) : 64 + std::countr_zero(key.high); }

}  // namespace

LiveIndex::Place LiveIndex::SeparatorOf(const Inner& node, int slot) {
  return {{node.key_high[slot], node.key_low[slot]}, node.ids[slot], node.boxes[slot]};
}

// The child in whose range the place is.
int LiveIndex::SlotFor(const Inner& node, const Place& place) {
  // The last separator whose high part is not above; the first counts as below everything.
  int slot = 0;
  for (int size = node.count; size > 1;) {
    const int half = size / 2;
    slot = node.key_high[slot + half] <= place.key.high ? slot + half : slot;
    size -= half;
  }
  while (slot > 0 && node.key_high[slot] == place.key.high && SeparatorOf(node, slot) > place) --slot;
  return slot;
}

// A place after `before` and not after `after`, its key as round as can be.
LiveIndex::Place LiveIndex::SeparatorBetween(const Place& before, const Place& after) {
  if (before.key.high != after.key.high) {
    const int bit = static_cast<int>(std::bit_width(before.key.high ^ after.key.high)) - 1;
    return {{ClearBelow(after.key.high, bit), 0}, 0, kLeastBox};
  }
  if (before.key.low != after.key.low) {
    const int bit = static_cast<int>(std::bit_width(before.key.low ^ after.key.low)) - 1;
    return {{after.key.high, ClearBelow(after.key.low, bit)}, 0, kLeastBox};
  }
  return after;
}

Box LiveIndex::BoundsOf(const Leaf& leaf) {
  Box bounds = leaf.boxes[0];
  for (int slot = 1; slot < leaf.count; ++slot) bounds.Extend(leaf.boxes[slot]);
  return bounds;
}

Box LiveIndex::BoundsOf(const Inner& node) {
  Box bounds = node.bounds[0];
  for (int slot = 1; slot < node.count; ++slot) bounds.Extend(node.bounds[slot]);
  return bounds;
}

void LiveIndex::SetBranch(Inner& node, int slot, const Branch& branch) {
  node.bounds[slot] = branch.bounds;
  node.children[slot] = branch.child;
  node.key_high[slot] = branch.separator.key.high;
  node.key_low[slot] = branch.separator.key.low;
  node.ids[slot] = branch.separator.id;
  node.boxes[slot] = branch.separator.box;
}

LiveIndex::Branch LiveIndex::GetBranch(const Inner& node, int slot) {
  return {SeparatorOf(node, slot), node.bounds[slot], node.children[slot]};
}

void LiveIndex::Entries::Add(const Leaf& leaf) {
  for (int i = 0; i < leaf.count; ++i) Add({KeyOf(leaf.boxes[i]), leaf.ids[i], leaf.boxes[i]});
}

LiveIndex::Place LiveIndex::Entries::Cut(Leaf& left, Leaf& right) {
  std::array<uint8_t, 2 * kFillMax> order;
  std::iota(order.begin(), order.begin() + count, uint8_t{0});
  std::sort(order.begin(), order.begin() + count, [this](uint8_t a, uint8_t b) { return places[a] < places[b]; });
  const auto place = [&](int i) -> const Place& { return places[order[static_cast<size_t>(i)]]; };
  const int cut =
      BestCut(count, kFillSplitMin, kFillMax, [&](int i) { return BoundaryLevel(place(i - 1).key, place(i).key); });
  const auto put = [&](int from, int until, Leaf& leaf) {
    leaf.count = until - from;
    for (int i = from; i < until; ++i) {
      leaf.boxes[i - from] = place(i).box;
      leaf.ids[i - from] = place(i).id;
    }
  };
  put(0, cut, left);
  put(cut, count, right);
  return SeparatorBetween(place(cut - 1), place(cut));
}

void LiveIndex::PutBranches(std::span<const Branch> branches, Inner& node) {
  node.count = static_cast<int>(branches.size());
  for (int i = 0; i < node.count; ++i) SetBranch(node, i, branches[static_cast<size_t>(i)]);
}

void LiveIndex::EraseBranch(Inner& node, int slot) {
  for (int i = slot + 1; i < node.count; ++i) SetBranch(node, i - 1, GetBranch(node, i));
  --node.count;
}

bool LiveIndex::Insert(uint64_t id, const Box& box) {
  WB_CHECK(box.valid());
  const Place place = {KeyOf(box), id, box};
  if (root_.leaf == nullptr) root_.leaf = leaves_.New();

  std::array<Step, kHeightMax> path;  // path[0] is the root's
  Child child = root_;
  for (int level = 0; level < height_; ++level) {
    const int slot = SlotFor(*child.inner, place);
    path[static_cast<size_t>(level)] = {child.inner, slot};
    child = child.inner->children[slot];
  }
  Leaf& leaf = *child.leaf;
  for (int slot = 0; slot < leaf.count; ++slot) {
    if (leaf.ids[slot] == id && leaf.boxes[slot] == box) return false;
  }
  ++size_;
  for (int level = 0; level < height_; ++level) {
    const Step& step = path[static_cast<size_t>(level)];
    step.node->bounds[step.slot].Extend(box);
  }
  if (leaf.count < kFillMax) {
    leaf.boxes[leaf.count] = box;
    leaf.ids[leaf.count] = id;
    ++leaf.count;
    return true;
  }

  Entries entries;
  entries.Add(leaf);
  entries.Add(place);
  Leaf* const right = leaves_.New();
  const Place separator = entries.Cut(leaf, *right);
  Branch added = {separator, BoundsOf(*right), {.leaf = right}};
  Box left_bounds = BoundsOf(leaf);

  // Upwards, until a node has room for one more.
  Child left = child;
  for (int level = height_ - 1; level >= 0; --level) {
    const auto [node, slot] = path[static_cast<size_t>(level)];
    node->bounds[slot] = left_bounds;
    if (node->count < kFillMax) {
      for (int i = node->count; i > slot + 1; --i) SetBranch(*node, i, GetBranch(*node, i - 1));
      SetBranch(*node, slot + 1, added);
      ++node->count;
      return true;
    }
    std::array<Branch, kFillMax + 1> branches;
    for (int i = 0; i <= kFillMax; ++i) {
      branches[static_cast<size_t>(i)] = i <= slot       ? GetBranch(*node, i)
                                         : i == slot + 1 ? added
                                                         : GetBranch(*node, i - 1);
    }
    const auto middle = static_cast<size_t>(BestCut(kFillMax + 1, kFillSplitMin, kFillMax, [&](int i) {
      return Coarseness(branches[static_cast<size_t>(i)].separator.key);
    }));
    Inner* const right_node = inners_.New();
    PutBranches(std::span(branches).first(middle), *node);
    PutBranches(std::span(branches).subspan(middle), *right_node);
    added = {branches[middle].separator, BoundsOf(*right_node), {.inner = right_node}};
    left_bounds = BoundsOf(*node);
    left.inner = node;
  }

  WB_CHECK(height_ < kHeightMax);
  Inner* const root = inners_.New();
  root->count = 2;
  SetBranch(*root, 0, {{{0, 0}, 0, kLeastBox}, left_bounds, left});
  SetBranch(*root, 1, added);
  root_.inner = root;
  ++height_;
  return true;
}

bool LiveIndex::Remove(uint64_t id, const Box& box) {
  if (root_.leaf == nullptr || !box.valid()) return false;
  const Place place = {KeyOf(box), id, box};
  std::array<Step, kHeightMax> path;
  Child child = root_;
  for (int level = 0; level < height_; ++level) {
    const int slot = SlotFor(*child.inner, place);
    path[static_cast<size_t>(level)] = {child.inner, slot};
    child = child.inner->children[slot];
  }
  Leaf& leaf = *child.leaf;
  int found = 0;
  while (found < leaf.count && !(leaf.ids[found] == id && leaf.boxes[found] == box)) ++found;
  if (found == leaf.count) return false;
  --size_;
  --leaf.count;
  leaf.boxes[found] = leaf.boxes[leaf.count];
  leaf.ids[found] = leaf.ids[leaf.count];

  // Upwards: nodes that have become too small are refilled, and bounds shrink.
  int count = leaf.count;
  for (int level = height_ - 1; level >= 0; --level) {
    const auto [node, slot] = path[static_cast<size_t>(level)];
    const bool of_leaves = level == height_ - 1;
    if (count < kFillMin) {
      const int left = slot > 0 ? slot - 1 : slot;
      if (of_leaves) {
        RefillLeaves(*node, left);
      } else {
        RefillInners(*node, left);
      }
    } else {
      const Box bounds = of_leaves ? BoundsOf(*node->children[slot].leaf) : BoundsOf(*node->children[slot].inner);
      if (bounds == node->bounds[slot]) break;
      node->bounds[slot] = bounds;
    }
    count = node->count;
  }
  while (height_ > 0 && root_.inner->count == 1) {
    Inner* const old = root_.inner;
    root_ = old->children[0];
    inners_.Delete(old);
    --height_;
  }
  return true;
}

// Makes one of the leaves `left` and the one after it, or shares their entries out anew.
void LiveIndex::RefillLeaves(Inner& parent, int left) {
  WB_CHECK(left + 1 < parent.count);
  Leaf& a = *parent.children[left].leaf;
  Leaf& b = *parent.children[left + 1].leaf;
  if (a.count + b.count <= kMergeMax) {
    for (int i = 0; i < b.count; ++i) {
      a.boxes[a.count] = b.boxes[i];
      a.ids[a.count] = b.ids[i];
      ++a.count;
    }
    leaves_.Delete(&b);
    EraseBranch(parent, left + 1);
  } else {
    Entries entries;
    entries.Add(a);
    entries.Add(b);
    const Place separator = entries.Cut(a, b);
    SetBranch(parent, left + 1, {separator, BoundsOf(b), {.leaf = &b}});
  }
  parent.bounds[left] = BoundsOf(a);
}

// The same for inner nodes and their children.
void LiveIndex::RefillInners(Inner& parent, int left) {
  WB_CHECK(left + 1 < parent.count);
  Inner& a = *parent.children[left].inner;
  Inner& b = *parent.children[left + 1].inner;
  std::array<Branch, 2 * kFillMax> branches;
  size_t count = 0;
  for (const Inner* node : {&a, &b}) {
    for (int i = 0; i < node->count; ++i) branches[count++] = GetBranch(*node, i);
  }
  // What separates the two nodes now separates their children.
  branches[static_cast<size_t>(a.count)].separator = SeparatorOf(parent, left + 1);
  if (count <= kMergeMax) {
    PutBranches(std::span(branches).first(count), a);
    inners_.Delete(&b);
    EraseBranch(parent, left + 1);
  } else {
    const auto cut = static_cast<size_t>(BestCut(static_cast<int>(count), kFillSplitMin, kFillMax, [&](int i) {
      return Coarseness(branches[static_cast<size_t>(i)].separator.key);
    }));
    PutBranches(std::span(branches).first(cut), a);
    PutBranches(std::span(branches).subspan(cut, count - cut), b);
    SetBranch(parent, left + 1, {branches[cut].separator, BoundsOf(b), {.inner = &b}});
  }
  parent.bounds[left] = BoundsOf(a);
}

bool LiveIndex::Query(const Box& box, Visitor visit) const {
  WB_CHECK(box.valid());
  if (root_.leaf == nullptr) return true;
  const auto visit_leaf = [&](const Leaf& leaf) {
    for (uint32_t hits = Scan(leaf.boxes, leaf.count, box); hits != 0; hits &= hits - 1) {
      const int slot = std::countr_zero(hits);
      if (!visit(leaf.ids[slot], leaf.boxes[slot])) return false;
    }
    return true;
  };
  if (height_ == 0) return visit_leaf(*root_.leaf);

  struct Pending {
    const Inner* node;
    int above_leaves;  // 1: its children are leaves
  };
  std::array<Pending, kHeightMax * kFillMax> stack;
  size_t depth = 0;
  stack[depth++] = {root_.inner, height_};
  while (depth > 0) {
    const auto [node, above_leaves] = stack[--depth];
    const uint32_t found = Scan(node->bounds, node->count, box);
    // The nodes are all over the memory: each is asked for before the first is looked at.
    if (above_leaves == 1) {
      for (uint32_t hits = found; hits != 0; hits &= hits - 1) {
        const Leaf* const leaf = node->children[std::countr_zero(hits)].leaf;
        __builtin_prefetch(&leaf->count);
        for (int slot = 0; slot < 12; slot += 2) __builtin_prefetch(&leaf->boxes[slot]);
      }
      for (uint32_t hits = found; hits != 0; hits &= hits - 1) {
        if (!visit_leaf(*node->children[std::countr_zero(hits)].leaf)) return false;
      }
    } else {
      for (uint32_t hits = found; hits != 0; hits &= hits - 1) {
        const Inner* const inner = node->children[std::countr_zero(hits)].inner;
        __builtin_prefetch(&inner->count);
        for (int slot = 0; slot < 12; slot += 2) __builtin_prefetch(&inner->bounds[slot]);
        stack[depth++] = {inner, above_leaves - 1};
      }
    }
  }
  return true;
}

// Walks the tree in order.
class LiveIndex::Checker {
 public:
  Result<void> CheckLeaf(const Leaf& leaf, const Place* from, const Place* until, const Box* bounds, bool is_root) {
    ++leaves;
    if (leaf.count > kFillMax || (!is_root && leaf.count < kFillMin)) return Wrong("leaf fill");
    for (int i = 0; i < leaf.count; ++i) {
      const Place place = {KeyOf(leaf.boxes[i]), leaf.ids[i], leaf.boxes[i]};
      if ((from != nullptr && place < *from) || (until != nullptr && place >= *until))
        return Wrong("entry out of place");
      for (int j = 0; j < i; ++j) {
        if (leaf.ids[i] == leaf.ids[j] && leaf.boxes[i] == leaf.boxes[j]) return Wrong("entry twice");
      }
    }
    if (bounds != nullptr && *bounds != BoundsOf(leaf)) return Wrong("bounds of a leaf");
    entries += static_cast<size_t>(leaf.count);
    return {};
  }

  Result<void> CheckInner(const Inner& node, int above_leaves, const Place* from, const Place* until, const Box* bounds,
                          bool is_root) {
    ++inners;
    if (node.count > kFillMax || node.count < (is_root ? 2 : kFillMin)) return Wrong("inner fill");
    if (bounds != nullptr && *bounds != BoundsOf(node)) return Wrong("bounds of an inner node");
    for (int slot = 0; slot < node.count; ++slot) {
      const Place separator = SeparatorOf(node, slot);
      const Place next = slot + 1 < node.count ? SeparatorOf(node, slot + 1) : Place{};
      const Place* const child_from = slot == 0 ? from : &separator;
      const Place* const child_until = slot + 1 < node.count ? &next : until;
      if (child_from != nullptr && child_until != nullptr && *child_from >= *child_until) {
        return Wrong("order of separators");
      }
      if (above_leaves == 1) {
        WB_TRY_OK(CheckLeaf(*node.children[slot].leaf, child_from, child_until, &node.bounds[slot], false));
      } else {
        WB_TRY_OK(CheckInner(*node.children[slot].inner, above_leaves - 1, child_from, child_until, &node.bounds[slot],
                             false));
      }
    }
    return {};
  }

  static Error Wrong(const char* what) { return {Code::kInvalid, std::string("live index: ") + what}; }

  size_t entries = 0;
  size_t leaves = 0;
  size_t inners = 0;
};

Result<void> LiveIndex::CheckInvariants() const {
  Checker checker;
  if (root_.leaf != nullptr) {
    if (height_ == 0) {
      WB_TRY_OK(checker.CheckLeaf(*root_.leaf, nullptr, nullptr, nullptr, true));
    } else {
      WB_TRY_OK(checker.CheckInner(*root_.inner, height_, nullptr, nullptr, nullptr, true));
    }
  }
  if (checker.entries != size_) return Checker::Wrong("size");
  if (checker.leaves != leaves_.used() || checker.inners != inners_.used()) return Checker::Wrong("nodes lost");
  return {};
}

}  // namespace wideberth::index
