#include "plan/track.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "geo/predicates.h"
#include "plan/geodesic_truth.h"

namespace wideberth::plan {
namespace {

using testing::HasSubstr;

constexpr double kPi = 3.14159265358979323846;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TimeNs At(double seconds) { return TimeNs{std::llround(seconds * 1e9)}; }

TrackPoint Report(double seconds, double latitude_deg, double longitude_deg, double altitude_m = 100) {
  return {At(seconds), {latitude_deg, longitude_deg}, altitude_m};
}

std::vector<geo::Volume4D> Made(std::span<const TrackPoint> track, const TrackOptions& options = {}) {
  auto volumes = VolumesOfTrack(track, options);
  EXPECT_TRUE(volumes) << volumes.error().message;
  return volumes ? *std::move(volumes) : std::vector<geo::Volume4D>{};
}

std::string Refusal(std::span<const TrackPoint> track, const TrackOptions& options = {}, Code code = Code::kInvalid) {
  const auto volumes = VolumesOfTrack(track, options);
  EXPECT_FALSE(volumes);
  if (volumes) return "";
  EXPECT_EQ(volumes.error().code, code);
  return volumes.error().message;
}

// An aircraft's state between two reports, by the contract.
struct Moment {
  long double time_ns;
  geo::LatLng position;
  double altitude_m;
};
Moment Between(const TrackPoint& a, const TrackPoint& b, double fraction) {
  return {static_cast<long double>(a.time.value) +
              static_cast<long double>(b.time.value - a.time.value) * static_cast<long double>(fraction),
          truth::Between(a.position, b.position, fraction), std::lerp(a.altitude_m, b.altitude_m, fraction)};
}

// Whether the volume holds the moment with its altitude buffer, and the point at it. By GeographicLib alone.
bool Holds(const geo::Volume4D& volume, const Moment& moment, geo::LatLng point, const TrackOptions& options) {
  constexpr double kBinaryM = 1e-9;  // of altitudes that are decimal fractions
  return static_cast<long double>(volume.times.start().value) <= moment.time_ns &&
         moment.time_ns <= static_cast<long double>(volume.times.end().value) &&
         volume.altitudes.lower_m() <= moment.altitude_m - options.buffer_altitude_m + kBinaryM &&
         volume.altitudes.upper_m() >= moment.altitude_m + options.buffer_altitude_m - kBinaryM &&
         truth::DepthM(volume.outline.vertices(), point) >= 0;
}

// Checks that some volume holds the moment with all of its buffer: points on its rim, and the disc by our predicates.
void ExpectHeld(const std::vector<geo::Volume4D>& volumes, const Moment& moment, const TrackOptions& options,
                truth::Chance& chance, int rim_points, const std::string& what) {
  bool held = false;
  for (const geo::Volume4D& volume : volumes) {
    if (!Holds(volume, moment, moment.position, options)) continue;
    bool all = true;
    for (int i = 0; all && i < rim_points; ++i)
      all =
          Holds(volume, moment, truth::PointAt(moment.position, chance.Between(-180, 180), options.buffer_m), options);
    const auto disc = geo::Outline::MakeCircle(moment.position, options.buffer_m);
    ASSERT_TRUE(disc);
    if (!all || !geo::Contains(volume.outline, *disc)) continue;
    held = true;
    break;
  }
  ASSERT_TRUE(held) << what << ": nothing holds " << moment.position.latitude_deg << ","
                    << moment.position.longitude_deg << " at " << static_cast<double>(moment.time_ns) / 1e9 << " s, "
                    << moment.altitude_m << " m";
}

// Every joined leg of the track is held, at `samples` places each.
void ExpectTrackHeld(std::span<const TrackPoint> track, const std::vector<geo::Volume4D>& volumes,
                     const TrackOptions& options, truth::Chance& chance, int samples, const std::string& what) {
  for (size_t i = 0; i < track.size(); ++i) {
    ASSERT_NO_FATAL_FAILURE(ExpectHeld(volumes, Between(track[i], track[i], 0), options, chance, 2,
                                       what + ", report " + std::to_string(i)));
    if (i + 1 == track.size() || track[i + 1].time.value - track[i].time.value > std::llround(options.gap_s * 1e9))
      continue;
    for (int s = 0; s < samples; ++s)
      ASSERT_NO_FATAL_FAILURE(ExpectHeld(volumes, Between(track[i], track[i + 1], chance.Between(0, 1)), options,
                                         chance, 2, what + ", leg " + std::to_string(i)));
  }
}

TEST(VolumesOfTrack, OfNoPointsAreNone) { EXPECT_TRUE(Made({}).empty()); }

TEST(VolumesOfTrack, OfOneReportAreOneThatLastsAnInstant) {
  const std::array track{Report(10, 52, 13)};
  const auto volumes = Made(track);
  ASSERT_EQ(volumes.size(), 1U);
  EXPECT_EQ(volumes[0].times.start(), At(10));
  EXPECT_EQ(volumes[0].times.end(), At(10));
  EXPECT_EQ(volumes[0].altitudes.lower(), AltitudeMm{70'000});
  EXPECT_EQ(volumes[0].altitudes.upper(), AltitudeMm{130'000});
  EXPECT_LE(truth::AreaM2(volumes[0].outline.vertices()), 1.03 * kPi * 150 * 150);
  truth::Chance chance(1);
  ExpectHeld(volumes, Between(track[0], track[0], 0), {}, chance, 100, "one report");
}

TEST(VolumesOfTrack, OfAnAircraftThatStandsStillIsADiscWhileItStands) {
  std::vector<TrackPoint> track;
  for (int s = 0; s <= 60; ++s) track.push_back(Report(s, 52, 13));
  const auto volumes = Made(track);
  ASSERT_EQ(volumes.size(), 1U);
  EXPECT_EQ(volumes[0].times.end(), At(60));
  EXPECT_LE(truth::AreaM2(volumes[0].outline.vertices()), 1.03 * kPi * 150 * 150);
}

TEST(VolumesOfTrack, OfAnAircraftThatShiversInPlaceIsADiscToo) {
  truth::Chance chance(7);
  for (const double shiver_m : {1e-9, 1e-6, 1e-3, 1.0}) {
    std::vector<TrackPoint> track;
    for (int s = 0; s <= 60; ++s) {
      const geo::LatLng p = truth::PointAt({-90, 13}, chance.Between(-180, 180), chance.Between(0, shiver_m));
      track.push_back(Report(s, p.latitude_deg, p.longitude_deg));
    }
    const auto volumes = Made(track);
    ASSERT_EQ(volumes.size(), 1U);
    EXPECT_LE(truth::AreaM2(volumes[0].outline.vertices()), 1.04 * kPi * (150 + shiver_m) * (150 + shiver_m));
    ExpectTrackHeld(track, volumes, {}, chance, 3, "shiver");
  }
}

TEST(VolumesOfTrack, MeetAtTheReportThatEndsAStretch) {
  std::vector<TrackPoint> track;
  for (int i = 0; i <= 10; ++i) track.push_back(Report(25 * i, 52 + 0.001 * i, 13, 100 + i));
  const auto volumes = Made(track);  // 60 s: two legs of 25 s each
  ASSERT_EQ(volumes.size(), 5U);
  for (size_t i = 0; i < volumes.size(); ++i) {
    const double n = static_cast<double>(i);
    EXPECT_EQ(volumes[i].times.start(), At(50 * n));
    EXPECT_EQ(volumes[i].times.end(), At(50 * n + 50));
    EXPECT_EQ(volumes[i].altitudes.lower_m(), 70 + 2 * n);
    EXPECT_EQ(volumes[i].altitudes.upper_m(), 132 + 2 * n);
  }
}

TEST(VolumesOfTrack, AStretchOfExactlySegmentSIsOneVolume) {
  const std::array track{Report(0, 52, 13), Report(30, 52.01, 13), Report(60, 52.02, 13)};
  EXPECT_EQ(Made(track).size(), 1U);
}

TEST(VolumesOfTrack, LeaveAHoleWhereReportsAreFurtherApartThanTheGap) {
  const std::array track{Report(0, 52, 13), Report(30, 52.01, 13), Report(150.000000001, 52.02, 13),
                         Report(180, 52.03, 13)};
  const auto volumes = Made(track);
  ASSERT_EQ(volumes.size(), 2U);
  EXPECT_EQ(volumes[0].times.end(), At(30));
  EXPECT_EQ(volumes[1].times.start(), At(150.000000001));
}

TEST(VolumesOfTrack, JoinReportsThatAreExactlyTheGapApart) {
  const std::array track{Report(0, 52, 13), Report(120, 52.01, 13)};
  const auto volumes = Made(track);
  ASSERT_EQ(volumes.size(), 2U);
  EXPECT_EQ(volumes[0].times.end(), volumes[1].times.start());
}

TEST(VolumesOfTrack, AGapOfZeroJoinsOnlyReportsOfOneInstant) {
  const std::array track{Report(0, 52, 13), Report(0, 52.01, 13), Report(1, 52.01, 13)};
  TrackOptions options;
  options.gap_s = 0;
  EXPECT_EQ(Made(track, options).size(), 2U);
}

TEST(VolumesOfTrack, CutALongLegIntoEqualPartsWithTheAltitudeBetween) {
  const std::array track{Report(0, 52, 13, 100), Report(100, 52.1, 13.2, 300)};
  TrackOptions options;
  options.segment_s = 30;
  const auto volumes = Made(track, options);
  ASSERT_EQ(volumes.size(), 4U);
  for (size_t i = 0; i < 4; ++i) {
    const double n = static_cast<double>(i);
    EXPECT_EQ(volumes[i].times.start(), At(25 * n));
    EXPECT_EQ(volumes[i].times.end(), At(25 * n + 25));
    EXPECT_EQ(volumes[i].altitudes.lower_m(), 70 + 50 * n);
    EXPECT_EQ(volumes[i].altitudes.upper_m(), 180 + 50 * n);
  }
  truth::Chance chance(3);
  ExpectTrackHeld(track, volumes, options, chance, 200, "long leg");
}

TEST(VolumesOfTrack, RoundTheTimesOfCutsOutward) {
  const std::array track{TrackPoint{TimeNs{0}, {52, 13}, 0}, TrackPoint{TimeNs{2'000'000'001}, {52.01, 13}, 0}};
  TrackOptions options;
  options.segment_s = 1;
  const auto volumes = Made(track, options);
  ASSERT_EQ(volumes.size(), 3U);
  EXPECT_EQ(volumes[0].times.end(), TimeNs{666'666'667});
  EXPECT_EQ(volumes[1].times.start(), TimeNs{666'666'667});
  EXPECT_EQ(volumes[1].times.end(), TimeNs{1'333'333'334});
  EXPECT_EQ(volumes[2].times.start(), TimeNs{1'333'333'334});

  const std::array other{TrackPoint{TimeNs{0}, {52, 13}, 0}, TrackPoint{TimeNs{2'000'000'002}, {52.01, 13}, 0}};
  const auto rounded = Made(other, options);
  ASSERT_EQ(rounded.size(), 3U);
  EXPECT_EQ(rounded[0].times.end(), TimeNs{666'666'668});
  EXPECT_EQ(rounded[1].times.start(), TimeNs{666'666'667});
  EXPECT_EQ(rounded[1].times.end(), TimeNs{1'333'333'335});
  EXPECT_EQ(rounded[2].times.start(), TimeNs{1'333'333'334});
}

TEST(VolumesOfTrack, WorkAcrossTheAntimeridian) {
  const std::array track{Report(0, -17, 179.99), Report(20, -17.01, -179.99), Report(40, -17.02, 180),
                         Report(60, -17.03, -180)};
  const auto volumes = Made(track);
  ASSERT_EQ(volumes.size(), 1U);
  EXPECT_LT(truth::AreaM2(volumes[0].outline.vertices()), 10e6);
  truth::Chance chance(4);
  ExpectTrackHeld(track, volumes, {}, chance, 200, "antimeridian");
}

TEST(VolumesOfTrack, WorkAtAndOverThePoles) {
  for (const double side : {1.0, -1.0}) {
    const std::array track{Report(0, side * 89.99, 20), Report(20, side * 90, 77), Report(40, side * 89.99, -140),
                           Report(60, side * 89.98, 100)};
    const auto volumes = Made(track);
    ASSERT_EQ(volumes.size(), 1U);
    EXPECT_LT(truth::AreaM2(volumes[0].outline.vertices()), 10e6);
    truth::Chance chance(5);
    ExpectTrackHeld(track, volumes, {}, chance, 200, "pole");
  }
}

TEST(VolumesOfTrack, ContainBothEndsOfAJump) {
  const std::array track{Report(0, 52, 13, 100), Report(10, 52.01, 13, 100), Report(10, 52.05, 13.1, 500),
                         Report(20, 52.06, 13.1, 500)};
  const auto volumes = Made(track);
  ASSERT_EQ(volumes.size(), 1U);
  EXPECT_EQ(volumes[0].altitudes.upper_m(), 530);
  truth::Chance chance(6);
  ExpectTrackHeld(track, volumes, {}, chance, 200, "jump");
}

TEST(VolumesOfTrack, CutAFarJumpIntoVolumesOfOneInstant) {
  const std::array track{Report(0, 0, 0, 0), Report(0, 45, 120, 1000)};
  const auto volumes = Made(track);
  EXPECT_EQ(volumes.size(),
            static_cast<size_t>(std::ceil(truth::DistanceM(track[0].position, track[1].position) / kStretchReachM)));
  for (const geo::Volume4D& volume : volumes) {
    EXPECT_EQ(volume.times.start(), At(0));
    EXPECT_EQ(volume.times.end(), At(0));
  }
  truth::Chance chance(8);
  ExpectTrackHeld(track, volumes, {}, chance, 300, "far jump");
}

TEST(VolumesOfTrack, CutAWayRoundHalfTheWorld) {
  const std::array track{Report(0, 10, 0), Report(60, -10, 180)};
  const auto volumes = Made(track);
  EXPECT_GE(volumes.size(), 400U);
  EXPECT_LE(volumes.size(), 402U);
}

TEST(VolumesOfTrack, CutTheLegsOfAJetWhereTheyReachTooFar) {
  // 250 m/s, a report a minute, ten minutes to a stretch: 150 km, three volumes of 45 km and one of 15 km.
  std::vector<TrackPoint> track;
  for (int i = 0; i <= 10; ++i) {
    const geo::LatLng p = truth::PointAt({60, 170}, 80, 15'000.0 * i);
    track.push_back(Report(60 * i, p.latitude_deg, p.longitude_deg, 11'000));
  }
  TrackOptions options;
  options.segment_s = 600;
  const auto volumes = Made(track, options);
  ASSERT_EQ(volumes.size(), 4U);
  EXPECT_EQ(volumes[0].times.end(), At(180));
  const double capsule_m2 = 2 * 150 * 45e3 + kPi * 150 * 150;
  EXPECT_LE(truth::AreaM2(volumes[0].outline.vertices()), 1.03 * capsule_m2);
  truth::Chance chance(9);
  ExpectTrackHeld(track, volumes, options, chance, 50, "jet");
}

TEST(VolumesOfTrack, RefuseOptionsOutOfRangeByName) {
  const std::array track{Report(0, 52, 13)};
  const auto refusal = [&](double TrackOptions::* option, double value) {
    TrackOptions options;
    options.*option = value;
    return Refusal(track, options);
  };
  for (const double value : {0.0, -1.0, 100'000.1, kNan, kInfinity})
    EXPECT_THAT(refusal(&TrackOptions::buffer_m, value), HasSubstr("buffer_m"));
  for (const double value : {-1e-9, 10'000.1, kNan, kInfinity})
    EXPECT_THAT(refusal(&TrackOptions::buffer_altitude_m, value), HasSubstr("buffer_altitude_m"));
  for (const double value : {0.0, 0.999, 86'400.1, kNan, -kInfinity})
    EXPECT_THAT(refusal(&TrackOptions::segment_s, value), HasSubstr("segment_s"));
  for (const double value : {-0.1, 86'400.1, kNan, kInfinity})
    EXPECT_THAT(refusal(&TrackOptions::gap_s, value), HasSubstr("gap_s"));
  EXPECT_EQ(refusal(&TrackOptions::gap_s, -1), "gap_s -1 is not within 0 to 86400");
}

TEST(VolumesOfTrack, TakeOptionsAtTheEndsOfTheirRanges) {
  const std::array track{Report(0, 52, 13, 20'000), Report(1, 52, 13.0001, 20'000)};
  for (const TrackOptions& options : {TrackOptions{1e-300, 0, 1, 0}, TrackOptions{100e3, 10e3, 86'400, 86'400}}) {
    const auto volumes = Made(track, options);
    truth::Chance chance(10);
    ExpectTrackHeld(track, volumes, options, chance, 20, "ends of ranges");
  }
}

TEST(VolumesOfTrack, RefusePointsOutOfRangeByNumber) {
  const auto refusal = [&](const TrackPoint& point) {
    const std::array track{Report(0, 52, 13), point};
    return Refusal(track);
  };
  for (const double value : {90.0000001, -90.0000001, kNan, kInfinity})
    EXPECT_THAT(refusal(Report(1, value, 13)), HasSubstr("point 1: latitude"));
  for (const double value : {180.0000001, -180.0000001, kNan, -kInfinity})
    EXPECT_THAT(refusal(Report(1, 52, value)), HasSubstr("point 1: longitude"));
  for (const double value : {999'970.1, -99'970.1, kNan, kInfinity})
    EXPECT_THAT(refusal(Report(1, 52, 13, value)), HasSubstr("point 1: with its buffer, altitude"));
  for (const TimeNs time : {TimeNs{INT64_MAX}, TimeNs{INT64_MIN}})
    EXPECT_THAT(refusal({time, {52, 13}, 0}), HasSubstr("point 1: time"));
  EXPECT_EQ(refusal(Report(-0.1, 52, 13)), "point 1: its time is before that of point 0");
  EXPECT_EQ(refusal(Report(1, 91, 13)), "point 1: latitude 91 is not within -90 to 90");
}

TEST(VolumesOfTrack, TakeTheFirstAndTheLastInstant) {
  const std::array track{TrackPoint{geo::TimeInterval::kTimeMin, {52, 13}, 0},
                         TrackPoint{geo::TimeInterval::kTimeMax, {52, 13}, 0},
                         TrackPoint{geo::TimeInterval::kTimeMax, {52, 13}, 0}};
  TrackOptions options;
  options.gap_s = TrackOptions::kGapMaxS;
  EXPECT_EQ(Made(track, options).size(), 2U);
}

TEST(VolumesOfTrack, RefuseATrackOfTooManyVolumes) {
  // Back and forth between two places 20,000 km apart.
  std::vector<TrackPoint> track;
  for (int i = 0; i < 300; ++i) track.push_back(Report(i, 0, i % 2 == 0 ? 0 : 179));
  EXPECT_THAT(Refusal(track, {}, Code::kTooLarge), HasSubstr("100000"));
}

TEST(VolumesOfTrack, AreTheSameEveryTime) {
  truth::Chance chance(12);
  std::vector<TrackPoint> track;
  for (int i = 0; i < 300; ++i) track.push_back(Report(i, chance.Between(52, 52.1), chance.Between(13, 13.1)));
  EXPECT_EQ(Made(track), Made(track));
}

TEST(VolumesOfTrack, AWholeDayInCirclesIsOneVolumeIfThatIsAskedFor) {
  std::vector<TrackPoint> track;
  for (int s = 0; s <= 86'400; ++s) {
    const geo::LatLng p = truth::PointAt({52, 13}, s * 0.7, 5000 + s * 1e-3);
    track.push_back(Report(s, p.latitude_deg, p.longitude_deg));
  }
  TrackOptions options;
  options.segment_s = 86'400;
  const auto volumes = Made(track, options);
  ASSERT_EQ(volumes.size(), 1U);
  EXPECT_LE(volumes[0].outline.vertices().size(), kTrackVerticesMax);
  EXPECT_LE(truth::AreaM2(volumes[0].outline.vertices()), 1.04 * kPi * 5236.4 * 5236.4);
}

// An aircraft that flies straight, turns, stands, climbs, jumps and falls silent.
std::vector<TrackPoint> RandomTrack(truth::Chance& chance) {
  std::vector<TrackPoint> track;
  geo::LatLng position = chance.Position();
  double heading_deg = chance.Between(-180, 180);
  double altitude_m = chance.Between(0, 12'000);
  const double speed_m_s = chance.OneIn(8) ? 0 : chance.Between(0, 300);
  const double period_s = chance.Magnitude(1, 60);
  const double turn_deg_s = chance.OneIn(2) ? 0 : chance.Between(-6, 6);
  const double noise_m = chance.OneIn(2) ? 0 : chance.Magnitude(0.01, 30);
  int64_t time_ns = 1'700'000'000'000'000'000;
  const int count = chance.Int(1, 40);
  for (int i = 0; i < count; ++i) {
    const geo::LatLng seen =
        noise_m > 0 ? truth::PointAt(position, chance.Between(-180, 180), chance.Between(0, noise_m)) : position;
    track.push_back({TimeNs{time_ns}, seen, altitude_m});
    double step_s = period_s * chance.Between(0.8, 1.2);
    if (chance.OneIn(30)) step_s *= 5;
    if (chance.OneIn(40)) step_s = 0;
    if (chance.OneIn(40)) position = truth::PointAt(position, chance.Between(-180, 180), chance.Magnitude(1, 300e3));
    heading_deg += turn_deg_s * step_s;
    position = truth::PointAt(position, heading_deg, speed_m_s * step_s);
    altitude_m += chance.Between(-15, 15) * step_s;
    time_ns += std::llround(step_s * 1e9);
  }
  return track;
}

TEST(VolumesOfTrack, HoldEveryMomentOfRandomTracksWithItsBuffer) {
  size_t volumes_made = 0;
  for (uint64_t seed = truth::FirstSeed(), end = seed + truth::Rounds(250); seed < end; ++seed) {
    truth::Chance chance(seed);
    const std::vector<TrackPoint> track = RandomTrack(chance);
    TrackOptions options;
    options.buffer_m = chance.Magnitude(10, 10e3);
    options.buffer_altitude_m = chance.Between(0, 500);
    options.segment_s = chance.Magnitude(1, 600);
    options.gap_s = chance.Between(30, 600);
    const auto volumes = Made(track, options);
    volumes_made += volumes.size();
    const std::string what = "seed " + std::to_string(seed);
    for (size_t i = 0; i < volumes.size(); ++i) {
      const geo::Volume4D& volume = volumes[i];
      ASSERT_LE(volume.outline.vertices().size(), kTrackVerticesMax) << what;
      ASSERT_LE(volume.times.end().value - volume.times.start().value, std::llround(options.segment_s * 1e9) + 2)
          << what;
      ASSERT_LE(volume.outline.outer_radius_m(), 1.3 * (kStretchReachM + 1.03 * options.buffer_m)) << what;
      if (i > 0) {
        ASSERT_LE(volumes[i - 1].times.start(), volume.times.start()) << what;
      }
    }
    ASSERT_NO_FATAL_FAILURE(ExpectTrackHeld(track, volumes, options, chance, 4, what));
  }
  RecordProperty("volumes", std::to_string(volumes_made));
}

}  // namespace
}  // namespace wideberth::plan
