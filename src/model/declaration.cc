#include "model/declaration.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace wideberth::model {

DeclaredVolume::DeclaredVolume(geo::Volume4D volume)
    : volume_(std::move(volume)),
      extents_{.cover = index::CoverOf(volume_.outline),
               .lower = volume_.altitudes.lower(),
               .upper = volume_.altitudes.upper(),
               .start = volume_.times.start(),
               .end = volume_.times.end()} {}

Extents ExtentsOf(const DeclaredVolumes& volumes) {
  WB_CHECK(!volumes.empty());
  Extents all = volumes[0].extents();
  index::CellCover cover;
  for (size_t i = 1; i < volumes.size(); ++i) {
    const Extents& one = volumes[i].extents();
    cover.cells.insert(cover.cells.end(), one.cover.cells.begin(), one.cover.cells.end());
    all.lower = std::min(all.lower, one.lower);
    all.upper = std::max(all.upper, one.upper);
    all.start = std::min(all.start, one.start);
    all.end = std::max(all.end, one.end);
  }
  if (!cover.cells.empty()) all.cover = index::Union(all.cover, cover);
  return all;
}

}  // namespace wideberth::model
