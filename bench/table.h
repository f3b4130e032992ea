#ifndef WIDEBERTH_BENCH_TABLE_H_
#define WIDEBERTH_BENCH_TABLE_H_

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wideberth::bench {

using Timer = std::chrono::steady_clock;

inline double SecondsSince(Timer::time_point start) {
  return std::chrono::duration<double>(Timer::now() - start).count();
}

// Keeps the compiler from dropping what computes `value`.
template <typename T>
void Keep(const T& value) {
  asm volatile("" : : "r,m"(value) : "memory");
}

double Median(std::vector<double> values);
// The least value that at least `share` of them do not exceed. REQUIRES: values; 0 < share <= 1.
double Percentile(std::vector<double> values, double share);

// Memory that this process has now, as the kernel counts it.
double ResidentBytes();

// What we measured, what we want, and what somebody else's tool did in the same run.
struct Line {
  std::string what;
  double ours = 0;
  std::string unit;  // "s", "us", "ns", "bytes", "MB/s", "pairs"
  bool more_is_better = false;
  std::optional<double> target;  // none: to be no worse than the baseline, if there is one
  std::string baseline;          // its name; empty: there is none
  double baseline_figure = 0;
};

// Lines under headings, printed at the end as one table. A value.
class Table {
 public:
  void Add(Line line) { lines_.push_back(std::move(line)); }
  // A line about pairs: ours, theirs, and how many only one of the two found.
  void AddPairs(std::string baseline, size_t ours, size_t theirs, size_t only_ours, size_t only_theirs);
  // A remark below the table.
  void Note(std::string note) { notes_.push_back(std::move(note)); }
  std::string Print() const;

  // As one text, and the end of this one from such a text: for what another process measured.
  std::string Serialise() const;
  void AddSerialised(std::string_view text);

 private:
  struct Pairs {
    size_t ours;
    size_t theirs;
    size_t only_ours;
    size_t only_theirs;
  };
  std::vector<std::string> PairCells(const Line& line, const Pairs& pairs) const;

  std::vector<Line> lines_;
  std::vector<std::pair<size_t, Pairs>> pairs_;  // by the number of the line
  std::vector<std::string> notes_;
};

// What a run is to do.
struct Options {
  static constexpr size_t kStandardVolumes = 1'000'000;

  size_t volumes = kStandardVolumes;
  bool quick = false;
  double postgis_s = 0;  // what a run of PostGIS took on the same volumes, 0: there was none
  size_t postgis_pairs = 0;

  // Targets for time are for the standard number of volumes only.
  bool standard() const { return volumes == kStandardVolumes; }
};

}  // namespace wideberth::bench

#endif  // WIDEBERTH_BENCH_TABLE_H_
