#include "api/rate_limiter.h"

#include <algorithm>

namespace wideberth::api {

bool RateLimiter::Admit(std::string_view party, TimeNs now) {
  if (per_second_ <= 0) return true;
  const std::lock_guard lock(mutex_);
  auto at = buckets_.find(party);
  if (at == buckets_.end()) {
    if (buckets_.size() >= kPartiesMax) ForgetTheIdle(now);
    at = buckets_.emplace(std::string(party), Bucket{0, now}).first;
  }
  Bucket& bucket = at->second;
  // A clock that was set back lets nothing leak, and is believed from then on.
  const double passed_s = static_cast<double>(std::max<int64_t>(0, now.value - bucket.at.value)) / kNsPerSecond;
  bucket.filled = std::max(0.0, bucket.filled - passed_s * per_second_);
  bucket.at = now;
  if (bucket.filled + 1 > std::max(1.0, per_second_)) return false;
  bucket.filled += 1;
  return true;
}

void RateLimiter::ForgetTheIdle(TimeNs now) {
  // What has run empty by now: nothing that counts is forgotten.
  std::erase_if(buckets_, [&](const auto& one) {
    const double passed_s = static_cast<double>(now.value - one.second.at.value) / kNsPerSecond;
    return one.second.filled < passed_s * per_second_;
  });
}

}  // namespace wideberth::api
