#include "cmd/demo_provider.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/rfc3339.h"
#include "cmd/demo_party.h"
#include "model/uuid.h"
#include "os/system.h"

namespace wideberth::cmd {
namespace {

using Json = nlohmann::ordered_json;

Json AltitudeJson(double metres) { return {{"value", metres}, {"reference", "W84"}, {"units", "M"}}; }

Json VolumeJson(const geo::Volume4D& volume, int64_t shift_ns) {
  Json outline;
  const auto point = [](const geo::LatLng& p) { return Json{{"lat", p.latitude_deg}, {"lng", p.longitude_deg}}; };
  if (volume.outline.is_circle()) {
    outline["outline_circle"] = {{"center", point(volume.outline.center())},
                                 {"radius", {{"value", volume.outline.radius_m()}, {"units", "M"}}}};
  } else {
    for (const geo::LatLng& p : volume.outline.vertices()) outline["outline_polygon"]["vertices"].push_back(point(p));
  }
  outline["altitude_lower"] = AltitudeJson(volume.altitudes.lower_m());
  outline["altitude_upper"] = AltitudeJson(volume.altitudes.upper_m());
  const auto time = [&](TimeNs at) {
    return Json{{"value", FormatRfc3339({at.value + shift_ns})}, {"format", "RFC3339"}};
  };
  return {{"volume", outline}, {"time_start", time(volume.times.start())}, {"time_end", time(volume.times.end())}};
}

}  // namespace

Result<DemoVisit> VisitAsProvider(const ClientOptions& service, const api::KeyPair& keys, const geo::Volume4D& volume,
                                  int64_t shift_ns) {
  const int64_t now_s = os::SystemClock().Now().value / kNsPerSecond;
  constexpr int64_t kLifeSeconds = 600;
  WB_TRY(const std::string token, api::MakeToken(keys.private_pem, {.issuer = "demo",
                                                                    .subject = kDemoProvider,
                                                                    .audiences = {kDemoAudience},
                                                                    .scope = "utm.strategic_coordination",
                                                                    .issued_s = now_s,
                                                                    .expires_s = now_s + kLifeSeconds}));
  const std::vector<std::string> headers{"Authorization: Bearer " + token};
  WB_TRY(const Client client, Client::Make(service));

  os::SystemRng rng;
  DemoVisit visit{{}, model::Uuid::Random(rng).ToString()};
  const std::string path = "/dss/v1/operational_intent_references/" + visit.id;
  Json body{{"extents", Json::array({VolumeJson(volume, shift_ns)})},
            {"key", Json::array()},
            {"state", "Accepted"},
            {"uss_base_url", "https://uss.example/visitor"}};
  WB_TRY(const Json refusal, Expect(client.Send("PUT", path, body.dump(), headers), 409, "PUT " + path));
  for (const Json& missing : refusal.value("missing_operational_intents", Json::array())) {
    const std::string id = missing.at("id").get<std::string>();
    if (missing.at("uss_base_url") != service.url)
      return Error{Code::kIo, "the reference " + id + " is said to be of another USS than the service's"};
    const std::string details_path = "/uss/v1/operational_intents/" + id;
    WB_TRY(const Json details,
           Expect(client.Send("GET", details_path, std::nullopt, headers), 200, "GET " + details_path));
    const Json& intent = details.at("operational_intent");
    body["key"].push_back(intent.at("reference").at("ovn"));
    visit.named.push_back({id, missing.at("manager").get<std::string>(), intent.at("details").at("volumes").size()});
  }
  WB_TRY_OK(Expect(client.Send("PUT", path, body.dump(), headers), 201, "PUT " + path));
  return visit;
}

}  // namespace wideberth::cmd
