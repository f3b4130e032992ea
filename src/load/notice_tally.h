#ifndef WIDEBERTH_LOAD_NOTICE_TALLY_H_
#define WIDEBERTH_LOAD_NOTICE_TALLY_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/uuid.h"

namespace wideberth::load {

// A notice as a stream gives it, or as the list of a party's notices has it.
struct NoticeGiven {
  int64_t number = 0;
  model::Uuid id;
};

// Whether streams of notices gave each notice that the server made for their party, exactly once and in order.
// Thread-compatible.
class NoticeTally {
 public:
  explicit NoticeTally(size_t streams) : given_(streams) {}

  // A stream gave a notice. REQUIRES: stream is less than the number of streams.
  void Add(size_t stream, const NoticeGiven& notice);
  uint64_t received() const { return received_; }

  struct Sums {
    uint64_t made = 0;          // notices, counted for each stream that is to give them
    uint64_t missed = 0;        // made and not given
    uint64_t twice = 0;         // given again under the same number
    uint64_t out_of_order = 0;  // given after one with the same number or a greater one
    uint64_t unknown = 0;       // given and not made

    Sums& operator+=(const Sums& other);
    friend bool operator==(const Sums&, const Sums&) = default;
  };
  // What became of those that the server made for the party of this stream. A notice that is repeated has one id, and
  // each time another number.
  Sums Compare(size_t stream, const std::vector<NoticeGiven>& made) const;

 private:
  std::vector<std::vector<NoticeGiven>> given_;  // by stream, as they came
  uint64_t received_ = 0;
};

}  // namespace wideberth::load

#endif  // WIDEBERTH_LOAD_NOTICE_TALLY_H_
