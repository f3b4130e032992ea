#ifndef WIDEBERTH_GEO_ALTITUDE_BAND_H_
#define WIDEBERTH_GEO_ALTITUDE_BAND_H_

#include "base/result.h"
#include "base/units.h"

namespace wideberth::geo {

// Every altitude from lower to upper above the WGS84 ellipsoid, both in. A value; each one that exists has
// kAltitudeMin <= lower <= upper <= kAltitudeMax.
class AltitudeBand {
 public:
  // Wide enough for anything that flies in air, and for the Dead Sea and the deepest bore holes' errors.
  static constexpr AltitudeMm kAltitudeMin{-100'000'000};   // 100 km below the ellipsoid
  static constexpr AltitudeMm kAltitudeMax{1'000'000'000};  // 1,000 km above it

  // kInvalid when lower > upper or when one of them is out of range.
  static Result<AltitudeBand> Make(AltitudeMm lower, AltitudeMm upper);
  // The same from metres; kInvalid also for what is not a finite number. Fractions of a millimetre go outward
  // (lower down, upper up), except that a number within 1e-6 mm of a whole one, which decimal fractions in binary
  // are, counts as that one.
  static Result<AltitudeBand> MakeMetres(double lower_m, double upper_m);

  AltitudeMm lower() const { return lower_; }
  AltitudeMm upper() const { return upper_; }
  double lower_m() const { return static_cast<double>(lower_.value) / 1000.0; }
  double upper_m() const { return static_cast<double>(upper_.value) / 1000.0; }

  // Whether they share an altitude: touching is meeting. With `separation`, whether they come that near or nearer.
  // REQUIRES: separation >= 0.
  bool Intersects(const AltitudeBand& other, AltitudeMm separation = {}) const {
    return lower_.value <= other.upper_.value + separation.value &&
           other.lower_.value <= upper_.value + separation.value;
  }
  // Whether every altitude of `other` is one of this.
  bool Contains(const AltitudeBand& other) const { return lower_ <= other.lower_ && other.upper_ <= upper_; }

  friend bool operator==(const AltitudeBand&, const AltitudeBand&) = default;

 private:
  AltitudeBand(AltitudeMm lower, AltitudeMm upper) : lower_(lower), upper_(upper) {}

  AltitudeMm lower_;
  AltitudeMm upper_;
};

}  // namespace wideberth::geo

#endif  // WIDEBERTH_GEO_ALTITUDE_BAND_H_
