#ifndef WIDEBERTH_CMD_PLAIN_TEXT_H_
#define WIDEBERTH_CMD_PLAIN_TEXT_H_

#include <string>
#include <string_view>

namespace wideberth::cmd {

// A text of somebody else's as a terminal may show it: "?" for what is not UTF-8, for control characters and for those
// that turn the direction of writing.
std::string Plain(std::string_view text);

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_PLAIN_TEXT_H_
