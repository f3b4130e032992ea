#ifndef WIDEBERTH_CMD_BENCH_EVENTS_H_
#define WIDEBERTH_CMD_BENCH_EVENTS_H_

#include <CLI/CLI.hpp>

namespace wideberth::cmd {

// Adds `events` to `bench`: notices to many listeners at once.
void AddBenchEvents(CLI::App& bench, int& status);

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_BENCH_EVENTS_H_
