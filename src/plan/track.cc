#include "plan/track.h"

#include <GeographicLib/Constants.hpp>
#include <GeographicLib/Geodesic.hpp>
#include <GeographicLib/GeodesicLine.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <utility>

#include "plan/buffered_hull.h"

namespace wideberth::plan {
namespace {

using GeographicLib::Geodesic;
using GeographicLib::GeodesicLine;

static_assert(kStretchReachM < kHullReachMaxM);
static_assert(TrackOptions::kBufferMaxM <= kHullBufferMaxM);

std::string Number(double value) {
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%.10g", value);
  return buffer;
}

Error NotWithin(const std::string& what, double value, double least, double most) {
  return {Code::kInvalid, what + " " + Number(value) + " is not within " + Number(least) + " to " + Number(most)};
}

Result<void> CheckOptions(const TrackOptions& options) {
  // Comparisons that a NaN fails.
  if (!(options.buffer_m > 0 && options.buffer_m <= TrackOptions::kBufferMaxM))
    return Error{Code::kInvalid, "buffer_m " + Number(options.buffer_m) + " is not above 0 and at most " +
                                     Number(TrackOptions::kBufferMaxM)};
  if (!(options.buffer_altitude_m >= 0 && options.buffer_altitude_m <= TrackOptions::kBufferAltitudeMaxM))
    return NotWithin("buffer_altitude_m", options.buffer_altitude_m, 0, TrackOptions::kBufferAltitudeMaxM);
  if (!(options.segment_s >= TrackOptions::kSegmentMinS && options.segment_s <= TrackOptions::kSegmentMaxS))
    return NotWithin("segment_s", options.segment_s, TrackOptions::kSegmentMinS, TrackOptions::kSegmentMaxS);
  if (!(options.gap_s >= 0 && options.gap_s <= TrackOptions::kGapMaxS))
    return NotWithin("gap_s", options.gap_s, 0, TrackOptions::kGapMaxS);
  return {};
}

Result<void> CheckPoints(std::span<const TrackPoint> track, const TrackOptions& options) {
  if (track.size() > kTrackPointsMax)
    return Error{Code::kTooLarge, "the track has " + std::to_string(track.size()) + " points; the most is " +
                                      std::to_string(kTrackPointsMax)};
  for (size_t i = 0; i < track.size(); ++i) {
    const TrackPoint& point = track[i];
    const auto name = [i] { return "point " + std::to_string(i); };
    const double latitude_deg = point.position.latitude_deg;
    const double longitude_deg = point.position.longitude_deg;
    if (!(latitude_deg >= -90 && latitude_deg <= 90)) return NotWithin(name() + ": latitude", latitude_deg, -90, 90);
    if (!(longitude_deg >= -180 && longitude_deg <= 180))
      return NotWithin(name() + ": longitude", longitude_deg, -180, 180);
    const auto band = geo::AltitudeBand::MakeMetres(point.altitude_m - options.buffer_altitude_m,
                                                    point.altitude_m + options.buffer_altitude_m);
    if (!band) return Error{band.error().code, name() + ": with its buffer, " + band.error().message};
    const auto instant = geo::TimeInterval::Make(point.time, point.time);
    if (!instant) return Error{instant.error().code, name() + ": " + instant.error().message};
    if (i > 0 && point.time < track[i - 1].time)
      return Error{Code::kInvalid, name() + ": its time is before that of point " + std::to_string(i - 1)};
  }
  return {};
}

// REQUIRES: 0 <= seconds <= a day.
int64_t Nanoseconds(double seconds) { return std::llround(seconds * static_cast<double>(kNsPerSecond)); }

// A bound from above for the geodesic's length: along a meridian, then along a parallel, with the greatest radii.
double DistanceBoundM(geo::LatLng a, geo::LatLng b) {
  constexpr double kMetresPerDegreeMax = 111'694;  // of latitude, at a pole: a / sqrt(1 - e^2) a radian
  const double longitudes_deg = std::abs(std::remainder(a.longitude_deg - b.longitude_deg, 360.0));
  return kMetresPerDegreeMax * (std::abs(a.latitude_deg - b.latitude_deg) + longitudes_deg);
}

double DistanceM(geo::LatLng a, geo::LatLng b) {
  double distance_m = 0;
  Geodesic::WGS84().Inverse(a.latitude_deg, a.longitude_deg, b.latitude_deg, b.longitude_deg, distance_m);
  return distance_m;
}

// Where stretches can meet: a report, or a point at which a leg was cut.
struct Node {
  geo::LatLng position;
  double altitude_m;
  TimeNs earliest;  // its time, in whole nanoseconds, rounded down
  TimeNs latest;    // and up
};

// What to do with the stretches of a track. Counting comes first: it is quick, and a track that needs too many volumes
// is refused before any is made.
enum class Pass { kCount, kMake };

// Turns the nodes of joined runs, as they come, into volumes.
class VolumeMaker {
 public:
  // `options` outlives the maker.
  VolumeMaker(Pass pass, const TrackOptions& options)
      : pass_(pass), options_(options), segment_ns_(Nanoseconds(options.segment_s)) {}

  // The next node of the run.
  Result<void> Add(const Node& node) {
    if (stretch_.size() > 1 && !Reaches(node)) {
      const Node last = stretch_.back();
      WB_TRY_OK(EndRun());
      stretch_.push_back(last);
    }
    stretch_.push_back(node);
    return {};
  }

  // Ends the stretch, and with it the run unless a node follows that it shares. REQUIRES: something was, since the
  // start or the last end.
  Result<void> EndRun() {
    if (++stretches_ > kTrackVolumesMax)
      return Error{Code::kTooLarge, "the track needs more than " + std::to_string(kTrackVolumesMax) + " volumes"};
    if (pass_ == Pass::kMake) WB_TRY_OK(MakeVolume());
    stretch_.clear();
    return {};
  }

  int64_t segment_ns() const { return segment_ns_; }
  std::vector<geo::Volume4D> Take() && { return std::move(volumes_); }

 private:
  Result<void> MakeVolume() {
    std::vector<geo::LatLng> positions;
    positions.reserve(stretch_.size());
    double lower_m = stretch_[0].altitude_m;
    double upper_m = lower_m;
    for (const Node& node : stretch_) {
      positions.push_back(node.position);
      lower_m = std::min(lower_m, node.altitude_m);
      upper_m = std::max(upper_m, node.altitude_m);
    }
    WB_TRY(const geo::AltitudeBand altitudes,
           geo::AltitudeBand::MakeMetres(lower_m - options_.buffer_altitude_m, upper_m + options_.buffer_altitude_m));
    WB_TRY(const geo::TimeInterval times, geo::TimeInterval::Make(stretch_.front().earliest, stretch_.back().latest));
    const std::vector<geo::LatLng> corners = BufferedHull(positions, options_.buffer_m, kTrackVerticesMax);
    WB_TRY(geo::Outline outline, geo::Outline::MakePolygon(corners));
    volumes_.push_back({std::move(outline), altitudes, times});
    return {};
  }

  bool Reaches(const Node& node) const {
    const Node& first = stretch_.front();
    if (node.earliest.value - first.earliest.value > segment_ns_) return false;
    return DistanceBoundM(first.position, node.position) <= kStretchReachM ||
           DistanceM(first.position, node.position) <= kStretchReachM;
  }

  const Pass pass_;
  const TrackOptions& options_;
  const int64_t segment_ns_;
  size_t stretches_ = 0;
  std::vector<Node> stretch_;  // the nodes of the stretch that is growing
  std::vector<geo::Volume4D> volumes_;
};

// floor(a b / c). REQUIRES: a >= 0, 0 <= b <= c, 0 < c < 2^31.
int64_t MulDiv(int64_t a, int64_t b, int64_t c) { return a / c * b + a % c * b / c; }

// Adds the points at which a leg must be cut, and its end.
Result<void> AddLeg(const TrackPoint& from, const TrackPoint& to, VolumeMaker& maker) {
  const int64_t segment_ns = maker.segment_ns();
  const Node end{to.position, to.altitude_m, to.time, to.time};
  const int64_t duration_ns = to.time.value - from.time.value;
  if (duration_ns <= segment_ns && DistanceBoundM(from.position, to.position) <= kStretchReachM) return maker.Add(end);

  const GeodesicLine line = Geodesic::WGS84().InverseLine(
      from.position.latitude_deg, from.position.longitude_deg, to.position.latitude_deg, to.position.longitude_deg,
      Geodesic::DISTANCE_IN | Geodesic::LATITUDE | Geodesic::LONGITUDE);
  const int64_t parts = std::max({(duration_ns + segment_ns - 1) / segment_ns,
                                  static_cast<int64_t>(std::ceil(line.Distance() / kStretchReachM)), int64_t{1}});
  for (int64_t i = 1; i < parts; ++i) {
    const double fraction = static_cast<double>(i) / static_cast<double>(parts);
    Node cut;
    line.Position(line.Distance() * fraction, cut.position.latitude_deg, cut.position.longitude_deg);
    cut.altitude_m = std::lerp(from.altitude_m, to.altitude_m, fraction);
    const int64_t from_start_ns = MulDiv(duration_ns, i, parts);
    const int64_t from_end_ns = MulDiv(duration_ns, parts - i, parts);
    cut.earliest = TimeNs{from.time.value + from_start_ns};
    cut.latest = TimeNs{to.time.value - from_end_ns};
    WB_TRY_OK(maker.Add(cut));
  }
  return maker.Add(end);
}

Result<std::vector<geo::Volume4D>> RunPass(Pass pass, std::span<const TrackPoint> track, const TrackOptions& options) {
  const int64_t gap_ns = Nanoseconds(options.gap_s);
  VolumeMaker maker(pass, options);
  for (size_t i = 0; i < track.size(); ++i) {
    // Both times are within the years of TimeInterval, but their difference may be beyond an int64_t.
    const bool joined = i > 0 && track[i].time.value <= track[i - 1].time.value + gap_ns;
    if (joined) {
      WB_TRY_OK(AddLeg(track[i - 1], track[i], maker));
    } else {
      if (i > 0) WB_TRY_OK(maker.EndRun());
      WB_TRY_OK(maker.Add({track[i].position, track[i].altitude_m, track[i].time, track[i].time}));
    }
  }
  if (!track.empty()) WB_TRY_OK(maker.EndRun());
  return std::move(maker).Take();
}

}  // namespace

Result<std::vector<geo::Volume4D>> VolumesOfTrack(std::span<const TrackPoint> track, const TrackOptions& options) {
  WB_TRY_OK(CheckOptions(options));
  WB_TRY_OK(CheckPoints(track, options));
  try {
    if (const auto counted = RunPass(Pass::kCount, track, options); !counted) return counted.error();
    return RunPass(Pass::kMake, track, options);
  } catch (const GeographicLib::GeographicErr& error) {
    return Error{Code::kInvalid, std::string("the track's geodesics cannot be computed: ") + error.what()};
  }
}

}  // namespace wideberth::plan
