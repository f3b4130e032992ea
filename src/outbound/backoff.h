#ifndef WIDEBERTH_OUTBOUND_BACKOFF_H_
#define WIDEBERTH_OUTBOUND_BACKOFF_H_

#include <chrono>
#include <optional>
#include <string>

#include "base/rng.h"
#include "base/units.h"

namespace wideberth::outbound {

struct BackoffOptions {
  std::chrono::nanoseconds first = std::chrono::seconds(1);  // doubled with each further failure
  std::chrono::nanoseconds max = std::chrono::minutes(5);
  std::chrono::nanoseconds retry_after_max = std::chrono::hours(1);  // a receiver that asks for more gets this
};

// When to try again after `failures` (at least 1) failures in a row, the last of them `now`; nothing if that would be
// after `deadline`. The pause is drawn evenly from the upper half of first * 2^(failures - 1), at most `max`, so that
// what failed together is not tried together again; it is not shorter than `retry_after`, at most `retry_after_max`.
std::optional<TimeNs> NextAttempt(const BackoffOptions& options, int failures, TimeNs now,
                                  std::optional<std::chrono::seconds> retry_after, TimeNs deadline, Rng& rng);

// Retry-After (RFC 9110, 10.2.3): seconds, or a date, which is compared with `now`; nothing for other text. A date that
// has passed is 0, and a number that does not fit is the largest.
std::optional<std::chrono::seconds> ParseRetryAfter(const std::string& text, TimeNs now);

}  // namespace wideberth::outbound

#endif  // WIDEBERTH_OUTBOUND_BACKOFF_H_
