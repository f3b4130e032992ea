#ifndef WIDEBERTH_HTTP_PERCENT_H_
#define WIDEBERTH_HTTP_PERCENT_H_

#include <optional>
#include <string>
#include <string_view>

namespace wideberth::http {

// What a percent-encoded text (RFC 3986, section 2.1) stands for: any bytes. Nothing if a "%" is not followed by two
// hexadecimal digits.
std::optional<std::string> PercentDecoded(std::string_view text);

}  // namespace wideberth::http

#endif  // WIDEBERTH_HTTP_PERCENT_H_
