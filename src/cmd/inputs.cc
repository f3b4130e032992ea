#include "cmd/inputs.h"

#include <fmt/format.h>

#include <map>
#include <memory>

#include "files/byte_source.h"
#include "files/geojson_reader.h"
#include "files/tracks_csv.h"

namespace wideberth::cmd {
namespace {

Error TooManyVolumes(const std::string& name, uint64_t line, size_t volumes_max) {
  return Error{Code::kTooLarge, fmt::format("{}:{}: more than {} volumes in all: check fewer plans at a time, or raise "
                                            "--volumes-max (each takes some 400 bytes of memory)",
                                            name, line, volumes_max)};
}

Result<void> AddTracks(const InputOptions& options, files::ByteSource& source, const files::TracksCsvOptions& csv,
                       Progress& progress, conflict::PlanSet& plans) {
  WB_TRY(const std::vector<files::Track> tracks, files::ReadTracksCsv(source, csv));
  size_t done = 0;
  for (const files::Track& track : tracks) {
    progress.Share("volumes", static_cast<double>(done++) / static_cast<double>(tracks.size()));
    Result<std::vector<geo::Volume4D>> volumes = plan::VolumesOfTrack(track.points, options.tracks);
    if (!volumes) {
      return Error{volumes.error().code, fmt::format("{}:{}: flight {}: {}", source.name(), track.first_line,
                                                     track.flight, volumes.error().message)};
    }
    if (plans.volumes().size() + volumes->size() > options.volumes_max)
      return TooManyVolumes(source.name(), track.first_line, options.volumes_max);
    const uint32_t intent = plans.IntentNumber(plans.PartyNumber(track.party), track.flight);
    for (geo::Volume4D& volume : *volumes) plans.Add(intent, std::move(volume));
  }
  return {};
}

}  // namespace

void AddInputOptions(CLI::App& subcommand, InputOptions& options) {
  static const std::map<std::string, files::InputFormat> kFormats{{"auto", files::InputFormat::kAuto},
                                                                  {"geojson", files::InputFormat::kGeoJson},
                                                                  {"geojsonl", files::InputFormat::kGeoJsonLines},
                                                                  {"csv", files::InputFormat::kTracksCsv}};
  subcommand.add_option("FILE", options.files, "Plans (.geojson, .geojsonl) or recorded tracks (.csv); - is stdin")
      ->required();
  subcommand.add_option("--input-format", options.format, "What the files are: auto, geojson, geojsonl or csv")
      ->transform(CLI::CheckedTransformer(kFormats, CLI::ignore_case).description("{auto,geojson,geojsonl,csv}"))
      ->default_str("auto");
  const std::string tracks = "Recorded tracks";
  subcommand.add_option("--buffer-m", options.tracks.buffer_m, "Metres of room around a track, horizontally")
      ->capture_default_str()
      ->group(tracks);
  subcommand
      .add_option("--buffer-altitude-m", options.tracks.buffer_altitude_m, "Metres of room above and below a track")
      ->capture_default_str()
      ->group(tracks);
  subcommand.add_option("--segment-s", options.tracks.segment_s, "A volume for each stretch of this many seconds")
      ->capture_default_str()
      ->group(tracks);
  subcommand
      .add_option("--gap-s", options.tracks.gap_s,
                  "Reports further apart than this many seconds are not joined: nobody knows what was between")
      ->capture_default_str()
      ->group(tracks);
  subcommand.add_option("--threads", options.threads, "Threads that parse GeoJSON; 0: one for each processor")
      ->capture_default_str();
  subcommand.add_option("--volumes-max", options.volumes_max, "Refuse input with more volumes than this")
      ->check(CLI::Range(size_t{1}, conflict::PlanSet::kVolumesMax))
      ->capture_default_str();
  AddProgressOption(subcommand, options.progress);
}

Result<conflict::PlanSet> ReadPlans(const InputOptions& options, Progress& progress) {
  conflict::PlanSet plans;
  const auto show = [&](uint64_t bytes, uint64_t total) {
    if (total > 0) {
      progress.Share("reading", std::min(1.0, static_cast<double>(bytes) / static_cast<double>(total)));
    } else {
      progress.Bytes("reading", bytes);
    }
  };
  // One with bad options but no tracks would go unnoticed until a track comes: check them first.
  WB_TRY_OK([&]() -> Result<void> {
    const Result<std::vector<geo::Volume4D>> nothing = plan::VolumesOfTrack({}, options.tracks);
    if (!nothing) return nothing.error();
    return {};
  }());
  for (const std::string& file : options.files) {
    WB_TRY(const std::unique_ptr<files::ByteSource> source, files::OpenFile(file));
    files::InputFormat format = options.format;
    if (format == files::InputFormat::kAuto) {
      WB_TRY(const std::string_view first_bytes, source->Peek());
      format = files::DetectFormat(file, first_bytes);
    }
    if (format == files::InputFormat::kTracksCsv) {
      files::TracksCsvOptions csv;
      csv.progress = show;
      WB_TRY_OK(AddTracks(options, *source, csv, progress, plans));
    } else {
      files::GeoJsonOptions geojson;
      geojson.format = format;
      geojson.threads = options.threads;
      geojson.volumes_max = options.volumes_max;
      geojson.progress = show;
      WB_TRY_OK(files::ReadVolumesGeoJson(*source, geojson, plans));
    }
  }
  return plans;
}

}  // namespace wideberth::cmd
