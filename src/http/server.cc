#include "http/server.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <exception>
#include <list>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace wideberth::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using asio::ip::tcp;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> PercentDecoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

// The status for what is wrong with what came.
int StatusOf(const beast::error_code& error) {
  if (error == bhttp::error::body_limit) return 413;
  if (error == bhttp::error::header_limit) return 431;
  return 400;
}

}  // namespace

struct Server::State {
  ServerOptions options;
  Handler handler;
  ErrorBody error_body;

  // A thread with its own sockets: nothing is shared between them.
  struct Worker {
    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
    std::list<beast::tcp_stream*> open;  // used on its thread alone
    std::thread thread;
  };
  std::vector<std::unique_ptr<Worker>> workers;
  std::optional<tcp::acceptor> acceptor;  // used on the first worker's thread
  std::optional<asio::ssl::context> tls;
  uint16_t port = 0;
  std::atomic<size_t> connections{0};
  std::atomic<size_t> in_flight{0};  // requests that wait for their answer, or answers being written
  std::atomic<bool> stopping{false};
  std::mutex stop_mutex;
  bool stopped = false;

  asio::awaitable<void> Accept();
  template <typename Stream>
  asio::awaitable<void> Session(Stream stream, Worker& worker);
  template <typename Stream>
  asio::awaitable<void> Requests(Stream& stream, Worker& worker);
  asio::awaitable<Response> Ask(Request request, Worker& worker);
};

namespace {

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

}  // namespace

asio::awaitable<void> Server::State::Accept() {
  size_t next = 0;
  while (acceptor->is_open()) {
    Worker& worker = *workers[next++ % workers.size()];
    beast::error_code error;
    tcp::socket socket =
        co_await acceptor->async_accept(worker.context, asio::redirect_error(asio::use_awaitable, error));
    if (stopping) co_return;
    if (error) {
      // Out of file descriptors, most likely: wait until some are closed.
      asio::steady_timer timer(workers[0]->context, std::chrono::milliseconds(50));
      co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
      continue;
    }
    if (connections >= options.connections_max) continue;  // closes it
    socket.set_option(tcp::no_delay(true), error);
    if (tls) {
      asio::co_spawn(worker.context, Session(TlsStream(std::move(socket), *tls), worker), asio::detached);
    } else {
      asio::co_spawn(worker.context, Session(beast::tcp_stream(std::move(socket)), worker), asio::detached);
    }
  }
}

template <typename Stream>
asio::awaitable<void> Server::State::Session(Stream stream, Worker& worker) {
  const Counted counted(connections);
  beast::tcp_stream& socket = beast::get_lowest_layer(stream);
  const auto place = worker.open.insert(worker.open.end(), &socket);
  try {
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      socket.expires_after(options.request_time_max);
      co_await stream.async_handshake(asio::ssl::stream_base::server, asio::use_awaitable);
    }
    co_await Requests(stream, worker);
    beast::error_code ignored;
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      socket.expires_after(std::chrono::seconds(1));
      co_await stream.async_shutdown(asio::redirect_error(asio::use_awaitable, ignored));
    }
    socket.socket().shutdown(tcp::socket::shutdown_send, ignored);
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): the client is gone; nothing is owed to it
  }
  worker.open.erase(place);
}

template <typename Stream>
asio::awaitable<void> Server::State::Requests(Stream& stream, Worker& worker) {
  beast::tcp_stream& socket = beast::get_lowest_layer(stream);
  beast::flat_buffer buffer(options.header_bytes_max + options.body_bytes_max);
  while (!stopping) {
    // Idle until the first byte; then the whole request within its time.
    beast::error_code error;
    if (buffer.size() == 0) {
      socket.expires_after(options.idle_time_max);
      const size_t got =
          co_await stream.async_read_some(buffer.prepare(4096), asio::redirect_error(asio::use_awaitable, error));
      buffer.commit(got);
      if (error) co_return;
    }
    bhttp::request_parser<bhttp::string_body> parser;
    parser.header_limit(static_cast<uint32_t>(options.header_bytes_max));
    parser.body_limit(options.body_bytes_max);
    socket.expires_after(options.request_time_max);
    co_await bhttp::async_read_header(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
    if (!error && beast::iequals(parser.get()[bhttp::field::expect], "100-continue")) {
      bhttp::response<bhttp::empty_body> proceed{bhttp::status::continue_, 11};
      co_await bhttp::async_write(stream, proceed, asio::redirect_error(asio::use_awaitable, error));
    }
    if (!error) co_await bhttp::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
    if (error == bhttp::error::end_of_stream || error == asio::error::connection_reset || error == asio::error::eof)
      co_return;

    const Counted counted(in_flight);
    Response response;
    bool keep_alive = false;
    if (error) {
      response.status = StatusOf(error);
      // Of HTTP: it can be told. Of the network, or out of time, which closed the connection: it cannot.
      if (error.category() != bhttp::make_error_code(bhttp::error::bad_method).category()) co_return;
      response.body = error_body(response.status, error.message());
    } else {
      auto& message = parser.get();
      keep_alive = message.keep_alive();
      Request request;
      request.method = std::string(message.method_string());
      const std::string_view target(message.target().data(), message.target().size());
      const size_t question = target.find('?');
      const auto path = PercentDecoded(target.substr(0, question));
      if (question != std::string_view::npos) request.query = std::string(target.substr(question + 1));
      const auto authorization = message[bhttp::field::authorization];
      request.authorization.assign(authorization.data(), authorization.size());
      request.body = std::move(message.body());
      if (!path || path->empty() || path->front() != '/') {
        response.status = 400;
        response.body = error_body(400, "the target of the request is no path");
      } else {
        request.path = *path;
        response = co_await Ask(std::move(request), worker);
      }
    }

    bhttp::response<bhttp::string_body> answer{static_cast<bhttp::status>(response.status),
                                               parser.get().version() == 10 ? 10u : 11u};
    answer.set(bhttp::field::content_type, response.content_type);
    for (const auto& [name, value] : response.headers) answer.insert(name, value);
    const bool head = parser.get().method() == bhttp::verb::head;
    answer.keep_alive(keep_alive && !stopping);
    answer.body() = std::move(response.body);
    if (response.status != 204) answer.prepare_payload();
    socket.expires_after(options.write_time_max);
    if (head) {
      bhttp::response_serializer<bhttp::string_body> serializer{answer};
      co_await bhttp::async_write_header(stream, serializer, asio::redirect_error(asio::use_awaitable, error));
    } else {
      co_await bhttp::async_write(stream, answer, asio::redirect_error(asio::use_awaitable, error));
    }
    if (error || !answer.keep_alive()) co_return;
  }
}

asio::awaitable<Response> Server::State::Ask(Request request, Worker& worker) {
  // The answer comes from any thread: it is carried to this one, where the timer that stands for it is woken.
  struct Pending {
    explicit Pending(asio::io_context& context) : timer(context, asio::steady_timer::time_point::max()) {}
    asio::steady_timer timer;
    std::optional<Response> response;
    std::atomic<bool> given{false};
  };
  const auto pending = std::make_shared<Pending>(worker.context);
  handler(std::move(request), [pending, &worker](Response response) {
    if (pending->given.exchange(true)) return;
    asio::post(worker.context, [pending, response = std::move(response)]() mutable {
      pending->response = std::move(response);
      pending->timer.cancel();
    });
  });
  while (!pending->response) {
    beast::error_code woken;
    co_await pending->timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  co_return *std::move(pending->response);
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
    tcp::acceptor& acceptor = state->acceptor.emplace(context);
    acceptor.open(found.begin()->endpoint().protocol());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    acceptor.bind(found.begin()->endpoint());
    acceptor.listen(4096);
    state->port = acceptor.local_endpoint().port();
  } catch (const std::exception& error) {
    return Error{Code::kIo, "cannot listen on " + options.listen + ": " + error.what()};
  }
  asio::co_spawn(state->workers[0]->context, state->Accept(), asio::detached);
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
      for (beast::tcp_stream* stream : raw->open) stream->cancel();
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
