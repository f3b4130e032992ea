#ifndef WIDEBERTH_HTTP_SESSION_CONTEXT_H_
#define WIDEBERTH_HTTP_SESSION_CONTEXT_H_

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/message.hpp>
#include <chrono>
#include <cstddef>
#include <memory>

#include "http/sender_gate.h"
#include "http/server.h"
#include "http/wake_queue.h"

namespace wideberth::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;

// Everything of a connection runs on the executor of one thread's context, named in the types: Asio's general executor
// and Beast's composed operations on top of it took half of what a request cost.
using Clock = std::chrono::steady_clock;
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor>;
template <typename T>
using Awaitable = asio::awaitable<T, Executor>;
inline constexpr asio::use_awaitable_t<Executor> kAwait;

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

// What sessions share. All outlive them; `context` runs on the session's thread alone.
struct SessionContext {
  const ServerOptions& options;
  const Server::Handler& handler;
  const Server::ErrorBody& error_body;
  const std::atomic<bool>& stopping;
  std::atomic<size_t>& in_flight;    // requests that wait for their answer, or answers being written
  std::atomic<size_t>& large_bytes;  // of bodies that are not small, being read or answered
  asio::io_context& context;
  SenderGate& gate;
  const std::shared_ptr<WakeQueue>& wakes;  // of the context
};

enum class SessionEnd {
  kDone,    // the client has sent all that it meant to, or is gone
  kRefused  // the client was refused, and what it sends is no longer read
};

namespace internal {

constexpr size_t kWriteBytesPerSecondMin = 64 * 1024;  // a client that takes an answer more slowly is cut off

}  // namespace internal

}  // namespace wideberth::http

#endif  // WIDEBERTH_HTTP_SESSION_CONTEXT_H_
