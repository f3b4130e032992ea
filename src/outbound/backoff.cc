#include "outbound/backoff.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <span>
#include <system_error>

#include "base/check.h"

namespace wideberth::outbound {

using std::chrono::nanoseconds;
using std::chrono::seconds;

std::optional<TimeNs> NextAttempt(const BackoffOptions& options, int failures, TimeNs now,
                                  std::optional<seconds> retry_after, TimeNs deadline, Rng& rng) {
  WB_CHECK(failures >= 1);
  nanoseconds pause = std::min(options.first, options.max);
  for (int i = 1; i < failures && pause < options.max; ++i) pause = pause > options.max / 2 ? options.max : pause * 2;

  std::array<std::byte, sizeof(uint32_t)> drawn{};
  rng.Fill(drawn);
  uint64_t chance = 0;  // of 2^32
  for (const std::byte byte : drawn) chance = chance << 8 | std::to_integer<uint64_t>(byte);
  const double share = static_cast<double>(chance) / 4294967296.0;
  const int64_t half = pause.count() / 2;
  pause = nanoseconds(pause.count() - half + static_cast<int64_t>(static_cast<double>(half) * share));

  if (retry_after) {
    const auto most = std::chrono::ceil<seconds>(options.retry_after_max);
    pause = std::max(pause, std::min<nanoseconds>(std::clamp(*retry_after, seconds(0), most), options.retry_after_max));
  }
  const TimeNs next{now.value + pause.count()};
  if (next > deadline) return std::nullopt;
  return next;
}

std::optional<seconds> ParseRetryAfter(const std::string& text, TimeNs now) {
  if (text.empty()) return std::nullopt;
  if (std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc::result_out_of_range) number = std::numeric_limits<int32_t>::max();
    return seconds(std::min<int64_t>(number, std::numeric_limits<int32_t>::max()));
  }
  const auto date = static_cast<int64_t>(curl_getdate(text.c_str(), nullptr));
  if (date < 0) return std::nullopt;
  return seconds(std::clamp<int64_t>(date - now.value / kNsPerSecond, 0, std::numeric_limits<int32_t>::max()));
}

}  // namespace wideberth::outbound
