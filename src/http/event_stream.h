#ifndef WIDEBERTH_HTTP_EVENT_STREAM_H_
#define WIDEBERTH_HTTP_EVENT_STREAM_H_

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <chrono>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "http/event_source.h"
#include "http/session_context.h"

// The part of a session that sends a body without an end, once its header is sent.
namespace wideberth::http::internal {

constexpr std::string_view kComment = ": \n\n";  // of Server-Sent Events: says that the server is still there
// What a client sends during a body without an end is read and forgotten, up to here: then the connection ends.
constexpr size_t kStreamForgottenBytesMax = 64 * 1024;
// A client whose network is gone says nothing, and small parts would fill its socket for hours.
constexpr std::chrono::milliseconds kUnacknowledgedTimeMax{60'000};

// One body without an end: pulls from the source, waits for what happens first (a wake, the end of the client, time for
// a comment). Lives in the frame of StreamEvents.
template <typename Stream>
class EventStream {
 public:
  EventStream(Stream& stream, const SessionContext& session, EventSource& source, bool chunked)
      : stream_(stream),
        session_(session),
        source_(source),
        chunked_(chunked),
        timer_(session.context),
        sleeper_(std::make_shared<Sleeper>()) {}
  // Also when the server ends without coming back to the coroutine.
  ~EventStream() {
    sleeper_->on_wake = nullptr;
    if (started_) source_.Stop();
  }
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;

  Awaitable<void> Send(Clock::time_point& deadline) {
    sleeper_->on_wake = [this] { Interrupt(); };
    WatchClient();
    started_ = true;
    source_.Start([wakes = session_.wakes, sleeper = sleeper_] { wakes->Wake(sleeper); });
    Clock::time_point comment_due = Clock::now() + session_.options.stream_quiet_max;
    while (!ended_ && !session_.stopping) {
      interrupted_ = false;
      const std::string part = source_.Next();
      if (part.empty() && source_.Done()) break;
      const bool quiet = part.empty() && Clock::now() >= comment_due;
      if (part.empty() && !quiet) {
        deadline = Clock::time_point::max();
        timer_.expires_at(comment_due);
        beast::error_code ignored;
        while (!interrupted_ && Clock::now() < comment_due)
          co_await timer_.async_wait(asio::redirect_error(kAwait, ignored));
        continue;
      }
      const beast::error_code error = co_await Write(quiet ? kComment : std::string_view(part), deadline);
      if (error) co_return;
      comment_due = Clock::now() + session_.options.stream_quiet_max;
      if (!quiet) source_.Written();
    }
    // A client that is still there is told that this was all.
    if (!ended_ && chunked_) co_await WriteLastChunk(deadline);
  }

  // Nothing refers to this any more when it returns.
  Awaitable<void> LeaveClient() {
    ended_ = true;
    while (watching_) {
      beast::error_code ignored;
      if constexpr (kOverSocket) {
        static_cast<void>(beast::get_lowest_layer(stream_).cancel(ignored));
      } else {
        stream_.close();
      }
      timer_.expires_after(std::chrono::milliseconds(100));
      co_await timer_.async_wait(asio::redirect_error(kAwait, ignored));
    }
  }

 private:
  static constexpr bool kOverSocket = std::is_same_v<beast::lowest_layer_type<Stream>, Socket>;

  void Interrupt() {
    interrupted_ = true;
    timer_.cancel();
  }

  // Reads what the client sends: only so its end is noticed while nothing is written to it.
  void WatchClient() {
    watching_ = true;
    if constexpr (std::is_same_v<Stream, Socket>) {
      stream_.async_wait(Socket::wait_read, [this](beast::error_code error) {
        size_t got = 0;
        if (!error) got = stream_.read_some(asio::buffer(forgotten_), error);
        if (error == asio::error::would_block || error == asio::error::try_again) error = {};
        OnRead(error, got);
      });
    } else {
      stream_.async_read_some(asio::buffer(forgotten_),
                              [this](const beast::error_code& error, size_t got) { OnRead(error, got); });
    }
  }

  void OnRead(const beast::error_code& error, size_t got) {
    watching_ = false;
    forgotten_bytes_ += got;
    const bool stopped = session_.stopping && error == asio::error::operation_aborted;  // by the server, not the client
    if ((error && !stopped) || forgotten_bytes_ > kStreamForgottenBytesMax) ended_ = true;
    if (ended_ || session_.stopping) return Interrupt();
    WatchClient();
  }

  Awaitable<beast::error_code> Write(std::string_view part, Clock::time_point& deadline) {
    deadline =
        Clock::now() + session_.options.write_time_max + std::chrono::seconds(part.size() / kWriteBytesPerSecondMin);
    beast::error_code error;
    const asio::const_buffer body(part.data(), part.size());
    if (chunked_) {
      const bhttp::chunk_body chunk(body);
      co_await asio::async_write(stream_, chunk, asio::redirect_error(kAwait, error));
    } else {
      co_await asio::async_write(stream_, body, asio::redirect_error(kAwait, error));
    }
    co_return error;
  }

  Awaitable<void> WriteLastChunk(Clock::time_point& deadline) {
    static constexpr std::string_view kLastChunk = "0\r\n\r\n";
    deadline = Clock::now() + session_.options.write_time_max;
    beast::error_code ignored;
    if constexpr (std::is_same_v<Stream, Socket>) {
      stream_.write_some(asio::buffer(kLastChunk), ignored);  // if it has room: nobody waits for it
    } else {
      co_await asio::async_write(stream_, asio::buffer(kLastChunk), asio::redirect_error(kAwait, ignored));
    }
    co_return;
  }

  Stream& stream_;
  const SessionContext& session_;
  EventSource& source_;
  const bool chunked_;
  Timer timer_;
  std::shared_ptr<Sleeper> sleeper_;
  bool started_ = false;
  bool watching_ = false;     // a read is under way, and refers to this
  bool ended_ = false;        // the client is gone, or sent too much
  bool interrupted_ = false;  // there is something to look at
  size_t forgotten_bytes_ = 0;
  std::array<char, 256> forgotten_{};
};

// Sends a body until its source, the client or the server ends.
template <typename Stream>
Awaitable<void> StreamEvents(Stream& stream, const SessionContext& session, Clock::time_point& deadline,
                             std::shared_ptr<EventSource> source, bool chunked) {
  if constexpr (std::is_same_v<beast::lowest_layer_type<Stream>, Socket>) {
    using UserTimeout = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_USER_TIMEOUT>;
    beast::error_code ignored;
    static_cast<void>(beast::get_lowest_layer(stream).set_option(
        UserTimeout(static_cast<int>(kUnacknowledgedTimeMax.count())), ignored));
  }
  EventStream<Stream> events(stream, session, *source, chunked);
  try {
    co_await events.Send(deadline);
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): no memory for this client; it may come again
  }
  co_await events.LeaveClient();
}

}  // namespace wideberth::http::internal

#endif  // WIDEBERTH_HTTP_EVENT_STREAM_H_
