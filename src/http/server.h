#ifndef WIDEBERTH_HTTP_SERVER_H_
#define WIDEBERTH_HTTP_SERVER_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "http/message.h"

namespace wideberth::http {

struct ServerOptions {
  std::string listen = "127.0.0.1:8082";  // HOST:PORT, [HOST]:PORT for IPv6; port 0: one that is free
  std::string tls_certificate_file;       // PEM, the whole chain; empty: no TLS
  std::string tls_key_file;               // PEM
  int threads = 1;

  // Limits. Each but those of time is told to the client; then the connection ends.
  size_t header_bytes_max = 16 * 1024;                // 431
  size_t body_bytes_max = 4 * 1024 * 1024;            // 413
  size_t large_bodies_bytes_max = 256 * 1024 * 1024;  // of all bodies above 64 KiB together; beyond it 503
  // To send the whole request, from its first byte; then it is cut off, within a tenth of a second.
  std::chrono::milliseconds request_time_max{10'000};
  std::chrono::milliseconds idle_time_max{75'000};   // between requests
  std::chrono::milliseconds write_time_max{10'000};  // to take an answer, and a second for each 64 KiB of it
  size_t in_flight_of_sender_max = 32;               // of each thread; the others wait, but not for longer than this:
  std::chrono::milliseconds patience{100};
  size_t connections_max = 20'000;  // one more is closed at once
  // A body without an end says after so long that it is still there: else proxies and clients would give it up.
  std::chrono::milliseconds stream_quiet_max{15'000};
};

// Answers HTTP/1.1 (and 1.0) with keep-alive, over TCP or TLS 1.2 and 1.3. Thread-safe.
class Server {
 public:
  // Gives the answer, once, from any thread, now or later.
  using Respond = std::function<void(Response)>;
  // Called on the server's threads: does not block.
  using Handler = std::function<void(Request, Respond)>;
  // The answer to what never becomes a request (too large, too slow, no HTTP): the body for a status and a reason.
  using ErrorBody = std::function<std::string(int status, const std::string& reason)>;

  // Listens and begins to answer. kIo for an address that cannot be used, kInvalid for TLS files.
  static Result<std::unique_ptr<Server>> Start(const ServerOptions& options, Handler handler, ErrorBody error_body);
  ~Server();

  // Takes no more connections and requests, answers those in flight (for at most `patience`), ends bodies without an
  // end, then its threads.
  void Stop(std::chrono::milliseconds patience);

  uint16_t port() const;
  size_t connections() const;

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace wideberth::http

#endif  // WIDEBERTH_HTTP_SERVER_H_
