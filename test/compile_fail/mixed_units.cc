// Altitudes, instants and bare numbers do not mix.
#include "base/units.h"
#include "geo/altitude_band.h"
#include "geo/time_interval.h"

namespace wideberth {

inline constexpr AltitudeMm kAltitude{1};
inline constexpr TimeNs kTime{1};

bool Right() { return kAltitude < AltitudeMm{2} && kTime < TimeNs{2}; }
auto RightBand() { return geo::AltitudeBand::Make(kAltitude, kAltitude); }
auto RightInterval() { return geo::TimeInterval::Make(kTime, kTime); }

// case 1: cannot convert|could not convert|no viable conversion|conversion from
#if WB_CASE == 1
TimeNs Mixes() { return kAltitude; }
#endif

// case 2: no match for|invalid operands
#if WB_CASE == 2
bool Mixes() { return kAltitude < kTime; }
#endif

// case 3: no match for|invalid operands
#if WB_CASE == 3
bool Mixes() { return kAltitude == kTime; }
#endif

// case 4: could not convert|cannot convert|no viable conversion|no matching function
#if WB_CASE == 4
auto Mixes() { return geo::AltitudeBand::Make(kTime, kTime); }
#endif

// case 5: could not convert|cannot convert|no viable conversion|no matching function
#if WB_CASE == 5
auto Mixes() { return geo::TimeInterval::Make(kAltitude, kAltitude); }
#endif

// case 6: could not convert|cannot convert|no viable conversion|no matching function
#if WB_CASE == 6
auto Mixes() { return geo::AltitudeBand::Make(100, 200); }
#endif

// case 7: could not convert|cannot convert|no viable conversion|conversion from
#if WB_CASE == 7
int64_t Mixes() { return kTime; }
#endif

// case 8: no match for|invalid operands
#if WB_CASE == 8
auto Mixes() { return kAltitude + kTime; }
#endif

}  // namespace wideberth
