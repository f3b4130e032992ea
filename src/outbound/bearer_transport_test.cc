#include "outbound/bearer_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace wideberth::outbound {
namespace {

using testing::ElementsAre;
using testing::Pair;

class TokensForTest final : public TokenSource {
 public:
  void Get(const std::string& url, const std::string& scope, Done done) override {
    asked.push_back(url + " " + scope);
    waiting.push_back(std::move(done));
  }
  void Refused(const std::string& url, const std::string& scope, const std::string& token) override {
    refused.push_back(url + " " + scope + " " + token);
  }

  std::vector<std::string> asked;
  std::deque<Done> waiting;
  std::vector<std::string> refused;
};

class TransportForTest final : public Transport {
 public:
  Result<void> Send(Request request, Done done) override {
    if (full) return Error{Code::kTooMany, "full"};
    sent.push_back(std::move(request));
    dones.push_back(std::move(done));
    return {};
  }

  bool full = false;
  std::vector<Request> sent;
  std::vector<Done> dones;
};

class BearerTransportTest : public ::testing::Test {
 protected:
  Result<void> Send(std::string scope) {
    return bearer.Send({.url = "https://uss.example/a", .body = "{}", .token_scope = std::move(scope)},
                       [this](Result<Response> answer) { answers.push_back(std::move(answer)); });
  }

  TransportForTest transport;
  TokensForTest tokens;
  BearerTransport bearer{transport, tokens};
  std::vector<Result<Response>> answers;
};

TEST_F(BearerTransportTest, SendsWithTheTokenOnceItIsThere) {
  ASSERT_TRUE(Send("utm.x"));
  EXPECT_THAT(tokens.asked, ElementsAre("https://uss.example/a utm.x"));
  EXPECT_TRUE(transport.sent.empty());
  tokens.waiting.front()(std::string("abc"));
  ASSERT_EQ(transport.sent.size(), 1U);
  EXPECT_THAT(transport.sent[0].headers, ElementsAre(Pair("Authorization", "Bearer abc")));
  EXPECT_EQ(transport.sent[0].body, "{}");
  transport.dones[0](Response{204, "", ""});
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0]->status, 204);
  EXPECT_TRUE(tokens.refused.empty());
}

TEST_F(BearerTransportTest, SendsWithoutATokenWhereNoneIsAskedFor) {
  ASSERT_TRUE(Send(""));
  EXPECT_TRUE(tokens.asked.empty());
  ASSERT_EQ(transport.sent.size(), 1U);
  EXPECT_TRUE(transport.sent[0].headers.empty());
}

TEST_F(BearerTransportTest, ATokenThatIsAnsweredWith401IsGivenBackAndNoOther) {
  for (const int status : {401, 403, 500, 200}) {
    ASSERT_TRUE(Send("utm.x"));
    tokens.waiting.back()(std::string("abc"));
    transport.dones.back()(Response{status, "", ""});
    EXPECT_EQ(answers.back()->status, status);
  }
  EXPECT_THAT(tokens.refused, ElementsAre("https://uss.example/a utm.x abc"));
}

TEST_F(BearerTransportTest, NoTokenIsTheAnswerAndNothingIsSent) {
  ASSERT_TRUE(Send("utm.x"));
  tokens.waiting.front()(Error{Code::kUnavailable, "no token"});
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].error().message, "no token");
  EXPECT_TRUE(transport.sent.empty());
}

TEST_F(BearerTransportTest, WhatIsNotTakenOnceItsTokenIsThereHasItsAnswer) {
  ASSERT_TRUE(Send("utm.x"));
  transport.full = true;
  tokens.waiting.front()(std::string("abc"));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].error(), (Error{Code::kTooMany, "full"}));
}

}  // namespace
}  // namespace wideberth::outbound
