#include "model/uuid.h"

#include <cctype>

namespace wideberth::model {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Result<Uuid> Uuid::Parse(std::string_view text, int version) {
  const bool dashes = text.size() == 36;
  if (!dashes && text.size() != 32) return Error{Code::kInvalid, "not a UUID: that would be 36 characters"};
  Uuid id;
  size_t digits = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (dashes && (i == 8 || i == 13 || i == 18 || i == 23)) {
      if (text[i] != '-') return Error{Code::kInvalid, "not a UUID: the dashes are not in their places"};
      continue;
    }
    const int digit = HexDigit(text[i]);
    if (digit < 0) return Error{Code::kInvalid, "not a UUID: it has other characters than hexadecimal digits"};
    uint8_t& byte = id.bytes[digits / 2];
    byte = static_cast<uint8_t>(digits % 2 == 0 ? digit << 4 : byte | digit);
    ++digits;
  }
  if (id.bytes[6] >> 4 != version) return Error{Code::kInvalid, "not a UUID of version " + std::to_string(version)};
  if (id.bytes[8] >> 6 != 2) return Error{Code::kInvalid, "not a UUID of the RFC 4122 variant"};
  return id;
}

Uuid Uuid::Random(Rng& rng) {
  Uuid id;
  rng.Fill(std::as_writable_bytes(std::span(id.bytes)));
  id.bytes[6] = static_cast<uint8_t>((id.bytes[6] & 0x0f) | 0x40);
  id.bytes[8] = static_cast<uint8_t>((id.bytes[8] & 0x3f) | 0x80);
  return id;
}

std::string Uuid::ToString() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

int64_t Uuid::unix_ms() const {
  int64_t ms = 0;
  for (size_t i = 0; i < 6; ++i) ms = ms << 8 | bytes[i];
  return ms;
}

}  // namespace wideberth::model
