#ifndef WIDEBERTH_LOAD_DRIVER_H_
#define WIDEBERTH_LOAD_DRIVER_H_

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "load/latency_histogram.h"
#include "load/workload.h"

namespace wideberth::load {

// Where a DSS answers.
struct Target {
  std::string host;
  std::string port;
  bool tls = false;
  std::string path_prefix;  // without a slash at its end
  std::string host_header;

  // Of "http://HOST[:PORT][/PATH]" or https. kInvalid with the reason.
  static Result<Target> Parse(std::string_view url);
};

struct DriverOptions {
  Target target;
  bool insecure = false;  // takes any certificate
  size_t clients = 16;
  Duration warmup{0};
  std::optional<Duration> duration;  // of what is measured, without the warm-up
  std::optional<uint64_t> requests;  // operations to begin, those of the warm-up included
  // Operations a second, at instants fixed beforehand; without it each client begins the next when the last is done.
  std::optional<double> rate;
};

struct KindFigures {
  LatencyHistogram latency;
  std::map<int, uint64_t> statuses;
};

struct Second {
  double at_s = 0;  // its end, after the start of the measurement
  double length_s = 0;
  uint64_t requests = 0;
  uint64_t accepted = 0;
  Duration p50{0};
  Duration p99{0};
  Duration longest{0};
};

// An answer that should not be, or none.
struct Failure {
  uint64_t count = 0;
  std::string example;
};

// What a run measured: what was answered from the end of the warm-up on. Failures count always.
struct Figures {
  double seconds = 0;  // from the end of the warm-up to the last answer
  uint64_t warmup_requests = 0;
  std::array<KindFigures, kRequestKinds> kinds;
  LatencyHistogram accepted;  // from an operation's intended start until its intent is accepted, 409s included
  std::vector<Second> series;
  std::map<std::string, Failure> failures;  // by what failed: "status 500", "transport", ...
  std::string stopped;                      // why the run ended before its time; mostly empty

  // Of fixed arrivals: how many waited at most for a free client, and what was left when the time was over.
  uint64_t backlog_most = 0;
  uint64_t backlog_left = 0;
  Duration backlog_left_wait{0};  // the longest of their waits so far

  double user_cpu_s = 0;  // of this process
  double system_cpu_s = 0;

  uint64_t requests() const;
  uint64_t failed() const;
};

// Asks a DSS what `workload` decides, over keep-alive connections, on one thread: the caller's.
class Driver {
 public:
  static constexpr uint64_t kBacklogMax = 10'000;  // beyond it a server is said to be overloaded
  static constexpr Duration kBacklogTimeMax =
      std::chrono::seconds(1);  // what still waits so long after the end is left
  static constexpr Duration kAnswerTimeMax = std::chrono::seconds(30);
  static constexpr size_t kConnectFailuresMax = 20;  // in a row

  using Progress = std::function<void(const Second&)>;

  // kIo when the server cannot be reached at all, kTooLarge when there are more clients than this process may open
  // files. SIGINT and SIGTERM end the run early; what was measured until then is returned.
  static Result<Figures> Run(const DriverOptions& options, Workload& workload, const Progress& progress);
};

}  // namespace wideberth::load

#endif  // WIDEBERTH_LOAD_DRIVER_H_
