#ifndef WIDEBERTH_CRYPTO_UNAMBIGUOUS_JSON_H_
#define WIDEBERTH_CRYPTO_UNAMBIGUOUS_JSON_H_

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace wideberth::crypto {

// Two members of one name may mean one thing to who signed and another to who reads (RFC 7519, section 4; RFC 7515,
// section 4). Nothing for what is no JSON object or has such members, at any depth, or is nested deeper than 32 levels.
std::optional<nlohmann::json> UnambiguousObject(std::string_view text);

}  // namespace wideberth::crypto

#endif  // WIDEBERTH_CRYPTO_UNAMBIGUOUS_JSON_H_
