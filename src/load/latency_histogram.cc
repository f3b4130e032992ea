#include "load/latency_histogram.h"

#include <algorithm>
#include <boost/histogram.hpp>
#include <cmath>
#include <tuple>

#include "base/check.h"

namespace wideberth::load {
namespace {

namespace histogram = boost::histogram;
using Axis = histogram::axis::regular<double, histogram::axis::transform::log, histogram::axis::null_type,
                                      histogram::axis::option::overflow_t>;

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

Axis MakeAxis() {
  const double least = Seconds(LatencyHistogram::kLeast);
  const double most = Seconds(LatencyHistogram::kMost);
  const auto bins = static_cast<unsigned>(std::ceil(std::log(most / least) / std::log(LatencyHistogram::kRatio)));
  return Axis(bins, least, most);
}

}  // namespace

struct LatencyHistogram::Counts {
  histogram::histogram<std::tuple<Axis>, histogram::dense_storage<uint64_t>> bins =
      histogram::make_histogram_with(histogram::dense_storage<uint64_t>(), MakeAxis());
};

LatencyHistogram::LatencyHistogram() : counts_(std::make_unique<Counts>()) {}
LatencyHistogram::~LatencyHistogram() = default;
LatencyHistogram::LatencyHistogram(LatencyHistogram&& other) noexcept = default;
LatencyHistogram& LatencyHistogram::operator=(LatencyHistogram&& other) noexcept = default;

void LatencyHistogram::Add(Duration latency) {
  const double seconds = Seconds(std::max(latency, kLeast));
  counts_->bins(seconds);
  ++count_;
  sum_s_ += seconds;
  longest_ = std::max(longest_, latency);
}

void LatencyHistogram::Add(const LatencyHistogram& other) {
  counts_->bins += other.counts_->bins;
  count_ += other.count_;
  sum_s_ += other.sum_s_;
  longest_ = std::max(longest_, other.longest_);
}

void LatencyHistogram::Clear() {
  counts_->bins.reset();
  count_ = 0;
  sum_s_ = 0;
  longest_ = Duration(0);
}

double LatencyHistogram::mean_s() const { return count_ == 0 ? 0 : sum_s_ / static_cast<double>(count_); }

Duration LatencyHistogram::Percentile(double share) const {
  WB_CHECK(share > 0 && share <= 1);
  const auto rank = static_cast<uint64_t>(std::ceil(share * static_cast<double>(count_)));
  uint64_t seen = 0;
  for (const Bin& bin : Bins()) {
    seen += bin.count;
    if (seen >= rank) return bin.upper;
  }
  return longest_;
}

std::vector<LatencyHistogram::Bin> LatencyHistogram::Bins() const {
  std::vector<Bin> bins;
  for (const auto& bin : histogram::indexed(counts_->bins, histogram::coverage::all)) {
    if (*bin == 0) continue;
    const double upper_ns = bin.bin(0).upper() * 1e9;
    const bool beyond = !(upper_ns < static_cast<double>(longest_.count()));
    bins.push_back({beyond ? longest_ : Duration(std::llround(upper_ns)), *bin});
  }
  return bins;
}

}  // namespace wideberth::load
