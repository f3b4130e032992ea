#include "http/server.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <exception>
#include <list>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "http/query.h"

namespace wideberth::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;
// Everything runs on the executor of one thread's context, named in the types: Asio's general executor and Beast's
// composed operations on top of it took half of what a request cost.
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<tcp, Executor>;
using TlsStream = asio::ssl::stream<Socket>;
template <typename T>
using Awaitable = asio::awaitable<T, Executor>;
constexpr asio::use_awaitable_t<Executor> kAwait;
using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor>;

constexpr auto kSweepEvery = std::chrono::milliseconds(100);  // how often deadlines are looked at
constexpr size_t kReadBytes = 16 * 1024;                      // asked for at a time
constexpr size_t kFirstReadBytes = 1024;                      // over TLS, where an idle connection waits with them
constexpr size_t kWriteBytesPerSecondMin = 64 * 1024;         // a client that takes an answer more slowly is cut off
constexpr size_t kBodyBytesSmall = 64 * 1024;                 // bodies up to here are always read

// The status for what is wrong with what came.
int StatusOf(const beast::error_code& error) {
  if (error == bhttp::error::body_limit) return 413;
  if (error == bhttp::error::header_limit || error == bhttp::error::buffer_overflow) return 431;
  if (error == bhttp::error::bad_alloc) return 503;
  return 400;
}

// Counts while it lives.
class Counted {
 public:
  explicit Counted(std::atomic<size_t>& count) : count_(count) { ++count_; }
  ~Counted() { --count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  std::atomic<size_t>& count_;
};

// A part of a budget of bytes, given back at its end.
class Reserved {
 public:
  explicit Reserved(std::atomic<size_t>& used) : used_(used) {}
  ~Reserved() { used_ -= taken_; }
  Reserved(const Reserved&) = delete;
  Reserved& operator=(const Reserved&) = delete;

  bool Take(size_t bytes, size_t bytes_max) {
    taken_ += bytes;
    return (used_ += bytes) <= bytes_max;
  }

 private:
  std::atomic<size_t>& used_;
  size_t taken_ = 0;
};

}  // namespace

struct Server::State {
  ServerOptions options;
  Handler handler;
  ErrorBody error_body;

  // A connection, and when it is cut off.
  struct Open {
    Socket* socket;
    Clock::time_point deadline;
  };
  // A thread with its own sockets: nothing is shared between them.
  struct Worker {
    asio::io_context context{1};
    asio::executor_work_guard<Executor> work{context.get_executor()};
    std::list<Open> open;  // used on its thread alone
    std::thread thread;
  };
  std::vector<std::unique_ptr<Worker>> workers;
  std::optional<asio::basic_socket_acceptor<tcp, Executor>> acceptor;  // used on the first worker's thread
  std::optional<asio::ssl::context> tls;
  uint16_t port = 0;
  std::atomic<size_t> connections{0};
  std::atomic<size_t> in_flight{0};    // requests that wait for their answer, or answers being written
  std::atomic<size_t> large_bytes{0};  // of bodies that are not small, being read or answered
  std::atomic<bool> stopping{false};
  std::mutex stop_mutex;
  bool stopped = false;

  using Parser = bhttp::request_parser<bhttp::string_body>;

  Awaitable<void> Accept();
  Awaitable<void> CutOffLate(Worker& worker);
  template <typename Stream>
  Awaitable<void> Session(Stream stream, Worker& worker);
  template <typename Stream>
  Awaitable<void> Requests(Stream& stream, Worker& worker, Open& open);
  template <typename Stream>
  Awaitable<beast::error_code> ReadRequest(Stream& stream, Open& open, beast::flat_buffer& buffer, Parser& parser,
                                           Reserved& reserved);
  template <typename Stream>
  Awaitable<beast::error_code> Write(Stream& stream, Open& open, bhttp::response<bhttp::string_body>& answer,
                                     bool header_only);
  Awaitable<Response> Ask(Request request, Worker& worker);
  // The answer to a request that was read; nothing is asked of the handler where it is an error by itself.
  Awaitable<Response> Answer(Parser& parser, Worker& worker);
};

Awaitable<void> Server::State::Accept() {
  size_t next = 0;
  while (acceptor->is_open()) {
    Worker& worker = *workers[next++ % workers.size()];
    beast::error_code error;
    Socket socket(worker.context.get_executor());
    co_await acceptor->async_accept(socket, asio::redirect_error(kAwait, error));
    if (stopping) co_return;
    if (error) {
      // Out of file descriptors, most likely: wait until some are closed.
      Timer timer(workers[0]->context, std::chrono::milliseconds(50));
      co_await timer.async_wait(asio::redirect_error(kAwait, error));
      continue;
    }
    if (connections >= options.connections_max) continue;  // closes it
    ++connections;                                         // its session counts it off
    socket.set_option(tcp::no_delay(true), error);
    socket.non_blocking(true, error);
    if (tls) {
      asio::co_spawn(worker.context.get_executor(), Session(TlsStream(std::move(socket), *tls), worker),
                     asio::detached);
    } else {
      asio::co_spawn(worker.context.get_executor(), Session(std::move(socket), worker), asio::detached);
    }
  }
}

// One look at all deadlines now and then, instead of a timer for each step of each request.
Awaitable<void> Server::State::CutOffLate(Worker& worker) {
  Timer timer(worker.context);
  while (!stopping) {
    beast::error_code error;
    timer.expires_after(kSweepEvery);
    co_await timer.async_wait(asio::redirect_error(kAwait, error));
    const Clock::time_point now = Clock::now();
    for (const Open& open : worker.open) {
      if (open.deadline <= now) open.socket->close(error);
    }
  }
}

template <typename Stream>
Awaitable<void> Server::State::Session(Stream stream, Worker& worker) {
  Socket* socket = nullptr;
  if constexpr (std::is_same_v<Stream, TlsStream>) {
    socket = &stream.next_layer();
    SSL_set_mode(stream.native_handle(), SSL_MODE_RELEASE_BUFFERS);  // an idle connection keeps none
  } else {
    socket = &stream;
  }
  const auto place = worker.open.insert(worker.open.end(), {socket, Clock::time_point::max()});
  beast::error_code error;
  try {
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      place->deadline = Clock::now() + options.request_time_max;
      co_await stream.async_handshake(asio::ssl::stream_base::server, asio::redirect_error(kAwait, error));
    }
    if (!error) co_await Requests(stream, worker, *place);
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      place->deadline = Clock::now() + std::chrono::seconds(1);
      co_await stream.async_shutdown(asio::redirect_error(kAwait, error));
    }
    socket->shutdown(tcp::socket::shutdown_send, error);
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): no memory for this client; nothing is owed to it
  }
  worker.open.erase(place);
  --connections;
}

// Reads one request, or fails: an error of Beast's HTTP for what can be told to the client, any other for what cannot.
template <typename Stream>
Awaitable<beast::error_code> Server::State::ReadRequest(Stream& stream, Open& open, beast::flat_buffer& buffer,
                                                        Parser& parser, Reserved& reserved) {
  parser.header_limit(static_cast<uint32_t>(options.header_bytes_max));
  parser.body_limit(options.body_bytes_max);
  parser.eager(true);
  bool header_seen = false;
  beast::error_code error;
  if (buffer.size() > 0) open.deadline = Clock::now() + options.request_time_max;
  while (true) {
    if (buffer.size() > 0) {
      buffer.consume(parser.put(buffer.data(), error));
      if (error && error != bhttp::error::need_more) co_return error;
      if (parser.is_done()) co_return beast::error_code();
      if (parser.is_header_done() && !header_seen) {
        header_seen = true;
        const uint64_t body_bytes = parser.content_length().value_or(options.body_bytes_max);
        if (body_bytes > kBodyBytesSmall && !reserved.Take(body_bytes, options.large_bodies_bytes_max))
          co_return bhttp::make_error_code(bhttp::error::bad_alloc);
        if (beast::iequals(parser.get()[bhttp::field::expect], "100-continue")) {
          static constexpr std::string_view kProceed = "HTTP/1.1 100 Continue\r\n\r\n";
          co_await asio::async_write(stream, asio::buffer(kProceed), asio::redirect_error(kAwait, error));
          if (error) co_return error;
        }
      }
    }
    const bool first = buffer.size() == 0 && !parser.got_some();
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      // The stream has buffers of its own, which may hold what the socket no longer does: only a read tells.
      const size_t got = co_await stream.async_read_some(buffer.prepare(first ? kFirstReadBytes : kReadBytes),
                                                         asio::redirect_error(kAwait, error));
      buffer.commit(got);
      if (first) open.deadline = Clock::now() + options.request_time_max;
    } else {
      // An idle connection waits without a buffer.
      co_await stream.async_wait(tcp::socket::wait_read, asio::redirect_error(kAwait, error));
      if (first) open.deadline = Clock::now() + options.request_time_max;
      if (!error) {
        const size_t got = stream.read_some(buffer.prepare(kReadBytes), error);
        buffer.commit(got);
        if (error == asio::error::would_block || error == asio::error::try_again) error = {};
      }
    }
    if (error) co_return error;
  }
}

template <typename Stream>
Awaitable<beast::error_code> Server::State::Write(Stream& stream, Open& open,
                                                  bhttp::response<bhttp::string_body>& answer, bool header_only) {
  open.deadline =
      Clock::now() + options.write_time_max + std::chrono::seconds(answer.body().size() / kWriteBytesPerSecondMin);
  bhttp::response_serializer<bhttp::string_body> serializer{answer};
  serializer.split(header_only);
  beast::error_code error;
  while (!serializer.is_done() && !(header_only && serializer.is_header_done())) {
    size_t written = 0;
    if constexpr (!std::is_same_v<Stream, TlsStream>) {
      // At once, as nearly every answer can be.
      serializer.next(
          error, [&](beast::error_code& failed, const auto& buffers) { written = stream.write_some(buffers, failed); });
      if (error == asio::error::would_block || error == asio::error::try_again) {
        error = {};
        co_await stream.async_wait(tcp::socket::wait_write, asio::redirect_error(kAwait, error));
      }
      if (error) co_return error;
      if (written > 0) serializer.consume(written);
    } else {
      if (header_only) {
        co_await bhttp::async_write_header(stream, serializer, asio::redirect_error(kAwait, error));
      } else {
        co_await bhttp::async_write(stream, serializer, asio::redirect_error(kAwait, error));
      }
      co_return error;
    }
  }
  co_return error;
}

Awaitable<Response> Server::State::Answer(Parser& parser, Worker& worker) {
  auto& message = parser.get();
  Response refused;
  refused.status = 400;
  Request request;
  request.method = std::string(message.method_string());
  const std::string_view target(message.target().data(), message.target().size());
  const size_t question = target.find('?');
  const auto path = PercentDecoded(target.substr(0, question));
  if (question != std::string_view::npos) request.query = std::string(target.substr(question + 1));
  if (!path || path->empty() || path->front() != '/') {
    refused.body = error_body(400, "the target of the request is no path");
    co_return refused;
  }
  request.path = *path;
  const auto authorization = message.equal_range(bhttp::field::authorization);
  if (authorization.first != authorization.second) {
    if (std::next(authorization.first) != authorization.second) {
      refused.body = error_body(400, "the header Authorization is there more than once");
      co_return refused;
    }
    const auto value = authorization.first->value();
    request.authorization.assign(value.data(), value.size());
  }
  request.body = std::move(message.body());
  co_return co_await Ask(std::move(request), worker);
}

template <typename Stream>
Awaitable<void> Server::State::Requests(Stream& stream, Worker& worker, Open& open) {
  beast::flat_buffer buffer(options.header_bytes_max + options.body_bytes_max + kReadBytes);
  while (!stopping) {
    open.deadline = Clock::now() + options.idle_time_max;
    Parser parser;
    Reserved reserved(large_bytes);
    beast::error_code error = co_await ReadRequest(stream, open, buffer, parser, reserved);
    // Of HTTP: it can be told. Of the network, or out of time, which closed the connection: it cannot.
    if (error && error.category() != bhttp::make_error_code(bhttp::error::bad_method).category()) co_return;
    if (buffer.size() == 0) buffer.shrink_to_fit();
    open.deadline = Clock::time_point::max();

    const Counted counted(in_flight);
    Response response;
    bool keep_alive = false;
    if (error) {
      response.status = StatusOf(error);
      response.body =
          error_body(response.status,
                     response.status == 503 ? "too many large requests at once; try again later" : error.message());
      if (response.status == 503) response.headers.emplace_back("Retry-After", "1");
    } else {
      keep_alive = parser.get().keep_alive();
      response = co_await Answer(parser, worker);
    }
    if (response.hold_back.count() > 0) {
      Timer timer(worker.context, response.hold_back);
      co_await timer.async_wait(asio::redirect_error(kAwait, error));
    }
    bhttp::response<bhttp::string_body> answer{static_cast<bhttp::status>(response.status),
                                               parser.get().version() == 10 ? 10u : 11u};
    answer.set(bhttp::field::content_type, response.content_type);
    for (const auto& [name, value] : response.headers) answer.insert(name, value);
    answer.keep_alive(keep_alive && !stopping);
    answer.body() = std::move(response.body);
    if (response.status != 204) answer.prepare_payload();
    error = co_await Write(stream, open, answer, parser.get().method() == bhttp::verb::head);
    if (error || !answer.keep_alive()) co_return;
  }
}

Awaitable<Response> Server::State::Ask(Request request, Worker& worker) {
  // The answer comes from any thread, and the request goes on where it was.
  const auto initiate = [this, &request, &worker](auto handler_of_wait) {
    struct Pending {
      explicit Pending(decltype(handler_of_wait) then) : resume(std::move(then)) {}
      decltype(handler_of_wait) resume;
      std::atomic<bool> given{false};
    };
    const auto pending = std::make_shared<Pending>(std::move(handler_of_wait));
    handler(std::move(request), [pending, &worker](Response response) {
      if (pending->given.exchange(true)) return;
      asio::post(worker.context, [pending, response = std::move(response)]() mutable {
        std::move(pending->resume)(std::move(response));
      });
    });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<Executor>&, void(Response)>(initiate, kAwait);
}

Result<std::unique_ptr<Server>> Server::Start(const ServerOptions& options, Handler handler, ErrorBody error_body) {
  auto state = std::make_unique<State>();
  state->options = options;
  state->handler = std::move(handler);
  state->error_body = std::move(error_body);
  for (int i = 0; i < std::max(1, options.threads); ++i) state->workers.push_back(std::make_unique<State::Worker>());

  if (!options.tls_certificate_file.empty()) {
    try {
      asio::ssl::context& tls = state->tls.emplace(asio::ssl::context::tls_server);
      tls.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                      asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
      tls.use_certificate_chain_file(options.tls_certificate_file);
      tls.use_private_key_file(options.tls_key_file, asio::ssl::context::pem);
    } catch (const std::exception& error) {
      return Error{Code::kInvalid, "TLS: cannot use " + options.tls_certificate_file + " and " + options.tls_key_file +
                                       ": " + error.what()};
    }
  }

  const size_t colon = options.listen.rfind(':');
  if (colon == std::string::npos) return Error{Code::kInvalid, "listen: \"" + options.listen + "\" is not HOST:PORT"};
  std::string host = options.listen.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  try {
    asio::io_context& context = state->workers[0]->context;
    const auto found = tcp::resolver(context).resolve(host.empty() ? "0.0.0.0" : host, options.listen.substr(colon + 1),
                                                      tcp::resolver::passive);
    auto& acceptor = state->acceptor.emplace(context.get_executor());
    acceptor.open(found.begin()->endpoint().protocol());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    acceptor.bind(found.begin()->endpoint());
    acceptor.listen(4096);
    state->port = acceptor.local_endpoint().port();
  } catch (const std::exception& error) {
    return Error{Code::kIo, "cannot listen on " + options.listen + ": " + error.what()};
  }
  asio::co_spawn(state->workers[0]->context.get_executor(), state->Accept(), asio::detached);
  for (const auto& worker : state->workers)
    asio::co_spawn(worker->context.get_executor(), state->CutOffLate(*worker), asio::detached);
  for (const auto& worker : state->workers) worker->thread = std::thread([raw = worker.get()] { raw->context.run(); });
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() { Stop(std::chrono::milliseconds(0)); }

void Server::Stop(std::chrono::milliseconds patience) {
  const std::lock_guard lock(state_->stop_mutex);
  if (state_->stopped) return;
  state_->stopped = true;
  state_->stopping = true;
  asio::post(state_->workers[0]->context, [state = state_.get()] {
    beast::error_code ignored;
    state->acceptor->close(ignored);
  });
  const auto end = std::chrono::steady_clock::now() + patience;
  while (state_->in_flight > 0 && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  for (const auto& worker : state_->workers) {
    asio::post(worker->context, [raw = worker.get()] {
      beast::error_code ignored;
      for (const State::Open& open : raw->open) open.socket->cancel(ignored);
    });
    worker->work.reset();
  }
  // Sessions end by themselves once they are cancelled; one that does not is left where it is.
  const auto last = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  while (state_->connections > 0 && std::chrono::steady_clock::now() < last)
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  for (const auto& worker : state_->workers) {
    worker->context.stop();
    worker->thread.join();
  }
}

uint16_t Server::port() const { return state_->port; }

size_t Server::connections() const { return state_->connections; }

}  // namespace wideberth::http
