#ifndef WIDEBERTH_INDEX_NODE_POOL_H_
#define WIDEBERTH_INDEX_NODE_POOL_H_

#include <algorithm>
#include <cstddef>
#include <vector>

#include "index/huge_array.h"

namespace wideberth::index {

// Nodes of one type from ever larger slabs: their addresses stay, what is freed is used again, and the memory can be
// counted. Everything is given back together, at the end. Thread-compatible.
template <typename Node>
class NodePool {
 public:
  // A node of zeros.
  Node* New() {
    Node* node = nullptr;
    if (!free_.empty()) {
      node = free_.back();
      free_.pop_back();
    } else {
      if (slabs_.empty() || used_of_last_ == slabs_.back().size()) AddSlab();
      node = &slabs_.back()[used_of_last_++];
    }
    *node = Node{};
    ++used_;
    return node;
  }
  // REQUIRES: `node` comes from New and was not deleted since.
  void Delete(Node* node) {
    free_.push_back(node);
    --used_;
  }

  size_t used() const { return used_; }
  size_t bytes() const { return capacity_ * sizeof(Node) + free_.capacity() * sizeof(Node*); }

 private:
  static constexpr size_t kSlabBytesMin = size_t{4} << 10;
  static constexpr size_t kSlabBytesMax = size_t{4} << 20;

  // Half as much again as there is, so that at most a third lies unused.
  void AddSlab() {
    const size_t bytes = std::clamp(capacity_ * sizeof(Node) / 2, kSlabBytesMin, kSlabBytesMax);
    slabs_.emplace_back(std::max<size_t>(bytes / sizeof(Node), 1));
    capacity_ += slabs_.back().size();
    used_of_last_ = 0;
  }

  std::vector<HugeArray<Node>> slabs_;
  std::vector<Node*> free_;
  size_t capacity_ = 0;      // nodes in all slabs
  size_t used_of_last_ = 0;  // nodes of the last slab that were ever used
  size_t used_ = 0;
};

}  // namespace wideberth::index

#endif  // WIDEBERTH_INDEX_NODE_POOL_H_
