#include "outbound/sender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "outbound/server_for_test.h"

namespace wideberth::outbound {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

SenderOptions Loopback() {
  SenderOptions options;
  options.allow_http = true;
  options.allow_private_addresses = true;
  return options;
}

std::unique_ptr<Sender> StartSender(const SenderOptions& options = Loopback()) { return *Sender::Start(options); }

Request Get(std::string url) { return {.method = "GET", .url = std::move(url)}; }
Request Post(std::string url, std::string body = "{}") { return {.url = std::move(url), .body = std::move(body)}; }

std::future<Result<Response>> Begin(Sender& sender, Request request) {
  auto promise = std::make_shared<std::promise<Result<Response>>>();
  std::future<Result<Response>> future = promise->get_future();
  if (Result<void> sent = sender.Send(std::move(request),
                                      [promise](Result<Response> answer) { promise->set_value(std::move(answer)); });
      !sent)
    promise->set_value(std::move(sent).error());
  return future;
}

// Not taken, or answered within 20 s.
Result<Response> Ask(Sender& sender, Request request) {
  std::future<Result<Response>> future = Begin(sender, std::move(request));
  if (future.wait_for(seconds(20)) != std::future_status::ready) return Error{Code::kNotFound, "never answered"};
  return future.get();
}

std::string Echo(const ServerForTest::Received& received) {
  return ServerForTest::Answer(200, received.head + received.body);
}

TEST(Sender, SendsWhatItIsGivenAndNothingElse) {
  const ServerForTest server(Echo);
  const auto sender = StartSender();
  for (const std::string method : {"POST", "PUT", "DELETE", "GET"}) {
    Request request = Post(server.Url("/a/b?c=%2F"), method == "GET" ? "" : std::string(100'000, 'x'));
    request.method = method;
    request.headers = {{"Content-Type", "application/json"}, {"webhook-id", "m-1"}, {"X-Empty", ""}};
    request.response_bytes_max = 200'000;
    const Result<Response> response = Ask(*sender, request);
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->status, 200);
    const size_t end = response->body.find("\r\n\r\n") + 4;
    const std::string head = response->body.substr(0, end);
    EXPECT_TRUE(head.starts_with(method + " /a/b?c=%2F HTTP/1.1\r\n")) << head;
    EXPECT_EQ(response->body.substr(end), request.body);
    for (const char* line : {"\r\nUser-Agent: wideberth\r\n", "\r\nContent-Type: application/json\r\n",
                             "\r\nwebhook-id: m-1\r\n", "\r\nX-Empty:\r\n"})
      EXPECT_THAT(head, HasSubstr(line));
    EXPECT_EQ(std::count(head.begin(), head.end(), '\n'), method == "GET" ? 8 : 9) << head;
  }
  EXPECT_THAT(Ask(*sender, Post(server.Url()))->body, Not(HasSubstr("Content-Type")));
  EXPECT_EQ(server.connections(), 1);  // kept
}

TEST(Sender, AnyStatusIsAnAnswerAndRedirectsAreNotFollowed) {
  const ServerForTest elsewhere([](const auto&) { return ServerForTest::Answer(200, "elsewhere"); });
  const ServerForTest server([&](const ServerForTest::Received& received) {
    if (received.head.starts_with("GET /302"))
      return ServerForTest::Answer(302, "", "Location: " + elsewhere.Url() + "\r\n");
    if (received.head.starts_with("GET /503")) return ServerForTest::Answer(503, "later", "RETRY-after: \t 17 \r\n");
    if (received.head.starts_with("GET /early"))
      return "HTTP/1.1 103 Early\r\nRetry-After: 5\r\n\r\n" + ServerForTest::Answer(204);
    return ServerForTest::Answer(500);
  });
  const auto sender = StartSender();
  EXPECT_EQ(Ask(*sender, Get(server.Url("/302")))->status, 302);
  EXPECT_EQ(elsewhere.connections(), 0);
  const Result<Response> later = Ask(*sender, Get(server.Url("/503")));
  EXPECT_EQ(later->status, 503);
  EXPECT_EQ(later->retry_after, "17");
  EXPECT_EQ(later->body, "later");
  EXPECT_EQ(Ask(*sender, Get(server.Url("/500")))->status, 500);
  const Result<Response> early = Ask(*sender, Get(server.Url("/early")));
  EXPECT_EQ(early->status, 204);
  EXPECT_EQ(early->retry_after, "");
}

TEST(Sender, KeepsNoCookiesAndUsesNoProxyOfTheEnvironment) {
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);  // NOLINT(concurrency-mt-unsafe): before there are threads
  ::setenv("all_proxy", "http://127.0.0.1:1", 1);   // NOLINT(concurrency-mt-unsafe)
  const ServerForTest server([](const ServerForTest::Received& received) {
    return ServerForTest::Answer(200, received.head, "Set-Cookie: a=b\r\n");
  });
  const auto sender = StartSender();
  for (int i = 0; i < 2; ++i) {
    const Result<Response> response = Ask(*sender, Get(server.Url()));
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_THAT(response->body, Not(HasSubstr("Cookie")));
  }
  ::unsetenv("http_proxy");  // NOLINT(concurrency-mt-unsafe)
  ::unsetenv("all_proxy");   // NOLINT(concurrency-mt-unsafe)
}

TEST(Sender, RefusesPrivateAddressesUnlessTheyAreAllowed) {
  const ServerForTest server(Echo);
  SenderOptions options = Loopback();
  options.allow_private_addresses = false;
  std::mutex mutex;
  std::string reason;  // of the last one
  options.on_no_public_address = [&](const std::string&, const std::string& why) {
    const std::lock_guard lock(mutex);
    reason = why;
  };
  const auto sender = StartSender(options);
  for (const char* host : {"127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0.0.0.0", "[::1]",
                           "[::ffff:127.0.0.1]", "[::]", "10.0.0.1", "169.254.169.254"}) {
    const Result<Response> response = Ask(*sender, Get(server.Url("/secret", host)));
    ASSERT_FALSE(response) << host;
    EXPECT_EQ(response.error().code, Code::kForbidden) << host << ": " << response.error().message;
    // Nothing of where a name leads.
    EXPECT_THAT(response.error().message, EndsWith(" has no public address"));
    const std::lock_guard lock(mutex);
    EXPECT_THAT(reason, EndsWith(", which is not public")) << host;
  }
  // A name that there is not is answered likewise, or one could ask which there are.
  const Result<Response> response = Ask(*sender, Get("https://nobody.invalid/secret"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().message, "https://nobody.invalid:443 has no public address");
  EXPECT_EQ(server.connections(), 0);
}

TEST(Sender, SaysWhyThereWasNoAnswer) {
  std::string closed;
  {
    const ServerForTest server(Echo);
    closed = server.Url("/secret");
  }
  const auto sender = StartSender();
  const Result<Response> nobody = Ask(*sender, Post(closed));
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().code, Code::kUnavailable);
  EXPECT_THAT(nobody.error().message, HasSubstr("http://127.0.0.1:"));
  EXPECT_THAT(nobody.error().message, HasSubstr("onnect"));
  EXPECT_THAT(nobody.error().message, Not(HasSubstr("secret")));

  const ServerForTest hangs_up([](const auto&) { return std::string(); });
  EXPECT_EQ(Ask(*sender, Post(hangs_up.Url())).error().code, Code::kUnavailable);
  const ServerForTest other_language([](const auto&) { return std::string("SSH-2.0-OpenSSH_9.2\r\n"); });
  EXPECT_EQ(Ask(*sender, Post(other_language.Url())).error().code, Code::kUnavailable);
}

TEST(Sender, GivesASlowAnswerUp) {
  Gate gate;
  const ServerForTest never([&](const auto&) {
    gate.Wait();
    return std::string();
  });
  const OpenAtEnd open(gate);
  SenderOptions options = Loopback();
  options.total_time_max = milliseconds(300);
  const auto sender = StartSender(options);
  const auto begin = steady_clock::now();
  const Result<Response> response = Ask(*sender, Post(never.Url()));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kUnavailable);
  EXPECT_THAT(response.error().message, HasSubstr("timed out"));
  EXPECT_GE(steady_clock::now() - begin, milliseconds(290));
  EXPECT_LT(steady_clock::now() - begin, seconds(10));
  gate.Open();
}

TEST(Sender, RefusesAnswersThatAreTooLarge) {
  const std::string megabytes(3'000'000, 'x');
  const ServerForTest server([&](const ServerForTest::Received& received) {
    if (received.head.starts_with("GET /chunked"))
      return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2dc6c0\r\n" + megabytes + "\r\n0\r\n\r\n";
    if (received.head.starts_with("GET /endless")) return "HTTP/1.1 200 OK\r\n\r\n" + megabytes;
    if (received.head.starts_with("GET /header"))
      return ServerForTest::Answer(200, "", "X-Long: " + std::string(70'000, 'h') + "\r\n");
    if (received.head.starts_with("GET /headers")) return std::string();
    if (received.head.starts_with("GET /1000")) return ServerForTest::Answer(200, std::string(1000, 'x'));
    return ServerForTest::Answer(200, megabytes);
  });
  const auto sender = StartSender();
  for (const char* path : {"/plain", "/chunked", "/endless"}) {
    const Result<Response> response = Ask(*sender, Get(server.Url(path)));
    ASSERT_FALSE(response) << path;
    EXPECT_EQ(response.error().code, Code::kTooLarge) << response.error().message;
    EXPECT_THAT(response.error().message, HasSubstr("65536 bytes"));
  }
  Request wants_more = Get(server.Url("/plain"));
  wants_more.response_bytes_max = 10'000'000;  // than anybody may
  EXPECT_THAT(Ask(*sender, wants_more).error().message, HasSubstr("1048576 bytes"));
  EXPECT_EQ(Ask(*sender, Get(server.Url("/header"))).error().code, Code::kTooLarge);

  Request exact = Get(server.Url("/1000"));
  exact.response_bytes_max = 1000;
  EXPECT_EQ(Ask(*sender, exact)->body.size(), 1000U);
  exact.response_bytes_max = 999;
  EXPECT_EQ(Ask(*sender, exact).error().code, Code::kTooLarge);
}

TEST(Sender, TakesNoRequestThatCannotBeSent) {
  const auto sender = StartSender();
  for (const std::string& url :
       {std::string(), std::string("example.com/x"), std::string("file:///etc/passwd"), std::string("ftp://a/"),
        std::string("gopher://a/"), std::string("http://"), std::string("http://a b/"),
        std::string("http://a/\r\nX: y"), std::string("http://user:word@a/"), std::string("http://user@a/"),
        std::string("http://a:99999/"), std::string("http://a/\0b", 11), std::string("://")}) {
    const Result<Response> response = Ask(*sender, Get(url));
    ASSERT_FALSE(response) << url;
    EXPECT_EQ(response.error().code, Code::kInvalid) << url << ": " << response.error().message;
    EXPECT_THAT(response.error().message, HasSubstr("url")) << url;
  }
  Request request = Get("http://127.0.0.1:1/");
  for (const std::string method : {"", "HEAD", "CONNECT", "get", "GET / HTTP/1.1\r\n"}) {
    request.method = method;
    EXPECT_THAT(Ask(*sender, request).error().message, HasSubstr("method")) << method;
  }
  request.method = "GET";
  for (const std::pair<std::string, std::string>& header : {std::pair<std::string, std::string>{"", "x"},
                                                            {"a b", "x"},
                                                            {"a:b", "x"},
                                                            {"a", "x\r\ny: z"},
                                                            {"a", "x\n"},
                                                            {"a", std::string(1, '\0')}}) {
    request.headers = {header};
    EXPECT_EQ(Ask(*sender, request).error().code, Code::kInvalid) << header.first;
    EXPECT_THAT(Ask(*sender, request).error().message, HasSubstr("header")) << header.first;
  }
  EXPECT_EQ(Ask(*sender, Post("http://127.0.0.1:1/", std::string(1024 * 1024, 'x'))).error().code, Code::kTooLarge);

  SenderOptions options = Loopback();
  options.allow_http = false;
  EXPECT_THAT(Ask(*StartSender(options), Get("http://127.0.0.1:1/")).error().message, HasSubstr("not https"));
}

TEST(Sender, BoundsWhatWaitsAndWhatIsUnderWay) {
  Gate gate;
  std::atomic<int> now{0};
  std::atomic<int> most{0};
  const auto slow = [&](const auto&) {
    int seen = ++now;
    for (int before = most; seen > before && !most.compare_exchange_weak(before, seen);) {
    }
    gate.Wait();
    ::usleep(2'000);
    --now;
    return ServerForTest::Answer(200);
  };
  const ServerForTest one(slow);
  const ServerForTest two(slow);
  const OpenAtEnd open(gate);
  SenderOptions options = Loopback();
  options.at_once_of_host_max = 2;
  options.at_once_max = 3;
  options.waiting_of_host_max = 4;
  options.waiting_max = 6;
  options.waiting_bytes_max = 10'000;
  const auto sender = StartSender(options);
  std::vector<std::future<Result<Response>>> answers;
  const auto refused = [&](Request request) {
    const Result<Response> response = Ask(*sender, std::move(request));
    return !response && response.error().code == Code::kTooMany ? response.error().message : "taken";
  };
  for (int i = 0; i < 2; ++i) answers.push_back(Begin(*sender, Post(one.Url())));
  ASSERT_TRUE(Eventually([&] { return one.requests() == 2; }));
  for (int i = 0; i < 4; ++i) answers.push_back(Begin(*sender, Post(one.Url())));
  EXPECT_THAT(refused(Post(one.Url())), HasSubstr("waiting_of_host_max, 4"));
  answers.push_back(Begin(*sender, Post(two.Url())));  // the third at once: another host's has its turn
  ASSERT_TRUE(Eventually([&] { return two.requests() == 1; }));
  EXPECT_THAT(refused(Post(two.Url(), std::string(10'000, 'x'))), HasSubstr("waiting_bytes_max, 10000"));
  for (int i = 0; i < 2; ++i) answers.push_back(Begin(*sender, Post(two.Url())));
  EXPECT_THAT(refused(Post(two.Url())), HasSubstr("waiting_max, 6"));
  ::usleep(50'000);
  EXPECT_EQ(one.requests(), 2);
  EXPECT_EQ(two.requests(), 1);
  gate.Open();
  for (auto& answer : answers) EXPECT_EQ(answer.get()->status, 200);
  EXPECT_EQ(most, 3);
  EXPECT_EQ(Ask(*sender, Post(two.Url()))->status, 200);
}

TEST(Sender, ASlowHostDoesNotHoldUpAnother) {
  Gate gate;
  const ServerForTest slow([&](const auto&) {
    gate.Wait();
    return ServerForTest::Answer(200);
  });
  const OpenAtEnd open(gate);
  const ServerForTest quick(Echo);
  const auto sender = StartSender();
  std::vector<std::future<Result<Response>>> answers;
  for (int i = 0; i < 100; ++i) answers.push_back(Begin(*sender, Post(slow.Url())));
  EXPECT_EQ(Ask(*sender, Post(quick.Url()))->status, 200);
  gate.Open();
  for (auto& answer : answers) EXPECT_EQ(answer.get()->status, 200);
}

TEST(Sender, StopEndsEverythingThatWasTaken) {
  Gate gate;
  const ServerForTest slow([&](const auto&) {
    gate.Wait();
    return std::string();
  });
  const OpenAtEnd open(gate);
  const auto sender = StartSender();
  std::vector<std::future<Result<Response>>> answers;
  for (int i = 0; i < 50; ++i) answers.push_back(Begin(*sender, Post(slow.Url())));
  ASSERT_TRUE(Eventually([&] { return slow.requests() == 8; }));
  sender->Stop();
  for (auto& answer : answers) {
    ASSERT_EQ(answer.wait_for(seconds(0)), std::future_status::ready);
    EXPECT_EQ(answer.get().error().code, Code::kUnavailable);
  }
  EXPECT_EQ(Ask(*sender, Post(slow.Url())).error().code, Code::kUnavailable);
  sender->Stop();
}

TEST(Sender, TakesRequestsFromManyThreadsAndFromDone) {
  const ServerForTest server(Echo);
  const auto sender = StartSender();
  constexpr int kThreads = 4;
  constexpr int kEach = 50;
  std::atomic<int> answered{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i)
        EXPECT_TRUE(sender->Send(Post(server.Url()), [&](const Result<Response>& first) {
          if (!first || first->status != 200) return;
          EXPECT_TRUE(sender->Send(Post(server.Url()), [&](const Result<Response>& second) {
            if (second && second->status == 200) ++answered;
          }));
        }));
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(Eventually([&] { return answered == kThreads * kEach; })) << answered;
  EXPECT_LE(server.connections(), 8);
}

TEST(Sender, StopsWhileOthersSend) {
  const ServerForTest server(Echo);
  for (int round = 0; round < 10; ++round) {
    const auto sender = StartSender();
    std::atomic<int> taken{0};
    std::atomic<int> done{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 100; ++i)
          if (sender->Send(Post(server.Url()), [&](const Result<Response>&) { ++done; })) ++taken;
      });
    ::usleep(2'000);
    sender->Stop();
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(taken, done);
  }
}

TEST(Sender, ChecksCertificates) {
  const CertificateForTest certificate("DNS:localhost");
  const ServerForTest server(Echo, &certificate);
  SenderOptions options = Loopback();
  options.allow_http = false;
  const Result<Response> unknown = Ask(*StartSender(options), Post(server.Url("/", "localhost")));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Code::kUnavailable);
  EXPECT_THAT(unknown.error().message, HasSubstr("certificate"));
  EXPECT_EQ(server.requests(), 0);

  options.ca_file = certificate.certificate();
  const auto sender = StartSender(options);
  const Result<Response> known = Ask(*sender, Post(server.Url("/", "localhost")));
  ASSERT_TRUE(known) << known.error().message;
  EXPECT_EQ(known->status, 200);
  const Result<Response> other_name = Ask(*sender, Post(server.Url("/", "127.0.0.1")));
  ASSERT_FALSE(other_name);
  EXPECT_EQ(other_name.error().code, Code::kUnavailable);
  EXPECT_EQ(server.requests(), 1);
}

TEST(Sender, RefusesCaFilesThatItCannotRead) {
  SenderOptions options;
  options.ca_file = "/nonexistent/ca.pem";
  EXPECT_EQ(Sender::Start(options).error().code, Code::kIo);
  const CertificateForTest certificate("DNS:localhost");
  options.ca_file = certificate.key();
  EXPECT_EQ(Sender::Start(options).error().code, Code::kInvalid);
  std::ofstream(certificate.certificate(), std::ios::app)
      << "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  options.ca_file = certificate.certificate();
  const auto second = Sender::Start(options);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("certificate 2"));
}

}  // namespace
}  // namespace wideberth::outbound
