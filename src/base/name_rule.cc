#include "base/name_rule.h"

#include <simdjson.h>

namespace wideberth {
namespace {

bool IsControl(std::string_view text, size_t at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte < 0x20 || byte == 0x7f) return true;
  // U+0080..U+009F is C2 80..C2 9F in UTF-8.
  return byte == 0xc2 && at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xa0;
}

}  // namespace

std::optional<std::string> WrongWithName(std::string_view name, bool known_utf8) {
  if (name.empty()) return "is empty; give it a name";
  if (name.size() > kNameBytesMax)
    return "has " + std::to_string(name.size()) + " bytes; a name has at most " + std::to_string(kNameBytesMax);
  if (!known_utf8 && !simdjson::validate_utf8(name.data(), name.size())) return "is not valid UTF-8";
  for (size_t i = 0; i < name.size(); ++i) {
    if (IsControl(name, i)) return Shown(name, true) + " has a control character at byte " + std::to_string(i);
  }
  return std::nullopt;
}

std::string Shown(std::string_view text, bool quoted) {
  constexpr size_t kShownBytes = 40;
  const bool is_cut = text.size() > kShownBytes;
  if (is_cut) {
    size_t end = kShownBytes;
    while (end > kShownBytes - 4 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text = text.substr(0, end);
  }
  const bool utf8 = simdjson::validate_utf8(text.data(), text.size());
  std::string shown;
  if (quoted) shown += '"';
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsControl(text, i)) {
      shown += '?';
      if (static_cast<unsigned char>(text[i]) == 0xc2) ++i;
    } else {
      shown += utf8 || static_cast<unsigned char>(text[i]) < 0x80 ? text[i] : '?';
    }
  }
  if (is_cut) shown += "...";
  if (quoted) shown += '"';
  return shown;
}

}  // namespace wideberth
