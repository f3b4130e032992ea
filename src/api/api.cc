#include "api/api.h"

#include <simdjson.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "api/auxiliary.h"
#include "api/call.h"
#include "api/f3411.h"
#include "api/f3548.h"
#include "api/ledger_routes.h"
#include "api/notices.h"
#include "api/openapi.h"
#include "api/parties.h"
#include "api/uss.h"
#include "http/percent.h"

namespace wideberth::api {

namespace {

const std::vector<Route>& Routes() {
  static const std::vector<Route> kRoutes = [] {
    std::vector<Route> routes = F3548Routes();
    for (const auto& more : {F3411Routes(), AuxiliaryRoutes(), PartyRoutes(), NoticeRoutes(), UssRoutes()})
      routes.insert(routes.end(), more.begin(), more.end());
    return routes;
  }();
  return kRoutes;
}

// The segments that stand for {}, decoded; nothing if the path is another. A "/" within a segment is sent as %2F.
std::optional<std::vector<std::string>> Match(std::string_view pattern, std::string_view path) {
  std::vector<std::string> arguments;
  while (true) {
    const size_t pattern_end = pattern.find('/', 1);
    const size_t path_end = path.find('/', 1);
    const std::string_view wanted = pattern.substr(0, pattern_end);
    std::optional<std::string> given = http::PercentDecoded(path.substr(0, path_end));
    if (!given || (wanted != "/{}" && wanted != *given)) return std::nullopt;
    if (wanted == "/{}") arguments.push_back(given->substr(1));
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
  bool literal = false;
  for (const Route& route : Routes()) {
    auto arguments = Match(route.path, request.path);
    if (!arguments) continue;
    // A path without {} stands before those with one, and is no argument of theirs: ".../query" is no id.
    if (arguments->empty()) literal = true;
    if (literal && !arguments->empty()) continue;
    // HEAD is GET without the body of the answer, which the server leaves out.
    if (route.method == (request.method == "HEAD" ? "GET" : request.method)) return {&route, *std::move(arguments), ""};
    if (!found.allowed.empty()) found.allowed += ", ";
    found.allowed += route.method == "GET" ? "GET, HEAD" : route.method;
  }
  return found;
}

http::Response MethodNotAllowed(std::string allowed) {
  http::Response response = Failed(405, "the method is not one of this path's: " + allowed);
  response.headers.emplace_back("Allow", std::move(allowed));
  return response;
}

// What is answered without a token; nothing if the path is another.
std::optional<http::Response> AnswerToAnyone(const http::Request& request) {
  http::Response response;
  if (request.path == "/healthy" || request.path == "/ready") {
    response = {200, "text/plain", "ok", {}};
  } else if (request.path == "/openapi.json") {
    response = Json(200, std::string(OpenApi()));
  } else if (request.path == "/api/v1/openapi.json") {
    response = Json(200, std::string(PartiesOpenApi()));
  } else {
    return std::nullopt;
  }
  if (request.method != "GET" && request.method != "HEAD") return MethodNotAllowed("GET, HEAD");
  return response;
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
  if (std::optional<http::Response> response = AnswerToAnyone(request)) return respond(*std::move(response));
  if (AnswerOfLedger(request, ledger_head_, respond)) return;
  // Arguments of routes are stored and rendered as text.
  const std::optional<std::string> path = http::PercentDecoded(request.path);
  if (!path || !simdjson::validate_utf8(*path)) return respond(Failed(400, "the path is not UTF-8, percent-encoded"));
  Found found = FindRoute(request);
  if (found.route == nullptr) {
    return respond(found.allowed.empty() ? Failed(404, "there is no such path")
                                         : MethodNotAllowed(std::move(found.allowed)));
  }
  const auto handle = [&](const Caller& caller) {
    found.route->handle(
        std::make_shared<Call>(Call{std::move(request), std::move(found.arguments), caller, std::move(respond), node_,
                                    verifier_, board_, ledger_head_, rng_, clock_, options_}));
  };
  if (found.route->scopes.empty()) return handle({});
  const Result<Caller> caller = verifier_.Verify(request.authorization, clock_.Now());
  if (!caller) {
    http::Response response = Failed(caller.error());
    if (!request.authorization.empty()) response.headers.back().second = "Bearer error=\"invalid_token\"";
    return respond(std::move(response));
  }
  // The server is told whose it was: it lets only so many of one sender's be worked on at a time.
  respond = [respond = std::move(respond), sender = caller->subject](http::Response response) {
    response.sender = sender;
    respond(std::move(response));
  };
  if (!rate_limiter_.Admit(caller->subject, clock_.Now()))
    return respond(TooBusy({Code::kTooMany, "you ask more often than you may; try again later"}));
  if (found.route->writes) {
    // Refused early, for little: what is read from here on costs more than this answer.
    if (const Result<void> room = node_.HasRoom(caller->subject); !room) return respond(TooBusy(room.error()));
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
  handle(*caller);
}

}  // namespace wideberth::api
