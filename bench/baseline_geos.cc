#include <geos_c.h>

#include <algorithm>
#include <memory>

#include "bench/baselines.h"
#include "bench/table.h"

namespace wideberth::bench {
namespace {

struct Search {
  const std::vector<geo::Volume4D>* volumes;
  const std::vector<GEOSGeometry*>* polygons;
  GEOSContextHandle_t context;
  uint32_t number = 0;
  const GEOSPreparedGeometry* prepared = nullptr;  // made when the first candidate comes
  std::vector<conflict::Meeting>* meetings;
};

void Decide(void* item, void* data) {
  auto& search = *static_cast<Search*>(data);
  const auto b = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(item) - 1);
  const uint32_t a = search.number;
  if (b <= a) return;
  const std::vector<geo::Volume4D>& volumes = *search.volumes;
  if (!volumes[a].altitudes.Intersects(volumes[b].altitudes)) return;
  if (!volumes[a].times.Intersects(volumes[b].times)) return;
  const std::vector<GEOSGeometry*>& polygons = *search.polygons;
  if (search.prepared == nullptr) search.prepared = GEOSPrepare_r(search.context, polygons[a]);
  if (GEOSPreparedIntersects_r(search.context, search.prepared, polygons[b]) != 1) return;
  search.meetings->push_back({a, b});
}

GEOSGeometry* ToGeos(GEOSContextHandle_t context, const geo::Outline& outline) {
  const auto vertices = outline.vertices();
  const auto count = static_cast<unsigned>(vertices.size());
  GEOSCoordSequence* ring = GEOSCoordSeq_create_r(context, count + 1, 2);
  for (unsigned i = 0; i <= count; ++i) {
    const MetresFromMiddle at = ToPlane(vertices[i % count]);
    GEOSCoordSeq_setXY_r(context, ring, i, at.x, at.y);
  }
  return GEOSGeom_createPolygon_r(context, GEOSGeom_createLinearRing_r(context, ring), nullptr, 0);
}

}  // namespace

BaselineJoin JoinWithGeos(const conflict::PlanSet& plans) {
  const std::vector<geo::Volume4D>& volumes = plans.volumes();
  GEOSContextHandle_t context = GEOS_init_r();
  std::vector<GEOSGeometry*> polygons;
  polygons.reserve(volumes.size());
  for (const geo::Volume4D& volume : volumes) polygons.push_back(ToGeos(context, volume.outline));

  BaselineJoin found;
  const auto start = Timer::now();
  GEOSSTRtree* tree = GEOSSTRtree_create_r(context, 10);
  for (size_t i = 0; i < volumes.size(); ++i)  // the number plus 1 stands for a pointer, which must not be null
    GEOSSTRtree_insert_r(context, tree, polygons[i], reinterpret_cast<void*>(i + 1));
  Search search{.volumes = &volumes, .polygons = &polygons, .context = context, .meetings = &found.meetings};
  for (size_t i = 0; i < volumes.size(); ++i) {
    search.number = static_cast<uint32_t>(i);
    GEOSSTRtree_query_r(context, tree, polygons[i], Decide, &search);
    if (search.prepared != nullptr) GEOSPreparedGeom_destroy_r(context, search.prepared);
    search.prepared = nullptr;
  }
  std::sort(found.meetings.begin(), found.meetings.end());
  found.seconds = SecondsSince(start);

  GEOSSTRtree_destroy_r(context, tree);
  for (GEOSGeometry* polygon : polygons) GEOSGeom_destroy_r(context, polygon);
  GEOS_finish_r(context);
  return found;
}

}  // namespace wideberth::bench
