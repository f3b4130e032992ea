#ifndef WIDEBERTH_OUTBOUND_TARGET_H_
#define WIDEBERTH_OUTBOUND_TARGET_H_

#include <string>

#include "base/result.h"

namespace wideberth::outbound {

// Where a URL leads. A value.
struct Target {
  std::string scheme;  // "https" or "http"
  std::string host;    // in lower case; an IPv6 address in brackets
  std::string port;    // the scheme's own if the URL names none

  // "https://example.com:443", the same for all that goes to one host.
  std::string ToText() const { return scheme + "://" + host + ":" + port; }
};

// kInvalid for a URL that nothing is sent to.
Result<Target> TargetOf(const std::string& url, bool allow_http);

}  // namespace wideberth::outbound

#endif  // WIDEBERTH_OUTBOUND_TARGET_H_
