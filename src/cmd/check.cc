#include <chrono>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "cmd/exit_status.h"
#include "cmd/inputs.h"
#include "cmd/output.h"
#include "cmd/progress.h"
#include "cmd/subcommands.h"
#include "conflict/meetings.h"
#include "files/conflict_report.h"

namespace wideberth::cmd {
namespace {

struct CheckOptions {
  InputOptions inputs;
  bool within_party = false;
  double separation_m = 0;
  double separation_altitude_m = 0;
  double separation_s = 0;
  files::ReportFormat format = files::ReportFormat::kTable;
  std::string output = "-";
  bool timing = false;
};

double Seconds(std::chrono::steady_clock::time_point from, std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

int RunCheck(const CheckOptions& options) {
  using Timer = std::chrono::steady_clock;
  Progress progress(options.inputs.progress);

  const auto read_start = Timer::now();
  const Result<conflict::PlanSet> plans = ReadPlans(options.inputs, progress);
  if (!plans) {
    progress.Clear();
    return Fail(plans.error(), kExitBadInput);
  }
  const auto read_end = Timer::now();

  conflict::MeetingOptions find;
  // Fractions of a millimetre and of a nanosecond go up: a larger separation misses nothing.
  find.separation = {options.separation_m,
                     AltitudeMm{static_cast<int64_t>(std::ceil(options.separation_altitude_m * 1e3))},
                     static_cast<int64_t>(std::ceil(options.separation_s * 1e9))};
  find.within_party = options.within_party;
  find.progress = [&](double share) { progress.Share("checking", share); };
  Result<conflict::Meetings> found = conflict::FindMeetings(*plans, find);
  if (!found) {
    progress.Clear();
    return Fail(found.error(), kExitBadInput);
  }

  const auto report_start = Timer::now();
  const std::vector<conflict::Conflict> conflicts = conflict::GroupByIntents(*plans, found->meetings);
  Result<Output> output = Output::Open(options.output);
  if (!output) return Fail(output.error(), kExitCannotWrite);
  const bool beside_progress = options.output == "-";  // rows and the progress line would share the terminal
  const auto written = files::WriteConflictReport(
      {*plans, found->meetings, conflicts}, options.format,
      [&](std::string_view bytes) {
        if (beside_progress) progress.Clear();
        return output->sink()(bytes);
      },
      [&](size_t meetings) {
        progress.Share("outlines", static_cast<double>(meetings) / static_cast<double>(found->meetings.size()));
      });
  progress.Clear();
  if (!written) return Fail(written.error(), kExitCannotWrite);
  if (const Result<void> closed = output->Close(); !closed) return Fail(closed.error(), kExitCannotWrite);

  if (options.timing) {
    const nlohmann::ordered_json timing{{"read_s", Seconds(read_start, read_end)},
                                        {"build_s", found->build_s},
                                        {"join_s", found->join_s},
                                        {"report_s", Seconds(report_start, Timer::now())},
                                        {"volumes", plans->volumes().size()},
                                        {"candidates", found->candidates},
                                        {"meetings", found->meetings.size()},
                                        {"conflicts", conflicts.size()}};
    fmt::print(stderr, "{}\n", timing.dump());
  }
  return conflicts.empty() ? kExitDone : kExitConflictsFound;
}

}  // namespace

void AddCheck(CLI::App& app, int& status) {
  CLI::App* check = app.add_subcommand("check", "Find every place where plans of different parties meet");
  const auto options = std::make_shared<CheckOptions>();
  AddInputOptions(*check, options->inputs);
  const std::string what = "What counts";
  check->add_flag("--within-party", options->within_party, "Also intents of one party with each other")->group(what);
  check->add_option("--separation-m", options->separation_m, "Also what comes this near horizontally, in metres")
      ->check(CLI::Range(0.0, geo::Separation::kHorizontalMaxM))
      ->capture_default_str()
      ->group(what);
  check
      ->add_option("--separation-altitude-m", options->separation_altitude_m,
                   "Also what comes this near vertically, in metres")
      ->check(CLI::Range(0.0, static_cast<double>(geo::Separation::kAltitudeMaxMm) / 1e3))
      ->capture_default_str()
      ->group(what);
  check->add_option("--separation-s", options->separation_s, "Also what comes this near in time, in seconds")
      ->check(CLI::Range(0.0, static_cast<double>(geo::TimeInterval::kSeparationNsMax) / 1e9))
      ->capture_default_str()
      ->group(what);
  const std::string results = "Results";
  static const std::map<std::string, files::ReportFormat> kFormats{{"table", files::ReportFormat::kTable},
                                                                   {"json", files::ReportFormat::kJson},
                                                                   {"geojson", files::ReportFormat::kGeoJson},
                                                                   {"csv", files::ReportFormat::kCsv}};
  check->add_option("--format", options->format, "table, json, geojson or csv")
      ->transform(CLI::CheckedTransformer(kFormats, CLI::ignore_case).description("{table,json,geojson,csv}"))
      ->default_str("table")
      ->group(results);
  check->add_option("-o,--output", options->output, "Where the result goes; - is standard output")
      ->capture_default_str()
      ->group(results);
  check->add_flag("--timing", options->timing, "Print the seconds of each step as JSON on stderr")->group(results);
  check->footer(
      R"(Exit status: 0 no conflict, 3 conflicts found, 2 bad input or arguments, 1 the result cannot be written.

Examples:
  wideberth check plans.geojson
  wideberth check monday.geojsonl tuesday.geojsonl --format geojson -o conflicts.geojson
  wideberth check tracks.csv --buffer-m 200 --buffer-altitude-m 50
  wideberth check plans.geojson --separation-m 500 --separation-altitude-m 50 --separation-s 60
  zcat plans.geojsonl.gz | wideberth check - --format csv > conflicts.csv)");
  check->callback([options, &status] { status = RunCheck(*options); });
}

}  // namespace wideberth::cmd
