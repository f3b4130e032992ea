#ifndef WIDEBERTH_BENCH_STANDARD_VOLUMES_H_
#define WIDEBERTH_BENCH_STANDARD_VOLUMES_H_

#include <cstddef>
#include <cstdint>

#include "conflict/plan_set.h"
#include "geo/volume4d.h"

namespace wideberth::bench {

// The standard workload, an endless row of volumes that is the same on every run: regular 16-gons of 200 m radius,
// 30 m high with the lower side uniform in 50..320 m, there for 10 minutes within 12 hours, centred uniformly in a disc
// of 50 km radius around 48 N 11 E. Vertices have the seven decimals that files commonly have. Of the first million
// volumes some 182,000 pairs meet. Thread-compatible.
class StandardVolumes {
 public:
  static constexpr uint64_t kSeed = 1;

  geo::Volume4D Next();
  // The same as Next, for a volume that nobody wants.
  void Skip();

 private:
  double Uniform();  // 0 <= x < 1

  uint64_t state_ = kSeed;
};

// The first `count` of them; each is an intent of its own, of two parties in turn.
conflict::PlanSet MakeStandardPlans(size_t count);

// A regular 16-gon, its first vertex in the direction `bearing_deg`. REQUIRES: a place away from poles and
// antimeridian.
geo::Outline MakePolygon16(geo::LatLng center, double radius_m, double bearing_deg);

}  // namespace wideberth::bench

#endif  // WIDEBERTH_BENCH_STANDARD_VOLUMES_H_
