#ifndef WIDEBERTH_BASE_RNG_H_
#define WIDEBERTH_BASE_RNG_H_

#include <cstddef>
#include <span>

namespace wideberth {

// Where random bytes come from. Implementations are thread-safe.
class Rng {
 public:
  virtual ~Rng() = default;
  // Fills `bytes` with bytes that nobody else can predict.
  virtual void Fill(std::span<std::byte> bytes) = 0;
};

}  // namespace wideberth

#endif  // WIDEBERTH_BASE_RNG_H_
