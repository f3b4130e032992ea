#include "api/api.h"

#include <array>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "api/f3548_json.h"

namespace wideberth::api {

using model::Outcome;
using model::Uuid;

namespace {

// F3548-21's scopes.
constexpr std::string_view kCoordination = "utm.strategic_coordination";
constexpr std::string_view kConstraintManagement = "utm.constraint_management";
constexpr std::string_view kConstraintProcessing = "utm.constraint_processing";
constexpr std::string_view kConformance = "utm.conformance_monitoring_sa";
constexpr std::string_view kArbitration = "utm.availability_arbitration";

http::Response Json(int status, std::string body) { return {status, "application/json", std::move(body), {}}; }

http::Response Failed(int status, const std::string& message) { return Json(status, RenderError(status, message)); }

http::Response Failed(const Error& error) {
  const int status = StatusOf(error.code);
  http::Response response = Failed(status, error.message);
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (status == 503 || status == 429) response.headers.emplace_back("Retry-After", "1");
  return response;
}

// A request on its way through a handler.
struct Call {
  http::Request request;
  std::vector<std::string> arguments;  // what stands for each {} of the route
  Caller caller;
  Api::Respond respond;
  node::Node& node;
  Rng& rng;
  const Clock& clock;
  const ApiOptions& options;

  void Fail(const Error& error) const { respond(Failed(error)); }

  Result<Uuid> Id(size_t argument, const char* name) const {
    Result<Uuid> id = Uuid::Parse(arguments[argument]);
    if (!id) return Error{Code::kInvalid, std::string(name) + ": " + id.error().message};
    return id;
  }
  // 32 characters that nobody can guess.
  std::string Chance() const {
    static constexpr char kDigits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._";
    std::array<std::byte, 32> bytes{};
    rng.Fill(bytes);
    std::string text;
    for (const std::byte b : bytes) text += kDigits[std::to_integer<size_t>(b) % 64];
    return text;
  }
};
using CallPtr = std::shared_ptr<Call>;

// Orders a command; `render` makes the answer of an outcome that is no Error.
void Submit(const CallPtr& call, model::Command command, std::function<http::Response(const Outcome&)> render) {
  const Result<void> submitted =
      call->node.Submit(std::move(command), [call, render = std::move(render)](const Outcome& outcome) {
        if (const Error* error = std::get_if<Error>(&outcome)) {
          call->Fail(*error);
        } else {
          call->respond(render(outcome));
        }
      });
  if (!submitted) call->Fail(submitted.error());
}

// Reads the airspace; what `read` returns is answered once it is durable.
void Read(const CallPtr& call, const std::function<http::Response(const airspace::Airspace&, TimeNs)>& read) {
  const auto response = std::make_shared<http::Response>();
  call->node.Read([&](const airspace::Airspace& airspace, TimeNs now) { *response = read(airspace, now); },
                  [call, response] { call->respond(std::move(*response)); });
}

// Where an area that is too large is the caller's mistake like any other.
Error PlainlyInvalid(Error error) {
  if (error.code == Code::kTooLarge) error.code = Code::kInvalid;
  return error;
}

// ---- Operational intents.

void PutIntent(const CallPtr& call, bool update) {
  const Result<Uuid> id = call->Id(0, "entityid");
  if (!id) return call->Fail(id.error());
  if (update && call->arguments[1].empty()) return call->Fail({Code::kInvalid, "ovn: is missing from the path"});
  Result<model::PutOperationalIntent> put =
      ParsePutOperationalIntent(call->request.body, {call->options.allow_http_uss});
  if (!put) return call->Fail(PlainlyInvalid(put.error()));
  const bool off_nominal =
      put->state == model::IntentState::kNonconforming || put->state == model::IntentState::kContingent;
  if (off_nominal && !call->caller.has(kConformance)) {
    return call->Fail(
        {Code::kForbidden, "state: Nonconforming and Contingent need the scope " + std::string(kConformance)});
  }
  if (!update && put->state != model::IntentState::kAccepted)
    return call->Fail({Code::kInvalid, "state: the first state of an operational intent is Accepted"});
  if (put->extents.end < call->clock.Now()) return call->Fail({Code::kInvalid, "extents: time_end has passed"});
  put->id = *id;
  put->manager = call->caller.subject;
  if (update) put->ovn = call->arguments[1];
  put->new_ovn = call->Chance();
  put->new_subscription_id = Uuid::Random(call->rng);
  put->new_subscription_version = call->Chance();
  Submit(call, *std::move(put), [call, update](const Outcome& outcome) {
    if (const auto* missing = std::get_if<model::KeyMissing>(&outcome))
      return Json(409, RenderKeyMissing(*missing, call->caller.subject));
    return Json(update ? 200 : 201,
                RenderIntentChanged(std::get<model::OperationalIntentChanged>(outcome), call->caller.subject));
  });
}

void CreateIntent(const CallPtr& call) { PutIntent(call, false); }
void UpdateIntent(const CallPtr& call) { PutIntent(call, true); }

void DeleteIntent(const CallPtr& call) {
  const Result<Uuid> id = call->Id(0, "entityid");
  if (!id) return call->Fail(id.error());
  if (call->arguments[1].empty()) return call->Fail({Code::kInvalid, "ovn: is missing from the path"});
  Submit(call, model::DeleteOperationalIntent{*id, call->caller.subject, call->arguments[1]},
         [call](const Outcome& outcome) {
           return Json(200,
                       RenderIntentChanged(std::get<model::OperationalIntentChanged>(outcome), call->caller.subject));
         });
}

void GetIntent(const CallPtr& call) {
  const Result<Uuid> id = call->Id(0, "entityid");
  if (!id) return call->Fail(id.error());
  Read(call, [&](const airspace::Airspace& airspace, TimeNs) {
    const auto intent = airspace.FindIntent(*id);
    if (!intent) return Failed(404, "there is no such operational intent reference");
    return Json(200, RenderIntent(*intent, call->caller.subject));
  });
}

void QueryIntents(const CallPtr& call) {
  const Result<model::Extents> area = ParseQuery(call->request.body);
  if (!area) return call->Fail(PlainlyInvalid(area.error()));
  Read(call, [&](const airspace::Airspace& airspace, TimeNs now) {
    return Json(200, RenderIntents(airspace.QueryIntents(*area, now), call->caller.subject));
  });
}

// ---- Constraints.

void PutConstraint(const CallPtr& call, bool update) {
  const Result<Uuid> id = call->Id(0, "entityid");
  if (!id) return call->Fail(id.error());
  if (update && call->arguments[1].empty()) return call->Fail({Code::kInvalid, "ovn: is missing from the path"});
  Result<model::PutConstraint> put = ParsePutConstraint(call->request.body, {call->options.allow_http_uss});
  if (!put) return call->Fail(PlainlyInvalid(put.error()));
  if (put->extents.end < call->clock.Now()) return call->Fail({Code::kInvalid, "extents: time_end has passed"});
  put->id = *id;
  put->manager = call->caller.subject;
  if (update) put->ovn = call->arguments[1];
  put->new_ovn = call->Chance();
  Submit(call, *std::move(put), [call, update](const Outcome& outcome) {
    return Json(update ? 200 : 201,
                RenderConstraintChanged(std::get<model::ConstraintChanged>(outcome), call->caller.subject));
  });
}

void CreateConstraint(const CallPtr& call) { PutConstraint(call, false); }
void UpdateConstraint(const CallPtr& call) { PutConstraint(call, true); }

void DeleteConstraint(const CallPtr& call) {
  const Result<Uuid> id = call->Id(0, "entityid");
  if (!id) return call->Fail(id.error());
  if (call->arguments[1].empty()) return call->Fail({Code::kInvalid, "ovn: is missing from the path"});
  Submit(call, model::DeleteConstraint{*id, call->caller.subject, call->arguments[1]}, [call](const Outcome& outcome) {
    return Json(200, RenderConstraintChanged(std::get<model::ConstraintChanged>(outcome), call->caller.subject));
  });
}

void GetConstraint(const CallPtr& call) {
  const Result<Uuid> id = call->Id(0, "entityid");
  if (!id) return call->Fail(id.error());
  Read(call, [&](const airspace::Airspace& airspace, TimeNs) {
    const auto constraint = airspace.FindConstraint(*id);
    if (!constraint) return Failed(404, "there is no such constraint reference");
    return Json(200, RenderConstraint(*constraint, call->caller.subject));
  });
}

void QueryConstraints(const CallPtr& call) {
  const Result<model::Extents> area = ParseQuery(call->request.body);
  if (!area) return call->Fail(PlainlyInvalid(area.error()));
  Read(call, [&](const airspace::Airspace& airspace, TimeNs now) {
    return Json(200, RenderConstraints(airspace.QueryConstraints(*area, now), call->caller.subject));
  });
}

// ---- Subscriptions.

void PutSubscription(const CallPtr& call, bool update) {
  const Result<Uuid> id = call->Id(0, "subscriptionid");
  if (!id) return call->Fail(id.error());
  if (update && call->arguments[1].empty()) return call->Fail({Code::kInvalid, "version: is missing from the path"});
  Result<model::PutSubscription> put = ParsePutSubscription(call->request.body, {call->options.allow_http_uss});
  if (!put) return call->Fail(PlainlyInvalid(put.error()));
  put->id = *id;
  put->manager = call->caller.subject;
  if (update) put->version = call->arguments[1];
  put->new_version = call->Chance();
  Submit(call, *std::move(put), [call](const Outcome& outcome) {
    return Json(200, RenderSubscriptionChanged(std::get<model::SubscriptionChanged>(outcome), call->caller.subject));
  });
}

void CreateSubscription(const CallPtr& call) { PutSubscription(call, false); }
void UpdateSubscription(const CallPtr& call) { PutSubscription(call, true); }

void DeleteSubscription(const CallPtr& call) {
  const Result<Uuid> id = call->Id(0, "subscriptionid");
  if (!id) return call->Fail(id.error());
  if (call->arguments[1].empty()) return call->Fail({Code::kInvalid, "version: is missing from the path"});
  Submit(call, model::DeleteSubscription{*id, call->caller.subject, call->arguments[1]}, [](const Outcome& outcome) {
    return Json(200, RenderSubscription(std::get<model::SubscriptionChanged>(outcome).seen));
  });
}

void GetSubscription(const CallPtr& call) {
  const Result<Uuid> id = call->Id(0, "subscriptionid");
  if (!id) return call->Fail(id.error());
  Read(call, [&](const airspace::Airspace& airspace, TimeNs) {
    const auto subscription = airspace.FindSubscription(*id);
    if (!subscription) return Failed(404, "there is no such subscription");
    if (subscription->subscription.manager != call->caller.subject)
      return Failed(403, "this subscription belongs to another manager");
    return Json(200, RenderSubscription(*subscription));
  });
}

void QuerySubscriptions(const CallPtr& call) {
  const Result<model::Extents> area = ParseQuery(call->request.body);
  if (!area) return call->Fail(area.error());
  Read(call, [&](const airspace::Airspace& airspace, TimeNs now) {
    return Json(200, RenderSubscriptions(airspace.QuerySubscriptions(*area, call->caller.subject, now)));
  });
}

// ---- Availability and reports.

constexpr size_t kUssIdBytesMax = 256;

Result<void> CheckUssId(const std::string& uss_id) {
  if (uss_id.empty()) return Error{Code::kInvalid, "uss_id: is missing from the path"};
  if (uss_id.size() > kUssIdBytesMax) return Error{Code::kInvalid, "uss_id: has more than 256 bytes"};
  return {};
}

void GetAvailability(const CallPtr& call) {
  if (const Result<void> good = CheckUssId(call->arguments[0]); !good) return call->Fail(good.error());
  Read(call, [&](const airspace::Airspace& airspace, TimeNs) {
    return Json(200, RenderAvailability(airspace.FindAvailability(call->arguments[0])));
  });
}

void SetAvailability(const CallPtr& call) {
  if (const Result<void> good = CheckUssId(call->arguments[0]); !good) return call->Fail(good.error());
  Result<model::SetAvailability> set = ParseSetAvailability(call->request.body);
  if (!set) return call->Fail(set.error());
  set->uss_id = call->arguments[0];
  set->new_version = call->Chance();
  Submit(call, *std::move(set), [](const Outcome& outcome) {
    return Json(200, RenderAvailability(std::get<model::AvailabilitySet>(outcome).availability));
  });
}

void MakeReport(const CallPtr& call) {
  const Uuid id = Uuid::Random(call->rng);
  Result<std::string> body = ParseReport(call->request.body, id.ToString());
  if (!body) return call->Fail(body.error());
  Submit(call, model::MakeReport{{id, call->caller.subject, call->clock.Now(), *std::move(body)}},
         [](const Outcome& outcome) { return Json(201, std::get<model::ReportMade>(outcome).report.body); });
}

// ---- Routes.

struct Route {
  std::string_view method;
  std::string_view path;                 // {} stands for one segment
  std::vector<std::string_view> scopes;  // any one of them
  void (*handle)(const CallPtr&);
};

const std::vector<Route>& Routes() {
  static const std::vector<Route> kRoutes = {
      {"POST", "/dss/v1/operational_intent_references/query", {kCoordination, kConformance}, QueryIntents},
      {"GET", "/dss/v1/operational_intent_references/{}", {kCoordination, kConformance}, GetIntent},
      {"PUT", "/dss/v1/operational_intent_references/{}", {kCoordination, kConformance}, CreateIntent},
      {"PUT", "/dss/v1/operational_intent_references/{}/{}", {kCoordination, kConformance}, UpdateIntent},
      {"DELETE", "/dss/v1/operational_intent_references/{}/{}", {kCoordination, kConformance}, DeleteIntent},
      {"POST", "/dss/v1/constraint_references/query", {kConstraintManagement, kConstraintProcessing}, QueryConstraints},
      {"GET", "/dss/v1/constraint_references/{}", {kConstraintManagement, kConstraintProcessing}, GetConstraint},
      {"PUT", "/dss/v1/constraint_references/{}", {kConstraintManagement}, CreateConstraint},
      {"PUT", "/dss/v1/constraint_references/{}/{}", {kConstraintManagement}, UpdateConstraint},
      {"DELETE", "/dss/v1/constraint_references/{}/{}", {kConstraintManagement}, DeleteConstraint},
      {"POST", "/dss/v1/subscriptions/query", {kCoordination, kConstraintProcessing}, QuerySubscriptions},
      {"GET", "/dss/v1/subscriptions/{}", {kCoordination, kConstraintProcessing}, GetSubscription},
      {"PUT", "/dss/v1/subscriptions/{}", {kCoordination, kConstraintProcessing}, CreateSubscription},
      {"PUT", "/dss/v1/subscriptions/{}/{}", {kCoordination, kConstraintProcessing}, UpdateSubscription},
      {"DELETE", "/dss/v1/subscriptions/{}/{}", {kCoordination, kConstraintProcessing}, DeleteSubscription},
      {"GET", "/dss/v1/uss_availability/{}", {kArbitration, kCoordination, kConformance}, GetAvailability},
      {"PUT", "/dss/v1/uss_availability/{}", {kArbitration}, SetAvailability},
      {"POST",
       "/dss/v1/reports",
       {kCoordination, kConstraintManagement, kConstraintProcessing, kConformance, kArbitration},
       MakeReport},
  };
  return kRoutes;
}

// The segments that stand for {}; nothing if the path is another.
std::optional<std::vector<std::string>> Match(std::string_view pattern, std::string_view path) {
  std::vector<std::string> arguments;
  while (true) {
    const size_t pattern_end = pattern.find('/', 1);
    const size_t path_end = path.find('/', 1);
    const std::string_view wanted = pattern.substr(0, pattern_end);
    const std::string_view given = path.substr(0, path_end);
    if (wanted == "/{}") {
      arguments.emplace_back(given.substr(1));
    } else if (wanted != given) {
      return std::nullopt;
    }
    if ((pattern_end == std::string_view::npos) != (path_end == std::string_view::npos)) return std::nullopt;
    if (pattern_end == std::string_view::npos) return arguments;
    pattern.remove_prefix(pattern_end);
    path.remove_prefix(path_end);
  }
}

struct Found {
  const Route* route = nullptr;
  std::vector<std::string> arguments;
  std::string allowed;  // methods of routes with this path, when none has the method asked for
};

Found FindRoute(const http::Request& request) {
  Found found;
  for (const Route& route : Routes()) {
    auto arguments = Match(route.path, request.path);
    if (!arguments) continue;
    if (route.method == request.method) return {&route, *std::move(arguments), ""};
    if (!found.allowed.empty()) found.allowed += ", ";
    found.allowed += route.method;
  }
  return found;
}

}  // namespace

int StatusOf(Code code) {
  switch (code) {
    case Code::kInvalid:
      return 400;
    case Code::kUnauthenticated:
      return 401;
    case Code::kForbidden:
      return 403;
    case Code::kNotFound:
      return 404;
    case Code::kConflict:
      return 409;
    case Code::kPrecondition:
      return 412;
    case Code::kTooLarge:
      return 413;
    case Code::kTooMany:
      return 429;
    case Code::kUnavailable:
      return 503;
    case Code::kIo:
      return 500;
  }
  return 500;
}

std::string_view Api::RouteOf(const http::Request& request) {
  const Found found = FindRoute(request);
  return found.route == nullptr ? "" : found.route->path;
}

void Api::Handle(http::Request request, Respond respond) {
  if (request.path == "/healthy" || request.path == "/ready") {
    if (request.method == "GET" || request.method == "HEAD") return respond({200, "text/plain", "ok", {}});
    http::Response response = Failed(405, "the method is not one of this path's");
    response.headers.emplace_back("Allow", "GET, HEAD");
    return respond(std::move(response));
  }
  Found found = FindRoute(request);
  if (found.route == nullptr) {
    if (found.allowed.empty()) return respond(Failed(404, "there is no such path"));
    http::Response response = Failed(405, "the method is not one of this path's");
    response.headers.emplace_back("Allow", found.allowed);
    return respond(std::move(response));
  }
  const Result<Caller> caller = verifier_.Verify(request.authorization, clock_.Now());
  if (!caller) {
    http::Response response = Failed(caller.error());
    if (!request.authorization.empty()) response.headers.back().second = "Bearer error=\"invalid_token\"";
    return respond(std::move(response));
  }
  bool allowed = false;
  std::string any_of;
  for (const std::string_view scope : found.route->scopes) {
    allowed |= caller->has(scope);
    any_of += (any_of.empty() ? "" : " or ") + std::string(scope);
  }
  if (!allowed) {
    http::Response response = Failed(403, "the token lacks the scope " + any_of);
    response.headers.emplace_back("WWW-Authenticate", "Bearer error=\"insufficient_scope\"");
    return respond(std::move(response));
  }
  const auto handle = found.route->handle;
  handle(std::make_shared<Call>(Call{std::move(request), std::move(found.arguments), *caller, std::move(respond), node_,
                                     rng_, clock_, options_}));
}

}  // namespace wideberth::api
