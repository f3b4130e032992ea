#ifndef WIDEBERTH_LOAD_REPORT_H_
#define WIDEBERTH_LOAD_REPORT_H_

#include <string>
#include <utility>
#include <vector>

#include "load/driver.h"
#include "load/workload.h"

namespace wideberth::load {

// What a report says of a run besides what was measured.
struct RunDescription {
  std::string workload;
  std::string started;  // RFC 3339
  std::string version;
  std::string commit;  // of what was measured, if anybody said
  std::vector<std::pair<std::string, std::string>> machine;
  std::vector<std::pair<std::string, std::string>> options;
};

// A table for people, with what failed and what else must be known to judge the figures.
std::string TextReport(const Figures& figures, const Workload::Counts& counts, const DriverOptions& options);

// Everything, as docs/formats/bench-http.md says.
std::string JsonReport(const Figures& figures, const Workload::Counts& counts, const DriverOptions& options,
                       const RunDescription& run);

// A script with which gnuplot writes an SVG to its standard output: latency by percentile, and throughput and latency
// over time.
std::string GnuplotScript(const Figures& figures, const RunDescription& run);

}  // namespace wideberth::load

#endif  // WIDEBERTH_LOAD_REPORT_H_
