#include "crypto/unambiguous_json.h"

#include <set>
#include <string>
#include <vector>

namespace wideberth::crypto {

using nlohmann::json;

std::optional<json> UnambiguousObject(std::string_view text) {
  constexpr int kDepthMax = 32;
  std::vector<std::set<std::string>> names;
  bool refused = false;
  json object = json::parse(
      text,
      [&](int depth, json::parse_event_t event, json& parsed) {
        refused |= depth > kDepthMax;
        if (event == json::parse_event_t::object_start) names.emplace_back();
        if (event == json::parse_event_t::key && !names.back().insert(parsed.get<std::string>()).second) refused = true;
        if (event == json::parse_event_t::object_end) names.pop_back();
        return true;
      },
      false);
  if (refused || !object.is_object()) return std::nullopt;
  return object;
}

}  // namespace wideberth::crypto
