#ifndef WIDEBERTH_LOAD_LATENCY_HISTOGRAM_H_
#define WIDEBERTH_LOAD_LATENCY_HISTOGRAM_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

namespace wideberth::load {

using Duration = std::chrono::nanoseconds;

// Counts latencies in bins whose bounds grow by kRatio, so that every percentile is known to that relative error,
// whatever its size. A value, but for copies. Thread-compatible.
class LatencyHistogram {
 public:
  static constexpr double kRatio = 1.002;
  static constexpr Duration kLeast = std::chrono::microseconds(1);  // shorter ones count as this
  static constexpr Duration kMost = std::chrono::seconds(1000);     // longer ones count as the longest that was seen

  LatencyHistogram();
  ~LatencyHistogram();
  LatencyHistogram(LatencyHistogram&& other) noexcept;
  LatencyHistogram& operator=(LatencyHistogram&& other) noexcept;

  void Add(Duration latency);
  void Add(const LatencyHistogram& other);
  void Clear();

  uint64_t count() const { return count_; }
  Duration longest() const { return longest_; }  // exactly
  double mean_s() const;
  // The upper bound of the bin that holds the least latency which at least `share` of them do not exceed, and never
  // more than the longest one. 0 if there are none. REQUIRES: 0 < share <= 1.
  Duration Percentile(double share) const;

  struct Bin {
    Duration upper;
    uint64_t count;
  };
  // The bins that are not empty, in order.
  std::vector<Bin> Bins() const;

 private:
  struct Counts;
  std::unique_ptr<Counts> counts_;
  uint64_t count_ = 0;
  Duration longest_{0};
  double sum_s_ = 0;
};

}  // namespace wideberth::load

#endif  // WIDEBERTH_LOAD_LATENCY_HISTOGRAM_H_
