#include "load/driver.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <cmath>
#include <csignal>
#include <cstring>
#include <memory>
#include <utility>

#include "load/response_parser.h"

namespace wideberth::load {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Steady = std::chrono::steady_clock;
using TlsStream = asio::ssl::stream<tcp::socket>;

constexpr size_t kReadBytes = 64 * 1024;
constexpr size_t kExampleBytesMax = 400;
constexpr Duration kTick = std::chrono::seconds(1);
constexpr rlim_t kOtherFiles = 32;  // besides connections
constexpr Duration kReopenAfter = std::chrono::milliseconds(50);

class Run;

// One client: a connection, and the operation that it is at.
class Client {
 public:
  explicit Client(Run& run) : run_(run) {}
  virtual ~Client() = default;
  virtual void Open() = 0;
  virtual void Close() = 0;
  virtual void Send() = 0;  // operation.request

  Operation operation;
  Steady::time_point operation_start;  // as intended
  Steady::time_point request_start;    // as intended
  Steady::time_point sent;
  bool busy = false;
  bool open = false;

 protected:
  Run& run_;
};

double Seconds(Steady::duration duration) { return std::chrono::duration<double>(duration).count(); }

struct Cpu {
  double user_s;
  double system_s;
};
Cpu CpuNow() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return {seconds(usage.ru_utime), seconds(usage.ru_stime)};
}

class Run {
 public:
  Run(const DriverOptions& options, Workload& workload, const Driver::Progress& progress)
      : options_(options),
        workload_(workload),
        progress_(progress),
        tick_(context_),
        arrival_(context_),
        signals_(context_) {}

  Result<Figures> Go();

  // Called by clients.
  void Opened(Client& client);
  void OpenFailed(Client& client, const std::string& reason);
  void Answered(Client& client, int status, const std::string& body, bool keep_alive);
  void Lost(Client& client, const std::string& reason);
  // The server closed a connection that waited for nothing.
  void Idled(Client& client) { Reopen(client, kReopenAfter); }

  const DriverOptions& options() const { return options_; }
  asio::io_context& context() { return context_; }
  const tcp::resolver::results_type& endpoints() const { return endpoints_; }
  asio::ssl::context& tls() { return *tls_; }

 private:
  Result<void> Prepare();
  void Start();
  void Pump();
  void Begin(Client& client, Steady::time_point intended);
  void ReleaseAndPump(Client& client);
  void Reopen(Client& client, Duration after);
  void Fail(const std::string& what, const std::string& example);
  void StopBecause(const std::string& reason);
  void StopIfDone();
  void Tick();
  void CloseSecond(Steady::time_point now);
  // Ends the warm-up, once.
  void BeginMeasuring(Steady::time_point now);
  bool MoreToBegin(Steady::time_point now) const;
  Steady::time_point Intended(uint64_t arrival) const;
  uint64_t Backlog(Steady::time_point now) const;

  const DriverOptions& options_;
  Workload& workload_;
  const Driver::Progress& progress_;
  asio::io_context context_{1};
  asio::steady_timer tick_;
  asio::steady_timer arrival_;
  asio::signal_set signals_;
  std::optional<asio::ssl::context> tls_;
  tcp::resolver::results_type endpoints_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<Client*> idle_;
  Figures figures_;

  bool started_ = false;
  bool stopping_ = false;
  bool arrival_armed_ = false;
  size_t opening_ = 0;
  size_t busy_ = 0;
  size_t connect_failures_ = 0;  // in a row
  std::string connect_reason_;
  uint64_t begun_ = 0;
  Steady::time_point start_;
  Steady::time_point measure_start_;
  Steady::time_point end_ = Steady::time_point::max();
  Steady::time_point backlog_end_ = Steady::time_point::max();  // until then, what arrived before the end is sent
  Steady::time_point last_answer_;
  bool measuring_ = false;
  Cpu cpu_at_start_{};

  LatencyHistogram second_;
  uint64_t second_accepted_ = 0;
  Steady::time_point second_start_;
};

template <typename Stream>
class ClientOver final : public Client {
 public:
  explicit ClientOver(Run& run) : Client(run), buffer_(kReadBytes) {}

  void Open() override {
    ++generation_;
    filled_ = 0;
    writing_ = false;
    parser_.Reset();
    if constexpr (kTls) {
      stream_ = std::make_shared<Stream>(run_.context(), run_.tls());
    } else {
      stream_ = std::make_shared<Stream>(run_.context());
    }
    asio::async_connect(stream_->lowest_layer(), run_.endpoints(),
                        [this, stream = stream_, generation = generation_](const error_code& error, const auto&) {
                          if (generation == generation_) Connected(error);
                        });
  }

  void Close() override {
    ++generation_;
    open = false;
    if (!stream_) return;
    error_code ignored;
    stream_->lowest_layer().close(ignored);
  }

  void Send() override {
    size_t written = 0;
    if constexpr (!kTls) {
      // Nearly always the kernel takes it whole, and no handler is needed.
      error_code error;
      written = stream_->write_some(asio::buffer(operation.request), error);
      if (error && error != asio::error::would_block) return Broken(error.message());
      if (written == operation.request.size()) return;
    }
    writing_ = true;
    asio::async_write(*stream_, asio::buffer(operation.request) + written,
                      [this, stream = stream_, generation = generation_](const error_code& error, size_t) {
                        if (generation != generation_) return;
                        writing_ = false;
                        if (error) Broken(error.message());
                      });
  }

 private:
  static constexpr bool kTls = std::is_same_v<Stream, TlsStream>;

  void Connected(const error_code& error) {
    if (error) return run_.OpenFailed(*this, error.message());
    error_code ignored;
    stream_->lowest_layer().set_option(tcp::no_delay(true), ignored);
    if constexpr (kTls) {
      const std::string& host = run_.options().target.host;
      asio::ip::make_address(host, ignored);
      if (ignored) {  // a name, not an address; SSL_set_tlsext_host_name has a cast that we do not compile
        SSL_ctrl(stream_->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 const_cast<char*>(host.c_str()));
      }
      if (!run_.options().insecure) {
        stream_->set_verify_mode(asio::ssl::verify_peer);
        stream_->set_verify_callback(asio::ssl::host_name_verification(host));
      }
      stream_->async_handshake(asio::ssl::stream_base::client,
                               [this, stream = stream_, generation = generation_](const error_code& failed) {
                                 if (generation != generation_) return;
                                 if (failed) return run_.OpenFailed(*this, "TLS: " + failed.message());
                                 Ready();
                               });
    } else {
      stream_->non_blocking(true, ignored);
      Ready();
    }
  }

  void Ready() {
    open = true;
    Read();
    run_.Opened(*this);
  }

  void Read() {
    stream_->async_read_some(asio::buffer(buffer_.data() + filled_, buffer_.size() - filled_),
                             [this, stream = stream_, generation = generation_](const error_code& error, size_t bytes) {
                               if (generation == generation_) Took(error, bytes);
                             });
  }

  void Took(const error_code& error, size_t bytes) {
    if (error) {
      if (!busy) {
        Close();
        return run_.Idled(*this);
      }
      if (error != asio::error::eof || !parser_.begun() || !parser_.End()) return Broken(error.message());
    }
    filled_ += bytes;
    const Result<size_t> read = parser_.Read({buffer_.data(), filled_});
    if (!read) return Broken(read.error().message);
    if (*read == 0 && filled_ == buffer_.size()) return Broken("the header of an answer is too long");
    filled_ -= *read;
    if (filled_ > 0) std::memmove(buffer_.data(), buffer_.data() + *read, filled_);
    if (parser_.done()) {
      if (!busy || writing_ || filled_ > 0) return Broken("an answer came that nobody asked for");
      const uint64_t generation = generation_;
      const bool keep_alive = parser_.keep_alive() && !error;
      if (!keep_alive) Close();
      run_.Answered(*this, parser_.status(), parser_.body(), keep_alive);
      if (!keep_alive || generation != generation_) return;
      parser_.Reset();
    }
    Read();
  }

  void Broken(const std::string& reason) {
    Close();
    run_.Lost(*this, reason);
  }

  std::shared_ptr<Stream> stream_;  // handlers hold it, too: it may be replaced before they have run
  uint64_t generation_ = 0;         // what handlers of earlier streams know themselves by
  std::vector<char> buffer_;
  size_t filled_ = 0;
  bool writing_ = false;
  ResponseParser parser_;
};

// As many files as `clients` need, if the system allows it.
Result<void> RaiseFileLimit(size_t clients) {
  rlimit limit{};
  const rlim_t needed = clients + kOtherFiles;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed) return {};
  const rlim_t before = std::exchange(limit.rlim_cur, std::min(needed, limit.rlim_max));
  if (limit.rlim_cur == needed && setrlimit(RLIMIT_NOFILE, &limit) == 0) return {};
  return Error{Code::kTooLarge, fmt::format("{} clients need {} open files, and this process may have {} (ulimit -n)",
                                            clients, needed, std::max(before, limit.rlim_cur))};
}

Result<void> Run::Prepare() {
  WB_TRY_OK(RaiseFileLimit(options_.clients));
  error_code error;
  tcp::resolver resolver(context_);
  endpoints_ = resolver.resolve(options_.target.host, options_.target.port, error);
  const std::string where = options_.target.host + ":" + options_.target.port;
  if (error) return Error{Code::kIo, where + ": " + error.message()};
  if (options_.target.tls) {
    tls_.emplace(asio::ssl::context::tls_client);
    if (tls_->set_default_verify_paths(error)) return Error{Code::kIo, "TLS: " + error.message()};
  }
  for (size_t i = 0; i < options_.clients; ++i) {
    if (options_.target.tls) {
      clients_.push_back(std::make_unique<ClientOver<TlsStream>>(*this));
    } else {
      clients_.push_back(std::make_unique<ClientOver<tcp::socket>>(*this));
    }
  }
  idle_.reserve(clients_.size());
  return {};
}

Result<Figures> Run::Go() {
  WB_TRY_OK(Prepare());
  signals_.add(SIGINT);
  signals_.add(SIGTERM);
  signals_.async_wait([this](const error_code& error, int) {
    if (error) return;
    signals_.clear();  // the next one ends the process at once
    StopBecause("interrupted");
  });
  opening_ = clients_.size();
  for (const auto& client : clients_) client->Open();
  context_.run();
  if (!started_) {
    if (!figures_.stopped.empty()) return Error{Code::kIo, figures_.stopped};
    return Error{Code::kIo, fmt::format("cannot connect to {}:{}: {}", options_.target.host, options_.target.port,
                                        connect_reason_)};
  }
  for (const auto& client : clients_) client->Close();
  figures_.seconds = Seconds(std::max(last_answer_, measure_start_) - measure_start_);
  const Cpu cpu = CpuNow();
  figures_.user_cpu_s = cpu.user_s - cpu_at_start_.user_s;
  figures_.system_cpu_s = cpu.system_s - cpu_at_start_.system_s;
  return std::move(figures_);
}

void Run::Opened(Client& client) {
  connect_failures_ = 0;
  if (started_) return ReleaseAndPump(client);
  idle_.push_back(&client);
  if (--opening_ == 0) Start();
}

void Run::OpenFailed(Client& client, const std::string& reason) {
  connect_reason_ = reason;
  ++connect_failures_;
  if (!started_) return context_.stop();  // not all clients that were asked for can be had
  Fail("transport", "cannot connect: " + reason);
  if (connect_failures_ > Driver::kConnectFailuresMax) return StopBecause("cannot connect: " + reason);
  Reopen(client, kReopenAfter);
}

void Run::Start() {
  started_ = true;
  start_ = Steady::now();
  measure_start_ = start_ + options_.warmup;
  if (options_.duration) {
    end_ = measure_start_ + *options_.duration;
    backlog_end_ = end_ + Driver::kBacklogTimeMax;
  }
  last_answer_ = measure_start_;
  second_start_ = start_;
  tick_.expires_at(start_);
  Tick();
  Pump();
}

Steady::time_point Run::Intended(uint64_t arrival) const {
  return start_ + std::chrono::duration_cast<Duration>(
                      std::chrono::duration<double>(static_cast<double>(arrival) / *options_.rate));
}

uint64_t Run::Backlog(Steady::time_point now) const {
  if (!options_.rate) return 0;
  const double due = now < end_ ? std::floor(Seconds(now - start_) * *options_.rate) + 1
                                : std::ceil(Seconds(end_ - start_) * *options_.rate);
  const uint64_t arrived = std::min(static_cast<uint64_t>(due), options_.requests.value_or(UINT64_MAX));
  return arrived - std::min(begun_, arrived);
}

bool Run::MoreToBegin(Steady::time_point now) const {
  if (stopping_ || (options_.requests && begun_ >= *options_.requests)) return false;
  if (!options_.rate) return now < end_;
  return Intended(begun_) < end_ && now < backlog_end_;
}

void Run::Pump() {
  const auto now = Steady::now();
  if (!MoreToBegin(now)) return StopIfDone();
  while (!idle_.empty() && MoreToBegin(now)) {
    auto intended = now;
    if (options_.rate) {
      intended = Intended(begun_);
      if (intended > now) {
        if (arrival_armed_) return;
        arrival_armed_ = true;
        arrival_.expires_at(intended);
        arrival_.async_wait([this](const error_code& error) {
          arrival_armed_ = false;
          if (!error) Pump();
        });
        return;
      }
    }
    Client& client = *idle_.back();
    idle_.pop_back();
    Begin(client, intended);
  }
  if (options_.rate) figures_.backlog_most = std::max(figures_.backlog_most, Backlog(now));
  StopIfDone();
}

void Run::Begin(Client& client, Steady::time_point intended) {
  const Result<void> begun = workload_.Begin(client.operation);
  if (!begun) {
    idle_.push_back(&client);
    return StopBecause(begun.error().message);
  }
  ++begun_;
  ++busy_;
  client.busy = true;
  client.operation_start = intended;
  client.request_start = intended;
  client.sent = Steady::now();
  client.Send();
}

void Run::ReleaseAndPump(Client& client) {
  if (client.open) idle_.push_back(&client);
  Pump();
}

void Run::Answered(Client& client, int status, const std::string& body, bool keep_alive) {
  const auto now = Steady::now();
  if (now >= measure_start_) BeginMeasuring(now);  // the tick may be late
  const RequestKind kind = client.operation.kind;
  const Judgement judgement = workload_.Judge(client.operation, status, body);
  const Duration latency = now - client.request_start;
  if (now >= measure_start_) {
    KindFigures& figures = figures_.kinds[static_cast<size_t>(kind)];
    figures.latency.Add(latency);
    ++figures.statuses[status];
    if (judgement.accepted) figures_.accepted.Add(now - client.operation_start);
    last_answer_ = now;
  } else {
    ++figures_.warmup_requests;
  }
  second_.Add(latency);
  if (judgement.accepted) ++second_accepted_;
  if (!judgement.expected) {
    Fail(fmt::format("{}: status {}", NameOf(kind), status),
         fmt::format("{}: {}", client.operation.target, body.substr(0, kExampleBytesMax)));
  }
  if (!judgement.fatal.empty()) StopBecause(judgement.fatal);
  if (judgement.again && keep_alive) {
    client.request_start = now;
    client.sent = now;
    return client.Send();
  }
  client.busy = false;
  --busy_;
  if (keep_alive) return ReleaseAndPump(client);
  if (judgement.again) Fail("transport", "the connection was closed between a 409 and the second try");
  Reopen(client, Duration(0));
  StopIfDone();
}

void Run::Lost(Client& client, const std::string& reason) {
  if (client.busy) {
    client.busy = false;
    --busy_;
    Fail("transport", fmt::format("{}: {}", client.operation.target, reason));
  } else {
    std::erase(idle_, &client);
    Fail("transport", reason);
  }
  Reopen(client, kReopenAfter);
  StopIfDone();
}

void Run::Reopen(Client& client, Duration after) {
  std::erase(idle_, &client);
  if (stopping_) return;
  if (after == Duration(0)) return client.Open();
  const auto timer = std::make_shared<asio::steady_timer>(context_, after);
  timer->async_wait([this, &client, timer](const error_code&) {
    if (!stopping_) client.Open();
  });
}

void Run::Fail(const std::string& what, const std::string& example) {
  Failure& failure = figures_.failures[what];
  ++failure.count;
  if (failure.example.empty()) failure.example = example;
}

void Run::StopBecause(const std::string& reason) {
  if (figures_.stopped.empty()) figures_.stopped = reason;
  stopping_ = true;
  StopIfDone();
}

void Run::StopIfDone() {
  const auto now = Steady::now();
  if (busy_ > 0 || MoreToBegin(now) || context_.stopped()) return;
  context_.stop();
  if (!started_) return;
  figures_.backlog_left = Backlog(now);
  if (figures_.backlog_left > 0) figures_.backlog_left_wait = now - Intended(begun_);
  CloseSecond(now);
}

void Run::CloseSecond(Steady::time_point now) {
  Second second{.at_s = Seconds(now - measure_start_),
                .length_s = Seconds(now - second_start_),
                .requests = second_.count(),
                .accepted = second_accepted_};
  if (second_.count() > 0) {
    second.p50 = second_.Percentile(0.5);
    second.p99 = second_.Percentile(0.99);
    second.longest = second_.longest();
  }
  second_.Clear();
  second_accepted_ = 0;
  second_start_ = now;
  if (second.length_s <= 0) return;
  if (measuring_) figures_.series.push_back(second);
  if (progress_) progress_(second);
}

void Run::BeginMeasuring(Steady::time_point now) {
  if (measuring_) return;
  CloseSecond(now);  // what was counted so far is the warm-up's
  measuring_ = true;
  cpu_at_start_ = CpuNow();
  workload_.ClearCounts();
}

void Run::Tick() {
  const auto now = Steady::now();
  if (now > start_) CloseSecond(now);
  if (now >= measure_start_) BeginMeasuring(now);
  for (const auto& client : clients_) {
    if (!client->busy || now - client->sent < Driver::kAnswerTimeMax) continue;
    client->Close();
    Lost(*client, fmt::format("no answer within {} s",
                              std::chrono::duration_cast<std::chrono::seconds>(Driver::kAnswerTimeMax).count()));
  }
  Pump();  // also notices that the time is over
  auto next = tick_.expiry() + kTick;
  if (!measuring_) next = std::min<Steady::time_point>(next, measure_start_);
  for (const auto end : {end_, backlog_end_}) {
    if (now < end) next = std::min<Steady::time_point>(next, end);
  }
  tick_.expires_at(next);
  tick_.async_wait([this](const error_code& error) {
    if (!error) Tick();
  });
}

}  // namespace

uint64_t Figures::requests() const {
  uint64_t count = 0;
  for (const KindFigures& kind : kinds) count += kind.latency.count();
  return count;
}

uint64_t Figures::failed() const {
  uint64_t count = 0;
  for (const auto& [what, failure] : failures) count += failure.count;
  return count;
}

Result<Target> Target::Parse(std::string_view url) {
  Target target;
  std::string_view rest = url;
  if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
    target.tls = true;
  } else {
    return Error{Code::kInvalid, fmt::format("\"{}\" is no URL with http:// or https://", url)};
  }
  const size_t slash = rest.find('/');
  const std::string_view authority = rest.substr(0, slash);
  if (slash != std::string_view::npos) target.path_prefix = rest.substr(slash);
  while (target.path_prefix.ends_with('/')) target.path_prefix.pop_back();
  target.host_header = authority;
  const size_t bracket = authority.rfind(']');
  const size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  std::string_view host = authority.substr(0, colon);
  target.port = colon == std::string_view::npos ? (target.tls ? "443" : "80") : authority.substr(colon + 1);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  target.host = host;
  const auto plain = [](char c) { return c > ' ' && c < 127 && c != '@' && c != '?' && c != '#'; };
  const bool digits = !target.port.empty() && target.port.size() <= 5 &&
                      std::all_of(target.port.begin(), target.port.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (host.empty() || !digits || !std::all_of(rest.begin(), rest.end(), plain))
    return Error{Code::kInvalid, fmt::format("\"{}\" is not http(s)://HOST[:PORT][/PATH]", url)};
  return target;
}

Result<Figures> Driver::Run(const DriverOptions& options, Workload& workload, const Progress& progress) {
  try {
    return load::Run(options, workload, progress).Go();
  } catch (const boost::system::system_error& error) {
    return Error{Code::kIo, error.what()};
  }
}

}  // namespace wideberth::load
