#ifndef WIDEBERTH_CMD_CONFLICT_WORDS_H_
#define WIDEBERTH_CMD_CONFLICT_WORDS_H_

#include <nlohmann/json.hpp>
#include <string>

namespace wideberth::cmd {

// Conflicts of an answer of the service, a row each, with a line of headings; "" for none. What an answer lacks stays
// empty; what it holds is shown without control characters.
std::string ConflictTable(const nlohmann::ordered_json& conflicts);

// How all of one's own would have to move, one way alone, to be clear of a conflict: "100 m up or 300 s later or 761 m
// towards 090 degrees" (aside only where one pair of volumes meets). "" where that is not known.
std::string ClearBy(const nlohmann::ordered_json& conflict);

// A notice's text (docs/formats/notice.md), read as JSON, in one line of plain words.
std::string NoticeWords(const nlohmann::ordered_json& text);

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_CONFLICT_WORDS_H_
