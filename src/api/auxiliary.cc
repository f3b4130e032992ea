#include "api/auxiliary.h"

#include <simdjson.h>

#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "base/rfc3339.h"
#include "http/query.h"

namespace wideberth::api {

using model::Heartbeat;
using model::Outcome;

namespace {

constexpr std::string_view kRead = "dss.read.identification_service_areas";
constexpr std::string_view kWrite = "dss.write.identification_service_areas";
constexpr std::string_view kPoolRead = "interuss.pool_status.read";
constexpr std::string_view kHeartbeatWrite = "interuss.pool_status.heartbeat.write";
constexpr std::string_view kVersions = "interuss.versioning.read_system_versions";

constexpr size_t kSourceBytesMax = 256;
constexpr int64_t kClockSkewMaxNs = 300 * kNsPerSecond;  // how far ahead a heartbeat may be

using Tree = nlohmann::ordered_json;

std::string Dump(const Tree& tree) { return tree.dump(-1, ' ', false, Tree::error_handler_t::replace); }

// ---- Version and tokens.

void GetVersion(const CallPtr& call) { call->respond(Json(200, Dump({{"version", call->options.version}}))); }

void GetSystemVersion(const CallPtr& call) {
  if (call->arguments[0].empty()) return call->Fail({Code::kNotFound, "system_identity: is missing from the path"});
  // Whatever the system is that this belongs to, what runs here has one version.
  call->respond(
      Json(200, Dump({{"system_identity", call->arguments[0]}, {"system_version", "v" + call->options.version}})));
}

void ValidateToken(const CallPtr& call) {
  const Result<http::QueryParameters> parameters = http::QueryParameters::Parse(call->request.query);
  if (!parameters) return call->Fail(parameters.error());
  const Result<std::optional<std::string>> owner = parameters->Find("owner");
  if (!owner) return call->Fail(owner.error());
  if (*owner && **owner != call->caller.subject)
    return call->Fail({Code::kForbidden, "owner: the token is another's (its sub is not this)"});
  call->respond(Json(200, "{}"));
}

// ---- The pool.

std::string RenderInstances(const ApiOptions& options, const std::optional<Heartbeat>& heartbeat) {
  Tree instance{{"id", options.instance_id}};
  if (!options.public_endpoint.empty()) instance["public_endpoint"] = options.public_endpoint;
  if (heartbeat) {
    Tree most_recent{{"timestamp", FormatRfc3339(heartbeat->timestamp)},
                     {"reporter", heartbeat->reporter},
                     {"source", heartbeat->source},
                     {"index", heartbeat->index}};
    if (heartbeat->next_expected_before)
      most_recent["next_heartbeat_expected_before"] = FormatRfc3339(*heartbeat->next_expected_before);
    instance["most_recent_heartbeat"] = most_recent;
  }
  return Dump({{"dss_instances", Tree::array({instance})}});
}

void GetPool(const CallPtr& call) { call->respond(Json(200, Dump({{"dar_id", call->options.dar_id}}))); }

void GetInstances(const CallPtr& call) {
  Read(call, [&](const airspace::Airspace& airspace, TimeNs) {
    return Json(200, RenderInstances(call->options, airspace.FindHeartbeat(call->options.instance_id)));
  });
}

void PutHeartbeat(const CallPtr& call) {
  Result<Heartbeat> heartbeat = ParseHeartbeat(call->request.query, call->clock.Now());
  if (!heartbeat) return call->Fail(heartbeat.error());
  heartbeat->instance = call->options.instance_id;
  heartbeat->reporter = call->caller.subject;
  Submit(call, model::RecordHeartbeat{*std::move(heartbeat)}, [call](const Outcome& outcome) {
    return Json(201, RenderInstances(call->options, std::get<model::HeartbeatRecorded>(outcome).most_recent));
  });
}

// ---- Configuration.

void GetCertificates(const CallPtr& call) {
  call->respond(Json(
      501, Dump({{"message", "this instance is a pool of one: it has no nodes that show each other certificates"}})));
}

// Options of the way others keep their stores, which must be the same in a pool. None of them is on here: one order of
// all changes needs no locks, and a notification index counts.
void GetGlobalOptions(const CallPtr& call) {
  call->respond(Json(
      200, Dump({{"scd_global_lock", false}, {"scd_hash_lock", false}, {"time_based_notification_index", false}})));
}

}  // namespace

Result<Heartbeat> ParseHeartbeat(const std::string& query, TimeNs now) {
  WB_TRY(const http::QueryParameters parameters, http::QueryParameters::Parse(query));
  Heartbeat heartbeat;
  WB_TRY(const std::optional<std::string> source, parameters.Find("source"));
  if (!source || source->empty()) return Error{Code::kInvalid, "source: is missing from the query"};
  if (source->size() > kSourceBytesMax) return Error{Code::kInvalid, "source: has more than 256 bytes"};
  if (!simdjson::validate_utf8(*source)) return Error{Code::kInvalid, "source: is not UTF-8"};
  heartbeat.source = *source;
  const auto parse_time = [&](const char* name) -> Result<std::optional<TimeNs>> {
    WB_TRY(const std::optional<std::string> text, parameters.Find(name));
    if (!text) return std::optional<TimeNs>();
    const Result<TimeNs> time = ParseRfc3339(*text);
    if (!time) return Error{Code::kInvalid, std::string(name) + ": " + time.error().message};
    return std::optional<TimeNs>(*time);
  };
  WB_TRY(const std::optional<TimeNs> timestamp, parse_time("timestamp"));
  heartbeat.timestamp = timestamp.value_or(now);
  // One from the future would hide all that come until then.
  if (heartbeat.timestamp.value > now.value + kClockSkewMaxNs)
    return Error{Code::kInvalid, "timestamp: lies more than 5 minutes ahead"};
  WB_TRY(heartbeat.next_expected_before, parse_time("next_heartbeat_expected_before"));
  if (heartbeat.next_expected_before && *heartbeat.next_expected_before < heartbeat.timestamp)
    return Error{Code::kInvalid, "next_heartbeat_expected_before: it lies before timestamp"};
  return heartbeat;
}

const std::vector<Route>& AuxiliaryRoutes() {
  static const std::vector<Route> kRoutes = {
      {"GET", "/aux/v1/version", {}, GetVersion},
      {"GET", "/aux/v1/validate_oauth", {kRead, kWrite}, ValidateToken},
      {"GET", "/aux/v1/pool", {kPoolRead}, GetPool},
      {"GET", "/aux/v1/pool/dss_instances", {kPoolRead}, GetInstances},
      {"PUT", "/aux/v1/pool/dss_instances/heartbeat", {kHeartbeatWrite}, PutHeartbeat, true},
      {"GET", "/aux/v1/configuration/accepted_ca_certs", {}, GetCertificates},
      {"GET", "/aux/v1/configuration/ca_certs", {}, GetCertificates},
      {"GET", "/aux/v1/configuration/global_options", {kPoolRead}, GetGlobalOptions},
      {"GET", "/versions/{}", {kVersions}, GetSystemVersion},
  };
  return kRoutes;
}

}  // namespace wideberth::api
