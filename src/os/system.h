#ifndef WIDEBERTH_OS_SYSTEM_H_
#define WIDEBERTH_OS_SYSTEM_H_

#include "base/clock.h"
#include "base/rng.h"

namespace wideberth::os {

// The machine's clock. Thread-safe.
class SystemClock final : public Clock {
 public:
  TimeNs Now() const override;
};

// The kernel's random numbers (getrandom). Thread-safe.
class SystemRng final : public Rng {
 public:
  void Fill(std::span<std::byte> bytes) override;
};

}  // namespace wideberth::os

#endif  // WIDEBERTH_OS_SYSTEM_H_
