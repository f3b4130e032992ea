#include "cmd/bounded_json.h"

#include <algorithm>
#include <string>

#include "cmd/plain_text.h"

namespace wideberth::cmd {
namespace {

int DepthOf(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string && c == '\\') ++i;
    if (c == '"') in_string = !in_string;
    if (in_string) continue;
    if (c == '[' || c == '{') deepest = std::max(deepest, ++depth);
    if (c == ']' || c == '}') --depth;
  }
  return deepest;
}

}  // namespace

Result<nlohmann::ordered_json> ParseJson(std::string_view text) {
  if (DepthOf(text) > kJsonDepthMax)
    return Error{Code::kTooLarge,
                 "more than " + std::to_string(kJsonDepthMax) + " arrays and objects within each other"};
  try {
    return nlohmann::ordered_json::parse(text);
  } catch (const nlohmann::ordered_json::exception& error) {
    return Error{Code::kInvalid, Plain(error.what())};
  }
}

std::string PlainJson(const nlohmann::ordered_json& json) {
  std::string line = json.dump();
  if (Plain(line) != line) line = json.dump(-1, ' ', true);
  return line;
}

}  // namespace wideberth::cmd
