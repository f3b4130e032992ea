#include "files/tracks_csv.h"

#include <csv.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <memory>
#include <numeric>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/name_rule.h"
#include "base/rfc3339.h"
#include "geo/altitude_band.h"

namespace wideberth::files {
namespace {

enum Column : size_t { kFlight, kParty, kTime, kLatitude, kLongitude, kAltitude, kColumns };
constexpr std::array<std::string_view, kColumns> kColumnNames = {"flight",   "party",     "time",
                                                                 "latitude", "longitude", "altitude_m"};
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool IsBlank(std::string_view line) { return line.find_first_not_of(" \t\r\n") == std::string_view::npos; }

// Owns libcsv's parser. Thread-compatible.
class CsvParser {
 public:
  CsvParser() {
    WB_CHECK(csv_init(&parser_, CSV_STRICT | CSV_STRICT_FINI) == 0);
    csv_set_blk_size(&parser_, 4096);
    // Lines come without the carriage return of CRLF; one that stands elsewhere ends nothing.
    csv_set_term_func(&parser_, [](unsigned char c) { return c == '\n' ? 1 : 0; });
  }
  ~CsvParser() { csv_free(&parser_); }
  CsvParser(const CsvParser&) = delete;
  CsvParser& operator=(const CsvParser&) = delete;
  csv_parser* get() { return &parser_; }

 private:
  csv_parser parser_;
};

// Makes tracks of records. Thread-compatible.
class TracksBuilder {
 public:
  TracksBuilder(const std::string& file, const TracksCsvOptions& options) : file_(file), options_(options) {}

  void AddField(std::string_view field) {
    if (error_) return;
    if (ends_.size() < kFieldsMax) {
      text_.append(field);
      ends_.push_back(text_.size());
    }
    ++fields_;
  }

  void EndRecord(uint64_t line) {
    if (error_) return;
    line_ = line;
    if (!has_header_) {
      ReadHeader();
    } else {
      ReadRow();
    }
    text_.clear();
    ends_.clear();
    fields_ = 0;
  }

  const std::optional<Error>& error() const { return error_; }
  bool has_header() const { return has_header_; }

  void Fail(uint64_t line, const std::string& message, Code code = Code::kInvalid) {
    if (!error_) error_ = Error{code, file_ + ":" + std::to_string(line) + ": " + message};
  }

  std::vector<Track> Finish() {
    for (Track& track : tracks_) SortByTime(track.points);
    return std::move(tracks_);
  }

 private:
  static constexpr size_t kFieldsMax = 1'000;  // columns we look at; a file with more is refused

  // Points at one instant stay in order. Most files are in order already.
  static void SortByTime(std::vector<plan::TrackPoint>& points) {
    const auto earlier = [](const plan::TrackPoint& a, const plan::TrackPoint& b) { return a.time < b.time; };
    if (std::is_sorted(points.begin(), points.end(), earlier)) return;
    std::vector<size_t> order(points.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return points[a].time != points[b].time ? points[a].time < points[b].time : a < b;
    });
    std::vector<plan::TrackPoint> sorted;
    sorted.reserve(points.size());
    for (const size_t index : order) sorted.push_back(points[index]);
    points = std::move(sorted);
  }

  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  void Fail(Column column, const std::string& reason, Code code = Code::kInvalid) {
    Fail(line_, std::string(kColumnNames[column]) + ": " + reason, code);
  }

  std::string_view FieldAt(size_t index) const {
    const size_t begin = index == 0 ? 0 : ends_[index - 1];
    return std::string_view(text_).substr(begin, ends_[index] - begin);
  }

  void ReadHeader() {
    constexpr std::string_view kRemedy =
        "; the first line names the columns, such as flight,party,time,latitude,longitude,altitude_m";
    if (fields_ > kFieldsMax)
      return Fail(line_, "header: has more than " + std::to_string(kFieldsMax) + " columns (limit columns_max)",
                  Code::kTooLarge);
    for (size_t name = 0; name < kColumns; ++name) {
      std::optional<size_t> found;
      for (size_t i = 0; i < fields_; ++i) {
        if (FieldAt(i) != kColumnNames[name]) continue;
        if (found) return Fail(line_, "header: two columns " + Shown(kColumnNames[name], true));
        found = i;
      }
      if (!found) return Fail(line_, "header: no column " + Shown(kColumnNames[name], true) + std::string(kRemedy));
      column_[name] = *found;
    }
    header_fields_ = fields_;
    has_header_ = true;
  }

  void ReadRow() {
    if (fields_ != header_fields_)
      return Fail(line_, "row: has " + std::to_string(fields_) + " fields where the header has " +
                             std::to_string(header_fields_));
    if (++rows_ > options_.rows_max)
      return Fail(line_,
                  "row: is beyond the first " + std::to_string(options_.rows_max) +
                      " (limit rows_max); raise the limit or split the file by flight",
                  Code::kTooLarge);
    plan::TrackPoint point;
    for (const Column column : {kFlight, kParty}) {
      // Most rows are of the flight before: its names are known to be good.
      if (current_ != nullptr && FieldAt(column_[column]) == (column == kFlight ? current_->flight : current_->party))
        continue;
      if (const auto wrong = WrongWithName(FieldAt(column_[column]))) return Fail(column, *wrong);
    }
    const Result<TimeNs> time = ParseRfc3339(FieldAt(column_[kTime]));
    if (!time) return Fail(kTime, Printable(time.error().message));
    point.time = *time;
    if (!ReadNumber(kLatitude, -90, 90, point.position.latitude_deg)) return;
    if (!ReadNumber(kLongitude, -180, 180, point.position.longitude_deg)) return;
    constexpr double kMmPerM = 1000;
    if (!ReadNumber(kAltitude, static_cast<double>(geo::AltitudeBand::kAltitudeMin.value) / kMmPerM,
                    static_cast<double>(geo::AltitudeBand::kAltitudeMax.value) / kMmPerM, point.altitude_m))
      return;
    if (Track* track = TrackOf(FieldAt(column_[kParty]), FieldAt(column_[kFlight]))) track->points.push_back(point);
  }

  static std::string Printable(std::string message) {
    for (char& c : message) {
      if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) c = '?';
    }
    return message;
  }

  bool ReadNumber(Column column, double min, double max, double& into) {
    const std::string_view field = FieldAt(column_[column]);
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), into);
    if (error != std::errc() || end != field.data() + field.size() || !std::isfinite(into)) {
      Fail(column, Shown(field, true) + " is not a number");
      return false;
    }
    if (into >= min && into <= max) return true;
    Fail(column, Shown(field, true) + " is outside " + std::to_string(static_cast<int64_t>(min)) + " to " +
                     std::to_string(static_cast<int64_t>(max)));
    return false;
  }

  // The track of a flight, new or known; null when there are too many.
  Track* TrackOf(std::string_view party, std::string_view flight) {
    if (current_ != nullptr && current_->flight == flight && current_->party == party) return current_;
    key_.assign(party);
    key_ += '\n';  // no name has one
    key_ += flight;
    const auto found = numbers_.find(std::string_view(key_));
    if (found != numbers_.end()) return current_ = &tracks_[found->second];
    if (tracks_.size() >= options_.tracks_max) {
      Fail(kFlight,
           "is beyond the first " + std::to_string(options_.tracks_max) +
               " (limit tracks_max); raise the limit or split the file by flight",
           Code::kTooLarge);
      return nullptr;
    }
    numbers_.emplace(key_, tracks_.size());
    tracks_.push_back({std::string(flight), std::string(party), {}, line_});
    return current_ = &tracks_.back();
  }

  const std::string& file_;
  const TracksCsvOptions& options_;
  std::optional<Error> error_;

  std::string text_;  // of the record's fields, one after the other
  std::vector<size_t> ends_;
  size_t fields_ = 0;
  uint64_t line_ = 0;

  bool has_header_ = false;
  size_t header_fields_ = 0;
  std::array<size_t, kColumns> column_{};
  size_t rows_ = 0;
  std::string key_;
  std::unordered_map<std::string, size_t, Hash, std::equal_to<>> numbers_;  // never iterated
  std::vector<Track> tracks_;
  Track* current_ = nullptr;
};

// Gives libcsv a line at a time, so that it is known on which one a record begins. Thread-compatible.
class RecordReader {
 public:
  RecordReader(const std::string& file, const TracksCsvOptions& options) : options_(options), builder_(file, options) {}

  // A line with its newline, if it has one. False after an error.
  bool AddLine(std::string_view line) {
    ++line_;
    if (!in_record_) {
      record_line_ = line_;
      record_bytes_ = 0;
    }
    record_bytes_ += line.size();
    if (record_bytes_ > options_.record_bytes_max) return TooLong();
    if (line_ == 1 && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
    if (!in_record_ && IsBlank(line)) return true;
    in_record_ = true;
    bool good = false;
    if (line.ends_with("\r\n")) {
      good = Parse(line.substr(0, line.size() - 2)) && Parse("\n");
    } else {
      good = Parse(line);
    }
    if (builder_.error()) return false;
    if (!good) {
      const bool parse_error = csv_error(parser_.get()) == CSV_EPARSE;
      builder_.Fail(line_, parse_error
                               ? "row: a quote inside a field that is not quoted, or text after a closing quote; "
                                 "a quote within quotes is written twice (RFC 4180)"
                               : std::string("row: ") + csv_strerror(csv_error(parser_.get())));
      return false;
    }
    return true;
  }

  // The row at hand is longer than the limit. False.
  bool TooLong() {
    builder_.Fail(in_record_ ? record_line_ : line_,
                  "row: is longer than " + std::to_string(options_.record_bytes_max) +
                      " bytes (limit record_bytes_max); is a quote left open?",
                  Code::kTooLarge);
    return false;
  }

  bool TooLongNextLine() {
    if (!in_record_) ++line_;
    return TooLong();
  }

  Result<std::vector<Track>> Finish() {
    if (!builder_.error() && csv_fini(parser_.get(), &OnField, &OnRecord, this) != 0)
      builder_.Fail(record_line_, "row: the file ends inside a quoted field that begins in this row");
    if (!builder_.error() && !builder_.has_header())
      builder_.Fail(1,
                    "header: is missing; the first line names the columns, such as "
                    "flight,party,time,latitude,longitude,altitude_m");
    if (builder_.error()) return *builder_.error();
    return builder_.Finish();
  }

 private:
  bool Parse(std::string_view text) {
    return csv_parse(parser_.get(), text.data(), text.size(), &OnField, &OnRecord, this) == text.size();
  }

  static void OnField(void* text, size_t size, void* self) {
    static_cast<RecordReader*>(self)->builder_.AddField({static_cast<const char*>(text), size});
  }
  static void OnRecord(int, void* self) {
    auto* reader = static_cast<RecordReader*>(self);
    reader->in_record_ = false;
    reader->builder_.EndRecord(reader->record_line_);
  }

  const TracksCsvOptions& options_;
  CsvParser parser_;
  TracksBuilder builder_;
  uint64_t line_ = 0;
  uint64_t record_line_ = 0;
  size_t record_bytes_ = 0;
  bool in_record_ = false;
};

}  // namespace

Result<std::vector<Track>> ReadTracksCsv(ByteSource& source, const TracksCsvOptions& options) {
  RecordReader records(source.name(), options);
  // Room for the longest row, and as much again to read a good stretch at once.
  const size_t capacity = 2 * std::max<size_t>(options.record_bytes_max, 4096);
  const auto buffer = std::make_unique_for_overwrite<char[]>(capacity);
  size_t filled = 0;
  uint64_t bytes_read = 0;
  for (;;) {
    WB_TRY(const size_t count, source.Read(std::span(buffer.get() + filled, capacity - filled)));
    bytes_read += count;
    if (bytes_read > options.input_bytes_max)
      return Error{Code::kTooLarge, source.name() + ": has more than " + std::to_string(options.input_bytes_max) +
                                        " bytes (limit input_bytes_max); split it into several files"};
    const std::string_view text(buffer.get(), filled + count);
    size_t begin = 0;
    for (size_t end = 0; (end = text.find('\n', begin == 0 ? filled : begin)) != std::string_view::npos;
         begin = end + 1) {
      if (!records.AddLine(text.substr(begin, end + 1 - begin))) return records.Finish();
    }
    if (count == 0) {
      if (begin < text.size()) records.AddLine(text.substr(begin));
      return records.Finish();
    }
    filled = text.size() - begin;
    if (begin > 0 && filled > 0) std::memmove(buffer.get(), buffer.get() + begin, filled);
    if (filled > options.record_bytes_max) {
      records.TooLongNextLine();
      return records.Finish();
    }
    if (options.progress) options.progress(bytes_read, source.bytes_total());
  }
}

}  // namespace wideberth::files
