#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/certificate_for_test.h"
#include "http/server.h"
#include "http/test_client.h"

namespace wideberth::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// Parts that a test adds, from any thread.
class Feed : public EventSource {
 public:
  void Start(std::function<void()> wake) override {
    const std::lock_guard lock(mutex_);
    wake_ = std::move(wake);
    ++starts;
  }
  std::string Next() override {
    const std::lock_guard lock(mutex_);
    ++asked;
    return taken_ < parts_.size() ? parts_[taken_++] : "";
  }
  bool Done() override { return done; }
  void Written() override { ++written; }
  void Stop() override { ++stops; }

  void Add(std::string part) {
    {
      const std::lock_guard lock(mutex_);
      parts_.push_back(std::move(part));
    }
    Wake();
  }
  void Wake() {
    std::function<void()> wake;
    {
      const std::lock_guard lock(mutex_);
      wake = wake_;
    }
    if (wake) wake();
  }

  std::atomic<int> starts{0};
  std::atomic<int> asked{0};
  std::atomic<int> written{0};
  std::atomic<int> stops{0};
  std::atomic<bool> done{false};

 private:
  std::mutex mutex_;
  std::function<void()> wake_;
  std::vector<std::string> parts_;
  size_t taken_ = 0;
};

// A server that opens a feed for each request of /events, and answers others with "ordinary".
class EventStreams : public ::testing::Test {
 protected:
  void Start(ServerOptions options = {}) {
    options.listen = "127.0.0.1:0";
    auto server = Server::Start(
        options,
        [this](const Request& request, const Server::Respond& respond) {
          Response response;
          response.sender = "one";
          response.body = "ordinary";
          if (request.path == "/events") {
            response.content_type = "text/event-stream";
            const auto feed = std::make_shared<Feed>();
            response.events = feed;
            const std::lock_guard lock(mutex_);
            feeds_.push_back(feed);
            last_event_id_ = request.last_event_id;
          }
          respond(std::move(response));
        },
        [](int, const std::string& reason) { return reason; });
    ASSERT_TRUE(server) << server.error().message;
    server_ = *std::move(server);
  }

  std::shared_ptr<Feed> feed(size_t i = 0) {
    const bool there = Eventually([&] {
      const std::lock_guard lock(mutex_);
      return feeds_.size() > i && feeds_[i]->starts > 0;
    });
    EXPECT_TRUE(there);
    const std::lock_guard lock(mutex_);
    return feeds_.at(i);
  }

  std::unique_ptr<TestClient> Open(bool tls = false) {
    auto client = std::make_unique<TestClient>(server_->port(), tls);
    client->Send("GET /events HTTP/1.1\r\nHost: h\r\n\r\n");
    header_ = client->ReadTo("\r\n\r\n");
    return client;
  }

  std::mutex mutex_;
  std::vector<std::shared_ptr<Feed>> feeds_;
  std::string last_event_id_;
  std::string header_;
  std::unique_ptr<Server> server_;
};

std::string Numbered(int i) { return "id: " + std::to_string(i) + "\n\n"; }

// The bytes that chunks carry, up to the last one or the end of the text; "broken" in it if they are no chunks.
std::string OfChunks(std::string_view text) {
  std::string body;
  while (!text.empty()) {
    const size_t line = text.find("\r\n");
    if (line == std::string_view::npos) return body + "broken";
    const size_t length = std::stoul(std::string(text.substr(0, line)), nullptr, 16);
    text.remove_prefix(line + 2);
    if (length == 0) return text == "\r\n" ? body : body + "broken";
    if (text.size() < length + 2 || text.substr(length, 2) != "\r\n") return body + "broken";
    body += text.substr(0, length);
    text.remove_prefix(length + 2);
  }
  return body;
}

TEST_F(EventStreams, SendPartsAsTheyAreMadeUntilTheSourceIsDone) {
  Start();
  TestClient client(server_->port());
  client.Send("GET /events HTTP/1.1\r\nHost: h\r\nLast-Event-ID: 41\r\n\r\n");
  const std::string header = client.ReadTo("\r\n\r\n");
  EXPECT_TRUE(header.starts_with("HTTP/1.1 200 OK\r\n")) << header;
  EXPECT_NE(header.find("Content-Type: text/event-stream\r\n"), std::string::npos) << header;
  EXPECT_NE(header.find("Cache-Control: no-store\r\n"), std::string::npos) << header;
  EXPECT_NE(header.find("Transfer-Encoding: chunked\r\n"), std::string::npos) << header;
  EXPECT_EQ(header.find("Content-Length"), std::string::npos) << header;
  const auto feed = this->feed();
  EXPECT_EQ(last_event_id_, "41");
  for (int i = 0; i < 3; ++i) {
    feed->Add(Numbered(i));
    const std::string part = Numbered(i);
    EXPECT_EQ(client.ReadTo(part + "\r\n"), "7\r\n" + part + "\r\n");
    EXPECT_TRUE(Eventually([&] { return feed->written == i + 1; }));
  }
  EXPECT_EQ(feed->stops, 0);
  feed->done = true;
  feed->Wake();
  EXPECT_EQ(client.ReadAll(), "0\r\n\r\n");
  EXPECT_TRUE(Eventually([&] { return feed->stops == 1 && server_->connections() == 0; }));
}

TEST_F(EventStreams, LoseNothingForASlowReaderAndDoNotRunAhead) {
  Start();
  const auto client = Open();
  const auto feed = this->feed();
  constexpr int kParts = 4000;
  std::string expected;
  for (int i = 0; i < kParts; ++i) {
    const std::string part = Numbered(i) + std::string(8'000, 'x');
    feed->Add(part);
    expected += part;
  }
  feed->done = true;
  std::this_thread::sleep_for(milliseconds(500));
  EXPECT_LT(feed->asked, kParts) << "32 MB do not fit into the sockets: who took them?";
  EXPECT_EQ(OfChunks(client->ReadAll()), expected);
  EXPECT_EQ(feed->written, kParts);
}

TEST_F(EventStreams, CutOffAReaderThatTakesNothing) {
  ServerOptions options;
  options.write_time_max = milliseconds(300);
  Start(options);
  const auto client = Open();
  const auto feed = this->feed();
  for (int i = 0; i < 4000; ++i) feed->Add(std::string(8'000, 'x'));
  EXPECT_TRUE(Eventually([&] { return feed->stops == 1; }));
  EXPECT_LT(feed->asked, 4000);
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 0; }));
}

TEST_F(EventStreams, NoticeAReaderThatVanishesWhileNothingIsSent) {
  for (const bool tls : {false, true}) {
    const CertificateForTest certificate("DNS:localhost,IP:127.0.0.1");
    ServerOptions options;
    if (tls) {
      options.tls_certificate_file = certificate.certificate();
      options.tls_key_file = certificate.key();
    }
    feeds_.clear();
    Start(options);
    const auto half_closed = Open(tls);
    half_closed->HalfClose();
    const auto closed = Open(tls);
    closed->Close();
    const auto reset = Open(tls);
    reset->Reset();
    const auto stays = Open(tls);
    const auto begin = steady_clock::now();
    for (size_t i = 0; i < 3; ++i) EXPECT_TRUE(Eventually([&] { return feed(i)->stops == 1; })) << i << tls;
    EXPECT_LT(steady_clock::now() - begin, seconds(3));
    EXPECT_EQ(feed(3)->stops, 0);
    feed(3)->Add("still here");
    EXPECT_NE(stays->ReadTo("here").find("still here"), std::string::npos);
    EXPECT_TRUE(Eventually([&] { return server_->connections() == 1; }));
    server_.reset();
    for (size_t i = 0; i < 4; ++i) EXPECT_EQ(feeds_[i]->stops, 1);
  }
}

TEST_F(EventStreams, EndForAClientThatSendsWithoutEnd) {
  Start();
  const auto client = Open();
  client->Send("GET /events HTTP/1.1\r\nHost: h\r\n\r\n");  // this much is forgotten
  feed()->Add("one");
  EXPECT_EQ(client->ReadTo("one\r\n"), "3\r\none\r\n");
  static_cast<void>(client->TrySend(std::string(1'000'000, 'x')));
  EXPECT_TRUE(Eventually([&] { return feed()->stops == 1; }));
  EXPECT_EQ(feeds_.size(), 1u);
}

TEST_F(EventStreams, TakeWakesByTheThousandFromManyThreads) {
  ServerOptions options;
  options.threads = 2;
  Start(options);
  constexpr size_t kStreams = 40;
  constexpr int kParts = 200;
  std::vector<std::unique_ptr<TestClient>> clients;
  for (size_t i = 0; i < kStreams; ++i) clients.push_back(Open());
  for (size_t i = 0; i < kStreams; ++i) feed(i);
  std::vector<std::thread> wakers;
  for (int t = 0; t < 4; ++t) {
    wakers.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        for (const auto& feed : feeds_) feed->Wake();
      }
    });
  }
  std::string expected;
  for (int i = 0; i < kParts; ++i) {
    for (const auto& feed : feeds_) feed->Add(Numbered(i));
    expected += Numbered(i);
  }
  for (auto& waker : wakers) waker.join();
  for (const auto& feed : feeds_) {
    feed->done = true;
    feed->Wake();
  }
  // Feeds are in the order in which requests were handled; each has the same parts.
  for (const auto& client : clients) EXPECT_EQ(OfChunks(client->ReadAll()), expected);
}

TEST_F(EventStreams, TakeAWakeAfterTheConnectionsAndTheServersEnd) {
  Start();
  const auto gone = Open();
  const auto open = Open();
  feed(0);
  feed(1);
  gone->Close();
  EXPECT_TRUE(Eventually([&] { return feed(0)->stops == 1; }));
  for (int i = 0; i < 100; ++i) feed(0)->Add("too late");
  std::atomic<bool> done{false};
  std::thread waker([&] {
    while (!done) {
      for (const auto& feed : feeds_) feed->Wake();
    }
  });
  std::this_thread::sleep_for(milliseconds(20));
  server_.reset();
  std::this_thread::sleep_for(milliseconds(20));
  done = true;
  waker.join();
  EXPECT_EQ(feed(0)->stops, 1);
  EXPECT_EQ(feed(1)->stops, 1);
  EXPECT_EQ(feed(0)->written, 0);
}

TEST_F(EventStreams, EndWithTheServerWhichDoesNotWaitForThem) {
  for (const bool tls : {false, true}) {
    const CertificateForTest certificate("DNS:localhost,IP:127.0.0.1");
    ServerOptions options;
    options.threads = 2;
    if (tls) {
      options.tls_certificate_file = certificate.certificate();
      options.tls_key_file = certificate.key();
    }
    feeds_.clear();
    Start(options);
    std::vector<std::unique_ptr<TestClient>> clients;
    for (int i = 0; i < 20; ++i) clients.push_back(Open(tls));
    for (size_t i = 0; i < clients.size(); ++i) feed(i);
    const auto begin = steady_clock::now();
    server_->Stop(seconds(30));
    EXPECT_LT(steady_clock::now() - begin, seconds(3));
    for (const auto& feed : feeds_) EXPECT_EQ(feed->stops, 1);
    // They are told that this was all.
    for (const auto& client : clients) EXPECT_EQ(client->ReadAll(), "0\r\n\r\n");
    server_.reset();
  }
}

TEST_F(EventStreams, StopTheirSourcesWhenTheServerLeavesTheirConnections) {
  // A client that takes nothing at all: the last chunk does not go out over TLS, and the server does not wait.
  const CertificateForTest certificate("DNS:localhost,IP:127.0.0.1");
  ServerOptions options;
  options.tls_certificate_file = certificate.certificate();
  options.tls_key_file = certificate.key();
  Start(options);
  const auto client = Open(true);
  const auto feed = this->feed();
  for (int i = 0; i < 4000; ++i) feed->Add(std::string(8'000, 'x'));
  std::this_thread::sleep_for(milliseconds(200));
  const auto begin = steady_clock::now();
  server_.reset();
  EXPECT_LT(steady_clock::now() - begin, seconds(4));
  EXPECT_EQ(feed->stops, 1);
}

TEST_F(EventStreams, HaveNoChunksInHttp10) {
  Start();
  TestClient client(server_->port());
  client.Send("GET /events HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const std::string header = client.ReadTo("\r\n\r\n");
  EXPECT_TRUE(header.starts_with("HTTP/1.0 200 OK\r\n")) << header;
  EXPECT_EQ(header.find("Transfer-Encoding"), std::string::npos) << header;
  EXPECT_EQ(header.find("keep-alive"), std::string::npos) << header;
  feed()->Add("one");
  feed()->Add("two");
  feed()->done = true;
  EXPECT_EQ(client.ReadAll(), "onetwo");
}

TEST_F(EventStreams, HaveOnlyAHeaderForHead) {
  Start();
  TestClient client(server_->port());
  client.Send("HEAD /events HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string all = client.ReadAll();
  EXPECT_TRUE(all.ends_with("\r\n\r\n")) << all;
  EXPECT_NE(all.find("text/event-stream"), std::string::npos) << all;
  ASSERT_EQ(feeds_.size(), 1u);
  EXPECT_EQ(feeds_[0]->starts, 0);
  EXPECT_EQ(feeds_[0]->stops, 0);
}

TEST_F(EventStreams, SayThatTheyAreStillThere) {
  ServerOptions options;
  options.stream_quiet_max = milliseconds(50);
  Start(options);
  const auto client = Open();
  const auto begin = steady_clock::now();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(client->ReadTo(": \n\n\r\n"), "4\r\n: \n\n\r\n");
  EXPECT_GE(steady_clock::now() - begin, milliseconds(150));
  EXPECT_EQ(feed()->written, 0);  // a comment is no part
}

TEST_F(EventStreams, WorkOverTlsWithManyPartsInBothDirections) {
  const CertificateForTest certificate("DNS:localhost,IP:127.0.0.1");
  ServerOptions options;
  options.tls_certificate_file = certificate.certificate();
  options.tls_key_file = certificate.key();
  Start(options);
  const auto client = Open(true);
  std::string expected;
  for (int i = 0; i < 300; ++i) {
    expected += Numbered(i);
    feed()->Add(Numbered(i));
    client->Send("what is not asked for");
  }
  feed()->done = true;
  feed()->Wake();
  EXPECT_EQ(OfChunks(client->ReadAll()), expected);
}

TEST_F(EventStreams, CountAsConnectionsAndNotAsRequestsOfTheirSender) {
  ServerOptions options;
  options.connections_max = 4;
  options.in_flight_of_sender_max = 1;
  options.patience = seconds(10);
  Start(options);
  TestClient ordinary(server_->port());
  std::vector<std::unique_ptr<TestClient>> streams;
  for (int i = 0; i < 3; ++i) {
    auto client = std::make_unique<TestClient>(server_->port());
    // The sender of a connection is known from its first request on.
    client->Send("GET / HTTP/1.1\r\nHost: h\r\n\r\nGET /events HTTP/1.1\r\nHost: h\r\n\r\n");
    client->ReadTo("chunked\r\n");
    streams.push_back(std::move(client));
  }
  for (size_t i = 0; i < 3; ++i) feed(i);
  const auto begin = steady_clock::now();
  for (int i = 0; i < 3; ++i) {
    ordinary.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_NE(ordinary.ReadTo("ordinary").find("ordinary"), std::string::npos);
  }
  EXPECT_LT(steady_clock::now() - begin, seconds(5));
  EXPECT_EQ(server_->connections(), 4u);
  TestClient one_more(server_->port());
  EXPECT_EQ(one_more.ReadAll(), "");
}

TEST(Finish, RendersOnTheServersThreadOnceBeforeTheAnswerIsWritten) {
  std::atomic<int> finished{0};
  std::thread::id handled_on;
  std::thread::id finished_on;
  std::thread answering;
  ServerOptions options;
  options.listen = "127.0.0.1:0";
  auto server = Server::Start(
      options,
      [&](const Request&, Server::Respond respond) {
        handled_on = std::this_thread::get_id();
        answering = std::thread([&, respond = std::move(respond)] {
          Response response;
          response.body = "4";
          response.finish = [&](Response& unfinished) {
            ++finished;
            finished_on = std::this_thread::get_id();
            unfinished.body += "2";
            unfinished.status = 201;
          };
          respond(std::move(response));
        });
      },
      [](int, const std::string& reason) { return reason; });
  ASSERT_TRUE(server);
  TestClient client((*server)->port());
  client.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string answer = client.ReadTo("42");
  answering.join();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 201 Created\r\n")) << answer;
  EXPECT_NE(answer.find("Content-Length: 2\r\n"), std::string::npos) << answer;
  EXPECT_EQ(finished, 1);
  EXPECT_EQ(finished_on, handled_on);
}

}  // namespace
}  // namespace wideberth::http
