#include "outbound/postman.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "outbound/rng_for_test.h"
#include "outbound/sender.h"
#include "outbound/server_for_test.h"
#include "outbound/standard_webhook.h"

namespace wideberth::outbound {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int64_t kStart = 1'700'000'000;
constexpr TimeNs kNever{std::numeric_limits<int64_t>::max()};

class ClockForTest final : public Clock {
 public:
  TimeNs Now() const override { return {now_}; }
  void Advance(double by_seconds) { now_ += static_cast<int64_t>(by_seconds * kNsPerSecond); }

 private:
  std::atomic<int64_t> now_{kStart * kNsPerSecond};
};

class RealClock final : public Clock {
 public:
  TimeNs Now() const override {
    return {std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count()};
  }
};

// Queues in memory, and what became of what was in them.
class Queues final : public Source {
 public:
  void Add(const std::string& destination, Message message) {
    const std::lock_guard lock(mutex_);
    queues_[destination].push_back(std::move(message));
  }
  void Add(const std::string& destination, const std::string& id, TimeNs deadline = kNever) {
    Add(destination, {id, {.url = "https://" + destination + "/", .body = id}, deadline});
  }
  void RemoveFirst(const std::string& destination) {
    const std::lock_guard lock(mutex_);
    queues_[destination].pop_front();
  }
  std::vector<std::string> Happened() const {
    const std::lock_guard lock(mutex_);
    return happened_;
  }

  Result<std::optional<Message>> Peek(const std::string& destination, TimeNs now) override {
    const std::lock_guard lock(mutex_);
    if (const std::function<void()> call = peeked) call();
    if (broken) return Error{Code::kIo, "disk"};
    if (queues_[destination].empty()) return std::optional<Message>();
    Message message = queues_[destination].front();
    message.request.headers.emplace_back("now", std::to_string(now.value / kNsPerSecond - kStart));
    return std::optional<Message>(message);
  }
  Result<void> Delivered(const std::string& destination, const std::string& id, TimeNs /*now*/) override {
    return End(destination, id, destination + " got " + id);
  }
  Result<void> GaveUp(const std::string& destination, const std::string& id, const std::string& last_error,
                      TimeNs /*now*/) override {
    return End(destination, id, destination + " misses " + id + ": " + last_error);
  }

  std::atomic<bool> broken{false};
  std::atomic<bool> marks_broken{false};
  std::function<void()> peeked;

 private:
  Result<void> End(const std::string& destination, const std::string& id, const std::string& text) {
    const std::lock_guard lock(mutex_);
    if (broken || marks_broken) return Error{Code::kIo, "disk"};
    std::deque<Message>& queue = queues_[destination];
    WB_CHECK(!queue.empty() && queue.front().id == id);
    queue.pop_front();
    happened_.push_back(text);
    return {};
  }

  mutable std::mutex mutex_;
  std::map<std::string, std::deque<Message>> queues_;
  std::vector<std::string> happened_;
};

// Keeps what is sent until the test answers.
class TransportForTest final : public Transport {
 public:
  struct Sent {
    Request request;
    Done done;
  };
  Result<void> Send(Request request, Done done) override {
    if (full) return Error{Code::kTooMany, "full"};
    log.push_back(request.url + " " + request.body);
    sent.push_back({std::move(request), std::move(done)});
    return {};
  }
  void Answer(Result<Response> answer) {
    WB_CHECK(!sent.empty());
    Sent first = std::move(sent.front());
    sent.pop_front();
    first.done(std::move(answer));
  }
  void Answer(int status, std::string retry_after = "") { Answer(Response{status, std::move(retry_after), ""}); }

  bool full = false;
  std::deque<Sent> sent;
  std::vector<std::string> log;
};

class PostmanTest : public ::testing::Test {
 protected:
  double StepIn() {  // seconds until there is more; -1 for never
    const std::optional<TimeNs> next = postman.Step();
    return next ? static_cast<double>(next->value - clock.Now().value) / kNsPerSecond : -1;
  }

  ClockForTest clock;
  SameBytes rng{0};  // pauses are half of the most
  Queues queues;
  TransportForTest transport;
  Postman postman{queues, transport, clock, rng, {.destinations_max = 3}};
};

TEST_F(PostmanTest, DeliversInOrderOneAtATime) {
  for (const char* id : {"1", "2", "3"}) queues.Add("a", id);
  EXPECT_EQ(StepIn(), -1);
  EXPECT_TRUE(postman.Wake("a"));
  EXPECT_TRUE(postman.Wake("a"));
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(StepIn(), -1);
    EXPECT_TRUE(postman.Wake("a"));
    EXPECT_EQ(StepIn(), -1);
    ASSERT_EQ(transport.sent.size(), 1U);
    EXPECT_EQ(transport.sent.front().request.body, std::to_string(i));
    transport.Answer(i == 2 ? 204 : 200);
  }
  EXPECT_EQ(StepIn(), -1);
  EXPECT_THAT(queues.Happened(), ElementsAre("a got 1", "a got 2", "a got 3"));
  EXPECT_THAT(postman.States(), IsEmpty());

  queues.Add("a", "4");
  EXPECT_TRUE(postman.Wake("a"));
  postman.Step();
  EXPECT_EQ(transport.sent.front().request.body, "4");
}

TEST_F(PostmanTest, BeginsAnewWithADestinationThatIsAnother) {
  queues.Add("a", "1");
  EXPECT_TRUE(postman.Wake("a"));
  double pause = 0;
  for (int i = 0; i < 8; ++i) {
    clock.Advance(pause);
    postman.Step();
    transport.Answer(500);
    pause = StepIn();
  }
  EXPECT_DOUBLE_EQ(pause, 64);
  EXPECT_EQ(postman.StateOf("a")->attempts, 8);
  EXPECT_TRUE(postman.Renew("a"));
  EXPECT_EQ(postman.StateOf("a")->attempts, 0);
  EXPECT_EQ(postman.StateOf("a")->last_error, "");
  EXPECT_EQ(StepIn(), -1);
  ASSERT_EQ(transport.sent.size(), 1U);
  EXPECT_EQ(postman.StateOf("a")->attempts, 1);
  transport.Answer(500);
  EXPECT_DOUBLE_EQ(StepIn(), 0.5);

  // While an attempt is under way: one at a time, and that it failed counts nothing.
  clock.Advance(0.5);
  postman.Step();
  ASSERT_EQ(transport.sent.size(), 1U);
  EXPECT_TRUE(postman.Renew("a"));
  EXPECT_EQ(StepIn(), -1);
  ASSERT_EQ(transport.sent.size(), 1U);
  transport.Answer(500);
  postman.Step();
  ASSERT_EQ(transport.sent.size(), 1U);
  EXPECT_EQ(postman.StateOf("a")->attempts, 1);
  transport.Answer(500);
  EXPECT_DOUBLE_EQ(StepIn(), 0.5);  // renewed once
  clock.Advance(0.5);
  postman.Step();
  transport.Answer(200);
  EXPECT_EQ(StepIn(), -1);
  EXPECT_THAT(queues.Happened(), ElementsAre("a got 1"));

  // One of which nothing is known, and that has nothing.
  EXPECT_TRUE(postman.Renew("b"));
  EXPECT_EQ(StepIn(), -1);
  EXPECT_THAT(postman.States(), IsEmpty());
}

TEST_F(PostmanTest, TriesAgainAfterPausesThatDoubleAndStartAfresh) {
  queues.Add("a", "1");
  queues.Add("a", "2");
  EXPECT_TRUE(postman.Wake("a"));
  postman.Step();
  double pause = 0.5;
  for (int i = 1; i <= 12; ++i) {
    transport.Answer(500);
    EXPECT_DOUBLE_EQ(StepIn(), pause) << i;
    EXPECT_TRUE(postman.Wake("a"));  // does not shorten it
    EXPECT_TRUE(transport.sent.empty());
    clock.Advance(pause - 0.001);
    EXPECT_NEAR(StepIn(), 0.001, 1e-6);
    EXPECT_TRUE(transport.sent.empty());
    clock.Advance(0.001);
    postman.Step();
    ASSERT_EQ(transport.sent.size(), 1U);
    EXPECT_EQ(transport.sent.front().request.body, "1");
    pause = std::min(pause * 2, 150.0);
  }
  // The request is made anew for each attempt.
  EXPECT_EQ(transport.sent.front().request.headers.front().second,
            std::to_string(clock.Now().value / kNsPerSecond - kStart));
  transport.Answer(200);
  postman.Step();
  EXPECT_EQ(transport.sent.front().request.body, "2");
  transport.Answer(Error{Code::kUnavailable, "gone"});
  EXPECT_DOUBLE_EQ(StepIn(), 0.5);
}

TEST_F(PostmanTest, HonoursRetryAfter) {
  queues.Add("a", "1");
  EXPECT_TRUE(postman.Wake("a"));
  postman.Step();
  transport.Answer(503, "90");
  EXPECT_DOUBLE_EQ(StepIn(), 90);
}

TEST_F(PostmanTest, GivesUpAtTheDeadlineAndGoesOn) {
  const TimeNs deadline{(kStart + 10) * kNsPerSecond};
  queues.Add("a", "1", deadline);
  queues.Add("a", "2", deadline);
  queues.Add("a", "3");
  EXPECT_TRUE(postman.Wake("a"));
  double next = 0;
  int attempts = 0;
  while (attempts < 100) {
    next = StepIn();
    if (transport.sent.empty()) {
      if (clock.Now() >= deadline) break;
      clock.Advance(next);
    } else {
      ++attempts;
      transport.Answer(302);
    }
  }
  EXPECT_EQ(attempts, 5);  // after 0, 0.5, 1.5, 3.5, 7.5 s
  EXPECT_EQ(clock.Now(), deadline);
  for (int i = 0; i < 2; ++i) postman.Step();
  EXPECT_THAT(queues.Happened(), ElementsAre("a misses 1: answered with status 302; redirects are not followed",
                                             "a misses 2: its deadline came first"));
  ASSERT_EQ(transport.sent.size(), 1U);
  EXPECT_EQ(transport.sent.front().request.body, "3");
}

TEST_F(PostmanTest, ASlowOrDeadDestinationHoldsUpNoOther) {
  queues.Add("slow", "1");
  queues.Add("dead", "1");
  for (int i = 1; i <= 20; ++i) queues.Add("good", std::to_string(i));
  EXPECT_TRUE(postman.Wake("slow"));
  postman.Step();
  const TransportForTest::Sent slow = std::move(transport.sent.front());
  transport.sent.pop_front();
  EXPECT_TRUE(postman.Wake("dead"));
  postman.Step();
  transport.Answer(Error{Code::kUnavailable, "refused"});
  EXPECT_TRUE(postman.Wake("good"));
  for (int i = 1; i <= 20; ++i) {
    postman.Step();
    ASSERT_EQ(transport.sent.size(), 1U);
    transport.Answer(200);
  }
  postman.Step();
  EXPECT_EQ(queues.Happened().size(), 20U);
  slow.done(Response{200, "", ""});
  postman.Step();
  EXPECT_EQ(queues.Happened().back(), "slow got 1");
}

TEST_F(PostmanTest, ShowsHowItStands) {
  queues.Add("a", "1");
  queues.Add("b", "2");
  EXPECT_TRUE(postman.Wake("b"));
  EXPECT_TRUE(postman.Wake("a"));
  const TimeNs begin = clock.Now();
  postman.Step();
  clock.Advance(3);
  transport.Answer(Error{Code::kUnavailable, std::string(600, 'x')});
  postman.Step();
  const std::vector<DeliveryState> states = postman.States();
  ASSERT_EQ(states.size(), 2U);
  EXPECT_EQ(states[0].destination, "a");
  EXPECT_EQ(states[1].destination, "b");
  // Due at the same instant, they have their turns by name.
  EXPECT_EQ(states[0].message, "1");
  EXPECT_EQ(states[0].waiting_since, begin);
  EXPECT_EQ(states[0].attempts, 1);
  EXPECT_EQ(states[0].last_error, std::string(509, 'x') + "...");
  EXPECT_EQ(states[0].next_attempt, TimeNs{clock.Now().value + kNsPerSecond / 2});
  EXPECT_EQ(states[1].attempts, 1);
  EXPECT_EQ(states[1].last_error, "");
  EXPECT_EQ(states[1].next_attempt, std::nullopt);
  EXPECT_EQ(postman.StateOf("b")->message, "2");
  EXPECT_EQ(postman.StateOf("c"), std::nullopt);
}

TEST_F(PostmanTest, AMessageWithoutPurposeGivesWayToTheNext) {
  queues.Add("a", "1");
  queues.Add("a", "2");
  EXPECT_TRUE(postman.Wake("a"));
  postman.Step();
  transport.Answer(500);
  postman.Step();
  queues.RemoveFirst("a");
  clock.Advance(1);
  postman.Step();
  EXPECT_EQ(transport.sent.front().request.body, "2");
  EXPECT_EQ(postman.StateOf("a")->attempts, 1);
  EXPECT_EQ(postman.StateOf("a")->last_error, "");
  EXPECT_EQ(postman.StateOf("a")->waiting_since, clock.Now());
}

TEST_F(PostmanTest, ASourceThatFailsIsAskedAgainAndNothingIsLost) {
  queues.Add("a", "1", TimeNs{(kStart + 100) * kNsPerSecond});
  queues.broken = true;
  EXPECT_TRUE(postman.Wake("a"));
  EXPECT_DOUBLE_EQ(StepIn(), 0.5);
  EXPECT_THAT(postman.StateOf("a")->last_error, HasSubstr("disk"));
  queues.broken = false;
  clock.Advance(0.5);
  postman.Step();
  queues.broken = true;
  transport.Answer(200);
  EXPECT_DOUBLE_EQ(StepIn(), 0.5);
  EXPECT_THAT(postman.StateOf("a")->last_error, HasSubstr("delivered, but"));
  queues.broken = false;
  clock.Advance(0.5);
  postman.Step();
  EXPECT_EQ(postman.StateOf("a")->attempts, 2);  // twice: at least once is what is promised
  transport.Answer(500);
  postman.Step();
  clock.Advance(100);
  queues.marks_broken = true;
  EXPECT_DOUBLE_EQ(StepIn(), 2);
  EXPECT_THAT(postman.StateOf("a")->last_error, HasSubstr("given up, but"));
  EXPECT_TRUE(transport.sent.empty());
  queues.marks_broken = false;
  clock.Advance(2);
  postman.Step();
  EXPECT_THAT(queues.Happened(), ElementsAre("a misses 1: answered with status 500"));
}

TEST_F(PostmanTest, ATransportThatIsFullIsAskedAgain) {
  queues.Add("a", "1");
  transport.full = true;
  EXPECT_TRUE(postman.Wake("a"));
  EXPECT_DOUBLE_EQ(StepIn(), 0.5);
  EXPECT_EQ(postman.StateOf("a")->last_error, "full");
  transport.full = false;
  clock.Advance(0.5);
  postman.Step();
  EXPECT_EQ(transport.sent.size(), 1U);
}

TEST_F(PostmanTest, AWakeWhileTheSourceIsAskedIsNotLost) {
  queues.peeked = [&] {
    queues.peeked = nullptr;
    EXPECT_TRUE(postman.Wake("a"));
  };
  EXPECT_TRUE(postman.Wake("a"));
  EXPECT_EQ(StepIn(), 0);  // the source had nothing, and is asked again
  queues.Add("a", "1");
  postman.Step();
  EXPECT_EQ(transport.sent.size(), 1U);
}

TEST_F(PostmanTest, PausesDoNotGrowWhenTheTimeOfDayIsSetBack) {
  queues.Add("a", "1");
  EXPECT_TRUE(postman.Wake("a"));
  postman.Step();
  transport.Answer(500);
  postman.Step();
  clock.Advance(-86'400);
  EXPECT_DOUBLE_EQ(StepIn(), 3600);
  clock.Advance(3600);
  postman.Step();
  EXPECT_EQ(transport.sent.size(), 1U);
}

TEST_F(PostmanTest, BoundsItsDestinations) {
  for (const char* name : {"a", "b", "c"}) {
    queues.Add(name, "1");
    EXPECT_TRUE(postman.Wake(name));
  }
  const Result<void> fourth = postman.Wake("d");
  ASSERT_FALSE(fourth);
  EXPECT_EQ(fourth.error().code, Code::kTooMany);
  EXPECT_THAT(fourth.error().message, HasSubstr("destinations_max, 3"));
  EXPECT_TRUE(postman.Wake("a"));
  postman.Step();
  transport.Answer(200);
  postman.Step();
  postman.Step();
  EXPECT_TRUE(postman.Wake("d"));
}

TEST_F(PostmanTest, AnswersMayComeAfterItsEnd) {
  queues.Add("a", "1");
  {
    Postman other(queues, transport, clock, rng, {});
    EXPECT_TRUE(other.Wake("a"));
    other.Step();
  }
  transport.Answer(200);
  EXPECT_THAT(queues.Happened(), IsEmpty());
}

// The whole of it, with its threads: webhooks signed anew at each attempt, to receivers of every kind.
TEST(PostmanWithSender, DeliversToReceiversOfEveryKind) {
  class Webhooks final : public Source {
   public:
    explicit Webhooks(Queues& queues) : queues_(queues) {}
    Result<std::optional<Message>> Peek(const std::string& destination, TimeNs now) override {
      Result<std::optional<Message>> next = queues_.Peek(destination, now);
      if (next && *next) {
        Message& message = **next;
        WB_TRY(message.request.headers, SignWebhook(key_, message.id, now, message.request.body));
      }
      return next;
    }
    Result<void> Delivered(const std::string& destination, const std::string& id, TimeNs now) override {
      return queues_.Delivered(destination, id, now);
    }
    Result<void> GaveUp(const std::string& destination, const std::string& id, const std::string& last_error,
                        TimeNs now) override {
      return queues_.GaveUp(destination, id, last_error, now);
    }
    crypto::PublicKey key() const { return key_.public_key(); }

   private:
    Queues& queues_;
    SameBytes rng_{7};
    const crypto::PrivateKey key_ = crypto::PrivateKey::Generate(rng_);
  };

  const RealClock clock;
  SameBytes rng(0);
  Queues queues;
  Webhooks webhooks(queues);
  std::string closed;
  {
    const ServerForTest server([](const auto&) { return std::string(); });
    closed = server.Url();
  }
  Gate gate;
  std::atomic<int> failures{0};
  std::atomic<int> verified{0};
  const ServerForTest recovers([&](const ServerForTest::Received& received) {
    const auto header = [&](const std::string& name) {
      const size_t at = received.head.find(name + ": ") + name.size() + 2;
      return received.head.substr(at, received.head.find('\r', at) - at);
    };
    if (VerifyWebhook(webhooks.key(), header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"),
                      received.body, clock.Now()))
      ++verified;
    return ServerForTest::Answer(++failures <= 3 ? 500 : 200);
  });
  const ServerForTest good([](const auto&) { return ServerForTest::Answer(204); });
  const ServerForTest slow([&](const auto&) {
    gate.Wait();
    return ServerForTest::Answer(200);
  });
  const ServerForTest huge([](const auto&) { return ServerForTest::Answer(200, std::string(200'000, 'x')); });
  const ServerForTest redirects(
      [&](const auto&) { return ServerForTest::Answer(307, "", "Location: " + good.Url("/elsewhere") + "\r\n"); });
  const OpenAtEnd open(gate);

  SenderOptions options;
  options.allow_http = true;
  options.allow_private_addresses = true;
  options.total_time_max = milliseconds(500);
  const std::unique_ptr<Sender> sender = *Sender::Start(options);
  PostmanOptions quick;
  quick.backoff.first = milliseconds(40);
  Postman postman(webhooks, *sender, clock, rng, quick);
  postman.Start();

  const auto add = [&](const std::string& destination, const std::string& id, const std::string& url, bool patient) {
    const TimeNs deadline{clock.Now().value + (patient ? 60'000 : 1'500) * int64_t{1'000'000}};
    queues.Add(destination, {id, {.url = url, .body = "{\"id\":\"" + id + "\"}"}, deadline});
  };
  add("closed", "1", closed, false);
  add("slow", "1", slow.Url(), false);
  add("huge", "1", huge.Url(), false);
  add("redirects", "1", redirects.Url(), false);
  add("recovers", "1", recovers.Url(), true);
  add("recovers", "2", recovers.Url(), true);
  for (int i = 1; i <= 20; ++i) add("good", std::to_string(i), good.Url(), true);
  for (const char* name : {"closed", "slow", "huge", "redirects", "recovers", "good"}) EXPECT_TRUE(postman.Wake(name));

  EXPECT_TRUE(Eventually([&] { return postman.States().empty(); }));
  postman.Stop();
  const std::vector<std::string> happened = queues.Happened();
  ASSERT_EQ(happened.size(), 26U);
  std::map<std::string, std::string> last;
  std::vector<std::string> of_good;
  for (const std::string& text : happened) {
    last[text.substr(0, text.find(' '))] = text;
    if (text.starts_with("good")) of_good.push_back(text);
  }
  for (int i = 1; i <= 20; ++i) EXPECT_EQ(of_good[static_cast<size_t>(i - 1)], "good got " + std::to_string(i));
  EXPECT_EQ(last["recovers"], "recovers got 2");
  EXPECT_EQ(recovers.requests(), 5);
  EXPECT_EQ(verified, 5);
  EXPECT_THAT(last["closed"], HasSubstr("closed misses 1: http://127.0.0.1:"));
  EXPECT_THAT(last["slow"], HasSubstr("timed out"));
  EXPECT_THAT(last["huge"], HasSubstr("65536 bytes"));
  EXPECT_THAT(last["redirects"], HasSubstr("307; redirects are not followed"));
  EXPECT_EQ(good.requests(), 20);
  EXPECT_GT(redirects.requests(), 1);
}

TEST(PostmanWithSender, SaysThatAPrivateAddressIsRefused) {
  const RealClock clock;
  SameBytes rng(0);
  Queues queues;
  const ServerForTest server([](const auto&) { return ServerForTest::Answer(200); });
  SenderOptions options;
  options.allow_http = true;
  const std::unique_ptr<Sender> sender = *Sender::Start(options);
  Postman postman(queues, *sender, clock, rng, {});
  postman.Start();
  queues.Add("a", {"1", {.url = server.Url("/", "localhost")}, kNever});
  EXPECT_TRUE(postman.Wake("a"));
  EXPECT_TRUE(Eventually([&] {
    const std::optional<DeliveryState> state = postman.StateOf("a");
    return state && state->last_error.find("has no public address") != std::string::npos;
  }));
  EXPECT_EQ(server.connections(), 0);
}

TEST(PostmanWithSender, ThreadsWakeAndLookWhileItDelivers) {
  const RealClock clock;
  SameBytes rng(0);
  Queues queues;
  const ServerForTest server([](const auto&) { return ServerForTest::Answer(200); });
  SenderOptions options;
  options.allow_http = true;
  options.allow_private_addresses = true;
  const std::unique_ptr<Sender> sender = *Sender::Start(options);
  Postman postman(queues, *sender, clock, rng, {});
  postman.Start();
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {
      const std::string name = "d" + std::to_string(t);
      for (int i = 0; i < 60; ++i) {
        queues.Add(name, {std::to_string(i), {.url = server.Url()}, kNever});
        EXPECT_TRUE(postman.Wake(name));
        static_cast<void>(postman.States());
        if (i % 10 == 0) ::usleep(3'000);  // now and then it has nothing to do
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(Eventually([&] { return queues.Happened().size() == 180; }));
  EXPECT_EQ(server.requests(), 180);
}

}  // namespace
}  // namespace wideberth::outbound
