// ParseRfc3339 takes any bytes; what it reads, it reads again from its own writing; rounding goes outward.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/rfc3339.h"

namespace {
constexpr wideberth::TimeNs kFirst{-9'214'560'000 * wideberth::kNsPerSecond};  // 1678-01-01T00:00:00Z
constexpr wideberth::TimeNs kBeyond{9'214'646'400 * wideberth::kNsPerSecond};  // 2262-01-01T00:00:00Z
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto down = wideberth::ParseRfc3339(text, wideberth::Round::kDown);
  const auto up = wideberth::ParseRfc3339(text, wideberth::Round::kUp);
  WB_CHECK(bool(down) == bool(up));
  if (!down) return 0;
  WB_CHECK(*down <= *up && up->value - down->value <= 1);
  // An offset takes an instant of the first or last year beyond the years that are read.
  if (*down < kFirst || *down >= kBeyond) return 0;
  const auto again = wideberth::ParseRfc3339(wideberth::FormatRfc3339(*down));
  WB_CHECK(again && *again == *down);
  return 0;
}
