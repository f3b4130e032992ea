#ifndef WIDEBERTH_CMD_BOUNDED_JSON_H_
#define WIDEBERTH_CMD_BOUNDED_JSON_H_

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace wideberth::cmd {

inline constexpr int kJsonDepthMax = 64;  // arrays and objects within each other: what walks through them recurses

// A JSON text of somebody else's. kInvalid with the place, or kTooLarge for what is nested deeper.
Result<nlohmann::ordered_json> ParseJson(std::string_view text);

// In one line, as it is; of characters that a terminal must not get (cmd/plain_text.h), as JSON escapes them.
std::string PlainJson(const nlohmann::ordered_json& json);

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_BOUNDED_JSON_H_
