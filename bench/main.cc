// Measures what docs/performance.md states, on the standard workload, and prints one table.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <functional>
#include <vector>

#include "base/check.h"
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

using Tell = std::function<void(const char*)>;

void BenchVolumes(const Options& options, const Tell& tell, Table& table) {
  tell("making the volumes");
  const conflict::PlanSet plans = MakeStandardPlans(options.volumes);
  tell("joining them, then with Boost and GEOS");
  BenchJoin(plans, options, table);
  tell("the live index, then Boost's");
  BenchLive(plans, options, table);
  tell("reading them as .geojsonl");
  BenchGeoJson(plans, options, table);
  tell("the predicates, then Boost's and S2's");
  BenchPredicates(options, table);
}

struct Part {
  const char* name;
  const char* what;
  std::function<void(const Options&, const Tell&, Table&)> run;
};

const std::vector<Part>& Parts() {
  static const std::vector<Part> parts{
      {"volumes", "the standard volumes", BenchVolumes},
      {"airspace", "the airspace at its full size, and a restart",
       [](const Options& options, const Tell&, Table& table) { BenchAirspace(options, table); }},
      {"ledger", "writes with and without the ledger",
       [](const Options& options, const Tell&, Table& table) { BenchLedger(options, table); }},
      {"proofs", "proofs from a large ledger",
       [](const Options& options, const Tell&, Table& table) { BenchProofs(options, table); }},
      {"day", "a day of a continent",
       [](const Options& options, const Tell&, Table& table) { BenchDay(options, table); }},
  };
  return parts;
}

// Runs a part in a process of its own, so that what one part leaves of memory is not in another's figures. False if it
// failed.
bool RunApart(const Part& part, const Options& options, const Tell& tell, Table& table) {
  std::array<int, 2> ends{};
  WB_CHECK(pipe(ends.data()) == 0);
  std::fflush(nullptr);
  const pid_t child = fork();
  WB_CHECK(child >= 0);
  if (child == 0) {
    close(ends[0]);
    Table own;
    part.run(options, tell, own);
    const std::string text = own.Serialise();
    for (size_t done = 0; done < text.size();) {
      const ssize_t wrote = write(ends[1], text.data() + done, text.size() - done);
      if (wrote <= 0) _exit(1);
      done += static_cast<size_t>(wrote);
    }
    std::fflush(nullptr);
    _exit(0);
  }
  close(ends[1]);
  std::string text;
  std::array<char, 4096> bytes{};
  for (ssize_t got = 0; (got = read(ends[0], bytes.data(), bytes.size())) > 0;)
    text.append(bytes.data(), static_cast<size_t>(got));
  close(ends[0]);
  int status = 0;
  WB_CHECK(waitpid(child, &status, 0) == child);
  if (status != 0) {
    fmt::print(stderr, "bench: {} failed\n", part.name);
    return false;
  }
  table.AddSerialised(text);
  return true;
}

int Main(int argc, char** argv) {
  Options options;
  std::string export_path;
  CLI::App app("Benchmarks of Wideberth: what, ours, target, a baseline in the same run, ratio, verdict.");
  auto* volumes = app.add_option("--volumes", options.volumes, "how many volumes the workload has (1,000,000)")
                      ->check(CLI::Range(size_t{1000}, size_t{20'000'000}));
  std::vector<std::string> only;
  std::vector<std::string> names;
  for (const Part& part : Parts()) names.emplace_back(part.name);
  app.add_option("--only", only, "one part alone; may repeat")->check(CLI::IsMember(names));
  app.add_flag("--quick", options.quick, "100,000 volumes, to see that all works; no targets");
  app.add_option("--export", export_path, "only write the volumes to this file, for PostGIS");
  app.add_option("--postgis-seconds", options.postgis_s, "what PostGIS took for them");
  app.add_option("--postgis-pairs", options.postgis_pairs, "the pairs that PostGIS found");
  CLI11_PARSE(app, argc, argv);
  if (options.quick && volumes->count() == 0) options.volumes = 100'000;
  if (!export_path.empty()) return ExportVolumes(MakeStandardPlans(options.volumes), export_path);

  const auto start = Timer::now();
  const Tell tell = [&](const char* what) { fmt::print(stderr, "bench: {:5.1f} s: {}\n", SecondsSince(start), what); };
  Table table;
  for (const Part& part : Parts()) {
    if (!only.empty() && std::find(only.begin(), only.end(), part.name) == only.end()) continue;
    tell(part.what);
    if (!RunApart(part, options, tell, table)) return 1;
  }
  tell("done");
  fmt::print("{} volumes, seed {}\n{}", options.volumes, StandardVolumes::kSeed, table.Print());
  return 0;
}

}  // namespace
}  // namespace wideberth::bench

int main(int argc, char** argv) { return wideberth::bench::Main(argc, argv); }
