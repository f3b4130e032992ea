#include <memory>

#include "cmd/exit_status.h"
#include "cmd/inputs.h"
#include "cmd/output.h"
#include "cmd/progress.h"
#include "cmd/subcommands.h"
#include "files/geojson_writer.h"

namespace wideberth::cmd {
namespace {

struct VolumesOptions {
  InputOptions inputs;
  std::string output = "-";
};

int RunVolumes(const VolumesOptions& options) {
  Progress progress(options.inputs.progress);
  const Result<conflict::PlanSet> plans = ReadPlans(options.inputs, progress);
  progress.Clear();
  if (!plans) return Fail(plans.error(), kExitBadInput);
  Result<Output> output = Output::Open(options.output);
  if (!output) return Fail(output.error(), kExitCannotWrite);
  if (const Result<void> written = files::WriteVolumesGeoJson(*plans, output->sink()); !written)
    return Fail(written.error(), kExitCannotWrite);
  if (const Result<void> closed = output->Close(); !closed) return Fail(closed.error(), kExitCannotWrite);
  fmt::print(stderr, "wideberth: {} volumes of {} intents of {} parties\n", plans->volumes().size(),
             plans->intents().size(), plans->parties().size());
  return kExitDone;
}

}  // namespace

void AddVolumes(CLI::App& app, int& status) {
  CLI::App* volumes = app.add_subcommand("volumes", "Write recorded tracks as volumes, in GeoJSON for a map");
  const auto options = std::make_shared<VolumesOptions>();
  AddInputOptions(*volumes, options->inputs);
  volumes->add_option("-o,--output", options->output, "Where the GeoJSON goes; - is standard output")
      ->capture_default_str();
  volumes->footer(R"(Open the result in QGIS or at geojson.io; `wideberth check` reads it as well.

Examples:
  wideberth volumes tracks.csv -o volumes.geojson
  wideberth volumes tracks.csv --segment-s 30 --buffer-m 50 -o volumes.geojson)");
  volumes->callback([options, &status] { status = RunVolumes(*options); });
}

}  // namespace wideberth::cmd
