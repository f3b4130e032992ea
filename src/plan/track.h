#ifndef WIDEBERTH_PLAN_TRACK_H_
#define WIDEBERTH_PLAN_TRACK_H_

#include <cstddef>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "geo/lat_lng.h"
#include "geo/volume4d.h"

namespace wideberth::plan {

// Where an aircraft was, or will be, at one instant: a report. A plain value, not checked by itself.
struct TrackPoint {
  TimeNs time;
  geo::LatLng position;
  double altitude_m = 0;  // above the WGS84 ellipsoid
};

struct TrackOptions {
  static constexpr double kBufferMaxM = 100e3;
  static constexpr double kBufferAltitudeMaxM = 10e3;
  static constexpr double kSegmentMinS = 1;
  static constexpr double kSegmentMaxS = 86'400;
  static constexpr double kGapMaxS = 86'400;

  double buffer_m = 150;          // around the track, horizontally: > 0, at most kBufferMaxM
  double buffer_altitude_m = 30;  // above and below it: >= 0, at most kBufferAltitudeMaxM
  double segment_s = 60;          // a volume for each stretch of at most this long: kSegmentMinS..kSegmentMaxS
  double gap_s = 120;             // two reports further apart than this are not joined: 0..kGapMaxS
};

// The most reports of one track, and the most volumes that are made of one: two months at one a minute.
inline constexpr size_t kTrackPointsMax = 10'000'000;
inline constexpr size_t kTrackVolumesMax = 100'000;
// No point of a stretch is further than this from its first: a fast or jumping aircraft gets shorter stretches.
inline constexpr double kStretchReachM = 50e3;
// No outline of a track has more vertices than this.
inline constexpr size_t kTrackVerticesMax = 24;

// Volumes that contain a track. Two neighbouring reports are joined if their times differ by gap_s or less; between
// joined reports the aircraft is taken to fly the geodesic at constant speed, the altitude changing at a constant rate.
//   (1) For every instant t from the first report to the last of a joined run, some volume whose times contain t
//       contains every point that is within buffer_m of the aircraft on the ellipsoid, from buffer_altitude_m below
//       it to buffer_altitude_m above it. All bounds in.
//   (2) The same holds for every point of a geodesic between two joined reports of one instant (a jump).
//   (3) Volumes come in order of time. Each lasts segment_s or less (one that starts or ends between two reports is
//       rounded outward to whole nanoseconds); neighbours of one run share the report, or the point between two
//       reports, at which they meet. A report that is joined to none has a volume alone, lasting an instant.
//   (4) The same track and options give the same volumes.
// Each outline is convex, the hull of its stretch and not the path itself: what it adds where a track turns is given
// in docs/tracks.md. Nothing is said of the time between two reports that are not joined.
//
// Stretches start and end at reports; only a leg longer than segment_s or kStretchReachM is cut between them, into
// equal parts. Two joined reports nearly opposite each other on the earth are joined by one of the shortest ways.
//
// kInvalid for an option out of range, naming it, and for a coordinate, an altitude (its buffer included) or a time out
// of range, or a time before its predecessor's, naming the point, counted from 0. kTooLarge for more than
// kTrackPointsMax points or kTrackVolumesMax volumes. No points, no volumes. O(n log n).
Result<std::vector<geo::Volume4D>> VolumesOfTrack(std::span<const TrackPoint> track, const TrackOptions& options);

}  // namespace wideberth::plan

#endif  // WIDEBERTH_PLAN_TRACK_H_
