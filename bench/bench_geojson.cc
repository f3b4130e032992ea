#include <fmt/format.h>
#include <simdjson.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/check.h"
#include "bench/benches.h"
#include "files/geojson_reader.h"
#include "files/geojson_writer.h"

namespace wideberth::bench {
namespace {

// A file that is gone when this is. Thread-compatible.
class TemporaryFile {
 public:
  TemporaryFile() {
    const char* folder = std::getenv("TMPDIR");
    path_ = std::string(folder != nullptr ? folder : "/tmp") + "/wideberth-bench-XXXXXX";
    const int descriptor = mkstemp(path_.data());
    WB_CHECK(descriptor >= 0);
    close(descriptor);
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Writes what our writer gives, without the FeatureCollection around it and the commas between: one Feature a line.
size_t WriteLines(const conflict::PlanSet& plans, const std::string& path) {
  std::ofstream out(path, std::ios::binary);
  std::string rest;
  size_t bytes = 0;
  const auto sink = [&](std::string_view piece) -> Result<void> {
    rest += piece;
    size_t begin = 0;
    for (size_t end; (end = rest.find('\n', begin)) != std::string::npos; begin = end + 1) {
      std::string_view line(rest.data() + begin, end - begin);
      if (!line.starts_with(R"({"type":"Feature",)")) continue;
      if (line.ends_with(',')) line.remove_suffix(1);
      out << line << '\n';
      bytes += line.size() + 1;
    }
    rest.erase(0, begin);
    return {};
  };
  WB_CHECK(bool(files::WriteVolumesGeoJson(plans, sink)));
  out.close();
  WB_CHECK(out.good());
  return bytes;
}

double ReadWithOurs(const std::string& path, unsigned threads, size_t volumes) {
  conflict::PlanSet plans;
  files::GeoJsonOptions options;
  options.format = files::InputFormat::kGeoJsonLines;
  options.threads = threads;
  const auto start = Timer::now();
  const auto source = files::OpenFile(path);
  WB_CHECK(bool(source));
  const auto read = files::ReadVolumesGeoJson(**source, options, plans);
  const double seconds = SecondsSince(start);
  WB_CHECK(bool(read) && plans.volumes().size() == volumes);
  return seconds;
}

std::string ReadAll(const std::string& path, size_t bytes) {
  std::string text(bytes, '\0');
  std::ifstream(path, std::ios::binary).read(text.data(), static_cast<std::streamsize>(bytes));
  return text;
}

// Calls parse(line) for each line until `bytes_max`; returns MB/s.
template <typename Parse>
double ParseLines(std::string_view text, size_t bytes_max, Parse parse) {
  const auto start = Timer::now();
  size_t begin = 0;
  while (begin < text.size() && begin < bytes_max) {
    const size_t end = text.find('\n', begin);
    parse(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return static_cast<double>(begin) / 1e6 / SecondsSince(start);
}

}  // namespace

void BenchGeoJson(const conflict::PlanSet& plans, const Options&, Table& table) {
  const TemporaryFile file;
  const size_t bytes = WriteLines(plans, file.path());
  const double megabytes = static_cast<double>(bytes) / 1e6;

  const auto measure = [&](unsigned threads) {
    std::vector<double> rates;
    for (int run = 0; run < 3; ++run)
      rates.push_back(megabytes / ReadWithOurs(file.path(), threads, plans.volumes().size()));
    return Median(rates);
  };
  const double all_cores = measure(0);
  const double one_core = measure(1);

  const std::string text = ReadAll(file.path(), bytes);
  simdjson::dom::parser parser;
  const double with_simdjson = ParseLines(text, text.size(), [&](std::string_view line) {
    simdjson::dom::element element;
    WB_CHECK(parser.parse(line.data(), line.size()).get(element) == simdjson::SUCCESS);
    Keep(element);
  });
  const double with_nlohmann = ParseLines(text, size_t{100} << 20, [&](std::string_view line) {
    const nlohmann::json value = nlohmann::json::parse(line);
    Keep(value);
  });
  constexpr double kTarget = 300;
  table.Add(
      {"read .geojsonl, all cores", all_cores, "MB/s", true, kTarget, "nlohmann::json, parse only", with_nlohmann});
  table.Add({"read .geojsonl, all cores", all_cores, "MB/s", true, kTarget, "simdjson DOM, parse only", with_simdjson});
  table.Add(
      {"read .geojsonl, one core", one_core, "MB/s", true, std::nullopt, "nlohmann::json, parse only", with_nlohmann});
  table.Note(fmt::format(
      "read: median of 3, {:.0f} MB of {} Features in the page cache, to checked volumes in a PlanSet. The baselines "
      "have each line in memory and make a JSON value of it, on one core: no checks, no volumes.",
      megabytes, plans.volumes().size()));
}

}  // namespace wideberth::bench
