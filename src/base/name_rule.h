#ifndef WIDEBERTH_BASE_NAME_RULE_H_
#define WIDEBERTH_BASE_NAME_RULE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace wideberth {

// The longest name of a party, a group, an intent or a flight.
inline constexpr size_t kNameBytesMax = 256;

// A name has 1..kNameBytesMax bytes of UTF-8, no control character (Unicode's category Cc) and none that turns text
// round (bidirectional embeddings, overrides, isolates), so that it looks as it is. Returns what is wrong
// with `name`, or nothing. `known_utf8` skips the check for those who made it already.
std::optional<std::string> WrongWithName(std::string_view name, bool known_utf8 = false);

// `text` as a message may show it: in double quotes if `quoted`, cut after some forty bytes, without control
// characters and what is not UTF-8.
std::string Shown(std::string_view text, bool quoted);

}  // namespace wideberth

#endif  // WIDEBERTH_BASE_NAME_RULE_H_
