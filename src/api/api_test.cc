#include "api/api.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "api/f3548.h"
#include "api/openapi.h"
#include "api/token_maker.h"

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
  Result<void> Commit(const store::Position&, std::span<const model::RecordChange>) override { return {}; }
};

class ApiTest : public testing::Test {
 protected:
  http::Response Ask(node::NodeOptions options, const std::string& method, const std::string& path,
                     const std::string& body = "") {
    const auto node = *node::Node::Start(store_, clock_, std::move(options));
    KeySet trusted;
    EXPECT_TRUE(trusted.AddPem(Keys().public_pem, "key"));
    TokenVerifier verifier(trusted, {.audiences = {"localhost"}});
    Api api(*node, verifier, clock_, rng_, {});
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
    for (const Route& route : F3548Routes()) {
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
  const nlohmann::json description = nlohmann::json::parse(kOpenApi);
  const auto example = [&](const char* name) { return description["components"]["examples"][name]["value"].dump(); };
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
  for (const Route& route : F3548Routes()) {
    if (route.method == "GET" || route.path.ends_with("/query")) continue;
    SCOPED_TRACE(std::string(route.method) + " " + std::string(route.path));
    const std::string body = route.method == "DELETE" ? "" : GoodBody(route.path);
    const http::Response response = Ask({.queue_max = 0}, std::string(route.method), Filled(route.path), body);
    EXPECT_EQ(response.status, 503);
    const std::vector<std::pair<std::string, std::string>> wanted{{"Retry-After", "1"}};
    EXPECT_EQ(response.headers, wanted);
    EXPECT_TRUE(nlohmann::json::parse(response.body)["error_message"].is_string()) << response.body;
    // And it is the queue alone: with room the same request is taken, or refused for what it says.
    EXPECT_LT(Ask({}, std::string(route.method), Filled(route.path), body).status, 500);
    ++writes;
  }
  EXPECT_EQ(writes, 11);
}

TEST_F(ApiTest, EachRouteIsDescribedAndEachDescriptionIsARoute) {
  std::map<std::string, std::set<std::string>> routes;
  for (const Route& route : F3548Routes()) {
    std::string method(route.method);
    std::transform(method.begin(), method.end(), method.begin(),
                   [](char c) { return static_cast<char>(c - 'A' + 'a'); });
    for (const std::string_view scope : route.scopes) routes[method + " " + std::string(route.path)].emplace(scope);
  }
  std::map<std::string, std::set<std::string>> described;
  const nlohmann::json description = nlohmann::json::parse(kOpenApi);
  for (const auto& [path, operations] : description["paths"].items()) {
    if (!path.starts_with("/dss/")) continue;
    std::string pattern = " ";
    for (const char c : path) {
      if (pattern.ends_with('{') && c != '}') continue;  // the argument's name
      pattern += c;
    }
    for (const auto& [method, operation] : operations.items()) {
      if (method == "parameters") continue;
      for (const nlohmann::json& one : operation["security"])
        described[method + pattern].insert(one["oauth2"][0].get<std::string>());
    }
  }
  EXPECT_EQ(routes, described);
}

TEST_F(ApiTest, ALiteralPathIsNoArgument) {
  const http::Response response = Ask({}, "PUT", "/dss/v1/subscriptions/query");
  EXPECT_EQ(response.status, 405);
  const std::vector<std::pair<std::string, std::string>> wanted{{"Allow", "POST"}};
  EXPECT_EQ(response.headers, wanted);
}

}  // namespace
}  // namespace wideberth::api
