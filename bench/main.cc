// Measures what docs/performance.md states, on the standard workload, and prints one table.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>

#include "bench/baselines.h"
#include "bench/benches.h"
#include "bench/standard_volumes.h"

namespace wideberth::bench {
namespace {

// The volumes as COPY of PostgreSQL takes them: number, altitudes in mm, times in ns, outline.
int ExportVolumes(const conflict::PlanSet& plans, const std::string& path) {
  std::ofstream out(path, std::ios::binary);
  for (size_t i = 0; i < plans.volumes().size(); ++i) {
    const geo::Volume4D& volume = plans.volumes()[i];
    std::string line =
        fmt::format("{}\t[{},{}]\t[{},{}]\tPOLYGON((", i, volume.altitudes.lower().value,
                    volume.altitudes.upper().value, volume.times.start().value, volume.times.end().value);
    const auto vertices = volume.outline.vertices();
    for (size_t v = 0; v <= vertices.size(); ++v) {
      const MetresFromMiddle at = ToPlane(vertices[v % vertices.size()]);
      line += fmt::format("{}{} {}", v == 0 ? "" : ",", at.x, at.y);
    }
    out << line << "))\n";
  }
  out.close();
  if (out.good()) return 0;
  fmt::print(stderr, "bench: cannot write {}\n", path);
  return 1;
}

int Main(int argc, char** argv) {
  Options options;
  std::string export_path;
  CLI::App app("Benchmarks of Wideberth: what, ours, target, a baseline in the same run, ratio, verdict.");
  auto* volumes = app.add_option("--volumes", options.volumes, "how many volumes the workload has (1,000,000)")
                      ->check(CLI::Range(size_t{1000}, size_t{20'000'000}));
  std::string only;
  app.add_option("--only", only, "one part alone: volumes, airspace, day")
      ->check(CLI::IsMember({"volumes", "airspace", "day"}));
  app.add_flag("--quick", options.quick, "100,000 volumes, to see that all works; no targets");
  app.add_option("--export", export_path, "only write the volumes to this file, for PostGIS");
  app.add_option("--postgis-seconds", options.postgis_s, "what PostGIS took for them");
  app.add_option("--postgis-pairs", options.postgis_pairs, "the pairs that PostGIS found");
  CLI11_PARSE(app, argc, argv);
  if (options.quick && volumes->count() == 0) options.volumes = 100'000;

  const auto start = Timer::now();
  const auto tell = [&](const char* what) { fmt::print(stderr, "bench: {:5.1f} s: {}\n", SecondsSince(start), what); };
  const auto wanted = [&](const char* part) { return only.empty() || only == part; };
  Table table;
  if (wanted("volumes") || !export_path.empty()) {
    tell("making the volumes");
    const conflict::PlanSet plans = MakeStandardPlans(options.volumes);
    if (!export_path.empty()) return ExportVolumes(plans, export_path);
    tell("joining them, then with Boost and GEOS");
    BenchJoin(plans, options, table);
    tell("the live index, then Boost's");
    BenchLive(plans, options, table);
    tell("reading them as .geojsonl");
    BenchGeoJson(plans, options, table);
    tell("the predicates, then Boost's and S2's");
    BenchPredicates(options, table);
  }
  if (wanted("airspace")) {
    tell("the airspace at its full size, and a restart");
    BenchAirspace(options, table);
  }
  if (wanted("day")) {
    tell("a day of a continent");
    BenchDay(options, table);
  }
  tell("done");
  fmt::print("{} volumes, seed {}\n{}", options.volumes, StandardVolumes::kSeed, table.Print());
  return 0;
}

}  // namespace
}  // namespace wideberth::bench

int main(int argc, char** argv) { return wideberth::bench::Main(argc, argv); }
