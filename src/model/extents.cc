#include "model/extents.h"

namespace wideberth::model {

Extents Union(const Extents& a, const Extents& b) {
  return {index::Union(a.cover, b.cover), std::min(a.lower, b.lower), std::max(a.upper, b.upper),
          std::min(a.start, b.start), std::max(a.end, b.end)};
}

}  // namespace wideberth::model
