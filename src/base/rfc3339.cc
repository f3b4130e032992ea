#include "base/rfc3339.h"

#include <chrono>
#include <cstdint>

namespace wideberth {
namespace {

constexpr int kYearMin = 1678;
constexpr int kYearMax = 2261;

Error Wrong(std::string_view text, std::string_view reason) {
  constexpr size_t kShown = 40;
  std::string message = "\"";
  message.append(text.substr(0, kShown));
  if (text.size() > kShown) message += "...";
  message += "\" is not an RFC 3339 date-time such as 2026-03-01T10:00:00Z: ";
  message.append(reason);
  return Error{Code::kInvalid, std::move(message)};
}

// Reads `count` digits at `position` and steps over them; -1 when there is anything else.
int Digits(std::string_view text, size_t& position, size_t count) {
  if (text.size() - position < count) return -1;
  int value = 0;
  for (size_t i = 0; i < count; ++i) {
    const char c = text[position + i];
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  position += count;
  return value;
}

bool Take(std::string_view text, size_t& position, char upper, char lower) {
  if (position >= text.size() || (text[position] != upper && text[position] != lower)) return false;
  ++position;
  return true;
}

}  // namespace

Result<TimeNs> ParseRfc3339(std::string_view text, Round round) {
  size_t at = 0;
  const int year = Digits(text, at, 4);
  if (year < 0 || !Take(text, at, '-', '-')) return Wrong(text, "the year is missing");
  const int month = Digits(text, at, 2);
  if (month < 0 || !Take(text, at, '-', '-')) return Wrong(text, "the month is missing");
  const int day = Digits(text, at, 2);
  if (day < 0) return Wrong(text, "the day is missing");
  if (!Take(text, at, 'T', 't') && !Take(text, at, ' ', ' ')) return Wrong(text, "no T after the date");
  const int hour = Digits(text, at, 2);
  if (hour < 0 || !Take(text, at, ':', ':')) return Wrong(text, "the hour is missing");
  const int minute = Digits(text, at, 2);
  if (minute < 0 || !Take(text, at, ':', ':')) return Wrong(text, "the minute is missing");
  const int second = Digits(text, at, 2);
  if (second < 0) return Wrong(text, "the second is missing");

  int64_t fraction_ns = 0;
  bool beyond_ns = false;  // digits other than 0 after the ninth
  if (Take(text, at, '.', '.')) {
    const size_t first = at;
    int64_t scale = kNsPerSecond / 10;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
      if (scale > 0) {
        fraction_ns += (text[at] - '0') * scale;
        scale /= 10;
      } else if (text[at] != '0') {
        beyond_ns = true;
      }
    }
    if (at == first) return Wrong(text, "no digits after the decimal point");
  }

  int offset_minutes = 0;
  if (!Take(text, at, 'Z', 'z')) {
    const bool behind = at < text.size() && text[at] == '-';
    if (!Take(text, at, '+', '-')) return Wrong(text, "no time zone: Z or an offset such as +01:00");
    const int offset_hour = Digits(text, at, 2);
    if (offset_hour < 0 || !Take(text, at, ':', ':')) return Wrong(text, "the offset is not hh:mm");
    const int offset_minute = Digits(text, at, 2);
    if (offset_minute < 0) return Wrong(text, "the offset is not hh:mm");
    if (offset_hour > 23 || offset_minute > 59) return Wrong(text, "the offset is out of range");
    offset_minutes = (behind ? -1 : 1) * (offset_hour * 60 + offset_minute);
  }
  if (at != text.size()) return Wrong(text, "something follows the time zone");

  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return Wrong(text, "there is no such day");
  if (year < kYearMin || year > kYearMax) return Wrong(text, "the year is outside 1678 to 2261");
  if (hour > 23) return Wrong(text, "the hour is above 23");
  if (minute > 59) return Wrong(text, "the minute is above 59");
  if (second > 60) return Wrong(text, "the second is above 60");

  const int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  const int64_t seconds = days * 86'400 + hour * 3'600 + (minute - offset_minutes) * 60 + second;
  if (second == 60) fraction_ns = 0;
  const int64_t up = beyond_ns && round == Round::kUp && second != 60 ? 1 : 0;
  return TimeNs{seconds * kNsPerSecond + fraction_ns + up};
}

std::string FormatRfc3339(TimeNs time) {
  int64_t seconds = time.value / kNsPerSecond;
  int64_t ns = time.value % kNsPerSecond;
  if (ns < 0) {
    ns += kNsPerSecond;
    --seconds;
  }
  int64_t days = seconds / 86'400;
  int64_t second_of_day = seconds % 86'400;
  if (second_of_day < 0) {
    second_of_day += 86'400;
    --days;
  }
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  std::string text;
  text.reserve(sizeof "2026-03-01T10:00:00.123456789Z");
  const auto put = [&text](int64_t number, int digits) {
    int64_t scale = 1;
    for (int i = 1; i < digits; ++i) scale *= 10;
    for (; scale > 0; scale /= 10) text += static_cast<char>('0' + number / scale % 10);
  };
  put(static_cast<int>(date.year()), 4);
  text += '-';
  put(static_cast<unsigned>(date.month()), 2);
  text += '-';
  put(static_cast<unsigned>(date.day()), 2);
  text += 'T';
  put(second_of_day / 3'600, 2);
  text += ':';
  put(second_of_day / 60 % 60, 2);
  text += ':';
  put(second_of_day % 60, 2);
  if (ns != 0) {
    text += '.';
    put(ns, 9);
    while (text.back() == '0') text.pop_back();
  }
  text += 'Z';
  return text;
}

}  // namespace wideberth
