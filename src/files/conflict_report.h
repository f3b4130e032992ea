#ifndef WIDEBERTH_FILES_CONFLICT_REPORT_H_
#define WIDEBERTH_FILES_CONFLICT_REPORT_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "conflict/meetings.h"
#include "conflict/plan_set.h"
#include "files/geojson_writer.h"

namespace wideberth::files {

enum class ReportFormat { kTable, kJson, kGeoJson, kCsv };

// "table", "json", "geojson" or "csv"; nothing for any other word.
std::optional<ReportFormat> ReportFormatNamed(std::string_view name);

// Conflicts as GroupByIntents leaves them; both lists outlive the report.
struct ConflictReport {
  const conflict::PlanSet& plans;
  const std::vector<conflict::Meeting>& meetings;
  const std::vector<conflict::Conflict>& conflicts;
};

// Writes every conflict, none left out (docs/formats/conflict-report.md):
//   kTable    a row for each pair of intents, for reading; a last line that counts
//   kJson     one object: conflicts, each with its meetings, each with the outline where they meet
//   kGeoJson  a FeatureCollection with a feature for each meeting
//   kCsv      a row for each meeting, the outline as well-known text
// A meeting's outline is the region that two volumes share, the point where they touch, or, when a separation was asked
// for, the shortest line between them. `progress` is told how many meetings are written, now and then; may be empty.
Result<void> WriteConflictReport(const ConflictReport& report, ReportFormat format, const ByteSink& sink,
                                 const std::function<void(size_t)>& progress);

}  // namespace wideberth::files

#endif  // WIDEBERTH_FILES_CONFLICT_REPORT_H_
