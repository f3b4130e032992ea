#ifndef WIDEBERTH_MODEL_EXTENTS_H_
#define WIDEBERTH_MODEL_EXTENTS_H_

#include <algorithm>
#include <limits>

#include "base/units.h"
#include "index/cell_cover.h"

namespace wideberth::model {

// All that a reference or a subscription keeps of where and when it is (F3548 DSS0010 forbids precise extents): a cover
// of all its outlines, from its lowest altitude to its highest, from its first instant to its last. A value. All bounds
// in; an altitude that was not given is unbounded.
struct Extents {
  static constexpr AltitudeMm kNoLower{std::numeric_limits<int64_t>::min()};
  static constexpr AltitudeMm kNoUpper{std::numeric_limits<int64_t>::max()};
  static constexpr TimeNs kNoStart{std::numeric_limits<int64_t>::min()};
  static constexpr TimeNs kNoEnd{std::numeric_limits<int64_t>::max()};

  index::CellCover cover;
  AltitudeMm lower = kNoLower;
  AltitudeMm upper = kNoUpper;
  TimeNs start = kNoStart;
  TimeNs end = kNoEnd;

  // Whether they share a point: cells, an altitude and an instant. Touching is meeting.
  bool Meets(const Extents& other) const {
    return start <= other.end && other.start <= end && lower <= other.upper && other.lower <= upper &&
           cover.Intersects(other.cover);
  }

  friend bool operator==(const Extents&, const Extents&) = default;
};

// The least extents that contain both.
Extents Union(const Extents& a, const Extents& b);

}  // namespace wideberth::model

#endif  // WIDEBERTH_MODEL_EXTENTS_H_
