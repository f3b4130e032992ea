#ifndef WIDEBERTH_BENCH_COUNTRY_H_
#define WIDEBERTH_BENCH_COUNTRY_H_

#include <fmt/format.h>

#include <cstdint>
#include <random>

#include "geo/outline.h"
#include "index/cell_cover.h"
#include "model/command.h"

namespace wideberth::bench {

// Circles of 200 m spread over a country of 1,000 km by 800 km, 30 m high within 50 to 350 m, 10 minutes within 12
// hours.
class Country {
 public:
  explicit Country(uint64_t seed = 1) : random_(seed) {}

  model::Extents Next(double radius_m = 200) {
    const double latitude = 46 + 7.2 * Unit();
    const double longitude = 2 + 13 * Unit();
    const auto lower_mm = static_cast<int64_t>(50'000 + 270'000 * Unit());
    const auto start_ns = kStartNs + static_cast<int64_t>(42'600 * Unit()) * kNsPerSecond;
    return {index::CoverOf(*geo::Outline::MakeCircle({latitude, longitude}, radius_m)),
            {lower_mm},
            {lower_mm + 30'000},
            {start_ns},
            {start_ns + 600 * kNsPerSecond}};
  }
  model::Uuid Id() {
    model::Uuid id;
    for (uint8_t& byte : id.bytes) byte = static_cast<uint8_t>(random_());
    id.bytes[6] = static_cast<uint8_t>((id.bytes[6] & 0x0f) | 0x40);
    id.bytes[8] = static_cast<uint8_t>((id.bytes[8] & 0x3f) | 0x80);
    return id;
  }
  uint64_t Draw() { return random_(); }

  static constexpr int64_t kStartNs = 4'000'000'000 * kNsPerSecond;  // far ahead: nothing expires while it runs

 private:
  double Unit() { return static_cast<double>(random_() >> 11) * 0x1p-53; }

  std::mt19937_64 random_;
};

inline model::PutOperationalIntent Put(Country& country, const model::Extents& extents, bool subscribe) {
  model::PutOperationalIntent put{.id = country.Id(),
                                  .manager = fmt::format("uss{}", country.Draw() % 50),
                                  .extents = extents,
                                  .uss_base_url = "https://uss.example/utm",
                                  .new_ovn = fmt::format("{:016x}{:016x}", country.Draw(), country.Draw()),
                                  .new_subscription_id = country.Id(),
                                  .new_subscription_version = fmt::format("{:016x}", country.Draw())};
  if (subscribe) put.new_subscription = {"https://uss.example/utm", false};
  return put;
}

}  // namespace wideberth::bench

#endif  // WIDEBERTH_BENCH_COUNTRY_H_
