#ifndef WIDEBERTH_OUTBOUND_TRANSPORT_H_
#define WIDEBERTH_OUTBOUND_TRANSPORT_H_

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace wideberth::outbound {

using Headers = std::vector<std::pair<std::string, std::string>>;

// What is sent to somebody else. A value.
struct Request {
  std::string method = "POST";  // GET, POST, PUT or DELETE
  std::string url;
  Headers headers;
  std::string body;
  size_t response_bytes_max = 64 * 1024;  // a longer body of the answer is an Error
  std::string token_scope;                // of the bearer token that a BearerTransport adds; "": none
};

// What somebody else answered. A value.
struct Response {
  int status = 0;
  std::string retry_after;  // as sent; "" if it was not
  std::string body;
};

// Sends requests. Implementations are thread-safe.
class Transport {
 public:
  // An answer of any status, or the Error that there was none.
  using Done = std::function<void(Result<Response>)>;

  virtual ~Transport() = default;

  // Takes a request and returns at once. `done` is called exactly once, on a thread of the transport or before this
  // returns, and does not block. On an Error the request is not taken, and `done` is never called.
  virtual Result<void> Send(Request request, Done done) = 0;
};

}  // namespace wideberth::outbound

#endif  // WIDEBERTH_OUTBOUND_TRANSPORT_H_
