#include "os/system.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

#include "base/check.h"

namespace wideberth::os {

TimeNs SystemClock::Now() const {
  return TimeNs{
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count()};
}

namespace {

void FillFromKernel(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t got = getrandom(bytes.data(), bytes.size(), 0);
    WB_CHECK(got > 0 || (got < 0 && errno == EINTR));  // it fails on nothing else, for a buffer that is ours
    if (got > 0) bytes = bytes.subspan(static_cast<size_t>(got));
  }
}

}  // namespace

void SystemRng::Fill(std::span<std::byte> bytes) {
  // A call of the kernel for each id costs more than the id: each thread keeps some in stock. Each byte is given once,
  // and what was given is wiped. (The program does not fork.)
  struct Stock {
    std::array<std::byte, 4096> bytes;
    size_t used = sizeof bytes;
  };
  thread_local Stock stock;
  if (bytes.size() > stock.bytes.size()) return FillFromKernel(bytes);
  if (stock.bytes.size() - stock.used < bytes.size()) {
    FillFromKernel(stock.bytes);
    stock.used = 0;
  }
  const std::span<std::byte> given = std::span(stock.bytes).subspan(stock.used, bytes.size());
  std::copy(given.begin(), given.end(), bytes.begin());
  std::fill(given.begin(), given.end(), std::byte{0});
  stock.used += bytes.size();
}

}  // namespace wideberth::os
