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

namespace wideberth::api {

namespace {

const std::vector<Route>& Routes() {
  static const std::vector<Route> kRoutes = [] {
    std::vector<Route> routes = F3548Routes();
    for (const auto& more : {F3411Routes(), AuxiliaryRoutes()}) routes.insert(routes.end(), more.begin(), more.end());
    return routes;
  }();
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
  // What is in a path may come into the store, which keeps text in UTF-8 alone.
  if (!simdjson::validate_utf8(request.path)) return respond(Failed(400, "the path is not UTF-8"));
  Found found = FindRoute(request);
  if (found.route == nullptr) {
    if (found.allowed.empty()) return respond(Failed(404, "there is no such path"));
    http::Response response = Failed(405, "the method is not one of this path's");
    response.headers.emplace_back("Allow", found.allowed);
    return respond(std::move(response));
  }
  const auto handle = [&](const Caller& caller) {
    found.route->handle(std::make_shared<Call>(Call{std::move(request), std::move(found.arguments), caller,
                                                    std::move(respond), node_, rng_, clock_, options_}));
  };
  if (found.route->scopes.empty()) return handle({});
  const Result<Caller> caller = verifier_.Verify(request.authorization, clock_.Now());
  if (!caller) {
    http::Response response = Failed(caller.error());
    if (!request.authorization.empty()) response.headers.back().second = "Bearer error=\"invalid_token\"";
    return respond(std::move(response));
  }
  if (!rate_limiter_.Admit(caller->subject, clock_.Now()))
    return respond(Failed(Error{Code::kTooMany, "you ask more often than you may; try again later"}));
  if (found.route->writes) {
    // Refused early, for little: what is read from here on costs more than this answer.
    if (const Result<void> room = node_.HasRoom(caller->subject); !room) return respond(Failed(room.error()));
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
