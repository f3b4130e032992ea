#include "api/f3411_json.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "api/json_member.h"
#include "api/volume_json.h"
#include "base/rfc3339.h"
#include "geo/altitude_band.h"

namespace wideberth::api {

using model::Extents;
using model::RidInterface;

namespace {

constexpr std::string_view kFlightsPath = "/uss/flights";
constexpr std::string_view kServiceAreasPath = "/uss/identification_service_areas";

// ---- F3411-19's volumes.

Result<TimeNs> ParseBareTime(const Member& time, Round round) {
  WB_TRY(const std::string text, time.String());
  Result<TimeNs> parsed = ParseRfc3339(text, round);
  if (!parsed) return time.Wrong(parsed.error().message);
  return parsed;
}

// Metres above the ellipsoid, or nothing.
Result<std::optional<double>> ParseBareAltitude(const Member& volume, std::string_view name) {
  WB_TRY(const std::optional<Member> altitude, volume.Optional(name));
  if (!altitude) return std::optional<double>();
  WB_TRY(const double metres, altitude->Number());
  if (!geo::AltitudeBand::MakeMetres(metres, metres)) return altitude->Wrong("is not within -100000 to 1000000");
  return std::optional<double>(metres);
}

Result<Extents> ParseV19Volume(const Member& volume4d) {
  WB_TRY(const Member volume, volume4d.Required("spatial_volume"));
  WB_TRY(const Member footprint, volume.Required("footprint"));
  Budget budget;
  WB_TRY(const geo::Outline outline, ParsePolygon(footprint, budget.vertices));
  Extents extents;
  WB_TRY(extents.cover, CoverWithin(outline, footprint.path(), budget));
  WB_TRY(const std::optional<double> lower, ParseBareAltitude(volume, "altitude_lo"));
  WB_TRY(const std::optional<double> upper, ParseBareAltitude(volume, "altitude_hi"));
  if (lower && upper && *lower > *upper) return volume.Wrong("altitude_lo is above altitude_hi");
  WB_TRY(const std::optional<Member> start, volume4d.Optional("time_start"));
  WB_TRY(const std::optional<Member> end, volume4d.Optional("time_end"));
  if (start) {
    WB_TRY(extents.start, ParseBareTime(*start, Round::kDown));
  }
  if (end) {
    WB_TRY(extents.end, ParseBareTime(*end, Round::kUp));
  }
  if (extents.start > extents.end) return volume4d.Wrong("time_start is after time_end");
  return extents;
}

Result<Extents> ParseRidExtents(const Member& root, RidInterface through) {
  WB_TRY(const Member volume4d, root.Required("extents"));
  if (through == RidInterface::kV19) return ParseV19Volume(volume4d);
  Budget budget;
  WB_TRY(Extents extents, ParseVolume(volume4d, {}, budget));
  extents.lower = Extents::kNoLower;
  extents.upper = Extents::kNoUpper;
  return extents;
}

// ---- Answers.

using Json = nlohmann::ordered_json;

std::string Dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

// The URL as `through` has it. `path` is what F3411-19's ends with.
std::string UrlFor(const std::string& url, RidInterface written_through, RidInterface through, std::string_view path) {
  if (written_through == through) return url;
  if (through == RidInterface::kV19) {
    const size_t last = url.find_last_not_of('/');
    return url.substr(0, last + 1) + std::string(path);
  }
  return url.ends_with(path) ? url.substr(0, url.size() - path.size()) : url;
}

Json ToJson(TimeNs time, RidInterface through) {
  if (through == RidInterface::kV19) return FormatRfc3339(time);
  return {{"value", FormatRfc3339(time)}, {"format", "RFC3339"}};
}

Json ToJson(const model::IdentificationServiceArea& area, RidInterface through) {
  return {{"id", area.id.ToString()},
          {"owner", area.owner},
          {through == RidInterface::kV19 ? "flights_url" : "uss_base_url",
           UrlFor(area.url, area.written_through, through, kFlightsPath)},
          {"time_start", ToJson(area.extents.start, through)},
          {"time_end", ToJson(area.extents.end, through)},
          {"version", FormatRidVersion(area.version)}};
}

Json ToJson(const model::RidSubscription& subscription, RidInterface through) {
  Json json{{"id", subscription.id.ToString()}, {"owner", subscription.owner}};
  const std::string url = UrlFor(subscription.url, subscription.written_through, through, kServiceAreasPath);
  if (through == RidInterface::kV19) {
    json["callbacks"] = {{"identification_service_area_url", url}};
  } else {
    json["uss_base_url"] = url;
  }
  json["notification_index"] = subscription.notification_index;
  json["time_start"] = ToJson(subscription.extents.start, through);
  json["time_end"] = ToJson(subscription.extents.end, through);
  json["version"] = FormatRidVersion(subscription.version);
  return json;
}

// A subscriber for each URL, in the order of URLs, with all its subscriptions.
Json ToJson(const std::vector<model::RidNotified>& notified, RidInterface through) {
  std::map<std::string, Json> by_url;
  for (const model::RidNotified& one : notified) {
    by_url[UrlFor(one.url, one.written_through, through, kServiceAreasPath)].push_back(
        {{"subscription_id", one.subscription_id.ToString()}, {"notification_index", one.notification_index}});
  }
  Json subscribers = Json::array();
  for (auto& [url, subscriptions] : by_url)
    subscribers.push_back({{"subscriptions", std::move(subscriptions)}, {"url", url}});
  return subscribers;
}

template <typename T>
Json ListOf(const std::vector<T>& entities, RidInterface through) {
  Json list = Json::array();
  for (const T& entity : entities) list.push_back(ToJson(entity, through));
  return list;
}

}  // namespace

Result<model::PutIdentificationServiceArea> ParsePutServiceArea(std::string_view body, RidInterface through,
                                                                bool allow_http) {
  using Put = model::PutIdentificationServiceArea;
  return WithBody<Put>(body, [&](const Member& root) -> Result<Put> {
    Put put;
    WB_TRY(put.extents, ParseRidExtents(root, through));
    WB_TRY(put.url, ParseUrl(root, through == RidInterface::kV19 ? "flights_url" : "uss_base_url", allow_http));
    put.written_through = through;
    return put;
  });
}

Result<model::PutRidSubscription> ParsePutRidSubscription(std::string_view body, RidInterface through,
                                                          bool allow_http) {
  using Put = model::PutRidSubscription;
  return WithBody<Put>(body, [&](const Member& root) -> Result<Put> {
    Put put;
    WB_TRY(put.extents, ParseRidExtents(root, through));
    if (through == RidInterface::kV19) {
      WB_TRY(const Member callbacks, root.Required("callbacks"));
      WB_TRY(put.url, ParseUrl(callbacks, "identification_service_area_url", allow_http));
    } else {
      WB_TRY(put.url, ParseUrl(root, "uss_base_url", allow_http));
    }
    put.written_through = through;
    return put;
  });
}

Result<Extents> ParseArea(std::string_view area) {
  const auto wrong = [](const std::string& reason) { return Error{Code::kInvalid, "area: " + reason}; };
  std::vector<double> numbers;
  while (true) {
    const size_t comma = area.find(',');
    std::string_view text = area.substr(0, comma);
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || text.empty())
      return wrong("\"" + std::string(text.substr(0, 40)) + "\" is not a number");
    const double limit = numbers.size() % 2 == 0 ? 90 : 180;
    if (!(number >= -limit && number <= limit)) {
      return wrong(numbers.size() % 2 == 0 ? "a latitude is not within -90 to 90"
                                           : "a longitude is not within -180 to 180");
    }
    if (numbers.size() >= 2 * kVerticesMax) return wrong("has more than " + std::to_string(kVerticesMax) + " vertices");
    numbers.push_back(number);
    if (comma == std::string_view::npos) break;
    area.remove_prefix(comma + 1);
  }
  if (numbers.size() % 2 != 0) return wrong("has an odd count of numbers: each latitude needs its longitude");
  std::vector<geo::LatLng> ring;
  for (size_t i = 0; i < numbers.size(); i += 2) ring.push_back({numbers[i], numbers[i + 1]});
  const Result<geo::Outline> outline = geo::Outline::MakePolygon(ring);
  if (!outline) return wrong(outline.error().message);
  Extents extents;
  Budget budget;
  WB_TRY(extents.cover, CoverWithin(*outline, "area", budget));
  return extents;
}

Result<TimeNs> ParseRidVersion(std::string_view text) {
  const auto wrong = [](const std::string& reason) { return Error{Code::kInvalid, "version: " + reason}; };
  if (text.empty()) return wrong("is missing from the path");
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  int64_t number = 0;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && !(c >= 'a' && c <= 'v')) return wrong("has other characters than 0-9 and a-v");
    if (number > kMax / 32) return wrong("is too long to be one");
    number = number * 32 + (digit ? c - '0' : c - 'a' + 10);
  }
  if (text.size() > 1 && text.front() == '0') return wrong("begins with a 0");
  return TimeNs{number};
}

std::string FormatRidVersion(TimeNs version) {
  static constexpr char kDigits[] = "0123456789abcdefghijklmnopqrstuv";
  std::string text;
  auto number = static_cast<uint64_t>(version.value);
  do {
    text += kDigits[number % 32];
    number /= 32;
  } while (number != 0);
  std::reverse(text.begin(), text.end());
  return text;
}

std::string RenderServiceArea(const model::IdentificationServiceArea& area, RidInterface through) {
  return Dump({{"service_area", ToJson(area, through)}});
}

std::string RenderServiceAreas(const std::vector<model::IdentificationServiceArea>& areas, RidInterface through) {
  return Dump({{"service_areas", ListOf(areas, through)}});
}

std::string RenderServiceAreaChanged(const model::IdentificationServiceAreaChanged& changed, RidInterface through) {
  return Dump({{"subscribers", ToJson(changed.notified, through)}, {"service_area", ToJson(changed.area, through)}});
}

std::string RenderRidSubscription(const model::RidSubscription& subscription, RidInterface through) {
  return Dump({{"subscription", ToJson(subscription, through)}});
}

std::string RenderRidSubscriptions(const std::vector<model::RidSubscription>& subscriptions, RidInterface through) {
  return Dump({{"subscriptions", ListOf(subscriptions, through)}});
}

std::string RenderRidSubscriptionChanged(const model::RidSubscriptionChanged& changed, RidInterface through) {
  return Dump(
      {{"service_areas", ListOf(changed.areas, through)}, {"subscription", ToJson(changed.subscription, through)}});
}

}  // namespace wideberth::api
