#include "outbound/target.h"

#include <curl/curl.h>

#include <memory>
#include <utility>

#include "base/check.h"

namespace wideberth::outbound {

namespace {

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

}  // namespace

Result<Target> TargetOf(const std::string& text, bool allow_http) {
  const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
  WB_CHECK(url != nullptr);
  if (text.find('\0') != std::string::npos) return Error{Code::kInvalid, "url holds a zero byte"};
  if (const CURLUcode code = curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME);
      code != CURLUE_OK)
    return Error{Code::kInvalid, "url is not a URL: " + std::string(curl_url_strerror(code))};
  const auto part = [&](CURLUPart which) {
    char* value = nullptr;
    std::string copy;
    if (curl_url_get(url.get(), which, &value, CURLU_DEFAULT_PORT) == CURLUE_OK && value != nullptr) copy = value;
    curl_free(value);
    return copy;
  };
  const std::string scheme = part(CURLUPART_SCHEME);
  if (scheme != "https" && !(scheme == "http" && allow_http))
    return Error{Code::kInvalid, allow_http ? "url is neither https nor http" : "url is not https"};
  if (!part(CURLUPART_USER).empty() || !part(CURLUPART_PASSWORD).empty())
    return Error{Code::kInvalid, "url holds a user or a password"};
  std::string host = part(CURLUPART_HOST);
  for (char& c : host)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return Target{scheme, std::move(host), part(CURLUPART_PORT)};
}

}  // namespace wideberth::outbound
