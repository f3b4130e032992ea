#ifndef WIDEBERTH_CMD_PLAIN_TEXT_H_
#define WIDEBERTH_CMD_PLAIN_TEXT_H_

#include <string>
#include <string_view>

namespace wideberth::cmd {

// A text of somebody else's as a terminal may show it: "?" for what is not UTF-8, for control characters, for those
// that turn the direction of writing, and for those that nobody sees.
std::string Plain(std::string_view text);

// The same of several lines.
std::string PlainLines(std::string_view text);

bool IsUtf8(std::string_view text);

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_PLAIN_TEXT_H_
