#ifndef WIDEBERTH_BASE_RFC3339_H_
#define WIDEBERTH_BASE_RFC3339_H_

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/units.h"

namespace wideberth {

// Which way an instant between two nanoseconds goes: a closed interval's start is rounded down and its end up, so
// that rounding never hides a meeting.
enum class Round { kDown, kUp };

// Reads a date-time of RFC 3339 section 5.6 ("2026-03-01T10:00:00.25+01:00"; `T` and `Z` in either case, a space
// for `T` as its note allows). A leap second (":60") is the first instant of the next minute. Years 1678 to 2261,
// which is what nanoseconds in 64 bits hold. On kInvalid the message says what is wrong.
Result<TimeNs> ParseRfc3339(std::string_view text, Round round = Round::kDown);

// Writes an instant in UTC, as "2026-03-01T09:00:00.25Z": fractions only when there are any, without final zeros.
// ParseRfc3339 reads it back to the same instant.
std::string FormatRfc3339(TimeNs time);

}  // namespace wideberth

#endif  // WIDEBERTH_BASE_RFC3339_H_
