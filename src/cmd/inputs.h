#ifndef WIDEBERTH_CMD_INPUTS_H_
#define WIDEBERTH_CMD_INPUTS_H_

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "cmd/progress.h"
#include "conflict/plan_set.h"
#include "files/input_format.h"
#include "plan/track.h"

namespace wideberth::cmd {

// What the subcommands that read plans have in common on their command lines.
struct InputOptions {
  std::vector<std::string> files;  // "-" is standard input
  files::InputFormat format = files::InputFormat::kAuto;
  plan::TrackOptions tracks;
  unsigned threads = 0;
  size_t volumes_max = 20'000'000;
  Progress::When progress = Progress::When::kAuto;
};

// Adds FILE... and the options above to a subcommand; `options` outlives it.
void AddInputOptions(CLI::App& subcommand, InputOptions& options);

// Reads all files in order into one set, tracks made into volumes.
Result<conflict::PlanSet> ReadPlans(const InputOptions& options, Progress& progress);

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_INPUTS_H_
