#ifndef WIDEBERTH_INDEX_LIVE_INDEX_H_
#define WIDEBERTH_INDEX_LIVE_INDEX_H_

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "index/box.h"
#include "index/box_scan.h"
#include "index/function_ref.h"
#include "index/key.h"
#include "index/node_pool.h"

namespace wideberth::index {

// A set of (id, box) entries that changes all the time and says which boxes meet a given one: a B+-tree in the order of
// key.h whose inner nodes know the bounds of what is below them. Insert and Remove touch one path and at most one
// neighbour on each level, O(log n), with no rebuilding ever; Query looks only into nodes whose bounds meet the box.
// Thread-compatible: any number of queries at the same time, or one change.
class LiveIndex {
 public:
  LiveIndex() = default;
  LiveIndex(const LiveIndex&) = delete;
  LiveIndex& operator=(const LiveIndex&) = delete;

  // Adds an entry. An id may have any number of boxes, and a box any number of ids. Returns false, changing nothing,
  // when this id already has exactly this box. REQUIRES: a valid box.
  bool Insert(uint64_t id, const Box& box);

  // Removes the entry. Returns false, changing nothing, when this id does not have exactly this box.
  bool Remove(uint64_t id, const Box& box);

  // Receives an entry; returns whether to go on. It does not change the index.
  using Visitor = FunctionRef<bool(uint64_t id, const Box& box)>;

  // Calls `visit` once with every entry whose box intersects `box`: an id with two such boxes comes twice. Returns
  // whether it came to the end, rather than being told to stop. The order depends on earlier insertions and removals:
  // what is to be equal wherever the entries are equal has to be sorted first. REQUIRES: a valid box.
  bool Query(const Box& box, Visitor visit) const;

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Memory in use, including what removed entries left to be used again.
  size_t bytes() const { return sizeof(*this) + leaves_.bytes() + inners_.bytes(); }

  // kInvalid, with what is wrong, unless the whole tree is as it should be. For tests; O(n).
  Result<void> CheckInvariants() const;

 private:
  static constexpr int kFillMax = kScanMax;
  static constexpr int kFillMin = 5;       // of each node but the root
  static constexpr int kFillSplitMin = 6;  // of each half of a node that was split
  static constexpr int kMergeMax = 12;     // two neighbours that hold no more become one
  static constexpr int kHeightMax = 24;    // inner levels; 5^24 entries do not fit any memory

  // Where an entry stands: nothing stands in the same place twice.
  struct Place {
    Key key;
    uint64_t id;
    Box box;

    friend auto operator<=>(const Place&, const Place&) = default;
  };

  struct Leaf {
    Box boxes[kFillMax];
    uint64_t ids[kFillMax];  // entries in any order
    int count;
  };
  struct Inner;
  union Child {  // of the first inner level: leaf; of those above it: inner
    Leaf* leaf;
    Inner* inner;
  };
  // Child i has the places from separator i until separator i + 1; those of child 0 begin where this node's do.
  struct Inner {
    Box bounds[kFillMax];
    uint64_t key_high[kFillMax];
    Child children[kFillMax];
    uint64_t key_low[kFillMax];
    uint64_t ids[kFillMax];
    Box boxes[kFillMax];
    int count;
  };
  // The entries of one leaf or two, and where they stand.
  struct Entries {
    void Add(const Leaf& leaf);
    void Add(const Place& place) { places[static_cast<size_t>(count++)] = place; }
    // Shares the entries out between two leaves. Returns a separator between them.
    Place Cut(Leaf& left, Leaf& right);

    std::array<Place, 2 * kFillMax> places;
    int count = 0;
  };
  // A child as it is taken out of one node and put into another.
  struct Branch {
    Place separator;
    Box bounds;
    Child child;
  };
  struct Step {
    Inner* node;
    int slot;
  };

  static Place SeparatorOf(const Inner& node, int slot);
  static int SlotFor(const Inner& node, const Place& place);
  static Place SeparatorBetween(const Place& before, const Place& after);
  static Box BoundsOf(const Leaf& leaf);
  static Box BoundsOf(const Inner& node);
  static void SetBranch(Inner& node, int slot, const Branch& branch);
  static Branch GetBranch(const Inner& node, int slot);
  static void PutBranches(std::span<const Branch> branches, Inner& node);
  static void EraseBranch(Inner& node, int slot);

  void RefillLeaves(Inner& parent, int left);
  void RefillInners(Inner& parent, int left);
  class Checker;

  NodePool<Leaf> leaves_;
  NodePool<Inner> inners_;
  size_t size_ = 0;
  int height_ = 0;          // inner levels above the leaves
  Child root_ = {nullptr};  // a leaf when height_ == 0; nullptr before the first entry
};

}  // namespace wideberth::index

#endif  // WIDEBERTH_INDEX_LIVE_INDEX_H_
