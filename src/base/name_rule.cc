#include "base/name_rule.h"

#include <simdjson.h>

namespace wideberth {
namespace {

// The bytes of the character at `at` if it is one that no name may have; else 0.
size_t UnfitAt(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) -> unsigned { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0; };
  if (byte(at) < 0x20 || byte(at) == 0x7f) return 1;
  // U+0080..U+009F is C2 80..C2 9F in UTF-8.
  if (byte(at) == 0xc2 && byte(at + 1) >= 0x80 && byte(at + 1) < 0xa0) return 2;
  // Embeddings, overrides and isolates, which turn round what stands beside them: U+202A..U+202E, U+2066..U+2069.
  const bool overrides = byte(at + 1) == 0x80 && byte(at + 2) >= 0xaa && byte(at + 2) <= 0xae;
  const bool isolates = byte(at + 1) == 0x81 && byte(at + 2) >= 0xa6 && byte(at + 2) <= 0xa9;
  return byte(at) == 0xe2 && (overrides || isolates) ? 3 : 0;
}

}  // namespace

std::optional<std::string> WrongWithName(std::string_view name, bool known_utf8) {
  if (name.empty()) return "is empty; give it a name";
  if (name.size() > kNameBytesMax)
    return "has " + std::to_string(name.size()) + " bytes; a name has at most " + std::to_string(kNameBytesMax);
  if (!known_utf8 && !simdjson::validate_utf8(name.data(), name.size())) return "is not valid UTF-8";
  for (size_t i = 0; i < name.size(); ++i) {
    if (UnfitAt(name, i) > 0) return Shown(name, true) + " has a control character at byte " + std::to_string(i);
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
    if (const size_t unfit = UnfitAt(text, i); unfit > 0) {
      shown += '?';
      i += unfit - 1;
    } else {
      shown += utf8 || static_cast<unsigned char>(text[i]) < 0x80 ? text[i] : '?';
    }
  }
  if (is_cut) shown += "...";
  if (quoted) shown += '"';
  return shown;
}

}  // namespace wideberth
