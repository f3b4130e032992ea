#include "bench/baseline_boost.h"

#include <algorithm>
#include <boost/function_output_iterator.hpp>

#include "bench/table.h"

namespace wideberth::bench {

BaselineJoin JoinWithBoost(const conflict::PlanSet& plans) {
  const std::vector<geo::Volume4D>& volumes = plans.volumes();
  std::vector<BoostPolygon> polygons;
  polygons.reserve(volumes.size());
  for (const geo::Volume4D& volume : volumes) polygons.push_back(ToBoost(volume.outline));

  BaselineJoin found;
  const auto start = Timer::now();
  std::vector<BoostEntry> entries;
  entries.reserve(volumes.size());
  for (size_t i = 0; i < volumes.size(); ++i)
    entries.emplace_back(ToBoost(index::BoxesOf(volumes[i]).boxes[0]), static_cast<uint32_t>(i));
  const BoostTree tree(entries.begin(), entries.end());  // packs
  for (const auto& [box, a] : entries) {
    const auto decide = [&, number = a](const BoostEntry& other) {
      const uint32_t b = other.second;
      if (b <= number) return;
      if (!volumes[number].altitudes.Intersects(volumes[b].altitudes)) return;
      if (!volumes[number].times.Intersects(volumes[b].times)) return;
      if (!boost::geometry::intersects(polygons[number], polygons[b])) return;
      found.meetings.push_back({number, b});
    };
    tree.query(boost::geometry::index::intersects(box), boost::make_function_output_iterator(decide));
  }
  std::sort(found.meetings.begin(), found.meetings.end());
  found.seconds = SecondsSince(start);
  return found;
}

}  // namespace wideberth::bench
