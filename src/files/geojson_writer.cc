#include "files/geojson_writer.h"

#include <fmt/format.h>

#include <iterator>
#include <string>

#include "base/name_rule.h"
#include "base/rfc3339.h"

namespace wideberth::files {
namespace {

// A name in quotes. It has no control characters, so that two characters are all there is to escape.
void AppendName(std::string_view name, std::string& into) {
  into += '"';
  for (const char c : name) {
    if (c == '"' || c == '\\') into += '\\';
    into += c;
  }
  into += '"';
}

void AppendMetres(AltitudeMm altitude, std::string& into) {
  const bool negative = altitude.value < 0;
  const int64_t mm = negative ? -altitude.value : altitude.value;
  fmt::format_to(std::back_inserter(into), "{}{}", negative ? "-" : "", mm / 1000);
  if (mm % 1000 != 0) fmt::format_to(std::back_inserter(into), ".{:03}", mm % 1000);
}

// fmt writes the fewest digits that read back to the same number.
void AppendPosition(geo::LatLng position, std::string& into) {
  fmt::format_to(std::back_inserter(into), "[{},{}]", position.longitude_deg, position.latitude_deg);
}

void AppendFeature(const std::string& party, const std::string& intent, const geo::Volume4D& volume,
                   std::string& into) {
  into += R"({"type":"Feature","properties":{"intent":)";
  AppendName(intent, into);
  into += R"(,"party":)";
  AppendName(party, into);
  into += R"(,"altitude_lower_m":)";
  AppendMetres(volume.altitudes.lower(), into);
  into += R"(,"altitude_upper_m":)";
  AppendMetres(volume.altitudes.upper(), into);
  into += R"(,"time_start":")" + FormatRfc3339(volume.times.start());
  into += R"(","time_end":")" + FormatRfc3339(volume.times.end()) + '"';
  if (volume.outline.is_circle()) {
    fmt::format_to(std::back_inserter(into), R"(,"radius_m":{}}},"geometry":{{"type":"Point","coordinates":)",
                   volume.outline.radius_m());
    AppendPosition(volume.outline.vertices()[0], into);
  } else {
    into += R"(},"geometry":{"type":"Polygon","coordinates":[[)";
    for (const geo::LatLng& vertex : volume.outline.vertices()) {
      AppendPosition(vertex, into);
      into += ',';
    }
    AppendPosition(volume.outline.vertices()[0], into);
    into += "]]";
  }
  into += "}}";
}

}  // namespace

Result<void> WriteVolumesGeoJson(const conflict::PlanSet& plans, const ByteSink& sink) {
  constexpr size_t kFlushBytes = size_t{1} << 20;
  for (const std::string& party : plans.parties()) {
    if (const auto wrong = WrongWithName(party)) return Error{Code::kInvalid, "party: " + *wrong};
  }
  for (const auto& intent : plans.intents()) {
    if (const auto wrong = WrongWithName(intent.name)) return Error{Code::kInvalid, "intent: " + *wrong};
  }
  std::string text = R"({"type":"FeatureCollection","features":[)";
  for (size_t i = 0; i < plans.volumes().size(); ++i) {
    text += i == 0 ? "\n" : ",\n";
    const auto& intent = plans.intents()[plans.intent_of()[i]];
    AppendFeature(plans.parties()[intent.party], intent.name, plans.volumes()[i], text);
    if (text.size() >= kFlushBytes) {
      WB_TRY_OK(sink(text));
      text.clear();
    }
  }
  text += "\n]}\n";
  return sink(text);
}

}  // namespace wideberth::files
