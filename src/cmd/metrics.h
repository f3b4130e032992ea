#ifndef WIDEBERTH_CMD_METRICS_H_
#define WIDEBERTH_CMD_METRICS_H_

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>

#include "node/node.h"

namespace wideberth::cmd {

// What Prometheus asks for (docs/operating.md lists them). Thread-safe.
class Metrics {
 public:
  Metrics();

  void CountRequest(std::string_view method, std::string_view route, int status, double seconds);
  void CountBatch(size_t commands, double commit_s);
  // The text of an answer to a scrape, with the sizes as they are.
  std::string Text(const node::Node& node, size_t waiting_for_webhooks, size_t connections);

 private:
  struct Request {
    prometheus::Counter* count;
    prometheus::Histogram* seconds;
  };

  prometheus::Registry registry_;
  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Histogram>& request_seconds_;
  prometheus::Histogram& batch_commands_;
  prometheus::Histogram& commit_seconds_;
  prometheus::Family<prometheus::Gauge>& entities_;
  prometheus::Gauge& unacknowledged_;
  prometheus::Family<prometheus::Gauge>& undelivered_;
  prometheus::Family<prometheus::Gauge>& ledger_entries_;
  prometheus::Gauge& indexed_boxes_;
  prometheus::Gauge& index_bytes_;
  prometheus::Gauge& queued_;
  prometheus::Gauge& connections_;
  std::mutex mutex_;
  std::map<std::tuple<std::string, std::string, int>, Request, std::less<>> known_;
};

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_METRICS_H_
