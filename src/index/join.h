#ifndef WIDEBERTH_INDEX_JOIN_H_
#define WIDEBERTH_INDEX_JOIN_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/box.h"
#include "index/function_ref.h"
#include "index/huge_array.h"

namespace wideberth::index {

// Two different things of which some boxes intersect: a < b.
struct IdPair {
  uint32_t a;
  uint32_t b;

  friend auto operator<=>(const IdPair&, const IdPair&) = default;
};

// Receives pairs, at most Join::kPairsPerBatch at a time and never none; returns whether to go on.
using PairVisitor = FunctionRef<bool(std::span<const IdPair>)>;
// Receives the fraction of the work that is done: 0 first, never falling, 1 at the end; about a hundred times in all.
using ProgressVisitor = FunctionRef<void(double)>;

// Finds which of many boxes intersect, all against all: sorts them along a space-filling curve (key.h), packs them into
// leaves of at most 16 and a tree of bounds above, and joins the tree with itself. About linear in boxes and pairs for
// what flies; towards O(n^2) only where most pairs overlap, or overlap in all but one axis and in that by the size of
// the boxes (docs/index.md). Immutable once made: threads may visit it at the same time.
class Join {
 public:
  static constexpr size_t kBoxesMax = size_t{1} << 30;
  static constexpr size_t kPairsPerBatch = 4096;

  // boxes[i] is a box of the thing ids[i]. Both are kept: they outlive the join and do not change. O(n), except that
  // large clusters of equal keys cost O(n log n). Takes about 45 bytes a box, and 8 more for the time of the call.
  // REQUIRES: as many ids as boxes, at most kBoxesMax; valid boxes; ids that never fall, so that those of one thing
  // stand together.
  Join(std::span<const Box> boxes, std::span<const uint32_t> ids);

  // Calls `visit` with every pair of different ids of which some boxes intersect, exactly once, in an order that
  // depends on nothing but the boxes and ids. Returns whether it came to the end, rather than being told to stop.
  bool Visit(PairVisitor visit) const;
  bool Visit(PairVisitor visit, ProgressVisitor progress) const;

  // The same in parts, for progress or for several threads: what [0, n) gives and then [n, leaf_count()) is, in order,
  // what Visit gives. REQUIRES: first <= last <= leaf_count().
  bool VisitLeaves(size_t first, size_t last, PairVisitor visit) const;
  size_t leaf_count() const { return levels_.empty() ? 0 : levels_[0].size(); }

 private:
  class Emitter;
  struct LeafList;

  // The leaves, or the nodes of one level above them. Node i has the children starts[i] until starts[i + 1]: positions
  // in sorted_, or nodes of the level below.
  struct Level {
    std::vector<uint32_t> starts;
    HugeArray<Box> bounds;  // kScanGroup - 1 more than nodes

    size_t size() const { return starts.size() - 1; }
  };

  void PackLevels(std::vector<uint32_t> starts, std::vector<uint8_t> boundaries);
  // Adds the leaves from `from` on whose bounds intersect `bounds`, in order.
  void FindLeaves(const Box& bounds, uint32_t from, LeafList& found) const;
  // Of the pairs of boxes of two things that intersect, whether this one is the first.
  bool IsFirstMeeting(size_t i, size_t j) const;

  std::span<const Box> boxes_;
  std::span<const uint32_t> ids_;
  bool some_have_several_ = false;  // boxes for one id
  HugeArray<uint64_t> order_;       // the low bits are the index of the box at a position
  uint64_t index_mask_ = 0;
  HugeArray<Box> sorted_;      // kScanGroup - 1 more than boxes
  std::vector<Level> levels_;  // from the leaves to the root, which is the only node of its level
};

}  // namespace wideberth::index

#endif  // WIDEBERTH_INDEX_JOIN_H_
