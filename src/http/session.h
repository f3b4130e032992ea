#ifndef WIDEBERTH_HTTP_SESSION_H_
#define WIDEBERTH_HTTP_SESSION_H_

#include <algorithm>
#include <atomic>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/result.h"
#include "http/event_stream.h"
#include "http/message.h"
#include "http/percent.h"
#include "http/server.h"
#include "http/session_context.h"

// One connection's requests and answers, over any stream of bytes: TCP, TLS, or memory (fuzz/http_fuzz.cc). Beast
// parses and writes the messages.
namespace wideberth::http {

namespace internal {

constexpr size_t kReadBytes = 16 * 1024;       // asked for at a time
constexpr size_t kFirstReadBytes = 1024;       // but over TLS, where an idle connection waits with them
constexpr size_t kBodyBytesSmall = 64 * 1024;  // bodies up to here are always read

using Parser = bhttp::request_parser<bhttp::string_body>;

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

// The status for what is wrong with what came.
inline int StatusOf(const beast::error_code& error) {
  if (error == bhttp::error::body_limit) return 413;
  if (error == bhttp::error::header_limit || error == bhttp::error::buffer_overflow) return 431;
  if (error == bhttp::error::bad_alloc) return 503;
  return 400;
}

// What no handler is to see: the answer to it, but for its body.
struct Refusal {
  int status;
  const char* reason;
};

inline std::optional<Refusal> WrongWith(const bhttp::fields& fields, unsigned version) {
  // RFC 9112, section 3.2.
  const size_t hosts = fields.count(bhttp::field::host);
  if (hosts > 1 || (hosts == 0 && version >= 11)) return Refusal{400, "the request has not one Host header"};
  for (const auto& field : fields) {
    if (field.name() != bhttp::field::content_encoding) continue;
    const std::string_view coding(field.value().data(), field.value().size());
    if (!coding.empty() && !beast::iequals(field.value(), "identity"))
      return Refusal{415, "Content-Encoding: only identity is understood here"};
  }
  return std::nullopt;
}

// Takes the target apart. RFC 9112, section 3.2.2: a server takes the absolute form, too.
inline Result<void> ParseTarget(std::string_view target, Request& request) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    target.remove_prefix(scheme.size());
    target.remove_prefix(std::min(target.find('/'), target.size()));
  }
  const size_t question = target.find('?');
  const std::string_view path = target.substr(0, question);
  if (path.empty() || path.front() != '/') return Error{Code::kInvalid, "the target of the request is no path"};
  if (!PercentDecoded(path)) return Error{Code::kInvalid, "the path has a % without two hexadecimal digits after it"};
  request.path = std::string(path);
  if (question != std::string_view::npos) request.query = std::string(target.substr(question + 1));
  return {};
}

inline Awaitable<Response> Ask(Request request, const SessionContext& session) {
  // The answer comes from any thread, and the request goes on where it was.
  const auto initiate = [&request, &session](auto handler_of_wait) {
    struct Pending {
      explicit Pending(decltype(handler_of_wait) then) : resume(std::move(then)) {}
      decltype(handler_of_wait) resume;
      std::atomic<bool> given{false};
    };
    const auto pending = std::make_shared<Pending>(std::move(handler_of_wait));
    session.handler(std::move(request), [pending, &context = session.context](Response response) {
      if (pending->given.exchange(true)) return;
      asio::post(context, [pending, response = std::move(response)]() mutable {
        std::move(pending->resume)(std::move(response));
      });
    });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<Executor>&, void(Response)>(initiate, kAwait);
}

// Reads one request, or fails: an error of Beast's HTTP for what can be told to the client, any other for what cannot.
template <typename Stream>
Awaitable<beast::error_code> ReadRequest(Stream& stream, const SessionContext& session, Clock::time_point& deadline,
                                         beast::flat_buffer& buffer, Parser& parser, Reserved& reserved) {
  parser.header_limit(static_cast<uint32_t>(session.options.header_bytes_max));
  parser.body_limit(session.options.body_bytes_max);
  parser.eager(true);
  bool header_seen = false;
  beast::error_code error;
  if (buffer.size() > 0) deadline = Clock::now() + session.options.request_time_max;
  while (true) {
    if (buffer.size() > 0) {
      buffer.consume(parser.put(buffer.data(), error));
      if (error && error != bhttp::error::need_more) co_return error;
      if (parser.is_header_done() && !header_seen) {
        header_seen = true;
        const uint64_t body_bytes = parser.content_length().value_or(session.options.body_bytes_max);
        if (!parser.is_done() && body_bytes > kBodyBytesSmall &&
            !reserved.Take(body_bytes, session.options.large_bodies_bytes_max))
          co_return bhttp::make_error_code(bhttp::error::bad_alloc);
        if (beast::iequals(parser.get()[bhttp::field::expect], "100-continue")) {
          static constexpr std::string_view kProceed = "HTTP/1.1 100 Continue\r\n\r\n";
          co_await asio::async_write(stream, asio::buffer(kProceed), asio::redirect_error(kAwait, error));
          if (error) co_return error;
        }
      }
      if (parser.is_done()) co_return beast::error_code();
    }
    const bool first = buffer.size() == 0 && !parser.got_some();
    if constexpr (!std::is_same_v<Stream, Socket>) {
      // The stream has buffers of its own, which may hold what the socket no longer does: only a read tells.
      const size_t got = co_await stream.async_read_some(buffer.prepare(first ? kFirstReadBytes : kReadBytes),
                                                         asio::redirect_error(kAwait, error));
      buffer.commit(got);
      if (first) deadline = Clock::now() + session.options.request_time_max;
    } else {
      // An idle connection waits without a buffer.
      co_await stream.async_wait(asio::ip::tcp::socket::wait_read, asio::redirect_error(kAwait, error));
      if (first) deadline = Clock::now() + session.options.request_time_max;
      if (!error) {
        const size_t got = stream.read_some(buffer.prepare(kReadBytes), error);
        buffer.commit(got);
        if (error == asio::error::would_block || error == asio::error::try_again) error = {};
      }
    }
    if (error == asio::error::eof && parser.got_some()) {
      // The client has ended amid a request; it may still read, and is told.
      error = {};
      parser.put_eof(error);
      if (!error) error = asio::error::eof;
    }
    if (error) co_return error;
  }
}

template <typename Stream>
Awaitable<beast::error_code> Write(Stream& stream, const SessionContext& session, Clock::time_point& deadline,
                                   bhttp::response<bhttp::string_body>& answer, bool header_only) {
  deadline = Clock::now() + session.options.write_time_max +
             std::chrono::seconds(answer.body().size() / kWriteBytesPerSecondMin);
  bhttp::response_serializer<bhttp::string_body> serializer{answer};
  serializer.split(header_only);
  beast::error_code error;
  while (!serializer.is_done() && !(header_only && serializer.is_header_done())) {
    size_t written = 0;
    if constexpr (std::is_same_v<Stream, Socket>) {
      // At once, as nearly every answer can be.
      serializer.next(
          error, [&](beast::error_code& failed, const auto& buffers) { written = stream.write_some(buffers, failed); });
      if (error == asio::error::would_block || error == asio::error::try_again) {
        error = {};
        co_await stream.async_wait(asio::ip::tcp::socket::wait_write, asio::redirect_error(kAwait, error));
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

// A body without an end, to be sent when nothing else of its request is kept.
struct OpenedEvents {
  std::shared_ptr<EventSource> source;
  bool chunked = false;
};

// Answers requests until the connection is to end, or the header of a body without an end is sent.
template <typename Stream>
Awaitable<SessionEnd> ServeRequests(Stream& stream, const SessionContext& session, Clock::time_point& deadline,
                                    OpenedEvents& opened) {
  const ServerOptions& options = session.options;
  beast::flat_buffer buffer(options.header_bytes_max + options.body_bytes_max + kReadBytes);
  std::string sender;  // of the request before
  while (!session.stopping) {
    // Idle until the first byte; then the whole request within its time.
    deadline = Clock::now() + options.idle_time_max;
    Parser parser;
    Reserved reserved(session.large_bytes);
    beast::error_code error = co_await ReadRequest(stream, session, deadline, buffer, parser, reserved);
    // Of HTTP: it can be told. Of the network, or out of time, which closed the connection: it cannot.
    if (error && error.category() != bhttp::make_error_code(bhttp::error::bad_method).category())
      co_return SessionEnd::kDone;
    if (buffer.size() == 0) buffer.shrink_to_fit();
    deadline = Clock::time_point::max();

    const Counted counted(session.in_flight);
    auto& message = parser.get();
    Response response;
    bool keep_alive = false;
    const auto refuse = [&](int status, const std::string& reason) {
      response.status = status;
      response.body = session.error_body(status, reason);
    };
    if (error == bhttp::error::bad_alloc) {
      refuse(503, "too many large requests at once; try again later");
      response.headers.emplace_back("Retry-After", "1");
    } else if (error) {
      refuse(StatusOf(error), error.message());
    } else {
      keep_alive = message.keep_alive();
      Request request;
      const std::string_view target(message.target().data(), message.target().size());
      if (const auto refusal = WrongWith(message, message.version())) {
        refuse(refusal->status, refusal->reason);
        if (refusal->status == 415) response.headers.emplace_back("Accept-Encoding", "identity");
      } else if (const Result<void> parsed = ParseTarget(target, request); !parsed) {
        refuse(400, parsed.error().message);
      } else {
        request.method = std::string(message.method_string());
        const auto [first, last] = message.equal_range(bhttp::field::authorization);
        for (auto field = first; field != last; ++field) {
          if (field != first) request.authorization += ", ";
          request.authorization.append(field->value().data(), field->value().size());
        }
        const auto last_event_id = message.find("Last-Event-ID");
        if (last_event_id != message.end())
          request.last_event_id.assign(last_event_id->value().data(), last_event_id->value().size());
        request.body = std::move(message.body());
        co_await session.gate.Enter(sender);
        response = co_await Ask(std::move(request), session);
        session.gate.Leave(sender);
        sender = std::move(response.sender);
        if (response.finish) {
          const std::function<void(Response&)> finish = std::exchange(response.finish, nullptr);
          finish(response);
        }
      }
    }
    if (response.hold_back.count() > 0) {
      Timer timer(session.context, response.hold_back);
      co_await timer.async_wait(asio::redirect_error(kAwait, error));
    }
    bhttp::response<bhttp::string_body> answer{static_cast<bhttp::status>(response.status),
                                               message.version() == 10 ? 10u : 11u};
    answer.set(bhttp::field::content_type, response.content_type);
    for (const auto& [name, value] : response.headers) answer.insert(name, value);
    const bool head = message.method() == bhttp::verb::head;
    if (response.events) {
      answer.set(bhttp::field::cache_control, "no-store");
      answer.keep_alive(false);
      answer.chunked(answer.version() == 11);
      error = co_await Write(stream, session, deadline, answer, true);
      if (!error && !head) opened = {std::move(response.events), answer.chunked()};
      co_return SessionEnd::kDone;
    }
    answer.keep_alive(keep_alive && !session.stopping);
    answer.body() = std::move(response.body);
    if (response.status != 204) answer.prepare_payload();
    error = co_await Write(stream, session, deadline, answer, head);
    if (error) co_return SessionEnd::kDone;
    if (!answer.keep_alive()) co_return keep_alive ? SessionEnd::kDone : SessionEnd::kRefused;
  }
  co_return SessionEnd::kDone;
}

}  // namespace internal

// Answers requests until the client ends, is refused, or is cut off: whoever closes the stream when `deadline` has
// passed does so. Throws what the stream throws.
template <typename Stream>
Awaitable<SessionEnd> Serve(Stream& stream, const SessionContext& session, Clock::time_point& deadline) {
  internal::OpenedEvents opened;
  const SessionEnd end = co_await internal::ServeRequests(stream, session, deadline, opened);
  if (opened.source)
    co_await internal::StreamEvents(stream, session, deadline, std::move(opened.source), opened.chunked);
  co_return end;
}

}  // namespace wideberth::http

#endif  // WIDEBERTH_HTTP_SESSION_H_
