#ifndef WIDEBERTH_BENCH_BASELINE_BOOST_H_
#define WIDEBERTH_BENCH_BASELINE_BOOST_H_

#include <boost/geometry.hpp>
#include <boost/geometry/geometries/box.hpp>
#include <boost/geometry/geometries/point.hpp>
#include <boost/geometry/geometries/point_xy.hpp>
#include <boost/geometry/geometries/polygon.hpp>
#include <boost/geometry/index/rtree.hpp>
#include <cstdint>
#include <utility>

#include "bench/baselines.h"
#include "index/box.h"

namespace wideberth::bench {

using BoostPoint4 = boost::geometry::model::point<double, 4, boost::geometry::cs::cartesian>;
using BoostBox4 = boost::geometry::model::box<BoostPoint4>;
using BoostEntry = std::pair<BoostBox4, uint32_t>;
using BoostTree = boost::geometry::index::rtree<BoostEntry, boost::geometry::index::quadratic<16>>;
using BoostPolygon = boost::geometry::model::polygon<boost::geometry::model::d2::point_xy<double>>;

inline BoostBox4 ToBoost(const index::Box& box) {
  const auto point = [](const std::array<int32_t, index::kAxes>& from) {
    BoostPoint4 to;
    to.set<0>(from[0]);
    to.set<1>(from[1]);
    to.set<2>(from[2]);
    to.set<3>(from[3]);
    return to;
  };
  return {point(box.lower), point(box.upper)};
}

inline BoostPolygon ToBoost(const geo::Outline& outline) {
  BoostPolygon polygon;
  polygon.outer().reserve(outline.vertices().size() + 1);
  for (const geo::LatLng& vertex : outline.vertices()) {
    const MetresFromMiddle at = ToPlane(vertex);
    polygon.outer().emplace_back(at.x, at.y);
  }
  polygon.outer().push_back(polygon.outer().front());
  boost::geometry::correct(polygon);
  return polygon;
}

}  // namespace wideberth::bench

#endif  // WIDEBERTH_BENCH_BASELINE_BOOST_H_
