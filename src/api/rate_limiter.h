#ifndef WIDEBERTH_API_RATE_LIMITER_H_
#define WIDEBERTH_API_RATE_LIMITER_H_

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/units.h"

namespace wideberth::api {

// How often a party may ask: so many times a second on average, and as many at once. Thread-safe.
class RateLimiter {
 public:
  // Parties that are remembered; when there are more, those that have not asked for a while are forgotten.
  static constexpr size_t kPartiesMax = 10'000;

  // 0: as often as it likes.
  explicit RateLimiter(double per_second) : per_second_(per_second) {}

  // Whether the party may ask now; counts it if so.
  bool Admit(std::string_view party, TimeNs now);

 private:
  // A leaky bucket: how full it was, and when.
  struct Bucket {
    double filled = 0;
    TimeNs at;
  };
  void ForgetTheIdle(TimeNs now);

  const double per_second_;
  std::mutex mutex_;
  std::map<std::string, Bucket, std::less<>> buckets_;
};

}  // namespace wideberth::api

#endif  // WIDEBERTH_API_RATE_LIMITER_H_
