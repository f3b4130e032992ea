#include "http/server.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <charconv>
#include <exception>
#include <list>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "http/session.h"

namespace wideberth::http {
namespace {

using asio::ip::tcp;
using TlsStream = asio::ssl::stream<Socket>;

constexpr auto kSweepEvery = std::chrono::milliseconds(100);  // how often deadlines are looked at

// A client that was refused may still be sending. What it sends is read for so long and so much, and forgotten: bytes
// left unread would reset the connection, and the client would lose its answer.
constexpr std::chrono::milliseconds kLingerTimeMax{2'000};
constexpr size_t kLingerBytesMax = 16 * 1024 * 1024;

Awaitable<void> Linger(Socket& socket) {
  std::vector<char> forgotten(64 * 1024);
  size_t total = 0;
  while (total < kLingerBytesMax) {
    beast::error_code error;
    total += co_await socket.async_read_some(asio::buffer(forgotten), asio::redirect_error(kAwait, error));
    if (error) co_return;
  }
}

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
    explicit Worker(const ServerOptions& options) : gate(context, options.in_flight_of_sender_max, options.patience) {}
    asio::io_context context{1};
    asio::executor_work_guard<Executor> work{context.get_executor()};
    std::list<Open> open;  // used on its thread alone
    SenderGate gate;
    const std::shared_ptr<WakeQueue> wakes = std::make_shared<WakeQueue>(context);
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

  Awaitable<void> Accept();
  Awaitable<void> CutOffLate(Worker& worker);
  template <typename Stream>
  Awaitable<void> Session(Stream stream, Worker& worker);
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
    static_cast<void>(socket.set_option(tcp::no_delay(true), error));
    static_cast<void>(socket.non_blocking(true, error));
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
      if (open.deadline <= now) static_cast<void>(open.socket->close(error));
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
    SessionEnd end = SessionEnd::kDone;
    if (!error) {
      const SessionContext session{options,     handler,        error_body,  stopping,    in_flight,
                                   large_bytes, worker.context, worker.gate, worker.wakes};
      end = co_await Serve(stream, session, place->deadline);
    }
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      place->deadline = Clock::now() + std::chrono::seconds(1);
      co_await stream.async_shutdown(asio::redirect_error(kAwait, error));
    }
    static_cast<void>(socket->shutdown(tcp::socket::shutdown_send, error));
    if (end == SessionEnd::kRefused && !stopping) {
      place->deadline = Clock::now() + kLingerTimeMax;
      co_await Linger(*socket);
    }
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): no memory for this client; nothing is owed to it
  }
  worker.open.erase(place);
  --connections;
}

Result<std::unique_ptr<Server>> Server::Start(const ServerOptions& options, Handler handler, ErrorBody error_body) {
  auto state = std::make_unique<State>();
  state->options = options;
  state->handler = std::move(handler);
  state->error_body = std::move(error_body);
  for (int i = 0; i < std::max(1, options.threads); ++i)
    state->workers.push_back(std::make_unique<State::Worker>(options));

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
  const std::string port_text = options.listen.substr(colon + 1);
  uint16_t port = 0;
  const auto [end, wrong] = std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
  if (wrong != std::errc() || end != port_text.data() + port_text.size()) {
    return Error{Code::kInvalid,
                 "listen: \"" + options.listen + "\": the port is to be a number from 0 (one that is free) to 65535"};
  }
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  try {
    asio::io_context& context = state->workers[0]->context;
    const auto found =
        tcp::resolver(context).resolve(host.empty() ? "0.0.0.0" : host, std::to_string(port), tcp::resolver::passive);
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
    static_cast<void>(state->acceptor->close(ignored));
  });
  const auto end = std::chrono::steady_clock::now() + patience;
  while (state_->in_flight > 0 && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  for (const auto& worker : state_->workers) {
    asio::post(worker->context, [raw = worker.get()] {
      beast::error_code ignored;
      for (const State::Open& open : raw->open) static_cast<void>(open.socket->cancel(ignored));
    });
    worker->work.reset();
  }
  // Sessions end by themselves once they are cancelled; one that does not is left where it is.
  const auto last = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  while (state_->connections > 0 && std::chrono::steady_clock::now() < last)
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  for (const auto& worker : state_->workers) {
    worker->wakes->Close();
    worker->context.stop();
    worker->thread.join();
  }
}

uint16_t Server::port() const { return state_->port; }

size_t Server::connections() const { return state_->connections; }

}  // namespace wideberth::http
