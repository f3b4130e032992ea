// A Result that nobody looks at does not compile.
#include "base/result.h"
#include "geo/altitude_band.h"

namespace wideberth {

Result<void> Append();
Result<int> Count();

Result<int> LooksAtEach() {
  WB_TRY_OK(Append());
  WB_TRY(const int count, Count());
  return count;
}

// case 1: ignoring return(ed)? value.*nodiscard
#if WB_CASE == 1
void Drops() { Append(); }
#endif

// case 2: ignoring return(ed)? value.*nodiscard
#if WB_CASE == 2
void Drops() { Count(); }
#endif

// case 3: ignoring return(ed)? value.*nodiscard
#if WB_CASE == 3
void Drops() { geo::AltitudeBand::Make(AltitudeMm{0}, AltitudeMm{1}); }
#endif

// Nor does taking a Result for its value, or for a condition by accident.
// case 4: cannot convert|no viable conversion
#if WB_CASE == 4
int Takes() { return Count(); }
#endif

// case 5: cannot convert|no viable conversion
#if WB_CASE == 5
bool Takes() { return Append(); }
#endif

}  // namespace wideberth
