#ifndef WIDEBERTH_BASE_CLOCK_H_
#define WIDEBERTH_BASE_CLOCK_H_

#include "base/units.h"

namespace wideberth {

// What time it is. Implementations are thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // The time of day. It may step back when the machine's clock is set.
  virtual TimeNs Now() const = 0;
};

}  // namespace wideberth

#endif  // WIDEBERTH_BASE_CLOCK_H_
