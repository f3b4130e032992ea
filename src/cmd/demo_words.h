#ifndef WIDEBERTH_CMD_DEMO_WORDS_H_
#define WIDEBERTH_CMD_DEMO_WORDS_H_

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace wideberth::cmd {

// Headings of the rows below.
std::string DemoNoticeHeadings();

// What a notice's text tells a party, as a row; `own_flight` is the party's own name for what meets. The times are
// shown `shift_ns` earlier than they stand there.
std::string DemoNoticeRow(const nlohmann::ordered_json& text, const std::string& own_flight, int64_t shift_ns);

// "6cb7064c of amber" or "6cb7064c of a party that is not told": a conflict's other, as the answer shows it.
std::string DemoOther(const nlohmann::ordered_json& other);

// Text in lines that a terminal has room for, broken at spaces. Each begins with `indent` spaces, and after the first
// of a paragraph with twice as many.
std::string Wrapped(std::string_view text, size_t indent);

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_DEMO_WORDS_H_
