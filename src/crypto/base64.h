#ifndef WIDEBERTH_CRYPTO_BASE64_H_
#define WIDEBERTH_CRYPTO_BASE64_H_

#include <optional>
#include <string>
#include <string_view>

namespace wideberth::crypto {

// RFC 4648, section 4: with padding.
std::string ToBase64(std::string_view bytes);
// RFC 4648, section 5: the alphabet of URLs, without padding.
std::string ToBase64Url(std::string_view bytes);

// The only bytes that the functions above write as `text`; nothing for any other text: no white space, no padding that
// is missing, too much or in the wrong place, no bits that do not count.
std::optional<std::string> FromBase64(std::string_view text);
std::optional<std::string> FromBase64Url(std::string_view text);

}  // namespace wideberth::crypto

#endif  // WIDEBERTH_CRYPTO_BASE64_H_
