#include <fmt/format.h>

#include <memory>

#include "bench/baseline_boost.h"
#include "bench/benches.h"
#include "bench/standard_volumes.h"
#include "index/live_index.h"

namespace wideberth::bench {
namespace {

struct Boxes {
  std::vector<index::Box> present;
  std::vector<index::Box> queries;
  std::vector<index::Box> insertions;
};

// Calls step(i) for each i and says how many microseconds each took; the clock's own 25 ns or so are in it.
template <typename Step>
std::vector<double> Microseconds(size_t count, Step step) {
  std::vector<double> us(count);
  for (size_t i = 0; i < count; ++i) {
    const auto before = Timer::now();
    step(i);
    us[i] = std::chrono::duration<double, std::micro>(Timer::now() - before).count();
  }
  return us;
}

LiveFigures MeasureOurs(const Boxes& boxes) {
  LiveFigures figures;
  index::LiveIndex live;
  for (size_t i = 0; i < boxes.present.size(); ++i) live.Insert(i, boxes.present[i]);
  figures.bytes_per_volume = static_cast<double>(live.bytes()) / static_cast<double>(boxes.present.size());
  figures.query_us = Microseconds(boxes.queries.size(), [&](size_t i) {
    live.Query(boxes.queries[i], [&](uint64_t, const index::Box&) {
      ++figures.hits;
      return true;
    });
  });
  figures.insert_us = Microseconds(boxes.insertions.size(),
                                   [&](size_t i) { live.Insert(boxes.present.size() + i, boxes.insertions[i]); });
  return figures;
}

// Counts what it hands out: mallinfo knows nothing of the allocator that the program is linked with.
size_t boost_bytes = 0;
template <typename T>
struct CountingAllocator {
  using value_type = T;
  CountingAllocator() = default;
  template <typename Other>
  CountingAllocator(const CountingAllocator<Other>&) {}  // NOLINT(google-explicit-constructor): allocators convert
  T* allocate(size_t count) {
    boost_bytes += count * sizeof(T);
    return std::allocator<T>().allocate(count);
  }
  void deallocate(T* at, size_t count) {
    boost_bytes -= count * sizeof(T);
    std::allocator<T>().deallocate(at, count);
  }
  friend bool operator==(const CountingAllocator&, const CountingAllocator&) { return true; }
};
using CountedTree = boost::geometry::index::rtree<BoostEntry, BoostTree::parameters_type, BoostTree::indexable_getter,
                                                  BoostTree::value_equal, CountingAllocator<BoostEntry>>;

LiveFigures MeasureBoost(const Boxes& boxes) {
  LiveFigures figures;
  CountedTree tree;
  for (size_t i = 0; i < boxes.present.size(); ++i)
    tree.insert(BoostEntry(ToBoost(boxes.present[i]), static_cast<uint32_t>(i)));
  figures.bytes_per_volume = static_cast<double>(boost_bytes) / static_cast<double>(boxes.present.size());
  std::vector<BoostEntry> hits;
  figures.query_us = Microseconds(boxes.queries.size(), [&](size_t i) {
    hits.clear();
    figures.hits += tree.query(boost::geometry::index::intersects(ToBoost(boxes.queries[i])), std::back_inserter(hits));
  });
  figures.insert_us = Microseconds(boxes.insertions.size(), [&](size_t i) {
    tree.insert(BoostEntry(ToBoost(boxes.insertions[i]), static_cast<uint32_t>(boxes.present.size() + i)));
  });
  return figures;
}

}  // namespace

void BenchLive(const conflict::PlanSet& plans, const Options& options, Table& table) {
  constexpr size_t kCalls = 100'000;
  Boxes boxes;
  for (const geo::Volume4D& volume : plans.volumes()) boxes.present.push_back(index::BoxesOf(volume).boxes[0]);
  StandardVolumes more;
  for (size_t i = 0; i < plans.volumes().size(); ++i) more.Skip();
  for (size_t i = 0; i < kCalls; ++i) boxes.queries.push_back(index::BoxesOf(more.Next()).boxes[0]);
  for (size_t i = 0; i < kCalls; ++i) boxes.insertions.push_back(index::BoxesOf(more.Next()).boxes[0]);

  const LiveFigures ours = MeasureOurs(boxes);
  const LiveFigures theirs = MeasureBoost(boxes);
  const std::string name = "Boost R-tree 4D";
  const std::optional<double> us = options.standard() ? std::optional(5.0) : std::nullopt;
  const std::optional<double> bytes = options.standard() ? std::optional(400.0) : std::nullopt;
  const auto add = [&](const std::string& what, double share, const auto& of_ours, const auto& of_theirs) {
    table.Add({what, Percentile(of_ours, share), "us", false, us, name, Percentile(of_theirs, share)});
  };
  add("live index: query, p50", 0.5, ours.query_us, theirs.query_us);
  add("live index: query, p99", 0.99, ours.query_us, theirs.query_us);
  add("live index: insert, p50", 0.5, ours.insert_us, theirs.insert_us);
  add("live index: insert, p99", 0.99, ours.insert_us, theirs.insert_us);
  table.Add(
      {"live index: memory a volume", ours.bytes_per_volume, "bytes", false, bytes, name, theirs.bytes_per_volume});
  table.Note(
      fmt::format("live index: {} queries, then {} insertions, one call after the other, into an index that holds "
                  "{} volumes; {:.3f} hits a query{}.",
                  kCalls, kCalls, boxes.present.size(), static_cast<double>(ours.hits) / static_cast<double>(kCalls),
                  ours.hits == theirs.hits ? ", the same as Boost's" : ": NOT what Boost finds"));
}

}  // namespace wideberth::bench
