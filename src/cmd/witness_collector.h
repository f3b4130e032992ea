#ifndef WIDEBERTH_CMD_WITNESS_COLLECTOR_H_
#define WIDEBERTH_CMD_WITNESS_COLLECTOR_H_

#include <memory>
#include <string>
#include <vector>

#include "api/ledger_head.h"
#include "base/result.h"
#include "cmd/deliveries.h"

namespace wideberth::cmd {

// Asks witnesses (C2SP tlog-witness) to sign the ledger's head whenever it has grown, a few seconds apart. Thread-safe.
class WitnessCollector {
 public:
  // Each of `witnesses` is KEY=URL: its verifier key, and what /add-checkpoint is below. `head` outlives it.
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
