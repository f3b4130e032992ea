#ifndef WIDEBERTH_PLAN_TRACK_H_
#define WIDEBERTH_PLAN_TRACK_H_

#include <span>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "geo/lat_lng.h"
#include "geo/volume4d.h"

namespace wideberth::plan {

// Where an aircraft was, or will be, at one instant.
struct TrackPoint {
  TimeNs time;
  geo::LatLng position;
  double altitude_m = 0;  // above the WGS84 ellipsoid
};

struct TrackOptions {
  double buffer_m = 150;          // around the track, horizontally: > 0, at most 100 km
  double buffer_altitude_m = 30;  // above and below it: >= 0, at most 10 km
  double segment_s = 60;          // a volume for each stretch of at most this long: >= 1, at most a day
  double gap_s = 120;             // two reports further apart than this are not joined: the track has a hole there
};

// Volumes that contain a track: every point of it, and every point between two reports that are joined (on the
// geodesic between them, altitude in between), lies with all its buffer in the volume of its stretch, at its time.
// Neighbouring stretches share the report at which they meet. A report that is joined to none gets a volume alone.
// kInvalid, with the point counted from 0, for a coordinate out of range, points out of order in time, and options out
// of range. Two reports at one instant are fine. O(n log n).
Result<std::vector<geo::Volume4D>> VolumesOfTrack(std::span<const TrackPoint> track, const TrackOptions& options);

}  // namespace wideberth::plan

#endif  // WIDEBERTH_PLAN_TRACK_H_
