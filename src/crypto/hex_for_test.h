#ifndef WIDEBERTH_CRYPTO_HEX_FOR_TEST_H_
#define WIDEBERTH_CRYPTO_HEX_FOR_TEST_H_

#include <string>
#include <string_view>

namespace wideberth::crypto {

// The bytes of hexadecimal digits, as the standards' examples give them; spaces do not count.
inline std::string FromHex(std::string_view digits) {
  std::string bytes;
  std::string pair;
  for (const char c : digits) {
    if (c != ' ') pair += c;
    if (pair.size() < 2) continue;
    bytes += static_cast<char>(std::stoi(pair, nullptr, 16));
    pair.clear();
  }
  return bytes;
}

}  // namespace wideberth::crypto

#endif  // WIDEBERTH_CRYPTO_HEX_FOR_TEST_H_
