#include "load/notice_tally.h"

#include <limits>
#include <set>

namespace wideberth::load {

void NoticeTally::Add(size_t stream, const NoticeGiven& notice) {
  given_[stream].push_back(notice);
  ++received_;
}

NoticeTally::Sums& NoticeTally::Sums::operator+=(const Sums& other) {
  made += other.made;
  missed += other.missed;
  twice += other.twice;
  out_of_order += other.out_of_order;
  unknown += other.unknown;
  return *this;
}

NoticeTally::Sums NoticeTally::Compare(size_t stream, const std::vector<NoticeGiven>& made) const {
  Sums sums{.made = made.size()};
  std::set<model::Uuid> ids_made;
  for (const NoticeGiven& notice : made) ids_made.insert(notice.id);
  std::set<model::Uuid> ids_given;
  std::set<int64_t> numbers;
  int64_t last = std::numeric_limits<int64_t>::min();
  for (const NoticeGiven& notice : given_[stream]) {
    if (!numbers.insert(notice.number).second) ++sums.twice;
    if (notice.number <= last) ++sums.out_of_order;
    last = notice.number;
    if (!ids_made.contains(notice.id)) ++sums.unknown;
    ids_given.insert(notice.id);
  }
  for (const model::Uuid& id : ids_made) {
    if (!ids_given.contains(id)) ++sums.missed;
  }
  return sums;
}

}  // namespace wideberth::load
