#ifndef WIDEBERTH_LOAD_WORKLOAD_H_
#define WIDEBERTH_LOAD_WORKLOAD_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"

namespace wideberth::load {

enum class WorkloadKind { kSpread, kCity, kOverlapping, kQuery, kSubscribe, kRid, kMixed, kDeclare };

// What a request is; figures are kept for each.
enum class RequestKind : uint8_t {
  kCreate,         // PUT of a new operational intent reference, with an empty key
  kCreateWithKey,  // the same again, with the OVNs that a 409 asked for
  kUpdate,
  kUpdateWithKey,
  kDelete,
  kQuery,
  kSubscribe,  // PUT of a new subscription
  kPutServiceArea,
  kSearchServiceAreas,
  kDeclare,         // POST of a new intent of a party, with an empty key
  kDeclareWithKey,  // the same again, with the OVNs that a 409 asked for
};
inline constexpr size_t kRequestKinds = 11;
std::string_view NameOf(RequestKind kind);

struct WorkloadOptions {
  WorkloadKind kind = WorkloadKind::kSpread;
  std::string host;                 // as the header Host has it
  std::string path_prefix;          // before "/dss/v1/..."
  std::vector<std::string> tokens;  // of parties that take turns; one at least
  std::string uss_base_url = "https://uss.example";
  uint64_t seed = 1;
  TimeNs now;                   // times lie in the 12 hours after it
  double center_latitude = 47;  // of the city; the country lies around it
  double center_longitude = 8;
  bool subscribe = false;  // intents come with a `new_subscription`
  double overlap = 5;      // kOverlapping: how many earlier intents a new one meets
  size_t chains = 32;      // kOverlapping: how many groups of overlapping intents grow at once
  // kDeclare: of 1, how many are declared over an earlier intent of another party, with a higher priority: that party
  // is told. 0 unless there are two parties.
  double override_share = 0;
};

// One thing that a client does, in one request or, where the first is answered "the key lacks ...", several. The
// workload fills it in; a client keeps it until it is done.
struct Operation {
  RequestKind kind = RequestKind::kCreate;
  std::string request;  // the whole HTTP request to send next

  // The workload's own.
  size_t party = 0;
  size_t entity = 0;
  int attempts = 0;
  std::string target;
  std::string body;  // without what closes the key
};

// What an answer meant.
struct Judgement {
  bool again = false;     // the operation goes on: send `request`
  bool expected = false;  // a status that the workload is made for
  bool accepted = false;  // an intent was created or updated by it
  std::string fatal;      // why going on makes no sense; mostly empty
};

// Decides what clients ask, from the seed alone, and keeps of what they were answered what later requests need: ids,
// OVNs. Thread-compatible.
class Workload {
 public:
  static constexpr size_t kEntitiesMax = 5'000'000;  // what one run remembers of its own entities
  static constexpr int kAttemptsMax = 10;            // of one operation

  explicit Workload(WorkloadOptions options);
  ~Workload();

  // While on, operations only create intents where the workload wants them: `--fill`.
  void Fill(bool on);
  // kTooMany once there is no more room for new entities.
  Result<void> Begin(Operation& operation);
  Judgement Judge(Operation& operation, int status, const std::string& body);

  // What answers told, for the report.
  struct Counts {
    uint64_t accepted = 0;       // intents created or updated
    uint64_t conflicts = 0;      // answers that named missing OVNs
    uint64_t conflicts_met = 0;  // the intents that they named
    uint64_t strangers = 0;      // operations given up: an OVN of somebody else's entity was asked for
    uint64_t exhausted = 0;      // operations given up after kAttemptsMax
    uint64_t overridden = 0;     // intents of lower priority in answers that accepted one: each is a notice
    uint64_t results = 0;        // entities in answers to queries and searches
  };
  const Counts& counts() const;
  void ClearCounts();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace wideberth::load

#endif  // WIDEBERTH_LOAD_WORKLOAD_H_
