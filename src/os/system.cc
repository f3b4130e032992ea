#include "os/system.h"

#include <sys/random.h>

#include <cerrno>
#include <chrono>

#include "base/check.h"

namespace wideberth::os {

TimeNs SystemClock::Now() const {
  return TimeNs{
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count()};
}

void SystemRng::Fill(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t got = getrandom(bytes.data(), bytes.size(), 0);
    WB_CHECK(got > 0 || (got < 0 && errno == EINTR));  // it fails on nothing else, for a buffer that is ours
    if (got > 0) bytes = bytes.subspan(static_cast<size_t>(got));
  }
}

}  // namespace wideberth::os
