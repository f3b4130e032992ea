#ifndef WIDEBERTH_API_URL_H_
#define WIDEBERTH_API_URL_H_

#include <string_view>

#include "base/result.h"

namespace wideberth::api {

inline constexpr size_t kUrlBytesMax = 2'000;

// kInvalid, with the reason alone, for what is no absolute https URL (or http, where that is allowed) by RFC 3986 with
// a host that can be called: a name of ASCII letters, digits, ".", "-" and "_", an IPv4 address, or an IPv6 address in
// brackets; then perhaps a port. A user's name before the host is refused.
Result<void> CheckUrl(std::string_view url, bool allow_http);

}  // namespace wideberth::api

#endif  // WIDEBERTH_API_URL_H_
