#include "outbound/token_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/units.h"
#include "outbound/bearer_transport.h"
#include "outbound/postman.h"
#include "outbound/rng_for_test.h"
#include "outbound/sender.h"
#include "outbound/server_for_test.h"

namespace wideberth::outbound {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

constexpr const char* kSecret = "s3cret~&value";
constexpr const char* kUrl = "https://uss.example/base/uss/v1/operational_intents";
constexpr const char* kScope = "utm.strategic_coordination";

class ClockForTest final : public Clock {
 public:
  TimeNs Now() const override { return {now_}; }
  void Advance(double by_seconds) { now_ += static_cast<int64_t>(by_seconds * kNsPerSecond); }

 private:
  std::atomic<int64_t> now_{1'700'000'000 * kNsPerSecond};
};

class TransportForTest final : public Transport {
 public:
  Result<void> Send(Request request, Done done) override {
    if (full) return Error{Code::kTooMany, "full"};
    sent.push_back(std::move(request));
    dones.push_back(std::move(done));
    return {};
  }
  void Answer(Result<Response> answer) {
    WB_CHECK(!dones.empty());
    const Done done = std::move(dones.front());
    dones.pop_front();
    done(std::move(answer));
  }
  void Answer(int status, std::string body, std::string retry_after = "") {
    Answer(Response{status, std::move(retry_after), std::move(body)});
  }

  bool full = false;
  std::vector<Request> sent;
  std::deque<Done> dones;
};

std::string Granted(const std::string& token, const std::string& more = R"(,"expires_in":3600)") {
  return R"({"access_token":")" + token + R"(","token_type":"Bearer")" + more + "}";
}

class TokenClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    options.token_url = "https://auth.example/token?tenant=1";
    options.client_id = "sky one";
    options.client_secret = kSecret;
    options.on_failure = [this](const std::string& reason) { failures.push_back(reason); };
  }

  TokenClient& client() {
    if (!client_) client_ = *TokenClient::Make(options, transport, clock);
    return *client_;
  }
  std::shared_ptr<std::optional<Result<std::string>>> Get(const std::string& url = kUrl,
                                                          const std::string& scope = kScope) {
    auto got = std::make_shared<std::optional<Result<std::string>>>();
    client().Get(url, scope, [got](Result<std::string> token) {
      WB_CHECK(!*got);
      *got = std::move(token);
    });
    return got;
  }
  // The token that is given without asking; "" if it is asked for.
  std::string Kept(const std::string& url = kUrl, const std::string& scope = kScope) {
    const auto got = Get(url, scope);
    return *got && **got ? ***got : "";
  }
  // What is said of an answer that holds no token.
  std::string Reason(Result<Response> answer) {
    const auto got = Get();
    WB_CHECK(!*got);
    transport.Answer(std::move(answer));
    return (*got)->error().message;
  }
  std::string Reason(int status, std::string body) { return Reason(Response{status, "", std::move(body)}); }

  TokenClientOptions options;
  ClockForTest clock;
  TransportForTest transport;
  std::vector<std::string> failures;

 private:
  std::unique_ptr<TokenClient> client_;
};

TEST_F(TokenClientTest, AsksAsRfc6749Says) {
  const auto got = Get();
  ASSERT_EQ(transport.sent.size(), 1U);
  const Request& request = transport.sent[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, options.token_url);
  EXPECT_EQ(request.body, "grant_type=client_credentials&scope=utm.strategic_coordination&audience=uss.example");
  // base64 of "sky%20one:s3cret~%26value"
  EXPECT_THAT(request.headers, AllOf(Contains(Pair("Authorization", "Basic c2t5JTIwb25lOnMzY3JldH4lMjZ2YWx1ZQ==")),
                                     Contains(Pair("Content-Type", "application/x-www-form-urlencoded"))));
  EXPECT_FALSE(*got);
  transport.Answer(200, Granted("a.b-c_d=="));
  ASSERT_TRUE(*got && **got);
  EXPECT_EQ(***got, "a.b-c_d==");
  EXPECT_TRUE(failures.empty());
}

TEST_F(TokenClientTest, ShowsItselfInTheBodyAndNamesTheResourceAsAUrlIfToldTo) {
  options.authentication = ClientAuthentication::kPost;
  options.token_audience_parameter = "resource";
  Get();
  Get("https://USS.example:8443/x");
  EXPECT_EQ(transport.sent[0].body,
            "grant_type=client_credentials&scope=utm.strategic_coordination&resource=https%3A%2F%2Fuss.example"
            "&client_id=sky%20one&client_secret=s3cret~%26value");
  EXPECT_THAT(transport.sent[0].headers, Not(Contains(Pair("Authorization", testing::_))));
  EXPECT_THAT(transport.sent[1].body, HasSubstr("resource=https%3A%2F%2Fuss.example%3A8443&"));
}

TEST_F(TokenClientTest, ATokenIsGivenAgainUntilShortlyBeforeItEnds) {
  Get();
  transport.Answer(200, Granted("one", R"(,"expires_in":300)"));
  clock.Advance(269);
  EXPECT_EQ(Kept("https://uss.example:444/elsewhere"), "one");
  EXPECT_EQ(transport.sent.size(), 1U);
  clock.Advance(1);
  const auto got = Get();
  ASSERT_EQ(transport.sent.size(), 2U);
  transport.Answer(200, Granted("two", R"(,"expires_in":"10")"));
  EXPECT_EQ(***got, "two");
  clock.Advance(4.9);
  EXPECT_EQ(Kept(), "two");
  clock.Advance(0.1);
  EXPECT_EQ(Kept(), "");
}

TEST_F(TokenClientTest, ItsTimeBeginsWhenItWasAskedFor) {
  Get();
  clock.Advance(100);
  transport.Answer(200, Granted("one", R"(,"expires_in":120)"));
  EXPECT_EQ(Kept(), "");
}

TEST_F(TokenClientTest, WithoutExpiresInItIsGivenForFiveMinutesAndNeverForMoreThanADay) {
  Get();
  transport.Answer(200, Granted("one", ""));
  clock.Advance(269);
  EXPECT_EQ(Kept(), "one");
  clock.Advance(1);
  Get();
  transport.Answer(200, Granted("two", R"(,"expires_in":1e300)"));
  clock.Advance(24 * 3600 - 31);
  EXPECT_EQ(Kept(), "two");
  clock.Advance(1);
  EXPECT_EQ(Kept(), "");
}

TEST_F(TokenClientTest, ATokenFromTheFutureIsNotGiven) {
  Get();
  transport.Answer(200, Granted("one"));
  clock.Advance(-10);
  EXPECT_EQ(Kept(), "");
}

TEST_F(TokenClientTest, OneRequestIsUnderWayForEachAudienceAndScope) {
  const auto first = Get();
  const auto second = Get("https://uss.example/other");
  const auto other_scope = Get(kUrl, "utm.constraint_management");
  const auto other_host = Get("https://other.example/");
  ASSERT_EQ(transport.sent.size(), 3U);
  transport.Answer(200, Granted("one"));
  EXPECT_EQ(***first, "one");
  EXPECT_EQ(***second, "one");
  EXPECT_FALSE(*other_scope);
  transport.Answer(500, "");
  transport.Answer(200, Granted("three"));
  EXPECT_FALSE(**other_scope);
  EXPECT_EQ(***other_host, "three");
  EXPECT_EQ(Kept(), "one");
  EXPECT_EQ(Kept("https://other.example/"), "three");
}

TEST_F(TokenClientTest, ARefusedTokenIsAskedForAnew) {
  Get();
  transport.Answer(200, Granted("one"));
  client().Refused(kUrl, kScope, "another");
  client().Refused(kUrl, "another", "one");
  EXPECT_EQ(Kept(), "one");
  client().Refused(kUrl, kScope, "one");
  const auto got = Get();
  EXPECT_FALSE(*got);
  transport.Answer(200, Granted("two"));
  EXPECT_EQ(***got, "two");
  client().Refused(kUrl, kScope, "one");  // an answer that came late
  EXPECT_EQ(Kept(), "two");
}

TEST_F(TokenClientTest, TokensThatAreKeptAreBounded) {
  options.tokens_max = 2;
  Get("https://a.example/");
  transport.Answer(200, Granted("a", R"(,"expires_in":3000)"));
  Get("https://b.example/");
  transport.Answer(200, Granted("b", R"(,"expires_in":2000)"));
  Get("https://c.example/");
  transport.Answer(200, Granted("c", R"(,"expires_in":4000)"));
  EXPECT_EQ(Kept("https://a.example/"), "a");
  EXPECT_EQ(Kept("https://c.example/"), "c");
  EXPECT_EQ(Kept("https://b.example/"), "");
}

TEST_F(TokenClientTest, ThoseWhoWaitAreBounded) {
  options.waiting_max = 1;
  const auto first = Get();
  const auto second = Get();
  ASSERT_TRUE(*second);
  EXPECT_THAT((*second)->error().message, HasSubstr("waiting_max, 1"));
  transport.Answer(200, Granted("one"));
  EXPECT_EQ(***first, "one");
}

TEST_F(TokenClientTest, WhatIsNoTokenHasItsReason) {
  const auto bad = [&](const std::string& body) { return Reason(200, body); };
  EXPECT_EQ(Reason(400, R"({"error":"invalid_scope","error_description":"not yours"})"),
            "no token for uss.example with the scope utm.strategic_coordination: https://auth.example:443 refused with "
            "invalid_scope (not yours), status 400");
  EXPECT_THAT(Reason(401, R"({"error":"invalid_client"})"), HasSubstr("refused with invalid_client, status 401"));
  EXPECT_THAT(bad(R"({"error":"odd"})"), HasSubstr("refused with odd, status 200"));
  EXPECT_THAT(Reason(500, "<html>"), HasSubstr("answered with status 500"));
  EXPECT_THAT(Reason(400, R"({"error":7})"), HasSubstr("answered with status 400"));
  EXPECT_THAT(Reason(302, Granted("a")), HasSubstr("answered with status 302; redirects are not followed"));
  EXPECT_THAT(Reason(201, Granted("a")), HasSubstr("answered with status 201"));
  EXPECT_THAT(bad(""), HasSubstr("no JSON object"));
  EXPECT_THAT(bad("[]"), HasSubstr("no JSON object"));
  EXPECT_THAT(bad("<html>"), HasSubstr("no JSON object"));
  EXPECT_THAT(bad(std::string(60'000, '[')), HasSubstr("no JSON object"));
  EXPECT_THAT(bad(R"({"access_token":"a","access_token":"b","token_type":"Bearer"})"), HasSubstr("not unique"));
  EXPECT_THAT(bad(R"({"token_type":"Bearer"})"), HasSubstr("without access_token"));
  EXPECT_THAT(bad(R"({"access_token":5,"token_type":"Bearer"})"), HasSubstr("without access_token"));
  EXPECT_THAT(bad(R"({"access_token":"a"})"), HasSubstr("without token_type"));
  EXPECT_THAT(bad(R"({"access_token":"a","token_type":"mac"})"), HasSubstr(R"(of the type "mac", not Bearer)"));
  EXPECT_THAT(bad(Granted("")), HasSubstr("characters that no bearer token has"));
  EXPECT_THAT(bad(Granted(R"(a\r\nX: y)")), HasSubstr("characters that no bearer token has"));
  EXPECT_THAT(bad(Granted(std::string(kTokenBytesMax + 1, 'a'))), HasSubstr("more than 16384 bytes"));
  EXPECT_THAT(bad(Granted("a", R"(,"scope":"utm.other")")), HasSubstr("without the scope utm.strategic_coordination"));
  for (const char* life : {"0", "-1", "true", "[]", "\"\"", "\"x\"", "\"-5\"", "\"9999999999999999\""})
    EXPECT_THAT(bad(Granted("a", std::string(R"(,"expires_in":)") + life)), HasSubstr("expires_in")) << life;
  EXPECT_THAT(Reason(Error{Code::kUnavailable, "https://auth.example:443: cannot connect"}),
              HasSubstr("https://auth.example:443: cannot connect"));
  EXPECT_EQ(failures.size(), transport.sent.size());
  const auto got = Get();
  transport.Answer(200, R"({"access_token":"a","token_type":"bEARER","scope":"x utm.strategic_coordination"})");
  EXPECT_EQ(***got, "a");
}

TEST_F(TokenClientTest, AnAnswerIsQuotedShortlyOnOneLineAndNeverWithTheSecret) {
  const auto of = [&](const std::string& description) {
    return Reason(400, R"({"error":"invalid_client","error_description":")" + description + R"("})");
  };
  EXPECT_THAT(of(R"(a\nb\u001b[31m\u00e9!)"), HasSubstr("(a?b?[31m?"
                                                        "?!)"));
  EXPECT_LT(of(std::string(50'000, 'x')).size(), 500U);
  for (const std::string shown : {"s3cret~&value", "s3cret~%26value", "c2t5JTIwb25lOnMzY3JldH4lMjZ2YWx1ZQ=="})
    EXPECT_THAT(of("you sent " + shown), AllOf(Not(HasSubstr(shown)), HasSubstr("(not shown, for")));
  EXPECT_THAT(Reason(400, std::string(R"({"error":")") + kSecret + R"("})"), Not(HasSubstr(kSecret)));
  EXPECT_THAT(Reason(200, R"({"access_token":"top-secret-token","token_type":"mac"})"), Not(HasSubstr("top-secret")));
}

TEST_F(TokenClientTest, AnEndpointThatAsksToBeLeftAloneIs) {
  const auto first = Get();
  transport.Answer(429, "", "7");
  EXPECT_FALSE(**first);
  const auto second = Get("https://other.example/");
  ASSERT_TRUE(*second);
  EXPECT_THAT((*second)->error().message, HasSubstr("left alone"));
  clock.Advance(7);
  Get();
  EXPECT_EQ(transport.sent.size(), 2U);
  transport.Answer(503, "", "100000");
  clock.Advance(59);
  EXPECT_TRUE(*Get());
  clock.Advance(1);
  EXPECT_FALSE(*Get());
}

TEST_F(TokenClientTest, ARequestThatIsNotTakenIsAFailureAndNotTheLast) {
  transport.full = true;
  const auto first = Get();
  ASSERT_TRUE(*first);
  EXPECT_THAT((*first)->error().message, HasSubstr("full"));
  transport.full = false;
  const auto second = Get();
  transport.Answer(200, Granted("one"));
  EXPECT_EQ(***second, "one");
}

TEST_F(TokenClientTest, OptionsThatCannotWorkAreRefused) {
  const auto reason = [&](auto change) {
    TokenClientOptions changed = options;
    change(changed);
    const auto made = TokenClient::Make(changed, transport, clock);
    return made ? "" : made.error().message;
  };
  EXPECT_EQ(reason([](auto&) {}), "");
  EXPECT_THAT(reason([](auto& o) { o.token_url = "http://auth.example/"; }), HasSubstr("token_url: url is not https"));
  EXPECT_THAT(reason([](auto& o) { o.token_url = "https://auth.example/#a"; }), HasSubstr("fragment"));
  EXPECT_THAT(reason([](auto& o) { o.client_id = ""; }), HasSubstr("client_id: is empty"));
  EXPECT_THAT(reason([](auto& o) { o.client_id = "a\n"; }), HasSubstr("client_id: has characters"));
  EXPECT_THAT(reason([](auto& o) { o.client_secret = ""; }), HasSubstr("client_secret: is empty"));
  EXPECT_THAT(reason([](auto& o) { o.client_secret = "h\xc3\xa9"; }), HasSubstr("client_secret: has characters"));
  EXPECT_THAT(reason([](auto& o) { o.token_audience_parameter = "a=b&c"; }),
              HasSubstr("token_audience_parameter: is not a name"));
  EXPECT_THAT(reason([](auto& o) { o.token_audience_parameter = "scope"; }),
              HasSubstr("what another parameter is called"));
  EXPECT_FALSE(*Get("ftp://uss.example/") && **Get("ftp://uss.example/"));
}

TEST_F(TokenClientTest, AnAnswerMayComeAfterTheClient) {
  {
    auto brief = *TokenClient::Make(options, transport, clock);
    brief->Get(kUrl, kScope, [](const Result<std::string>&) {});
  }
  transport.Answer(200, Granted("one"));
}

// ---- With a real server, sender and postman.

SenderOptions Loopback() {
  SenderOptions sending;
  sending.allow_http = true;
  sending.allow_private_addresses = true;
  return sending;
}

// One message for each destination, which is a URL.
class OneEach final : public Source {
 public:
  Result<std::optional<Message>> Peek(const std::string& destination, TimeNs) override {
    const std::lock_guard lock(mutex_);
    if (delivered_.contains(destination)) return std::optional<Message>();
    const std::string scope = destination.ends_with("/with-token") ? kScope : "";
    return std::optional(Message{"1", {.url = destination, .token_scope = scope}, {INT64_MAX}});
  }
  Result<void> Delivered(const std::string& destination, const std::string&, TimeNs) override {
    const std::lock_guard lock(mutex_);
    delivered_.insert(destination);
    return {};
  }
  Result<void> GaveUp(const std::string&, const std::string&, const std::string&, TimeNs) override { return {}; }
  bool Has(const std::string& destination) {
    const std::lock_guard lock(mutex_);
    return delivered_.contains(destination);
  }

 private:
  std::mutex mutex_;
  std::set<std::string> delivered_;
};

class RealClock final : public Clock {
 public:
  TimeNs Now() const override {
    return {std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count()};
  }
};

TEST(TokenClientWithServer, ATokenServerThatIsSlowHoldsUpNobodyElse) {
  Gate gate;
  const ServerForTest tokens([&](const ServerForTest::Received&) {
    gate.Wait();
    return ServerForTest::Answer(200, Granted("abc"));
  });
  std::atomic<int> with_token{0};
  const ServerForTest uss([&](const ServerForTest::Received& received) {
    if (received.head.find("Authorization: Bearer abc\r\n") != std::string::npos) ++with_token;
    return ServerForTest::Answer(204);
  });
  const OpenAtEnd open(gate);
  const RealClock clock;
  SameBytes rng(0);
  const auto sender = *Sender::Start(Loopback());
  TokenClientOptions options{.token_url = tokens.Url("/token"), .client_id = "a", .client_secret = "b"};
  options.allow_http = true;
  const auto client = *TokenClient::Make(options, *sender, clock);
  BearerTransport bearer(*sender, *client);
  OneEach source;
  Postman postman(source, bearer, clock, rng, {});
  postman.Start();
  const std::string waits = uss.Url("/with-token");
  const std::string goes = uss.Url("/without");
  ASSERT_TRUE(postman.Wake(waits));
  ASSERT_TRUE(Eventually([&] { return tokens.requests() == 1; }));
  ASSERT_TRUE(postman.Wake(goes));
  EXPECT_TRUE(Eventually([&] { return source.Has(goes); }));
  EXPECT_FALSE(source.Has(waits));
  gate.Open();
  EXPECT_TRUE(Eventually([&] { return source.Has(waits); }));
  EXPECT_EQ(with_token, 1);
  postman.Stop();
  sender->Stop();
}

TEST(TokenClientWithServer, WhatGoesWrongIsTheDeliverysLastErrorAndIsTriedAgain) {
  std::atomic<int> round{0};
  const ServerForTest tokens([&](const ServerForTest::Received&) {
    switch (round++) {
      case 0:
        return ServerForTest::Answer(200, std::string(100'000, 'x'));
      default:
        return ServerForTest::Answer(200, Granted("abc"));
    }
  });
  const ServerForTest uss([&](const ServerForTest::Received&) { return ServerForTest::Answer(204); });
  ClockForTest clock;
  SameBytes rng(0);
  const auto sender = *Sender::Start(Loopback());
  TokenClientOptions options{.token_url = tokens.Url("/token"), .client_id = "a", .client_secret = "b"};
  options.allow_http = true;
  const auto client = *TokenClient::Make(options, *sender, clock);
  BearerTransport bearer(*sender, *client);
  OneEach source;
  Postman postman(source, bearer, clock, rng, {});
  const std::string url = uss.Url("/with-token");
  ASSERT_TRUE(postman.Wake(url));
  EXPECT_TRUE(Eventually([&] {
    postman.Step();
    return !postman.StateOf(url)->last_error.empty();
  }));
  EXPECT_THAT(postman.StateOf(url)->last_error,
              AllOf(HasSubstr("no token for 127.0.0.1 with"), HasSubstr("a body of more than 65536 bytes")));
  clock.Advance(2);
  EXPECT_TRUE(Eventually([&] {
    postman.Step();
    return source.Has(url);
  }));
  sender->Stop();
}

TEST(TokenClientWithServer, ACertificateThatNobodyTrustsIsAReason) {
  const CertificateForTest certificate("DNS:localhost,IP:127.0.0.1");
  const ServerForTest tokens([](const auto&) { return ServerForTest::Answer(200, Granted("abc")); }, &certificate);
  const RealClock clock;
  SenderOptions sending = Loopback();
  const auto sender = *Sender::Start(sending);
  const TokenClientOptions options{.token_url = tokens.Url("/token"), .client_id = "a", .client_secret = "b"};
  const auto client = *TokenClient::Make(options, *sender, clock);
  std::promise<Result<std::string>> got;
  client->Get(kUrl, kScope, [&](Result<std::string> token) { got.set_value(std::move(token)); });
  const Result<std::string> token = got.get_future().get();
  ASSERT_FALSE(token);
  EXPECT_THAT(token.error().message, HasSubstr("certificate"));
  EXPECT_EQ(tokens.requests(), 0);
  sender->Stop();
}

}  // namespace
}  // namespace wideberth::outbound
