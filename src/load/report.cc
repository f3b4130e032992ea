#include "load/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace wideberth::load {
namespace {

using Json = nlohmann::ordered_json;

double Ms(Duration duration) { return static_cast<double>(duration.count()) * 1e-6; }

double PerSecond(uint64_t count, const Figures& figures) {
  return figures.seconds > 0 ? static_cast<double>(count) / figures.seconds : 0;
}

LatencyHistogram AllRequests(const Figures& figures) {
  LatencyHistogram all;
  for (const KindFigures& kind : figures.kinds) all.Add(kind.latency);
  return all;
}

double CpuUsARequest(const Figures& figures) {
  const uint64_t requests = figures.requests();
  return requests == 0 ? 0 : 1e6 * (figures.user_cpu_s + figures.system_cpu_s) / static_cast<double>(requests);
}

// "3 x 1.5 ms" needs no digits that nobody reads: four that count.
std::string Figure(double value) {
  const int decimals = value >= 1000 ? 0 : value >= 100 ? 1 : value >= 10 ? 2 : 3;
  return fmt::format("{:.{}f}", value, decimals);
}

std::string Line(std::string_view name, const LatencyHistogram& latency, const Figures& figures,
                 const std::string& rest) {
  if (latency.count() == 0) return "";
  std::string line =
      fmt::format("{:<23} {:>9} {:>10}", name, latency.count(), Figure(PerSecond(latency.count(), figures)));
  for (const double share : {0.5, 0.9, 0.99, 0.999})
    line += fmt::format(" {:>9}", Figure(Ms(latency.Percentile(share))));
  line += fmt::format(" {:>9}  {}", Figure(Ms(latency.longest())), rest);
  while (line.back() == ' ') line.pop_back();
  return line + "\n";
}

Json LatencyJson(const LatencyHistogram& latency, const Figures& figures) {
  Json json{{"count", latency.count()}, {"per_s", PerSecond(latency.count(), figures)}};
  if (latency.count() == 0) return json;
  json["mean_ms"] = latency.mean_s() * 1e3;
  for (const auto& [name, share] : {std::pair{"p50_ms", 0.5}, {"p90_ms", 0.9}, {"p99_ms", 0.99}, {"p99.9_ms", 0.999}})
    json[name] = Ms(latency.Percentile(share));
  json["max_ms"] = Ms(latency.longest());
  Json bins = Json::array();
  for (const LatencyHistogram::Bin& bin : latency.Bins()) bins.push_back({Ms(bin.upper), bin.count});
  json["histogram"] = std::move(bins);
  return json;
}

Json PairsJson(const std::vector<std::pair<std::string, std::string>>& pairs) {
  Json json = Json::object();
  for (const auto& [name, value] : pairs) json[name] = value;
  return json;
}

bool Overloaded(const Figures& figures) { return figures.backlog_most > Driver::kBacklogMax; }

}  // namespace

std::string TextReport(const Figures& figures, const Workload::Counts& counts, const DriverOptions& options) {
  std::string text = fmt::format("{:<23} {:>9} {:>10} {:>9} {:>9} {:>9} {:>9} {:>9}  {}\n", "request", "count", "per s",
                                 "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "max ms", "share and statuses");
  const LatencyHistogram all = AllRequests(figures);
  for (size_t i = 0; i < kRequestKinds; ++i) {
    const KindFigures& kind = figures.kinds[i];
    if (kind.latency.count() == 0) continue;
    std::string rest =
        fmt::format("{:.1f} %", 100 * static_cast<double>(kind.latency.count()) / static_cast<double>(all.count()));
    for (const auto& [status, count] : kind.statuses) rest += fmt::format("  {} x {}", status, count);
    text += Line(NameOf(static_cast<RequestKind>(i)), kind.latency, figures, rest);
  }
  text += Line("all requests", all, figures, "");
  text += Line("intents accepted", figures.accepted, figures, "each from its first request until it was accepted");
  text += fmt::format(
      "{:.2f} s measured, {} requests of the warm-up left out; {} clients{}; the driver used {:.1f} us of "
      "CPU a request\n",
      figures.seconds, figures.warmup_requests, options.clients,
      options.rate ? fmt::format(", {} operations/s at fixed instants", Figure(*options.rate)) : "",
      CpuUsARequest(figures));
  if (counts.conflicts > 0) {
    text += fmt::format("409 for missing OVNs: {}, each naming {:.2f} intents on average\n", counts.conflicts,
                        static_cast<double>(counts.conflicts_met) / static_cast<double>(counts.conflicts));
  }
  if (counts.overridden > 0)
    text += fmt::format("Accepted over intents of lower priority, whose parties are told: {}\n", counts.overridden);
  const uint64_t lists = figures.kinds[static_cast<size_t>(RequestKind::kQuery)].latency.count() +
                         figures.kinds[static_cast<size_t>(RequestKind::kSearchServiceAreas)].latency.count();
  if (lists > 0) {
    text += fmt::format("entities in an answer to a query or search: {:.2f} on average\n",
                        static_cast<double>(counts.results) / static_cast<double>(lists));
  }
  if (options.rate)
    text += fmt::format("operations that waited for a free client at once: {} at most\n", figures.backlog_most);
  if (Overloaded(figures)) {
    text += fmt::format("OVERLOADED: more than {} operations waited at once; the server does not bear this rate\n",
                        Driver::kBacklogMax);
  }
  if (figures.backlog_left > 0) {
    text += fmt::format(
        "NOT SENT: {} operations were still waiting at the end, the longest for {} ms: the latencies above "
        "leave them out\n",
        figures.backlog_left, Figure(Ms(figures.backlog_left_wait)));
  }
  for (const auto& [what, failure] : figures.failures)
    text += fmt::format("FAILED {} x {}; for example {}\n", failure.count, what, failure.example);
  if (counts.strangers > 0) {
    text += fmt::format(
        "GIVEN UP {} intents that meet entities of others, whose OVNs are not known here: use an empty DSS, or "
        "--center elsewhere\n",
        counts.strangers);
  }
  if (counts.exhausted > 0)
    text += fmt::format("GIVEN UP {} intents after {} tries\n", counts.exhausted, Workload::kAttemptsMax);
  if (!figures.stopped.empty()) text += fmt::format("STOPPED EARLY: {}\n", figures.stopped);
  return text;
}

std::string JsonReport(const Figures& figures, const Workload::Counts& counts, const DriverOptions& options,
                       const RunDescription& run) {
  Json kinds = Json::object();
  for (size_t i = 0; i < kRequestKinds; ++i) {
    const KindFigures& kind = figures.kinds[i];
    if (kind.latency.count() == 0) continue;
    Json json = LatencyJson(kind.latency, figures);
    json["statuses"] = Json::object();
    for (const auto& [status, count] : kind.statuses) json["statuses"][std::to_string(status)] = count;
    kinds[std::string(NameOf(static_cast<RequestKind>(i)))] = std::move(json);
  }
  Json series = Json::array();
  for (const Second& second : figures.series) {
    series.push_back({{"at_s", second.at_s},
                      {"length_s", second.length_s},
                      {"requests", second.requests},
                      {"accepted", second.accepted},
                      {"p50_ms", Ms(second.p50)},
                      {"p99_ms", Ms(second.p99)},
                      {"max_ms", Ms(second.longest)}});
  }
  Json failures = Json::array();
  for (const auto& [what, failure] : figures.failures)
    failures.push_back({{"what", what}, {"count", failure.count}, {"example", failure.example}});
  Json json{
      {"format", "wideberth-bench-http-1"},
      {"workload", run.workload},
      {"started", run.started},
      {"version", run.version},
      {"commit", run.commit},
      {"machine", PairsJson(run.machine)},
      {"options", PairsJson(run.options)},
      {"seconds", figures.seconds},
      {"warmup_requests", figures.warmup_requests},
      {"requests", std::move(kinds)},
      {"all_requests", LatencyJson(AllRequests(figures), figures)},
      {"intents_accepted", LatencyJson(figures.accepted, figures)},
      {"conflicts",
       {{"answers", counts.conflicts}, {"intents_named", counts.conflicts_met}, {"overridden", counts.overridden}}},
      {"results", counts.results},
      {"given_up", {{"others_ovn_unknown", counts.strangers}, {"tries", counts.exhausted}}},
      {"driver_cpu",
       {{"user_s", figures.user_cpu_s}, {"system_s", figures.system_cpu_s}, {"us_a_request", CpuUsARequest(figures)}}},
      {"failed", figures.failed()},
      {"failures", std::move(failures)},
      {"stopped_early", figures.stopped},
      {"seconds_series", std::move(series)}};
  if (options.rate) {
    json["arrivals"] = {{"per_s", *options.rate},
                        {"waiting_most", figures.backlog_most},
                        {"waiting_limit", Driver::kBacklogMax},
                        {"overloaded", Overloaded(figures)},
                        {"not_sent", figures.backlog_left},
                        {"not_sent_longest_ms", Ms(figures.backlog_left_wait)}};
  }
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string GnuplotScript(const Figures& figures, const RunDescription& run) {
  std::string script;
  const auto block = [&](const std::string& name, const LatencyHistogram& latency) {
    script += "$" + name + " << EOD\n";
    uint64_t seen = 0;
    for (const LatencyHistogram::Bin& bin : latency.Bins()) {
      // Against 1 / (1 - share): 10 is p90, 100 is p99. The last bin would be at infinity.
      const uint64_t left = latency.count() - seen;
      seen += bin.count;
      script += fmt::format("{:.9g} {:.9g}\n", static_cast<double>(latency.count()) / static_cast<double>(left),
                            Ms(bin.upper));
    }
    script += "EOD\n";
  };
  std::string curves;
  const auto curve = [&](const std::string& name, std::string_view title) {
    curves += fmt::format("{}${} using 1:2 with steps linewidth 2 title '{}'", curves.empty() ? "" : ", ", name, title);
  };
  for (size_t i = 0; i < kRequestKinds; ++i) {
    const LatencyHistogram& latency = figures.kinds[i].latency;
    if (latency.count() == 0) continue;
    const std::string name = fmt::format("kind{}", i);
    block(name, latency);
    curve(name, NameOf(static_cast<RequestKind>(i)));
  }
  const LatencyHistogram& accepted = figures.accepted;
  if (accepted.count() > 0) {
    block("accepted", accepted);
    curve("accepted", "intent accepted, all its requests");
  }
  script += "$seconds << EOD\n";
  for (const Second& second : figures.series) {
    if (second.length_s < 0.5) continue;  // the remainder at the end: a rate of so little says nothing
    script += fmt::format("{:.3f} {:.3f} {:.3f} {:.6g} {:.6g}\n", second.at_s,
                          static_cast<double>(second.requests) / second.length_s,
                          static_cast<double>(second.accepted) / second.length_s, Ms(second.p50), Ms(second.p99));
  }
  script += "EOD\n";
  const bool over_time = std::any_of(figures.series.begin(), figures.series.end(),
                                     [](const Second& second) { return second.length_s >= 0.5; });
  script += fmt::format(R"(set terminal svg size 900,{} dynamic background 'white' font 'sans-serif,13'
set multiplot layout {},1 title 'wideberth bench http, workload {}: {:.0f} requests/s'
set grid
set key left top
set logscale xy
set xlabel 'percentile'
set ylabel 'latency, ms'
set xrange [1:*]
set xtics ('0' 1, '50' 2, '90' 10, '99' 100, '99.9' 1000, '99.99' 10000, '99.999' 100000, '99.9999' 1000000)
plot {}
)",
                        over_time ? 900 : 450, over_time ? 2 : 1, run.workload, PerSecond(figures.requests(), figures),
                        curves.empty() ? "1 notitle" : curves);
  if (over_time) {
    script += R"(unset logscale x
set xtics auto
set xlabel 'time, s'
set xrange [0:*]
set y2tics
set y2range [0:*]
set y2label 'a second'
set key outside top center horizontal
plot $seconds using 1:2 axes x1y2 with linespoints linewidth 2 pointtype 7 pointsize 0.4 title 'requests/s', \
  '' using 1:3 axes x1y2 with linespoints linewidth 2 pointtype 7 pointsize 0.4 title 'intents accepted/s', \
  '' using 1:4 with lines linewidth 2 title 'p50, ms', '' using 1:5 with lines linewidth 2 title 'p99, ms'
)";
  }
  script += "unset multiplot\n";
  return script;
}

}  // namespace wideberth::load
