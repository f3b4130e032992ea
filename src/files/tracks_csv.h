#ifndef WIDEBERTH_FILES_TRACKS_CSV_H_
#define WIDEBERTH_FILES_TRACKS_CSV_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "files/byte_source.h"
#include "plan/track.h"

namespace wideberth::files {

// What a file recorded of one flight of one party.
struct Track {
  std::string flight;
  std::string party;
  std::vector<plan::TrackPoint> points;  // in order of time; at one instant, in the order of the file
  uint64_t first_line = 0;               // where the flight appears first
};

struct TracksCsvOptions {
  // The limits.
  size_t record_bytes_max = size_t{1} << 20;      // of one row
  uint64_t input_bytes_max = uint64_t{64} << 30;  // of the source
  size_t rows_max = 50'000'000;
  size_t tracks_max = 5'000'000;

  // Called now and then: bytes read so far, and in all (0: nobody can tell).
  std::function<void(uint64_t bytes_read, uint64_t bytes_total)> progress;
};

// Reads recorded tracks (docs/formats/tracks-csv.md), in order of first appearance. The message of an error is
// "FILE:LINE: FIELD: reason"; kInvalid for what breaks a rule, kTooLarge for a limit, kIo for the source.
Result<std::vector<Track>> ReadTracksCsv(ByteSource& source, const TracksCsvOptions& options);

}  // namespace wideberth::files

#endif  // WIDEBERTH_FILES_TRACKS_CSV_H_
