// Recorded tracks as CSV: whatever the bytes, the reader answers; it answers the same however they arrive; and what it
// accepts is in order and in range, and has names that can be written as GeoJSON.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/name_rule.h"
#include "files/byte_source.h"
#include "files/tracks_csv.h"

namespace wideberth {
namespace {

// Gives few bytes at a time.
class Trickle final : public files::ByteSource {
 public:
  Trickle(std::string_view bytes, size_t step) : ByteSource("fuzz", bytes.size()), bytes_(bytes), step_(step) {}

 private:
  Result<size_t> ReadSome(std::span<char> into) override {
    const size_t count = std::min({step_, into.size(), bytes_.size()});
    if (count > 0) std::memcpy(into.data(), bytes_.data(), count);
    bytes_.remove_prefix(count);
    return count;
  }

  std::string_view bytes_;
  size_t step_;
};

Result<std::vector<files::Track>> ReadText(std::string_view text, size_t step) {
  files::TracksCsvOptions options;
  options.record_bytes_max = 500;
  options.rows_max = 200;
  options.tracks_max = 50;
  Trickle source(text, step);
  return files::ReadTracksCsv(source, options);
}

void CheckTrack(const files::Track& track) {
  WB_CHECK(!WrongWithName(track.flight) && !WrongWithName(track.party));
  WB_CHECK(!track.points.empty() && track.first_line > 1);
  for (size_t i = 0; i < track.points.size(); ++i) {
    const plan::TrackPoint& point = track.points[i];
    WB_CHECK(std::abs(point.position.latitude_deg) <= 90 && std::abs(point.position.longitude_deg) <= 180);
    WB_CHECK(std::isfinite(point.altitude_m));
    WB_CHECK(i == 0 || track.points[i - 1].time <= point.time);
  }
}

void Check(std::string_view text) {
  const auto read = ReadText(text, text.size() + 1);
  for (const size_t step : {size_t{1}, size_t{37}}) {
    const auto cut = ReadText(text, step);
    WB_CHECK(bool(cut) == bool(read));
    if (!read) {
      WB_CHECK(cut.error() == read.error() && !read.error().message.empty());
      continue;
    }
    WB_CHECK(cut->size() == read->size());
    for (size_t i = 0; i < read->size(); ++i) {
      WB_CHECK((*cut)[i].flight == (*read)[i].flight && (*cut)[i].party == (*read)[i].party);
      WB_CHECK((*cut)[i].points.size() == (*read)[i].points.size());
      WB_CHECK((*cut)[i].first_line == (*read)[i].first_line);
    }
  }
  if (!read) return;
  std::set<std::pair<std::string_view, std::string_view>> flights;
  for (const files::Track& track : *read) {
    CheckTrack(track);
    WB_CHECK(flights.emplace(track.party, track.flight).second);
  }
}

}  // namespace
}  // namespace wideberth

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  wideberth::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
