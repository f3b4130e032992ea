#include "files/tracks_csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rfc3339.h"

namespace wideberth::files {
namespace {

using ::testing::HasSubstr;

const std::string kHeader = "flight,party,time,latitude,longitude,altitude_m\n";
const std::string kRow = "F1,A,2026-03-01T10:00:00Z,47.25,8.5,412.5\n";

Result<std::vector<Track>> ReadText(std::string_view text, const TracksCsvOptions& options = {}) {
  const auto source = FromMemory("tracks.csv", text);
  return ReadTracksCsv(*source, options);
}

Error ErrorOf(std::string_view text, const TracksCsvOptions& options = {}) {
  const auto read = ReadText(text, options);
  EXPECT_FALSE(read) << text;
  return read ? Error{Code::kIo, ""} : read.error();
}

TEST(ReadTracksCsv, ReadsARow) {
  const auto tracks = ReadText(kHeader + kRow);
  ASSERT_TRUE(tracks) << tracks.error().message;
  ASSERT_EQ(tracks->size(), 1u);
  const Track& track = (*tracks)[0];
  EXPECT_EQ(track.flight, "F1");
  EXPECT_EQ(track.party, "A");
  EXPECT_EQ(track.first_line, 2u);
  ASSERT_EQ(track.points.size(), 1u);
  EXPECT_EQ(FormatRfc3339(track.points[0].time), "2026-03-01T10:00:00Z");
  EXPECT_EQ(track.points[0].position, (geo::LatLng{47.25, 8.5}));
  EXPECT_EQ(track.points[0].altitude_m, 412.5);
}

TEST(ReadTracksCsv, FindsColumnsByNameAndIgnoresOthers) {
  const auto tracks = ReadText(
      "\xef\xbb\xbf\"altitude_m\",note,longitude,latitude,time,party,flight,\r\n"
      "5,\"a \"\"quoted\"\"\nnote, over lines\",8,47,2026-03-01T10:00:00Z,\"A, Inc.\",F\r\n\r\n"
      "6,,8,47,2026-03-01T10:00:01Z,\"A, Inc.\", F ,\r\n");
  EXPECT_EQ(tracks.error().message, "tracks.csv:2: row: has 7 fields where the header has 8");
  const auto good = ReadText(
      "\xef\xbb\xbf\"altitude_m\",note,longitude,latitude,time,party,flight\r\n"
      "5,\"a \"\"quoted\"\"\r\n\r\nnote, over lines\",8,47,2026-03-01T10:00:00Z,\"A, Inc.\",F\r\n\r\n \n"
      "6,,8,47,2026-03-01T10:00:01Z,\"A, Inc.\", F ");
  ASSERT_TRUE(good) << good.error().message;
  ASSERT_EQ(good->size(), 1u);
  EXPECT_EQ((*good)[0].party, "A, Inc.");
  EXPECT_EQ((*good)[0].flight, "F");
  ASSERT_EQ((*good)[0].points.size(), 2u);
  EXPECT_EQ((*good)[0].points[1].altitude_m, 6);
}

TEST(ReadTracksCsv, GathersFlightsByPartyAndNameAndOrdersTheirPointsByTime) {
  std::string text = kHeader;
  const auto row = [&](const char* flight, const char* party, const char* second, const char* altitude) {
    text += std::string(flight) + "," + party + ",2026-03-01T10:00:" + second + "Z,47,8," + altitude + "\n";
  };
  row("F2", "B", "05", "1");
  row("F1", "A", "03", "2");
  row("F2", "A", "09", "3");
  row("F2", "B", "01", "4");
  row("F2", "B", "05", "5");
  row("F1", "A", "03", "6");
  const auto tracks = ReadText(text);
  ASSERT_TRUE(tracks);
  ASSERT_EQ(tracks->size(), 3u);
  EXPECT_EQ((*tracks)[0].flight + (*tracks)[0].party, "F2B");
  EXPECT_EQ((*tracks)[1].flight + (*tracks)[1].party, "F1A");
  EXPECT_EQ((*tracks)[2].first_line, 4u);
  std::string order;
  for (const Track& track : *tracks) {
    for (const auto& point : track.points) order += std::to_string(static_cast<int>(point.altitude_m));
  }
  EXPECT_EQ(order,
            "415"
            "26"
            "3");
}

TEST(ReadTracksCsv, NamesFileLineFieldAndReason) {
  const auto with = [](std::string_view from, std::string_view to) {
    std::string row = kRow;
    row.replace(row.find(from), from.size(), to);
    return ErrorOf(kHeader + kRow + row + kRow).message;
  };
  EXPECT_EQ(with("47.25", "91"), R"(tracks.csv:3: latitude: "91" is outside -90 to 90)");
  EXPECT_EQ(with("8.5", "-180.5"), R"(tracks.csv:3: longitude: "-180.5" is outside -180 to 180)");
  EXPECT_EQ(with("8.5", "nan"), R"(tracks.csv:3: longitude: "nan" is not a number)");
  EXPECT_EQ(with("8.5", "1e999"), R"(tracks.csv:3: longitude: "1e999" is not a number)");
  EXPECT_EQ(with("8.5", "8,5"), "tracks.csv:3: row: has 7 fields where the header has 6");
  EXPECT_EQ(with("8.5", ""), R"(tracks.csv:3: longitude: "" is not a number)");
  EXPECT_EQ(with("412.5", "12ft"), R"(tracks.csv:3: altitude_m: "12ft" is not a number)");
  EXPECT_EQ(with("412.5", "2e6"), R"(tracks.csv:3: altitude_m: "2e6" is outside -100000 to 1000000)");
  EXPECT_EQ(with("F1", ""), "tracks.csv:3: flight: is empty; give it a name");
  EXPECT_EQ(with("F1", "\"F\n1\""), R"(tracks.csv:3: flight: "F?1" has a control character at byte 1)");
  EXPECT_EQ(with("A", "\xff"), "tracks.csv:3: party: is not valid UTF-8");
  EXPECT_EQ(with("A", std::string(300, 'p')), "tracks.csv:3: party: has 300 bytes; a name has at most 256");
  EXPECT_EQ(
      with("2026-03-01T10:00:00Z", "noon"),
      R"(tracks.csv:3: time: "noon" is not an RFC 3339 date-time such as 2026-03-01T10:00:00Z: the year is missing)");
  EXPECT_EQ(
      with("47.25", "4\"7"),
      "tracks.csv:3: row: a quote inside a field that is not quoted, or text after a closing quote; a quote within "
      "quotes is written twice (RFC 4180)");
  EXPECT_EQ(with("47.25", "\"47"), "tracks.csv:3: row: the file ends inside a quoted field that begins in this row");
}

TEST(ReadTracksCsv, CountsLinesWithinQuotes) {
  EXPECT_EQ(ErrorOf("note," + kHeader + "\"\n\n\n\"," + kRow + "x,F1,A,x,1,2,3\n").message.substr(0, 19),
            "tracks.csv:6: time:");
}

TEST(ReadTracksCsv, RefusesBadHeaders) {
  EXPECT_THAT(ErrorOf("").message, HasSubstr("tracks.csv:1: header: is missing; the first line names the columns"));
  EXPECT_THAT(ErrorOf("\n \n").message, HasSubstr("tracks.csv:1: header: is missing"));
  EXPECT_THAT(ErrorOf("flight,party,time,latitude,longitude\n").message,
              HasSubstr("tracks.csv:1: header: no column \"altitude_m\"; the first line names the columns"));
  EXPECT_EQ(ErrorOf("time," + kHeader).message, "tracks.csv:1: header: two columns \"time\"");
  EXPECT_THAT(ErrorOf(std::string(2'000, ',') + kHeader).message, HasSubstr("(limit columns_max)"));
  EXPECT_THAT(ErrorOf(std::string(1, '\0')).message, HasSubstr("header: no column"));
  EXPECT_TRUE(ReadText(kHeader)->empty());
}

TEST(ReadTracksCsv, NamesEachLimitThatIsReached) {
  TracksCsvOptions options;
  options.rows_max = 2;
  EXPECT_TRUE(ReadText(kHeader + kRow + kRow, options));
  EXPECT_EQ(
      ErrorOf(kHeader + kRow + kRow + kRow, options),
      (Error{
          Code::kTooLarge,
          "tracks.csv:4: row: is beyond the first 2 (limit rows_max); raise the limit or split the file by flight"}));
  options = {};
  options.tracks_max = 1;
  EXPECT_THAT(ErrorOf(kHeader + kRow + kRow + "F2" + kRow.substr(2), options).message,
              HasSubstr("tracks.csv:4: flight: is beyond the first 1 (limit tracks_max)"));
  options = {};
  options.input_bytes_max = 100;
  EXPECT_THAT(ErrorOf(kHeader + kRow + kRow, options).message, HasSubstr("(limit input_bytes_max)"));
  options = {};
  options.record_bytes_max = 60;
  EXPECT_TRUE(ReadText(kHeader + kRow, options));
  const std::string message = "row: is longer than 60 bytes (limit record_bytes_max); is a quote left open?";
  EXPECT_EQ(ErrorOf(kHeader + kRow + "\"" + std::string(60, 'x'), options),
            (Error{Code::kTooLarge, "tracks.csv:3: " + message}));
  EXPECT_EQ(ErrorOf(kHeader + kRow + "\"\n\n" + kRow + kRow, options),
            (Error{Code::kTooLarge, "tracks.csv:3: " + message}));
  EXPECT_EQ(ErrorOf(kHeader + kRow + std::string(100'000, 'x'), options),
            (Error{Code::kTooLarge, "tracks.csv:3: " + message}));
}

TEST(ReadTracksCsv, CountsAByteOrderMarkAndBlanksAmongTheBytesOfARow) {
  TracksCsvOptions options;
  options.record_bytes_max = kHeader.size() + 2;
  EXPECT_THAT(ErrorOf("\xef\xbb\xbf" + kHeader, options).message, HasSubstr("tracks.csv:1: row: is longer than"));
  EXPECT_THAT(ErrorOf(kHeader + std::string(kHeader.size() + 2, ' ') + "\n", options).message,
              HasSubstr("tracks.csv:2: row: is longer than"));
}

TEST(ReadTracksCsv, ReadsNoMoreOfAnEndlessStreamThanItsLimitsAllow) {
  class Zeros final : public ByteSource {
   public:
    Zeros() : ByteSource("zeros", 0) {}
    uint64_t given = 0;

   private:
    Result<size_t> ReadSome(std::span<char> into) override {
      std::fill(into.begin(), into.end(), '\0');
      given += into.size();
      return into.size();
    }
  };
  Zeros zeros;
  const TracksCsvOptions options;
  EXPECT_EQ(ReadTracksCsv(zeros, options).error().code, Code::kTooLarge);
  EXPECT_LE(zeros.given, 4 * options.record_bytes_max);
}

TEST(ReadTracksCsv, ReadsTheSameHoweverTheBytesArrive) {
  class Trickle final : public ByteSource {
   public:
    Trickle(std::string bytes, size_t step) : ByteSource("tracks.csv", 0), bytes_(std::move(bytes)), step_(step) {}

   private:
    Result<size_t> ReadSome(std::span<char> into) override {
      const size_t count = std::min({step_, into.size(), bytes_.size() - at_});
      bytes_.copy(into.data(), count, at_);
      at_ += count;
      return count;
    }
    std::string bytes_;
    size_t step_;
    size_t at_ = 0;
  };
  std::string text = kHeader;
  for (int i = 0; i < 500; ++i)
    text += "\"F\"\"" + std::to_string(i % 7) + "\"" + kRow.substr(2) + (i % 50 == 0 ? "\r\n" : "");
  const auto whole = ReadText(text);
  ASSERT_TRUE(whole);
  for (const size_t step : {size_t{1}, size_t{3}, size_t{1'000}}) {
    Trickle source(text, step);
    const auto read = ReadTracksCsv(source, {});
    ASSERT_TRUE(read);
    ASSERT_EQ(read->size(), whole->size());
    for (size_t i = 0; i < read->size(); ++i) {
      EXPECT_EQ((*read)[i].flight, (*whole)[i].flight);
      EXPECT_EQ((*read)[i].points.size(), (*whole)[i].points.size());
      EXPECT_EQ((*read)[i].first_line, (*whole)[i].first_line);
    }
  }
}

}  // namespace
}  // namespace wideberth::files
