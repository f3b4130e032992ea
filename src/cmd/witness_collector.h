#ifndef WIDEBERTH_CMD_WITNESS_COLLECTOR_H_
#define WIDEBERTH_CMD_WITNESS_COLLECTOR_H_

#include <memory>
#include <string>
#include <vector>

#include "api/ledger_head.h"
#include "base/result.h"
#include "cmd/deliveries.h"

namespace wideberth::cmd {

// Publishes the ledger's head in rounds, a second apart while it grows: asks all witnesses (C2SP tlog-witness) at once
// to sign the newest, and publishes it with what they signed. Nobody waits for one that failed or was slow the last
// time; what it signs is added as long as that head is the one that is served. Thread-safe.
class WitnessCollector {
 public:
  // Each of `witnesses` is KEY=URL: its verifier key, and what /add-checkpoint is below. `head` outlives it, and is
  // published in rounds.
  static Result<std::unique_ptr<WitnessCollector>> Start(api::LedgerHead& head,
                                                         const std::vector<std::string>& witnesses,
                                                         const DeliveryOptions& options);
  ~WitnessCollector();
  void Stop();

 private:
  struct Parts;
  explicit WitnessCollector(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_WITNESS_COLLECTOR_H_
