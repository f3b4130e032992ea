#include "cmd/plain_text.h"

#include <cstddef>
#include <cstdint>

namespace wideberth::cmd {
namespace {

bool IsHarmless(uint32_t character) {
  if (character < 0x20 || (character >= 0x7f && character < 0xa0)) return false;
  const bool line = character == 0x2028 || character == 0x2029;
  const bool direction = character == 0x061c || character == 0x200e || character == 0x200f ||
                         (character >= 0x202a && character <= 0x202e) || (character >= 0x2066 && character <= 0x2069);
  const bool unseen = character == 0xad || character == 0xfeff || (character >= 0x200b && character <= 0x200d) ||
                      (character >= 0x2060 && character <= 0x2064) || (character >= 0xfff9 && character <= 0xfffb) ||
                      (character >= 0xe0000 && character <= 0xe0fff);
  return !line && !direction && !unseen;
}

// The length of the character that `text` begins with, and the character; 0 if it begins with none (RFC 3629).
size_t FirstCharacter(std::string_view text, uint32_t& character) {
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(text[i])); };
  const uint32_t first = byte(0);
  const size_t length = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length == 0 || (first >= 0x80 && first < 0xc2) || text.size() < length) return 0;
  character = length == 1 ? first : first & (0x7fu >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    character = character << 6 | (byte(i) & 0x3f);
  }
  static constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (character < kLeast[length] || character > 0x10ffff || (character >= 0xd800 && character < 0xe000)) return 0;
  return length;
}

}  // namespace

std::string Plain(std::string_view text) {
  std::string plain;
  for (size_t at = 0; at < text.size();) {
    uint32_t character = 0;
    const size_t length = FirstCharacter(text.substr(at), character);
    if (length > 0 && IsHarmless(character)) {
      plain += text.substr(at, length);
    } else {
      plain += '?';
    }
    at += length > 0 ? length : 1;
  }
  return plain;
}

std::string PlainLines(std::string_view text) {
  std::string plain;
  for (size_t end = 0; !text.empty(); text.remove_prefix(end)) {
    const size_t newline = text.find('\n');
    end = newline == std::string_view::npos ? text.size() : newline + 1;
    plain += Plain(text.substr(0, newline));
    if (newline != std::string_view::npos) plain += '\n';
  }
  return plain;
}

bool IsUtf8(std::string_view text) {
  uint32_t character = 0;
  while (!text.empty()) {
    const size_t length = FirstCharacter(text, character);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace wideberth::cmd
