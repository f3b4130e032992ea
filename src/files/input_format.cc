#include "files/input_format.h"

#include <algorithm>
#include <string>

#include "files/document_cutter.h"

namespace wideberth::files {
namespace {

std::string ExtensionOf(std::string_view path) {
  const size_t dot = path.find_last_of("./");
  if (dot == std::string_view::npos || path[dot] == '/') return "";
  std::string extension(path.substr(dot + 1));
  for (char& c : extension) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return extension;
}

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kSpace = " \t\r\n\x1e";

}  // namespace

InputFormat DetectFormat(std::string_view path, std::string_view first_bytes) {
  const std::string extension = ExtensionOf(path);
  if (extension == "csv") return InputFormat::kTracksCsv;
  const bool lines_promised =
      extension == "geojsonl" || extension == "geojsons" || extension == "ndjson" || extension == "jsonl";
  const bool json_promised = lines_promised || extension == "geojson" || extension == "json";

  std::string_view text = first_bytes;
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  text.remove_prefix(std::min(text.size(), text.find_first_not_of(kSpace)));
  if (!json_promised && !text.starts_with('{') && !text.starts_with('[')) return InputFormat::kTracksCsv;
  if (text.empty()) return lines_promised ? InputFormat::kGeoJsonLines : InputFormat::kGeoJson;

  const size_t line_end = text.find('\n');
  std::string_view line = text.substr(0, line_end);
  line = line.substr(0, line.find_last_not_of(kSpace) + 1);
  DocumentCutter cutter(line.size());
  DocumentCutter::Pieces found;
  cutter.Scan(line, found);
  const bool has_features = cutter.in_features() || !found.collections.empty();
  if (has_features) return InputFormat::kGeoJson;
  if (line_end == std::string_view::npos) return lines_promised ? InputFormat::kGeoJsonLines : InputFormat::kGeoJson;
  if (!found.problem && cutter.between_texts()) {
    const bool more = text.find_first_not_of(kSpace, line_end) != std::string_view::npos;
    return more || lines_promised ? InputFormat::kGeoJsonLines : InputFormat::kGeoJson;
  }
  // The first line is no whole object. One that opens something is laid out over several lines; else it is broken.
  const bool opens = line.ends_with('{') || line.ends_with('[') || line.ends_with(',') || line.ends_with(':');
  return lines_promised && !opens ? InputFormat::kGeoJsonLines : InputFormat::kGeoJson;
}

}  // namespace wideberth::files
