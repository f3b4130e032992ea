#ifndef WIDEBERTH_OUTBOUND_TOKEN_SOURCE_H_
#define WIDEBERTH_OUTBOUND_TOKEN_SOURCE_H_

#include <functional>
#include <string>

#include "base/result.h"

namespace wideberth::outbound {

// Where bearer tokens (RFC 6750) for others come from. Implementations are thread-safe.
class TokenSource {
 public:
  using Done = std::function<void(Result<std::string>)>;

  virtual ~TokenSource() = default;

  // A token for the host of `url` with that scope. Returns at once; `done` is called exactly once, before that or later
  // on another thread, and does not block.
  virtual void Get(const std::string& url, const std::string& scope, Done done) = 0;

  // The token that Get gave was answered with 401: it is not given again.
  virtual void Refused(const std::string& url, const std::string& scope, const std::string& token) = 0;
};

}  // namespace wideberth::outbound

#endif  // WIDEBERTH_OUTBOUND_TOKEN_SOURCE_H_
