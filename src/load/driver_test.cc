#include "load/driver.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "load/report.h"

namespace wideberth::load {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;

const std::string kCreated = R"({"operational_intent_reference":{"ovn":"an-ovn-that-is-long-enough"}})";

std::string Answer(int status, const std::string& body, const std::string& fields = "") {
  return "HTTP/1.1 " + std::to_string(status) + " Status\r\n" + fields +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// Answers requests one after the other, whatever connection they come from, as `handle` says; an empty answer closes
// the connection.
class TinyServer {
 public:
  using Handle = std::function<std::string(size_t number)>;
  explicit TinyServer(Handle handle)
      : handle_(std::move(handle)), acceptor_(context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
    thread_ = std::thread([this] {
      std::vector<std::thread> sessions;
      std::vector<std::shared_ptr<tcp::socket>> sockets;
      for (;;) {
        auto socket = std::make_shared<tcp::socket>(context_);
        error_code error;
        if (acceptor_.accept(*socket, error) || stopping_) break;
        sockets.push_back(socket);
        sessions.emplace_back([this, socket] { Serve(*socket); });
      }
      error_code ignored;
      for (const auto& socket : sockets) ignored = socket->shutdown(tcp::socket::shutdown_both, ignored);
      for (std::thread& session : sessions) session.join();
    });
  }
  ~TinyServer() {
    stopping_ = true;
    error_code ignored;
    asio::io_context context;
    ignored = tcp::socket(context).connect(acceptor_.local_endpoint(), ignored);  // wakes accept
    thread_.join();
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }
  size_t requests() const { return requests_; }

 private:
  void Serve(tcp::socket& socket) {
    asio::streambuf buffer;
    error_code error;
    error = socket.set_option(tcp::no_delay(true), error);
    for (;;) {
      const size_t header = asio::read_until(socket, buffer, "\r\n\r\n", error);
      if (error) return;
      const std::string head(asio::buffers_begin(buffer.data()),
                             asio::buffers_begin(buffer.data()) + static_cast<std::ptrdiff_t>(header));
      const size_t length = std::stoul(head.substr(head.find("Content-Length: ") + 16));
      if (buffer.size() < header + length)
        asio::read(socket, buffer, asio::transfer_exactly(header + length - buffer.size()), error);
      if (error) return;
      buffer.consume(header + length);
      const std::lock_guard lock(mutex_);
      const std::string answer = handle_(requests_++);
      if (!answer.empty()) asio::write(socket, asio::buffer(answer), error);
      if (answer.empty() || error || answer.find("Connection: close") != std::string::npos) {
        error = socket.shutdown(tcp::socket::shutdown_both, error);
        return;
      }
    }
  }

  Handle handle_;
  asio::io_context context_;
  tcp::acceptor acceptor_;
  std::atomic<bool> stopping_{false};
  std::atomic<size_t> requests_{0};
  std::mutex mutex_;
  std::thread thread_;
};

Workload Spread() {
  WorkloadOptions options;
  options.host = "127.0.0.1";
  options.tokens = {"token"};
  options.now = TimeNs{1'772'359'200'000'000'000};
  return Workload(options);
}

DriverOptions OptionsFor(const std::string& url, size_t clients) {
  DriverOptions options;
  const Result<Target> target = Target::Parse(url);
  options.target = *target;
  options.clients = clients;
  return options;
}

const KindFigures& Creates(const Figures& figures) { return figures.kinds[static_cast<size_t>(RequestKind::kCreate)]; }

uint64_t LongerThan(const LatencyHistogram& latency, Duration bound) {
  uint64_t count = 0;
  for (const auto& bin : latency.Bins()) count += bin.upper > bound ? bin.count : 0;
  return count;
}

TEST(Driver, ClosedLoopAsksAsOftenAsToldAndCountsWhatItIsAnswered) {
  TinyServer server([](size_t number) { return Answer(number % 10 == 0 ? 200 : 201, kCreated); });
  DriverOptions options = OptionsFor(server.url(), 4);
  options.requests = 1000;
  Workload workload = Spread();
  const Result<Figures> figures = Driver::Run(options, workload, {});
  ASSERT_TRUE(figures) << figures.error().message;
  EXPECT_EQ(server.requests(), 1000u);
  EXPECT_EQ(figures->requests(), 1000u);
  EXPECT_EQ(figures->accepted.count(), 1000u);
  EXPECT_EQ(Creates(*figures).statuses, (std::map<int, uint64_t>{{200, 100}, {201, 900}}));
  EXPECT_EQ(figures->failed(), 0u);
  EXPECT_EQ(figures->stopped, "");
  uint64_t in_series = 0;
  for (const Second& second : figures->series) in_series += second.requests;
  EXPECT_EQ(in_series, 1000u);
}

// A server that stalls once. With fixed arrivals everything that should have been asked meanwhile has waited, and
// counts; a closed loop asked nothing meanwhile, and sees a single slow answer.
TEST(Driver, AStallCountsForAllThatArriveMeanwhile) {
  constexpr milliseconds kStall{400};
  const auto handle = [&](size_t number) {
    if (number == 100) std::this_thread::sleep_for(kStall);
    return Answer(201, kCreated);
  };
  {
    TinyServer server(handle);
    DriverOptions options = OptionsFor(server.url(), 2);
    options.rate = 500;
    options.duration = std::chrono::seconds(1);
    Workload workload = Spread();
    const Result<Figures> figures = Driver::Run(options, workload, {});
    ASSERT_TRUE(figures) << figures.error().message;
    EXPECT_EQ(server.requests(), 500u);
    EXPECT_EQ(figures->requests(), 500u);
    EXPECT_EQ(figures->backlog_left, 0u);
    // Of 200 that arrive in 400 ms, 150 wait for more than 100 ms.
    EXPECT_GE(LongerThan(Creates(*figures).latency, milliseconds(100)), 140u);
    EXPECT_GE(figures->backlog_most, 150u);
    EXPECT_GE(Creates(*figures).latency.Percentile(0.9), milliseconds(150));
    EXPECT_GE(Creates(*figures).latency.longest(), kStall - milliseconds(5));
  }
  {
    TinyServer server(handle);
    DriverOptions options = OptionsFor(server.url(), 2);
    options.requests = 500;
    Workload workload = Spread();
    const Result<Figures> figures = Driver::Run(options, workload, {});
    ASSERT_TRUE(figures) << figures.error().message;
    EXPECT_GE(Creates(*figures).latency.longest(), kStall - milliseconds(5));
    EXPECT_LE(LongerThan(Creates(*figures).latency, kStall - milliseconds(5)), 2u);
  }
}

TEST(Driver, FixedArrivalsNeitherHurryNorDrift) {
  TinyServer server([](size_t) { return Answer(201, kCreated); });
  DriverOptions options = OptionsFor(server.url(), 8);
  options.rate = 200;
  options.requests = 100;
  Workload workload = Spread();
  const Result<Figures> figures = Driver::Run(options, workload, {});
  ASSERT_TRUE(figures) << figures.error().message;
  EXPECT_EQ(server.requests(), 100u);
  EXPECT_GE(figures->seconds, 99.0 / 200);  // the last is due half a second after the first
}

TEST(Driver, WhatAServerDoesNotBearIsSaid) {
  TinyServer server([](size_t) {
    std::this_thread::sleep_for(milliseconds(20));
    return Answer(201, kCreated);
  });
  DriverOptions options = OptionsFor(server.url(), 2);
  options.rate = 100'000;
  options.duration = milliseconds(300);
  Workload workload = Spread();
  const Result<Figures> figures = Driver::Run(options, workload, {});
  ASSERT_TRUE(figures) << figures.error().message;
  EXPECT_GT(figures->backlog_most, Driver::kBacklogMax);
  EXPECT_EQ(figures->backlog_left + server.requests(), 30'000u);
  EXPECT_GT(figures->backlog_left_wait, milliseconds(800));
  const std::string text = TextReport(*figures, workload.counts(), options);
  EXPECT_NE(text.find("OVERLOADED"), std::string::npos) << text;
  EXPECT_NE(text.find("NOT SENT"), std::string::npos) << text;
  const auto json = nlohmann::json::parse(JsonReport(*figures, workload.counts(), options, {}));
  EXPECT_EQ(json.at("arrivals").at("overloaded"), true);
  EXPECT_EQ(json.at("arrivals").at("not_sent"), figures->backlog_left);
}

TEST(Driver, TheWarmUpIsLeftOut) {
  TinyServer server([](size_t number) {
    if (number < 10) std::this_thread::sleep_for(milliseconds(20));
    return Answer(201, kCreated);
  });
  DriverOptions options = OptionsFor(server.url(), 1);
  options.warmup = milliseconds(400);
  options.duration = milliseconds(400);
  Workload workload = Spread();
  const Result<Figures> figures = Driver::Run(options, workload, {});
  ASSERT_TRUE(figures) << figures.error().message;
  EXPECT_GE(figures->warmup_requests, 10u);
  EXPECT_GT(figures->requests(), 0u);
  EXPECT_EQ(figures->warmup_requests + figures->requests(), server.requests());
  EXPECT_GE(figures->seconds, 0.3);
  EXPECT_LE(figures->seconds, 3);
}

TEST(Driver, CountsUnexpectedStatusesWithAnExample) {
  TinyServer server([](size_t number) {
    if (number % 4 == 1) return Answer(500, R"({"error_message":"broken"})");
    if (number % 4 == 2) return Answer(429, R"({"message":"slower"})");
    return Answer(201, kCreated);
  });
  DriverOptions options = OptionsFor(server.url(), 1);
  options.requests = 100;
  Workload workload = Spread();
  const Result<Figures> figures = Driver::Run(options, workload, {});
  ASSERT_TRUE(figures) << figures.error().message;
  EXPECT_EQ(figures->failed(), 50u);
  EXPECT_EQ(figures->failures.at("create intent: status 500").count, 25u);
  EXPECT_NE(figures->failures.at("create intent: status 500").example.find("broken"), std::string::npos);
  EXPECT_EQ(figures->failures.at("create intent: status 429").count, 25u);
  EXPECT_EQ(Creates(*figures).statuses.at(201), 50u);
  const std::string text = TextReport(*figures, workload.counts(), options);
  EXPECT_NE(text.find("FAILED 25 x create intent: status 500"), std::string::npos) << text;
}

TEST(Driver, ConnectsAgainWhereTheServerEndsConnectionsPolitely) {
  TinyServer server([](size_t number) {
    return number % 5 == 4 ? Answer(201, kCreated, "Connection: close\r\n") : Answer(201, kCreated);
  });
  DriverOptions options = OptionsFor(server.url(), 2);
  options.requests = 50;
  Workload workload = Spread();
  const Result<Figures> figures = Driver::Run(options, workload, {});
  ASSERT_TRUE(figures) << figures.error().message;
  EXPECT_EQ(figures->requests(), 50u);
  EXPECT_EQ(figures->failed(), 0u);
}

TEST(Driver, ConnectionsThatBreakAreFailures) {
  TinyServer server([](size_t number) { return number % 10 == 9 ? std::string() : Answer(201, kCreated); });
  DriverOptions options = OptionsFor(server.url(), 2);
  options.requests = 50;
  Workload workload = Spread();
  const Result<Figures> figures = Driver::Run(options, workload, {});
  ASSERT_TRUE(figures) << figures.error().message;
  EXPECT_EQ(figures->failures.at("transport").count, 5u);
  EXPECT_EQ(figures->requests(), 45u);
}

TEST(Driver, AnswersThatAreNoHttpAreFailures) {
  TinyServer server([](size_t) { return std::string("this is no HTTP\r\n\r\n"); });
  DriverOptions options = OptionsFor(server.url(), 1);
  options.requests = 3;
  Workload workload = Spread();
  const Result<Figures> figures = Driver::Run(options, workload, {});
  ASSERT_TRUE(figures) << figures.error().message;
  EXPECT_EQ(figures->failures.at("transport").count, 3u);
  EXPECT_EQ(figures->requests(), 0u);
}

TEST(Driver, StopsWhereTheTokenIsNotAccepted) {
  TinyServer server([](size_t) { return Answer(401, R"({"message":"no"})"); });
  DriverOptions options = OptionsFor(server.url(), 2);
  options.duration = std::chrono::seconds(20);
  Workload workload = Spread();
  const Result<Figures> figures = Driver::Run(options, workload, {});
  ASSERT_TRUE(figures) << figures.error().message;
  EXPECT_NE(figures->stopped.find("401"), std::string::npos);
  EXPECT_LE(server.requests(), 2u);
}

TEST(Driver, AServerThatIsNotThereIsAnError) {
  uint16_t port = 0;
  {
    asio::io_context context;
    tcp::acceptor taken(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    port = taken.local_endpoint().port();
  }
  Workload workload = Spread();
  DriverOptions options = OptionsFor("http://127.0.0.1:" + std::to_string(port), 2);
  options.requests = 1;
  const Result<Figures> figures = Driver::Run(options, workload, {});
  ASSERT_FALSE(figures);
  EXPECT_EQ(figures.error().code, Code::kIo);
}

TEST(Target, ReadsUrls) {
  const Result<Target> plain = Target::Parse("http://dss.example");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->host, "dss.example");
  EXPECT_EQ(plain->port, "80");
  EXPECT_FALSE(plain->tls);
  EXPECT_EQ(plain->path_prefix, "");
  const Result<Target> full = Target::Parse("https://[::1]:8443/pool/a/");
  ASSERT_TRUE(full);
  EXPECT_EQ(full->host, "::1");
  EXPECT_EQ(full->port, "8443");
  EXPECT_TRUE(full->tls);
  EXPECT_EQ(full->path_prefix, "/pool/a");
  EXPECT_EQ(full->host_header, "[::1]:8443");
  const Result<Target> secure = Target::Parse("https://dss.example/");
  ASSERT_TRUE(secure);
  EXPECT_EQ(secure->port, "443");
}

TEST(Target, RefusesWhatIsNoUrl) {
  for (const char* url :
       {"", "dss.example", "ftp://dss.example", "http://", "http://:80", "http://a:", "http://a:b", "http://a:123456",
        "http://a b", "http://a\r\nX: y", "http://user@a", "http://a?b", "http://a#b"})
    EXPECT_FALSE(Target::Parse(url)) << url;
}

}  // namespace
}  // namespace wideberth::load
