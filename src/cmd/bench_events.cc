// Opens many streams of notices (/api/v1/events), declares intents over those of their parties at a fixed rate, and
// then asks the server what it made: every stream is to have given each notice of its party once and in order.
#include "cmd/bench_events.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <cmath>
#include <csignal>
#include <deque>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "api/token_maker.h"
#include "base/rfc3339.h"
#include "cmd/between.h"
#include "cmd/event_parser.h"
#include "cmd/exit_status.h"
#include "cmd/output.h"
#include "cmd/party_key.h"
#include "http/session_context.h"
#include "load/driver.h"
#include "load/latency_histogram.h"
#include "load/notice_tally.h"
#include "os/system.h"

namespace wideberth::cmd {
namespace {

using boost::system::error_code;
using http::Awaitable;
using http::kAwait;
using http::Socket;
using http::Timer;
using Json = nlohmann::json;
using Steady = std::chrono::steady_clock;
namespace asio = boost::asio;
namespace bhttp = boost::beast::http;

constexpr size_t kStreamsMax = 25'000;                   // one address has ports for no more
constexpr size_t kOpeningMax = 128;                      // streams that are being opened at once
constexpr rlim_t kOtherFiles = 64;                       // besides connections
constexpr uint64_t kBacklogMax = 10'000;                 // beyond it a server is said to be overloaded
constexpr double kDurationSMax = 45;                     // notices that nobody acknowledges are repeated after a minute
constexpr auto kPhaseTimeMax = std::chrono::minutes(5);  // to declare what is met, to open streams, to ask
constexpr auto kQuietTimeMax = std::chrono::seconds(5);  // after the last event: what has not come is missed
constexpr int64_t kTokenLifeS = 3600;
constexpr uint64_t kAnswerBytesMax = uint64_t{64} << 20;
constexpr size_t kNoticesOfAnAnswer = 1'000;
constexpr size_t kExampleBytesMax = 400;

// Where the intents of the listeners lie: so far apart that none meets another.
constexpr double kMetresPerDegree = 111'000;
constexpr double kApartM = 5'000;
constexpr double kRadiusM = 250;
constexpr double kCenterLatitudeMax = 80;
constexpr double kFromS = 3'600;  // from now
constexpr double kUntilS = 7'200;

struct EventsOptions {
  std::string base;
  std::string token_key;
  std::vector<std::string> audiences;
  size_t streams = 10'000;
  size_t parties = 0;  // 0: as many as streams
  size_t declarers = 16;
  size_t clients = 32;
  double rate = 1'000;
  double duration_s = 10;
  std::vector<double> center{47, 8};
  int64_t server_pid = 0;
  std::string json;
};

struct Job {
  std::string request;
  std::function<void(int status, const std::string& body)> done;
};

double Ms(load::Duration duration) { return static_cast<double>(duration.count()) * 1e-6; }

std::optional<double> ResidentBytes(int64_t pid) {
  if (pid == 0) return std::nullopt;
  std::ifstream statm(fmt::format("/proc/{}/statm", pid));
  size_t pages = 0;
  size_t resident = 0;
  if (!(statm >> pages >> resident)) return std::nullopt;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

class Run {
 public:
  Run(const EventsOptions& options, load::Target target, std::vector<std::string> party_tokens,
      std::vector<std::string> declarer_tokens)
      : options_(options),
        target_(std::move(target)),
        party_tokens_(std::move(party_tokens)),
        declarer_tokens_(std::move(declarer_tokens)),
        now_(os::SystemClock().Now()),
        tally_(options.streams) {}

  Result<void> Go();
  std::string TextReport() const;
  Json JsonReport() const;
  bool AllWell() const {
    return failures_.empty() && sums_.missed + sums_.twice + sums_.out_of_order + sums_.unknown == 0 &&
           notices_ == declared_.size() && tally_.received() == sums_.made;
  }

 private:
  struct Declared {
    Steady::time_point intended;
    Steady::time_point answered;
  };
  struct Event {
    std::string declared_id;
    Steady::time_point received;
  };

  // Runs until `done`; false if that takes longer than `time_max`.
  bool RunUntil(const std::function<bool()>& done, Steady::duration time_max);
  void Submit(std::string_view method, const std::string& path, const std::string& token, const std::string& body,
              std::function<void(int, const std::string&)> done);
  void Fail(const std::string& what, std::string_view example) {
    auto& [count, first] = failures_[what];
    if (count++ == 0) first = example.substr(0, kExampleBytesMax);
  }
  Awaitable<void> Client();
  Awaitable<void> Stream(size_t number);
  Awaitable<void> ReadEvents(Socket& socket, size_t number);
  void TakeEvent(size_t stream, const ServerSentEvent& event);
  std::string Feature(size_t party, double from_s, double until_s, int priority) const;
  Awaitable<void> Declare();
  void AskNotices(size_t party, int64_t after);
  void Conclude();

  const EventsOptions& options_;
  const load::Target target_;
  const std::vector<std::string> party_tokens_;
  const std::vector<std::string> declarer_tokens_;
  const TimeNs now_;

  asio::io_context context_{1};
  asio::ip::tcp::resolver::results_type endpoints_;
  std::deque<Job> jobs_;
  std::vector<Timer*> idle_;  // of clients that wait for a job
  bool closing_ = false;

  std::map<std::string, std::pair<uint64_t, std::string>> failures_;  // by what: how often, an example
  uint64_t asked_ = 0;
  uint64_t answered_ = 0;
  size_t opening_ = 0;
  size_t open_ = 0;
  uint64_t backlog_most_ = 0;
  Steady::time_point declaring_since_;
  Steady::time_point last_event_;
  std::unordered_map<std::string, Declared> declared_;  // by id
  std::vector<Event> events_;
  load::NoticeTally tally_;
  std::vector<std::vector<load::NoticeGiven>> made_;  // by party

  // What came of it.
  double declaring_s_ = 0;  // until the last one was sent to a client
  double answering_s_ = 0;  // until the last one was answered
  uint64_t notices_ = 0;
  load::NoticeTally::Sums sums_;
  load::LatencyHistogram answer_latency_;
  load::LatencyHistogram from_intended_;
  load::LatencyHistogram from_answer_;
  uint64_t before_answer_ = 0;
  std::optional<double> bytes_before_;
  std::optional<double> bytes_open_;
};

bool Run::RunUntil(const std::function<bool()>& done, Steady::duration time_max) {
  const auto until = Steady::now() + time_max;
  while (!done()) {
    if (Steady::now() > until) return false;
    context_.run_one_for(std::chrono::milliseconds(50));
  }
  return true;
}

void Run::Submit(std::string_view method, const std::string& path, const std::string& token, const std::string& body,
                 std::function<void(int, const std::string&)> done) {
  ++asked_;
  jobs_.push_back({fmt::format("{} {}{} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: "
                               "application/json\r\nContent-Length: {}\r\n\r\n{}",
                               method, target_.path_prefix, path, target_.host_header, token, body.size(), body),
                   std::move(done)});
  backlog_most_ = std::max<uint64_t>(backlog_most_, jobs_.size());
  if (idle_.empty()) return;
  idle_.back()->cancel();
  idle_.pop_back();
}

Awaitable<void> Run::Client() {
  error_code error;
  Socket socket(context_);
  Timer timer(context_);
  bool connected = false;
  boost::beast::flat_buffer buffer;
  while (true) {
    while (jobs_.empty()) {
      if (closing_) co_return;
      idle_.push_back(&timer);
      timer.expires_at(Steady::time_point::max());
      co_await timer.async_wait(asio::redirect_error(kAwait, error));
    }
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    error = {};
    if (!connected) {
      socket = Socket(context_);
      buffer.clear();
      co_await asio::async_connect(socket, endpoints_, asio::redirect_error(kAwait, error));
      error_code ignored;
      if (!error) static_cast<void>(socket.set_option(asio::ip::tcp::no_delay(true), ignored));
    }
    bhttp::response<bhttp::string_body> response;
    if (!error) co_await asio::async_write(socket, asio::buffer(job.request), asio::redirect_error(kAwait, error));
    if (!error) {
      bhttp::response_parser<bhttp::string_body> parser;
      parser.body_limit(kAnswerBytesMax);
      co_await bhttp::async_read(socket, buffer, parser, asio::redirect_error(kAwait, error));
      response = parser.release();
    }
    ++answered_;
    connected = !error && response.keep_alive();
    if (error) {
      Fail("no answer", error.message());
      continue;
    }
    job.done(static_cast<int>(response.result_int()), response.body());
  }
}

Awaitable<void> Run::Stream(size_t number) {
  Socket socket(context_);
  error_code error;
  co_await asio::async_connect(socket, endpoints_, asio::redirect_error(kAwait, error));
  if (error) {
    --opening_;
    Fail("a stream cannot be opened", error.message());
    co_return;
  }
  co_await ReadEvents(socket, number);
}

Awaitable<void> Run::ReadEvents(Socket& socket, size_t number) {
  error_code error;
  const std::string request =
      fmt::format("GET {}/api/v1/events HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n", target_.path_prefix,
                  target_.host_header, party_tokens_[number % party_tokens_.size()]);
  co_await asio::async_write(socket, asio::buffer(request), asio::redirect_error(kAwait, error));
  boost::beast::flat_buffer buffer;
  bhttp::response_parser<bhttp::buffer_body> parser;
  parser.body_limit(boost::none);
  if (!error) co_await bhttp::async_read_header(socket, buffer, parser, asio::redirect_error(kAwait, error));
  --opening_;
  if (error || parser.get().result() != bhttp::status::ok) {
    Fail("a stream is refused", error ? error.message() : std::to_string(parser.get().result_int()));
    co_return;
  }
  ++open_;
  EventParser events;
  std::array<char, 2048> bytes{};
  while (!error && !parser.is_done()) {
    parser.get().body().data = bytes.data();
    parser.get().body().size = bytes.size();
    co_await bhttp::async_read_some(socket, buffer, parser, asio::redirect_error(kAwait, error));
    if (error == bhttp::error::need_buffer) error = {};
    const size_t got = bytes.size() - parser.get().body().size;
    const Result<bool> fed = events.Feed({bytes.data(), got}, [&](const ServerSentEvent& event) {
      TakeEvent(number, event);
      return true;
    });
    if (!fed) {
      Fail("a stream is wrong", fed.error().message);
      break;
    }
  }
  --open_;
  if (!closing_) Fail("a stream ended", error ? error.message() : "by the server");
}

void Run::TakeEvent(size_t stream, const ServerSentEvent& event) {
  last_event_ = Steady::now();
  const Json notice = Json::parse(event.data, nullptr, false);
  const Json text = notice.is_object() && notice.contains("text") && notice["text"].is_string()
                        ? Json::parse(notice["text"].get_ref<const std::string&>(), nullptr, false)
                        : Json();
  const auto id = notice.is_object() ? model::Uuid::Parse(notice.value("id", "")) : Error{Code::kInvalid, ""};
  if (!id || !text.is_object() || !text.contains("other") ||
      event.last_id != std::to_string(notice.value("number", int64_t{0})))
    return Fail("an event is no notice", event.data);
  tally_.Add(stream, {notice["number"], *id});
  events_.push_back({text["other"].value("id", ""), last_event_});
}

std::string Run::Feature(size_t party, double from_s, double until_s, int priority) const {
  const auto side = static_cast<size_t>(std::ceil(std::sqrt(static_cast<double>(party_tokens_.size()))));
  const auto steps = [&](size_t at) { return static_cast<double>(at) - static_cast<double>(side) / 2; };
  const double latitude = options_.center[0] + steps(party / side) * kApartM / kMetresPerDegree;
  const double longitude =
      options_.center[1] + steps(party % side) * kApartM / (kMetresPerDegree * std::cos(latitude * M_PI / 180));
  const auto time = [&](double after_s) {
    return FormatRfc3339({now_.value + static_cast<int64_t>(after_s * 1e6) * 1'000});
  };
  return fmt::format(
      R"({{"type":"FeatureCollection","disclosure":"full","priority":{},"features":[{{"type":"Feature","geometry":)"
      R"({{"type":"Point","coordinates":[{:.7f},{:.7f}]}},"properties":{{"radius_m":{},"altitude_lower_m":100,)"
      R"("altitude_upper_m":130,"time_start":"{}","time_end":"{}"}}}}]}})",
      priority, std::remainder(longitude, 360), latitude, kRadiusM, time(from_s), time(until_s));
}

// Each over the intent of one party, in turn, and each in a time of its own, so that it meets nothing else.
Awaitable<void> Run::Declare() {
  const auto total = static_cast<uint64_t>(options_.rate * options_.duration_s);
  const size_t parties = party_tokens_.size();
  const uint64_t slots = (total + parties - 1) / parties;
  const double slot_s = (kUntilS - kFromS) / static_cast<double>(slots);
  Timer timer(context_);
  const auto start = declaring_since_ = Steady::now();
  for (uint64_t i = 0; i < total; ++i) {
    const auto intended = start + std::chrono::duration_cast<Steady::duration>(
                                      std::chrono::duration<double>(static_cast<double>(i) / options_.rate));
    if (Steady::now() < intended) {
      timer.expires_at(intended);
      error_code ignored;
      co_await timer.async_wait(asio::redirect_error(kAwait, ignored));
    }
    if (jobs_.size() > kBacklogMax) {
      Fail("overloaded", fmt::format("more than {} declarations waited at once", kBacklogMax));
      break;
    }
    const uint64_t slot = i / parties;
    const double from_s = kFromS + slot_s * (static_cast<double>(slot) + 0.25);
    Submit("POST", "/api/v1/intents", declarer_tokens_[i % declarer_tokens_.size()],
           Feature(i % parties, from_s, from_s + slot_s / 2, 1), [this, intended](int status, const std::string& body) {
             const auto answered = Steady::now();
             const Json answer = Json::parse(body, nullptr, false);
             if (status != 201 || !answer.is_object() || !answer.contains("intent"))
               return Fail(fmt::format("declare: status {}", status), body);
             declared_[answer["intent"].value("id", "")] = {intended, answered};
             answering_s_ = std::chrono::duration<double>(answered - declaring_since_).count();
             answer_latency_.Add(answered - intended);
           });
  }
  declaring_s_ = std::chrono::duration<double>(Steady::now() - start).count();
}

void Run::AskNotices(size_t party, int64_t after) {
  Submit("GET", fmt::format("/api/v1/notices?after={}&limit={}", after, kNoticesOfAnAnswer), party_tokens_[party], "",
         [this, party](int status, const std::string& body) {
           const Json answer = Json::parse(body, nullptr, false);
           if (status != 200 || !answer.is_object() || !answer.contains("notices"))
             return Fail(fmt::format("notices: status {}", status), body);
           for (const Json& notice : answer["notices"]) {
             const auto id = model::Uuid::Parse(notice.value("id", ""));
             if (!id) return Fail("a notice has no id", body);
             made_[party].push_back({notice["number"], *id});
           }
           if (answer.value("more", false)) AskNotices(party, made_[party].back().number);
         });
}

void Run::Conclude() {
  for (const auto& notices : made_) notices_ += notices.size();
  for (size_t stream = 0; stream < options_.streams; ++stream)
    sums_ += tally_.Compare(stream, made_[stream % made_.size()]);
  for (const Event& event : events_) {
    const auto at = declared_.find(event.declared_id);
    if (at == declared_.end()) {
      Fail("a notice is of no intent that was declared", event.declared_id);
      continue;
    }
    from_intended_.Add(event.received - at->second.intended);
    if (event.received < at->second.answered) ++before_answer_;
    from_answer_.Add(std::max(event.received - at->second.answered, Steady::duration(0)));
  }
}

Result<void> Run::Go() {
  error_code error;
  endpoints_ = asio::ip::tcp::resolver(context_).resolve(target_.host, target_.port, error);
  if (error) return Error{Code::kIo, target_.host + ":" + target_.port + ": " + error.message()};
  const auto guard = asio::make_work_guard(context_);
  for (size_t i = 0; i < options_.clients; ++i) asio::co_spawn(context_, Client(), asio::detached);
  const auto all_answered = [this] { return answered_ == asked_; };
  const auto too_long = [](const char* what) { return Error{Code::kIo, std::string(what) + " takes too long"}; };
  const auto stop_if_failed = [this](const char* what) -> Result<void> {
    if (failures_.empty()) return {};
    const auto& [reason, example] = *failures_.begin();
    return Error{Code::kIo, fmt::format("{}: {} x {}, for example {}", what, example.first, reason, example.second)};
  };

  for (size_t party = 0; party < party_tokens_.size(); ++party) {
    Submit("POST", "/api/v1/intents", party_tokens_[party], Feature(party, kFromS, kUntilS, 0),
           [this](int status, const std::string& body) {
             if (status != 201) Fail(fmt::format("declare: status {}", status), body);
           });
  }
  if (!RunUntil(all_answered, kPhaseTimeMax)) return too_long("to declare the listeners' intents");
  WB_TRY_OK(stop_if_failed("the listeners' intents"));
  backlog_most_ = 0;

  bytes_before_ = ResidentBytes(options_.server_pid);
  size_t begun = 0;
  const bool opened = RunUntil(
      [&] {
        for (; begun < options_.streams && opening_ < kOpeningMax; ++begun) {
          ++opening_;
          asio::co_spawn(context_, Stream(begun), asio::detached);
        }
        return open_ == options_.streams || !failures_.empty();
      },
      kPhaseTimeMax);
  if (!opened) return too_long("to open the streams");
  WB_TRY_OK(stop_if_failed("the streams"));
  bytes_open_ = ResidentBytes(options_.server_pid);

  asio::co_spawn(context_, Declare(), asio::detached);
  const auto declared = [&] { return declaring_s_ > 0 && all_answered(); };
  if (!RunUntil(declared, kPhaseTimeMax)) return too_long("to declare");
  last_event_ = Steady::now();
  static_cast<void>(RunUntil([&] { return Steady::now() > last_event_ + kQuietTimeMax; }, kPhaseTimeMax));

  made_.resize(party_tokens_.size());
  const uint64_t backlog = backlog_most_;
  for (size_t party = 0; party < party_tokens_.size(); ++party) AskNotices(party, 0);
  if (!RunUntil(all_answered, kPhaseTimeMax)) return too_long("to ask for the notices");
  backlog_most_ = backlog;
  closing_ = true;
  Conclude();
  return {};
}

std::string Run::TextReport() const {
  const auto latency = [](const char* what, const load::LatencyHistogram& histogram) {
    return fmt::format("{:<34} p50 {:>8.3f} ms  p99 {:>8.3f} ms  p99.9 {:>8.3f} ms  max {:>8.3f} ms\n", what,
                       Ms(histogram.Percentile(0.5)), Ms(histogram.Percentile(0.99)), Ms(histogram.Percentile(0.999)),
                       Ms(histogram.longest()));
  };
  std::string text = fmt::format(
      "{} streams of {} parties; {} intents declared at {:g} /s and accepted at {:.0f} /s, {} of them waited at most\n"
      "notices made by the server: {}; to be given by streams: {}; given: {}\n"
      "missed: {}; twice: {}; out of order: {}; of nobody's: {}\n",
      options_.streams, party_tokens_.size(), declared_.size(), options_.rate,
      static_cast<double>(declared_.size()) / answering_s_, backlog_most_, notices_, sums_.made, tally_.received(),
      sums_.missed, sums_.twice, sums_.out_of_order, sums_.unknown);
  if (!events_.empty()) {
    text += latency("declared: due until answered", answer_latency_);
    text += latency("notice: due until given", from_intended_);
    text += latency("notice: from the 201 until given", from_answer_);
    text += fmt::format("given before the 201 was there, which counts as 0: {:.1f} %\n",
                        100 * static_cast<double>(before_answer_) / static_cast<double>(events_.size()));
  }
  if (bytes_before_ && bytes_open_) {
    text += fmt::format("memory of the server: {:.1f} MB before the streams, {:.1f} MB with them: {:.0f} bytes each\n",
                        *bytes_before_ / 1e6, *bytes_open_ / 1e6,
                        (*bytes_open_ - *bytes_before_) / static_cast<double>(options_.streams));
  }
  for (const auto& [what, failure] : failures_)
    text += fmt::format("FAILED {} x {}; for example {}\n", failure.first, what, failure.second);
  return text;
}

Json Run::JsonReport() const {
  const auto latency = [](const load::LatencyHistogram& histogram) -> Json {
    if (histogram.count() == 0) return nullptr;
    return {{"p50_ms", Ms(histogram.Percentile(0.5))},
            {"p99_ms", Ms(histogram.Percentile(0.99))},
            {"max_ms", Ms(histogram.longest())}};
  };
  Json json{{"format", "wideberth-bench-events-1"},
            {"streams", options_.streams},
            {"parties", party_tokens_.size()},
            {"declared", declared_.size()},
            {"accepted_per_s", static_cast<double>(declared_.size()) / answering_s_},
            {"waiting_most", backlog_most_},
            {"notices_made", notices_},
            {"to_be_given", sums_.made},
            {"given", tally_.received()},
            {"missed", sums_.missed},
            {"twice", sums_.twice},
            {"out_of_order", sums_.out_of_order},
            {"unknown", sums_.unknown},
            {"answer", latency(answer_latency_)},
            {"notice_from_due", latency(from_intended_)},
            {"notice_from_answer", latency(from_answer_)},
            {"failures", Json::object()}};
  for (const auto& [what, failure] : failures_)
    json["failures"][what] = {{"count", failure.first}, {"example", failure.second}};
  if (bytes_before_ && bytes_open_)
    json["server_bytes_a_stream"] = (*bytes_open_ - *bytes_before_) / static_cast<double>(options_.streams);
  return json;
}

// As many files as there are streams and clients; fewer streams where the system does not allow it.
void FitFiles(EventsOptions& options) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t needed = options.streams + options.clients + kOtherFiles;
  if (limit.rlim_cur < needed) {
    limit.rlim_cur = std::min(needed, limit.rlim_max);
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  if (limit.rlim_cur >= needed) return;
  const rlim_t besides = options.clients + kOtherFiles;
  options.streams = limit.rlim_cur > besides ? static_cast<size_t>(limit.rlim_cur - besides) : 1;
  fmt::print("This process may have {} open files (ulimit -n): {} streams and no more\n", limit.rlim_cur,
             options.streams);
}

int RunEvents(EventsOptions options) {
  std::signal(SIGPIPE, SIG_IGN);
  const Result<load::Target> target = load::Target::Parse(options.base);
  if (!target) return Fail({Code::kInvalid, "--base: " + target.error().message}, kExitBadInput);
  if (target->tls) return Fail({Code::kInvalid, "--base: streams are opened without TLS"}, kExitBadInput);
  const Result<std::string> pem = ReadWholeFile(options.token_key, crypto::kPemBytesMax);
  if (!pem) return Fail(pem.error(), kExitBadInput);
  if (std::abs(options.center[0]) > kCenterLatitudeMax)
    return Fail(
        {Code::kInvalid, fmt::format("--center: the latitude lies within {0} and -{0} degrees", kCenterLatitudeMax)},
        kExitBadInput);
  FitFiles(options);
  const size_t parties = options.parties == 0 ? options.streams : std::min(options.parties, options.streams);

  // Names of this run alone: what parties of earlier ones were told is no matter here.
  os::SystemRng rng;
  const std::string run_name = model::Uuid::Random(rng).ToString().substr(0, 8);
  const int64_t now_s = os::SystemClock().Now().value / kNsPerSecond;
  const auto make_tokens = [&](const char* name, size_t count) -> Result<std::vector<std::string>> {
    std::vector<std::string> tokens;
    for (size_t i = 0; i < count; ++i) {
      WB_TRY(std::string token, api::MakeToken(*pem, {.issuer = "wideberth-bench",
                                                      .subject = fmt::format("{}-{}-{}", name, run_name, i),
                                                      .audiences = options.audiences.empty() ? std::vector{target->host}
                                                                                             : options.audiences,
                                                      .scope = "wideberth.party",
                                                      .issued_s = now_s,
                                                      .expires_s = now_s + kTokenLifeS}));
      tokens.push_back(std::move(token));
    }
    return tokens;
  };
  Result<std::vector<std::string>> party_tokens = make_tokens("listener", parties);
  Result<std::vector<std::string>> declarer_tokens = make_tokens("declarer", options.declarers);
  for (const auto* tokens : {&party_tokens, &declarer_tokens}) {
    if (!*tokens)
      return Fail({tokens->error().code, options.token_key + ": " + tokens->error().message}, kExitBadInput);
  }
  std::optional<Output> json;
  if (!options.json.empty()) {
    Result<Output> opened = Output::Open(options.json);
    if (!opened) return Fail(opened.error(), kExitBadInput);
    json.emplace(*std::move(opened));
  }

  Run run(options, *target, *std::move(party_tokens), *std::move(declarer_tokens));
  if (const Result<void> done = run.Go(); !done) return Fail(done.error(), kExitCannotWrite);
  fmt::print("{}", run.TextReport());
  if (json) {
    Result<void> written = json->sink()(run.JsonReport().dump(2) + "\n");
    if (written) written = json->Close();
    if (!written) return Fail(written.error(), kExitCannotWrite);
  }
  return run.AllWell() ? kExitDone : kExitCannotWrite;
}

}  // namespace

void AddBenchEvents(CLI::App& bench, int& status) {
  CLI::App* events = bench.add_subcommand("events", "Give notices to many listeners, and see that none is missed");
  const auto options = std::make_shared<EventsOptions>();
  events->add_option("--base", options->base, "URL of the service: http://HOST[:PORT][/PATH]")->required();
  events->add_option("--token-key", options->token_key, "PEM file of a private RSA key: all tokens are made with it")
      ->required();
  events->add_option("--audience", options->audiences, "Whom tokens are for (the host of --base)");
  events
      ->add_option("--streams", options->streams,
                   "Listeners (/api/v1/events); fewer where this process may not have so many open files")
      ->check(CLI::Range(size_t{1}, kStreamsMax))
      ->capture_default_str();
  events->add_option("--parties", options->parties, "Whose they are, in turn (each stream a party of its own)")
      ->check(CLI::Range(size_t{1}, kStreamsMax));
  events->add_option("--declarers", options->declarers, "Parties that declare, in turn")
      ->check(CLI::Range(size_t{1}, size_t{1'000}))
      ->capture_default_str();
  events->add_option("--clients", options->clients, "Connections for what is declared")
      ->check(CLI::Range(size_t{1}, size_t{1'000}))
      ->capture_default_str();
  events->add_option("--rate", options->rate, "Intents a second, at fixed instants; each makes a notice")
      ->check(Between(0.1, 100'000))
      ->capture_default_str();
  events->add_option("--duration-s", options->duration_s, "Seconds to declare")
      ->check(Between(0.1, kDurationSMax))
      ->capture_default_str();
  events->add_option("--center", options->center, "LATITUDE,LONGITUDE of where all lies (47,8)")
      ->delimiter(',')
      ->expected(2)
      ->check(Between(-180, 180));
  events->add_option("--server-pid", options->server_pid, "The server's process, if it runs here: its memory is told")
      ->check(CLI::PositiveNumber);
  events->add_option("--json", options->json, "Write the figures to this file");
  events->footer(
      R"(Every listener's party declares an intent, and its streams are opened. Then intents are declared over them, with a
higher priority, so that each makes a notice. At the end the server is asked what it made (/api/v1/notices): every
stream is to have given each notice of its party once and in order. What is declared stays in the service: another
run there needs another --center.

Exit status: 0; 1 when a notice was missed, given twice, out of order or of nobody's, or anything failed; 2 for bad
options.

Example:
  wideberth bench events --base http://127.0.0.1:8082 --token-key test.pem --streams 10000 --rate 1000 --duration-s 10)");
  events->callback([options, &status] { status = RunEvents(*options); });
}

}  // namespace wideberth::cmd
