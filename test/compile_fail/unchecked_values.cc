// What Make did not check does not exist: no other way makes one of these.
#include "geo/altitude_band.h"
#include "geo/outline.h"
#include "geo/time_interval.h"

namespace wideberth::geo {

auto Right() { return AltitudeBand::Make(AltitudeMm{0}, AltitudeMm{1}); }

// case 1: private|no matching function|no matching constructor
#if WB_CASE == 1
AltitudeBand Unchecked() { return AltitudeBand(AltitudeMm{2}, AltitudeMm{1}); }
#endif

// case 2: private|no matching function|no matching constructor
#if WB_CASE == 2
TimeInterval Unchecked() { return TimeInterval(TimeNs{2}, TimeNs{1}); }
#endif

// case 3: private|no matching function|no matching constructor
#if WB_CASE == 3
Outline Unchecked() { return Outline(); }
#endif

// case 4: private|no matching function|no matching constructor
#if WB_CASE == 4
AltitudeBand unchecked;
#endif

}  // namespace wideberth::geo
