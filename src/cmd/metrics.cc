#include "cmd/metrics.h"

#include <prometheus/text_serializer.h>

#include <array>

namespace wideberth::cmd {
namespace {

const prometheus::Histogram::BucketBoundaries kSeconds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                                       0.025,  0.05,    0.1,    0.25,  1,      5};
const prometheus::Histogram::BucketBoundaries kCommands{1, 2, 4, 8, 16, 32, 64, 128, 256, 512};

}  // namespace

Metrics::Metrics()
    : requests_(prometheus::BuildCounter()
                    .Name("wideberth_http_requests_total")
                    .Help("Requests answered, by route and status")
                    .Register(registry_)),
      request_seconds_(prometheus::BuildHistogram()
                           .Name("wideberth_http_request_seconds")
                           .Help("From the whole request read to its answer ready, by route")
                           .Register(registry_)),
      batch_commands_(prometheus::BuildHistogram()
                          .Name("wideberth_batch_commands")
                          .Help("Commands made durable together")
                          .Register(registry_)
                          .Add({}, kCommands)),
      commit_seconds_(prometheus::BuildHistogram()
                          .Name("wideberth_commit_seconds")
                          .Help("To make a batch durable, fsync included")
                          .Register(registry_)
                          .Add({}, kSeconds)),
      entities_(prometheus::BuildGauge().Name("wideberth_entities").Help("Entities kept, by kind").Register(registry_)),
      unacknowledged_(prometheus::BuildGauge()
                          .Name("wideberth_unacknowledged_notices")
                          .Help("Notices kept that their parties have not acknowledged")
                          .Register(registry_)
                          .Add({})),
      undelivered_(prometheus::BuildGauge()
                       .Name("wideberth_undelivered_messages")
                       .Help("Messages that wait to be sent, by what they are sent to: webhooks of parties, other USSs")
                       .Register(registry_)),
      ledger_entries_(prometheus::BuildGauge()
                          .Name("wideberth_ledger_entries")
                          .Help("Entries of the ledger that are durable; nothing without a ledger")
                          .Register(registry_)),
      indexed_boxes_(prometheus::BuildGauge()
                         .Name("wideberth_indexed_boxes")
                         .Help("Boxes in the indexes: what is not over")
                         .Register(registry_)
                         .Add({})),
      index_bytes_(prometheus::BuildGauge()
                       .Name("wideberth_index_bytes")
                       .Help("Memory of the indexes")
                       .Register(registry_)
                       .Add({})),
      queued_(prometheus::BuildGauge()
                  .Name("wideberth_queued_commands")
                  .Help("Commands waiting for the sequencer")
                  .Register(registry_)
                  .Add({})),
      connections_(prometheus::BuildGauge()
                       .Name("wideberth_http_connections")
                       .Help("Open connections")
                       .Register(registry_)
                       .Add({})) {}

void Metrics::CountRequest(std::string_view method, std::string_view route, int status, double seconds) {
  static constexpr std::array<std::string_view, 4> kMethods{"GET", "PUT", "POST", "DELETE"};
  // Whatever a client makes up is counted under one name: it must not make series.
  if (route.empty() || std::find(kMethods.begin(), kMethods.end(), method) == kMethods.end()) method = "other";
  if (route.empty()) route = "other";
  Request request{};
  {
    const std::lock_guard lock(mutex_);
    auto key = std::tuple(std::string(method), std::string(route), status);
    const auto at = known_.find(key);
    if (at != known_.end()) {
      request = at->second;
    } else {
      request = {&requests_.Add(
                     {{"method", std::get<0>(key)}, {"route", std::get<1>(key)}, {"status", std::to_string(status)}}),
                 &request_seconds_.Add({{"method", std::get<0>(key)}, {"route", std::get<1>(key)}}, kSeconds)};
      known_.emplace(std::move(key), request);
    }
  }
  request.count->Increment();
  request.seconds->Observe(seconds);
}

void Metrics::CountBatch(size_t commands, double commit_s) {
  batch_commands_.Observe(static_cast<double>(commands));
  commit_seconds_.Observe(commit_s);
}

std::string Metrics::Text(const node::Node& node, size_t waiting_for_webhooks, size_t connections) {
  const auto sizes = node.sizes();
  for (const auto& [kind, count] : {std::pair<const char*, size_t>{"operational_intent", sizes.intents},
                                    {"constraint", sizes.constraints},
                                    {"subscription", sizes.subscriptions},
                                    {"availability", sizes.availabilities},
                                    {"report", sizes.reports},
                                    {"identification_service_area", sizes.service_areas},
                                    {"rid_subscription", sizes.rid_subscriptions},
                                    {"heartbeat", sizes.heartbeats},
                                    {"declared_intent", sizes.declarations - sizes.declared_constraints},
                                    {"declared_constraint", sizes.declared_constraints},
                                    {"party", sizes.parties},
                                    {"group", sizes.groups},
                                    {"notice", sizes.notices}})
    entities_.Add({{"kind", kind}}).Set(static_cast<double>(count));
  unacknowledged_.Set(static_cast<double>(sizes.notices_waiting));
  undelivered_.Add({{"to", "webhook"}}).Set(static_cast<double>(waiting_for_webhooks));
  undelivered_.Add({{"to", "uss"}}).Set(static_cast<double>(sizes.provider_messages));
  if (node.ledger() != nullptr) ledger_entries_.Add({}).Set(static_cast<double>(node.ledger()->size()));
  indexed_boxes_.Set(static_cast<double>(sizes.indexed));
  index_bytes_.Set(static_cast<double>(sizes.index_bytes));
  queued_.Set(static_cast<double>(node.queue_length()));
  connections_.Set(static_cast<double>(connections));
  return prometheus::TextSerializer().Serialize(registry_.Collect());
}

}  // namespace wideberth::cmd
