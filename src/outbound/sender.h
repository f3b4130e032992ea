#ifndef WIDEBERTH_OUTBOUND_SENDER_H_
#define WIDEBERTH_OUTBOUND_SENDER_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "outbound/transport.h"

namespace wideberth::outbound {

struct SenderOptions {
  bool allow_http = false;               // else https alone
  bool allow_private_addresses = false;  // else IsPublic holds for every address that is connected to
  // Told why a host has no address that may be connected to: for the operator. Who asked for the request learns only
  // that it has no public one, or he could look up names of a network that he is not in. Called on the sender's thread;
  // may be empty.
  std::function<void(const std::string& host, const std::string& reason)> on_no_public_address;
  std::string ca_file;  // PEM: certificates that are trusted besides the system's; "": none

  // Limits. A request beyond one of the first four is not taken; the others end it with an Error.
  size_t waiting_max = 8192;  // requests that have not begun
  size_t waiting_of_host_max = 1024;
  size_t waiting_bytes_max = 64 * 1024 * 1024;  // of their URLs, headers and bodies together
  size_t request_bytes_max = 1024 * 1024;       // of URL, headers and body
  size_t at_once_max = 256;                     // requests that have begun; the others wait
  size_t at_once_of_host_max = 8;
  std::chrono::milliseconds connect_time_max{5'000};  // to find the address, connect and agree on TLS
  std::chrono::milliseconds total_time_max{15'000};   // from the beginning to the last byte of the answer
  size_t response_bytes_max = 1024 * 1024;            // of the body, however much the request would take
  size_t response_header_bytes_max = 64 * 1024;
};

// Sends requests by HTTP/1.1 over TLS, whose certificates it checks, or, if allowed, without. It does not follow
// redirects, use proxies, keep cookies or unpack compressed answers. Hosts take turns: one with many requests waiting
// does not hold up another. Thread-safe; `done` is called on a thread of its own, and may call Send.
//
// Errors: kInvalid for a request that cannot be sent; kTooMany if too many wait; kForbidden for a host without
// a public address, where one is needed; kTooLarge for a request or an answer; kUnavailable for all that goes wrong on
// the way, and when it stops. They name the host, never the rest of the URL, which may hold a secret.
class Sender final : public Transport {
 public:
  // kIo or kInvalid for `ca_file`.
  static Result<std::unique_ptr<Sender>> Start(const SenderOptions& options);
  ~Sender() override;
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  Result<void> Send(Request request, Done done) override;

  // Cuts off what is under way. Every request taken has had its `done` (kUnavailable) when it returns, and no more are
  // taken. May be called again. REQUIRES: not called by a `done`.
  void Stop();

 private:
  struct State;
  explicit Sender(std::unique_ptr<State> state);

  const std::unique_ptr<State> state_;
};

}  // namespace wideberth::outbound

#endif  // WIDEBERTH_OUTBOUND_SENDER_H_
