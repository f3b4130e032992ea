#ifndef WIDEBERTH_OUTBOUND_RNG_FOR_TEST_H_
#define WIDEBERTH_OUTBOUND_RNG_FOR_TEST_H_

#include <cstddef>
#include <span>

#include "base/rng.h"

namespace wideberth::outbound {

// Every byte is the same. For tests.
class SameBytes final : public Rng {
 public:
  explicit SameBytes(unsigned char byte) : byte_(static_cast<std::byte>(byte)) {}
  void Fill(std::span<std::byte> bytes) override {
    for (std::byte& byte : bytes) byte = byte_;
  }

 private:
  std::byte byte_;
};

}  // namespace wideberth::outbound

#endif  // WIDEBERTH_OUTBOUND_RNG_FOR_TEST_H_
