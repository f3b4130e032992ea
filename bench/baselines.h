#ifndef WIDEBERTH_BENCH_BASELINES_H_
#define WIDEBERTH_BENCH_BASELINES_H_

#include <cstddef>
#include <vector>

#include "conflict/meetings.h"
#include "conflict/plan_set.h"

// What others' libraries make of the same volumes. Outlines are planar polygons of metres east and north of 48 N 11 E
// (degrees times a constant: that keeps straight lines straight and shared points shared). They are made before the
// clock starts; index, search and exact tests are timed.
namespace wideberth::bench {

struct BaselineJoin {
  std::vector<conflict::Meeting> meetings;  // ascending
  double seconds = 0;
};

struct MetresFromMiddle {
  double x;
  double y;
};
inline MetresFromMiddle ToPlane(geo::LatLng p) {
  return {(p.longitude_deg - 11) * 74'625.0, (p.latitude_deg - 48) * 111'200.0};
}

// An R-tree of 4D boxes, bulk-loaded; queried with each; then boost::geometry::intersects.
BaselineJoin JoinWithBoost(const conflict::PlanSet& plans);
// An STR-tree of envelopes; queried with each; altitudes and times compared; then GEOSPreparedIntersects.
BaselineJoin JoinWithGeos(const conflict::PlanSet& plans);

// The same boxes in an R-tree that takes insertions.
struct LiveFigures {
  std::vector<double> query_us;
  std::vector<double> insert_us;
  double bytes_per_volume = 0;
  size_t hits = 0;
};

}  // namespace wideberth::bench

#endif  // WIDEBERTH_BENCH_BASELINES_H_
