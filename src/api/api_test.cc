#include "api/api.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "api/auxiliary.h"
#include "api/f3411.h"
#include "api/f3548.h"
#include "api/notices.h"
#include "api/openapi.h"
#include "api/parties.h"
#include "api/token_maker.h"
#include "api/uss.h"

namespace wideberth::api {
namespace {

constexpr int64_t kNowSeconds = 1'800'000'000;
constexpr const char* kId = "2f8343be-6482-4d1b-a474-16847e01af1e";

class FixedClock final : public Clock {
 public:
  TimeNs Now() const override { return {kNowSeconds * kNsPerSecond}; }
};

class CountingRng final : public Rng {
 public:
  void Fill(std::span<std::byte> bytes) override {
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(next_++);
  }

 private:
  unsigned next_ = 0;
};

// Keeps nothing.
class EmptyStore final : public store::Store {
 public:
  Result<void> Load(const RecordVisitor&) override { return {}; }
  Result<store::Position> position() override { return store::Position{}; }
  Result<void> Commit(const store::Batch&) override { return {}; }
  Result<std::unique_ptr<store::LedgerReader>> OpenLedger() override { return Error{Code::kIo, "it keeps nothing"}; }
};

std::vector<Route> AllRoutes() {
  std::vector<Route> routes = F3548Routes();
  for (const auto& more : {F3411Routes(), AuxiliaryRoutes(), PartyRoutes(), NoticeRoutes(), UssRoutes()})
    routes.insert(routes.end(), more.begin(), more.end());
  return routes;
}

class ApiTest : public testing::Test {
 protected:
  http::Response Ask(node::NodeOptions options, const std::string& method, const std::string& path,
                     const std::string& body = "") {
    options.ledger = false;
    const auto node = *node::Node::Start(store_, clock_, rng_, std::move(options));
    KeySet trusted;
    EXPECT_TRUE(trusted.AddPem(Keys().public_pem, "key"));
    TokenVerifier verifier(trusted, {.audiences = {"localhost"}});
    NoticeBoard board;
    board.Attach(*node);
    Api api(*node, verifier, board, nullptr, clock_, rng_, {});
    std::promise<http::Response> answer;
    http::Request request{method, path, "", "Bearer " + Token(), body};
    api.Handle(std::move(request), [&](http::Response response) { answer.set_value(std::move(response)); });
    return answer.get_future().get();
  }

 private:
  static const KeyPair& Keys() {
    static const KeyPair keys = *MakeKeyPair();
    return keys;
  }
  static std::string Token() {
    std::string scopes;
    for (const Route& route : AllRoutes()) {
      for (const std::string_view scope : route.scopes) scopes += std::string(scope) + " ";
    }
    return *MakeToken(Keys().private_pem, {"issuer", "uss1", {"localhost"}, scopes, kNowSeconds, kNowSeconds + 600});
  }

  EmptyStore store_;
  FixedClock clock_;
  CountingRng rng_;
};

// A body that is accepted by a route that writes.
std::string GoodBody(std::string_view path) {
  const nlohmann::json description = nlohmann::json::parse(OpenApi());
  const auto example = [&](const std::string& name) {
    return description["components"]["examples"].at(name)["value"].dump();
  };
  if (path.starts_with("/uss/"))
    return example(path.find("constraints") == std::string_view::npos ? "NotifyOperationalIntent" : "NotifyConstraint");
  if (path.starts_with("/api/")) {
    if (path.ends_with("/activate")) return example("Activate");
    if (path.ends_with("/end")) return "";
    if (path.ends_with("/ack")) return example("Acknowledge");
    if (path.ends_with("/webhook")) return example("Webhook");
    if (path.find("/parties/") != std::string_view::npos) return example("Party");
    if (path.find("/groups/") != std::string_view::npos) return example("Group");
    // Both are the same; F3548's have the names that this file's would have.
    return example("WideberthIntent");
  }
  if (!path.starts_with("/dss/")) {
    const std::string version = path.starts_with("/v1/") ? "V19" : "V22a";
    return example((path.find("subscriptions") == std::string_view::npos ? "ServiceArea" : "Subscription") + version);
  }
  if (path.find("operational_intent") != std::string_view::npos) return example("Intent");
  if (path.find("constraint") != std::string_view::npos) return example("Constraint");
  if (path.find("subscriptions") != std::string_view::npos) return example("Subscription");
  if (path.find("availability") != std::string_view::npos) return example("Availability");
  return example("Report");
}

std::string Filled(std::string_view route) {
  std::string path(route);
  for (size_t at = path.find("{}"); at != std::string::npos; at = path.find("{}")) path.replace(at, 2, kId);
  return path;
}

TEST_F(ApiTest, EveryWriteIsToldToComeAgainWhenTheQueueIsFull) {
  int writes = 0;
  for (const Route& route : AllRoutes()) {
    if (route.method == "GET" || route.path.ends_with("/query")) continue;
    SCOPED_TRACE(std::string(route.method) + " " + std::string(route.path));
    EXPECT_TRUE(route.writes);
    const bool has_body = route.method != "DELETE" && !route.path.ends_with("/heartbeat");
    const std::string body = has_body ? GoodBody(route.path) : "";
    const http::Response response = Ask({.queue_max = 0}, std::string(route.method), Filled(route.path), body);
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(response.hold_back, kRefusalHeldBack);
    const std::vector<std::pair<std::string, std::string>> wanted{{"Retry-After", "1"}};
    EXPECT_EQ(response.headers, wanted);
    EXPECT_TRUE(nlohmann::json::parse(response.body)["error_message"].is_string()) << response.body;
    // And it is the queue alone: with room the same request is taken, or refused for what it says.
    EXPECT_LT(Ask({}, std::string(route.method), Filled(route.path), body).status, 500);
    ++writes;
  }
  EXPECT_EQ(writes, 11 + 12 + 1 + 14 + 2);
}

TEST_F(ApiTest, EachRouteIsDescribedAndEachDescriptionIsARoute) {
  // Without a token, and outside the tables of routes.
  std::map<std::string, std::set<std::string>> routes{
      {"get /healthy", {}},           {"get /ready", {}},
      {"get /openapi.json", {}},      {"get /api/v1/openapi.json", {}},
      {"get /ledger/checkpoint", {}}, {"get /ledger/tile/entries/{}", {}},
      {"get /ledger/tile/{}/{}", {}}};
  for (const Route& route : AllRoutes()) {
    std::string method(route.method);
    std::transform(method.begin(), method.end(), method.begin(),
                   [](char c) { return static_cast<char>(c - 'A' + 'a'); });
    const auto [at, fresh] = routes.try_emplace(method + " " + std::string(route.path));
    EXPECT_TRUE(fresh) << at->first;
    at->second.insert(route.scopes.begin(), route.scopes.end());
  }
  std::map<std::string, std::set<std::string>> described;
  std::set<std::string> scopes;
  const nlohmann::json description = nlohmann::json::parse(OpenApi());
  for (const auto& [path, operations] : description["paths"].items()) {
    std::string pattern = " ";
    for (const char c : path) {
      if (pattern.ends_with('{') && c != '}') continue;  // the argument's name
      pattern += c;
    }
    for (const auto& [method, operation] : operations.items()) {
      if (method == "parameters") continue;
      std::set<std::string>& of_one = described[method + pattern];
      for (const nlohmann::json& one : operation.at("security")) {
        // A party's own token has its rights from the registration; the scope stands beside it.
        if (one.contains("oauth2")) of_one.insert(one["oauth2"][0].get<std::string>());
      }
      scopes.insert(of_one.begin(), of_one.end());
    }
  }
  EXPECT_EQ(routes, described);
  std::set<std::string> known;
  for (const auto& [scope, text] :
       description["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]["scopes"].items())
    known.insert(scope);
  EXPECT_EQ(scopes, known);
}

TEST_F(ApiTest, ALiteralPathIsNoArgument) {
  const http::Response response = Ask({}, "PUT", "/dss/v1/subscriptions/query");
  EXPECT_EQ(response.status, 405);
  const std::vector<std::pair<std::string, std::string>> wanted{{"Allow", "POST"}};
  EXPECT_EQ(response.headers, wanted);
}

}  // namespace
}  // namespace wideberth::api
