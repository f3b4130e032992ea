#include "api/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <string>

namespace wideberth::api {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsOfName(char c) { return IsLetter(c) || IsDigit(c) || c == '.' || c == '-' || c == '_'; }
// RFC 3986, section 2: unreserved, reserved but for brackets, and the "%" of an encoded byte.
bool IsOfUrl(char c) {
  return IsLetter(c) || IsDigit(c) || std::string_view("-._~:/?#@!$&'()*+,;=%").find(c) != std::string_view::npos;
}

bool IsIpv6(std::string_view text) {
  in6_addr ignored{};
  return inet_pton(AF_INET6, std::string(text).c_str(), &ignored) == 1;
}

}  // namespace

Result<void> CheckUrl(std::string_view url, bool allow_http) {
  const auto wrong = [](const std::string& reason) { return Error{Code::kInvalid, reason}; };
  if (url.size() > kUrlBytesMax) return wrong("has more than " + std::to_string(kUrlBytesMax) + " bytes");
  const bool https = url.starts_with("https://");
  const bool http = url.starts_with("http://");
  if (http && !allow_http) return wrong("is not https");
  if (!https && !http) return wrong("is not an https URL");
  url.remove_prefix(https ? 8 : 7);

  const size_t authority_end = std::min(url.find_first_of("/?#"), url.size());
  std::string_view authority = url.substr(0, authority_end);
  const std::string_view rest = url.substr(authority_end);
  if (!std::all_of(rest.begin(), rest.end(), IsOfUrl)) return wrong("has characters that no URL has");
  if (authority.find('@') != std::string_view::npos) return wrong("has a user before its host, which is not allowed");
  size_t host_end = std::min(authority.find(':'), authority.size());
  if (authority.starts_with('[')) {
    const size_t bracket = authority.find(']');
    if (bracket == std::string_view::npos || !IsIpv6(authority.substr(1, bracket - 1)))
      return wrong("has no IPv6 address in its brackets");
    host_end = bracket + 1;
  } else {
    const std::string_view host = authority.substr(0, host_end);
    if (host.empty()) return wrong("names no host");
    if (!std::all_of(host.begin(), host.end(), IsOfName)) return wrong("has a host that is no name and no address");
  }
  authority.remove_prefix(host_end);
  if (authority.empty()) return {};
  authority.remove_prefix(1);
  constexpr size_t kPortDigitsMax = 5;
  if (url[host_end] != ':' || authority.empty() || authority.size() > kPortDigitsMax ||
      !std::all_of(authority.begin(), authority.end(), IsDigit) || std::stoi(std::string(authority)) > 65'535)
    return wrong("has a port that is none");
  return {};
}

}  // namespace wideberth::api
