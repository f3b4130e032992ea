#include "index/cell_lattice.h"

#include <s2/r2.h>
#include <s2/s2coords.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

namespace wideberth::index {
namespace {

constexpr int kFaces = 6;
// Every point of a face lies at 0.577 or more along its axis: what is small and has a point on the face has none below.
constexpr double kAlongAxisMin = 0.5;

struct Interval {
  double from;
  double until;
};

// The lines of one axis of a face's grid around an interval of u (or v), and the cells between them.
class Lines {
 public:
  Lines(Interval interval, int level) : per_face_(1 << level) {
    first_ = CellAt(interval.from);
    last_ = CellAt(interval.until);
    if (interval.from > 1 || interval.until < -1) last_ = first_ - 1;  // beside the face
  }
  int first() const { return first_; }
  int count() const { return last_ - first_ + 1; }
  // Where line k begins cell first() + k, exactly as S2 has it.
  double At(int k) const { return S2::STtoUV(static_cast<double>(first_ + k) / per_face_); }
  double Middle(int k) const { return S2::STtoUV((first_ + k + 0.5) / per_face_); }
  // The cell, counted from first(), that a coordinate lies in; the nearest for one outside.
  int Nearest(double coordinate) const { return std::clamp(CellAt(coordinate), first_, last_) - first_; }

 private:
  int CellAt(double coordinate) const {
    const double scaled = S2::UVtoST(std::clamp(coordinate, -1.0, 1.0)) * per_face_;
    return std::clamp(static_cast<int>(std::floor(scaled)), 0, per_face_ - 1);
  }

  int per_face_;
  int first_;
  int last_;
};

S2CellId CellAt(int face, int i, int j, int level) {
  const int shift = S2CellId::kMaxLevel - level;
  return S2CellId::FromFaceIJ(face, i << shift, j << shift).parent(level);
}

bool IsSmall(const Lines& u, const Lines& v) {
  return u.count() <= kLatticeCellsMax && v.count() <= kLatticeCellsMax && u.count() * v.count() <= kLatticeCellsMax;
}

// Where a cap lies along an axis of a face: the planes u = tan(angle) all contain the other axis, and the cap touches
// those asin(sin r / distance of its centre from that axis) to both sides of its own.
Interval CapInterval(double along, double axis, double other, double sin_radius) {
  const double turn = std::asin(std::min(1.0, sin_radius / std::sqrt(std::max(1e-300, 1 - other * other))));
  const double middle = std::atan2(along, axis);
  constexpr double kRounding = 1e-14;
  return {std::tan(middle - turn) - kRounding, std::tan(middle + turn) + kRounding};
}

// How a line of the grid lies to the centre of a cap: squared chord to its great circle, and where along the line the
// nearest point is.
struct Nearness {
  double chord2;
  double at;
};

Nearness NearnessOf(double line, double along, double across, double axis) {
  const double length2 = 1 + line * line;
  const double sine = (along - line * axis) / std::sqrt(length2);  // of the angle to the plane
  const double foot_axis = axis + sine * line / std::sqrt(length2);
  // Squared chord of the angle a: 4 sin^2(a / 2) = 2 sin^2(a) / (1 + cos(a)).
  const double cosine = std::sqrt(std::max(0.0, 1 - sine * sine));
  return {2 * sine * sine / (1 + cosine), across / foot_axis};
}

void AddCellsOfCap(int face, const S2Point& center, double radius, const Lines& u, const Lines& v, int level,
                   std::vector<S2CellId>& cells) {
  const double half = std::sin(radius / 2);
  const double limit = 4 * half * half;
  const auto columns = static_cast<size_t>(u.count());
  const auto rows = static_cast<size_t>(v.count());
  std::vector<double> at_u(columns + 1);
  std::vector<double> at_v(rows + 1);
  std::vector<Nearness> near_u(columns + 1);
  std::vector<Nearness> near_v(rows + 1);
  for (size_t k = 0; k <= columns; ++k) {
    at_u[k] = u.At(static_cast<int>(k));
    near_u[k] = NearnessOf(at_u[k], center.x(), center.y(), center.z());
  }
  for (size_t l = 0; l <= rows; ++l) {
    at_v[l] = v.At(static_cast<int>(l));
    near_v[l] = NearnessOf(at_v[l], center.y(), center.x(), center.z());
  }
  std::vector<char> corner_in((columns + 1) * (rows + 1));
  for (size_t l = 0; l <= rows; ++l) {
    for (size_t k = 0; k <= columns; ++k) {
      const double scale = 1 / std::sqrt(1 + at_u[k] * at_u[k] + at_v[l] * at_v[l]);
      const S2Point corner(at_u[k] * scale, at_v[l] * scale, scale);
      corner_in[l * (columns + 1) + k] = (corner - center).Norm2() <= limit;
    }
  }
  const double center_u = center.x() / center.z();
  const double center_v = center.y() / center.z();
  const auto within = [](double x, double from, double until) { return from <= x && x <= until; };
  for (size_t l = 0; l < rows; ++l) {
    const bool row_has_center = within(center_v, at_v[l], at_v[l + 1]);
    for (size_t k = 0; k < columns; ++k) {
      const size_t corner = l * (columns + 1) + k;
      const bool in = corner_in[corner] || corner_in[corner + 1] || corner_in[corner + columns + 1] ||
                      corner_in[corner + columns + 2] || (row_has_center && within(center_u, at_u[k], at_u[k + 1])) ||
                      (near_u[k].chord2 <= limit && within(near_u[k].at, at_v[l], at_v[l + 1])) ||
                      (near_u[k + 1].chord2 <= limit && within(near_u[k + 1].at, at_v[l], at_v[l + 1])) ||
                      (near_v[l].chord2 <= limit && within(near_v[l].at, at_u[k], at_u[k + 1])) ||
                      (near_v[l + 1].chord2 <= limit && within(near_v[l + 1].at, at_u[k], at_u[k + 1]));
      if (in) cells.push_back(CellAt(face, u.first() + static_cast<int>(k), v.first() + static_cast<int>(l), level));
    }
  }
}

void AddCellsOfPolygon(int face, std::span<const R2Point> ring, double margin, const Lines& u, const Lines& v,
                       int level, std::vector<S2CellId>& cells) {
  const auto columns = static_cast<size_t>(u.count());
  const auto rows = static_cast<size_t>(v.count());
  std::vector<char> in(columns * rows);
  // Cells that an edge touches, enlarged by the margin: column by column, the stretch of the edge in it.
  for (size_t n = 0; n < ring.size(); ++n) {
    R2Point a = ring[n];
    R2Point b = ring[n + 1 == ring.size() ? 0 : n + 1];
    if (a.x() > b.x()) std::swap(a, b);
    const int from = u.Nearest(a.x() - margin);
    const int until = u.Nearest(b.x() + margin);
    const double slope = b.x() > a.x() ? (b.y() - a.y()) / (b.x() - a.x()) : 0;
    for (int k = from; k <= until; ++k) {
      const double west = u.At(k) - margin;
      const double east = u.At(k + 1) + margin;
      if (b.x() < west || a.x() > east) continue;  // beside the face
      const double left = std::max(west, a.x());
      const double right = std::min(east, b.x());
      double low = a.y() + slope * (left - a.x());
      double high = right >= b.x() ? b.y() : a.y() + slope * (right - a.x());
      if (b.x() - a.x() <= margin) {  // steep: all of it
        low = a.y();
        high = b.y();
      }
      if (low > high) std::swap(low, high);
      low = std::max(low, std::min(a.y(), b.y()));
      high = std::min(high, std::max(a.y(), b.y()));
      if (high + margin < v.At(0) || low - margin > v.At(v.count())) continue;
      const auto top = static_cast<size_t>(v.Nearest(high + margin));
      for (auto l = static_cast<size_t>(v.Nearest(low - margin)); l <= top; ++l)
        in[l * columns + static_cast<size_t>(k)] = 1;
    }
  }
  // Of the others, each lies wholly inside or outside: its middle tells.
  std::vector<double> crossings;
  for (size_t l = 0; l < rows; ++l) {
    const double middle = v.Middle(static_cast<int>(l));
    crossings.clear();
    for (size_t n = 0; n < ring.size(); ++n) {
      const R2Point& a = ring[n];
      const R2Point& b = ring[n + 1 == ring.size() ? 0 : n + 1];
      if ((a.y() > middle) == (b.y() > middle)) continue;
      crossings.push_back(a.x() + (middle - a.y()) / (b.y() - a.y()) * (b.x() - a.x()));
    }
    std::sort(crossings.begin(), crossings.end());
    for (size_t k = 0; k < columns; ++k) {
      bool inside = in[l * columns + k] != 0;
      if (!inside) {
        const auto before =
            std::lower_bound(crossings.begin(), crossings.end(), u.Middle(static_cast<int>(k))) - crossings.begin();
        inside = before % 2 != 0;
      }
      if (inside)
        cells.push_back(CellAt(face, u.first() + static_cast<int>(k), v.first() + static_cast<int>(l), level));
    }
  }
}

}  // namespace

std::optional<std::vector<S2CellId>> CellsOfCap(const S2Point& center, S1Angle radius, int level) {
  if (radius.radians() > kLatticeReachMaxRadians) return std::nullopt;
  const double sine = std::sin(radius.radians());
  std::vector<S2CellId> cells;
  for (int face = 0; face < kFaces; ++face) {
    const S2Point at = S2::FaceXYZtoUVW(face, center);
    if (at.z() < kAlongAxisMin) continue;
    const Lines u(CapInterval(at.x(), at.z(), at.y(), sine), level);
    const Lines v(CapInterval(at.y(), at.z(), at.x(), sine), level);
    if (u.count() <= 0 || v.count() <= 0) continue;
    if (!IsSmall(u, v)) return std::nullopt;
    AddCellsOfCap(face, at, radius.radians(), u, v, level, cells);
  }
  return cells;
}

std::optional<std::vector<S2CellId>> CellsOfPolygon(std::span<const S2Point> ring, S1Angle margin, int level) {
  for (const S2Point& p : ring) {
    if ((p - ring[0]).Norm2() > kLatticeReachMaxRadians * kLatticeReachMaxRadians) return std::nullopt;
  }
  const double enlarge = 3.5 * margin.radians();  // half for the rounding of steep edges
  std::vector<S2CellId> cells;
  std::vector<R2Point> flat(ring.size());
  for (int face = 0; face < kFaces; ++face) {
    if (S2::FaceXYZtoUVW(face, ring[0]).z() < kAlongAxisMin) continue;
    Interval along_u{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
    Interval along_v = along_u;
    for (size_t n = 0; n < ring.size(); ++n) {
      const S2Point at = S2::FaceXYZtoUVW(face, ring[n]);
      flat[n] = R2Point(at.x() / at.z(), at.y() / at.z());
      along_u = {std::min(along_u.from, flat[n].x() - enlarge), std::max(along_u.until, flat[n].x() + enlarge)};
      along_v = {std::min(along_v.from, flat[n].y() - enlarge), std::max(along_v.until, flat[n].y() + enlarge)};
    }
    const Lines u(along_u, level);
    const Lines v(along_v, level);
    if (u.count() <= 0 || v.count() <= 0) continue;
    if (!IsSmall(u, v)) return std::nullopt;
    AddCellsOfPolygon(face, flat, enlarge, u, v, level, cells);
  }
  return cells;
}

}  // namespace wideberth::index
