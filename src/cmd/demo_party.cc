#include "cmd/demo_party.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/rfc3339.h"
#include "cmd/party_key.h"
#include "crypto/jws.h"
#include "crypto/sha256.h"
#include "os/system.h"

namespace wideberth::cmd {
namespace {

using Json = nlohmann::ordered_json;

// Longitude first, and the first position again at the end: GeoJSON.
Json FeatureOf(const geo::Volume4D& volume, int64_t shift_ns) {
  Json properties{{"altitude_lower_m", volume.altitudes.lower_m()},
                  {"altitude_upper_m", volume.altitudes.upper_m()},
                  {"time_start", FormatRfc3339({volume.times.start().value + shift_ns})},
                  {"time_end", FormatRfc3339({volume.times.end().value + shift_ns})}};
  const auto position = [](const geo::LatLng& p) { return Json::array({p.longitude_deg, p.latitude_deg}); };
  Json geometry;
  if (volume.outline.is_circle()) {
    properties["radius_m"] = volume.outline.radius_m();
    geometry = {{"type", "Point"}, {"coordinates", position(volume.outline.center())}};
  } else {
    Json ring = Json::array();
    for (const geo::LatLng& p : volume.outline.vertices()) ring.push_back(position(p));
    ring.push_back(ring[0]);
    geometry = {{"type", "Polygon"}, {"coordinates", Json::array({std::move(ring)})}};
  }
  return {{"type", "Feature"}, {"geometry", std::move(geometry)}, {"properties", std::move(properties)}};
}

}  // namespace

DemoListener::DemoListener(const Client& client) : client_(client) {
  thread_ = std::thread([this] {
    const Result<void> listened = Listen();
    const std::lock_guard lock(mutex_);
    if (!listened) failed_ = listened.error();
  });
}

DemoListener::~DemoListener() {
  Stop();
  thread_.join();
}

Result<void> DemoListener::Listen() {
  const Result<Answer> answer = client_.Stream(
      "/api/v1/events", {"Accept: text/event-stream"}, [this](std::string_view bytes) { return TakeBytes(bytes); },
      [this] { return !stop_; });
  if (stop_) return {};
  if (!answer) return answer.error();
  return Error{Code::kIo, answer->status == 200 ? "the service ended the stream of events" : WhyRefused(*answer)};
}

bool DemoListener::TakeBytes(std::string_view bytes) {
  const Result<bool> fed = parser_.Feed(bytes, [this](const ServerSentEvent& event) {
    if (event.type != "notice") return true;
    ToldNotice told{Json::parse(event.data, nullptr, false), {}};
    const Json text = told.notice.is_object() ? told.notice.value("text", Json()) : Json();
    if (text.is_string()) told.text = Json::parse(text.get_ref<const std::string&>(), nullptr, false);
    const std::lock_guard lock(mutex_);
    if (told.text.is_object()) {
      came_.push_back(std::move(told));
    } else {
      failed_ = Error{Code::kInvalid, "an event of the service is no notice: " + event.data};
    }
    return true;
  });
  return fed && *fed && !stop_;
}

Result<std::vector<ToldNotice>> DemoListener::Take() {
  const std::lock_guard lock(mutex_);
  if (failed_) return *failed_;
  return std::exchange(came_, {});
}

Result<std::string> MakeDemoKey(const std::string& file) {
  os::SystemRng rng;
  const crypto::PrivateKey key = crypto::PrivateKey::Generate(rng);
  WB_TRY_OK(WriteNewFile(file, key.ToPem(), 0600));
  WB_TRY_OK(WriteNewFile(file + ".pub", key.public_key().ToPem(), 0644));
  return key.public_key().ToJwk();
}

Result<Json> Expect(const Result<Answer>& answer, long wanted, const std::string& what) {
  if (!answer) return answer.error();
  if (answer->status != wanted) return Error{Code::kIo, what + ": " + WhyRefused(*answer)};
  return JsonOf(*answer);
}

Result<std::unique_ptr<DemoParty>> DemoParty::Register(const Client& as_operator, const std::string& folder,
                                                       const ClientOptions& service, DemoChoices choices) {
  ClientOptions options = service;
  options.party = choices.name;
  options.key_file = folder + "/" + choices.name + ".key";
  WB_TRY(const std::string jwk, MakeDemoKey(options.key_file));
  const Json body{{"public_keys", Json::array({Json::parse(jwk)})}};
  const std::string path = "/api/v1/parties/" + PathSegment(choices.name);
  WB_TRY_OK(Expect(as_operator.Send("PUT", path, body.dump()), 200, "PUT " + path));
  WB_TRY(Client client, Client::Make(options));
  return std::unique_ptr<DemoParty>(new DemoParty(std::move(choices), std::move(client)));
}

Result<DemoDeclared> DemoParty::Declare(const std::vector<const geo::Volume4D*>& volumes, int64_t shift_ns) const {
  Json body{{"type", "FeatureCollection"},
            {"disclosure", choices_.disclosure},
            {"visible_to", choices_.visible_to},
            {"key", Json::array()},
            {"features", Json::array()}};
  for (const geo::Volume4D* volume : volumes) body["features"].push_back(FeatureOf(*volume, shift_ns));

  DemoDeclared declared;
  Result<Answer> answer = client_.Send("POST", "/api/v1/intents", body.dump());
  if (answer && answer->status == 409) {
    WB_TRY(const Json refusal, JsonOf(*answer));
    if (!refusal.contains("conflicts")) return Error{Code::kIo, "POST /api/v1/intents: " + WhyRefused(*answer)};
    declared.refused = refusal.at("conflicts");
    for (const Json& conflict : *declared.refused) body["key"].push_back(conflict.at("other").at("ovn"));
    answer = client_.Send("POST", "/api/v1/intents", body.dump());
  }
  WB_TRY(const Json accepted, Expect(answer, 201, "POST /api/v1/intents"));
  declared.id = accepted.at("intent").at("id").get<std::string>();
  declared.conflicts = accepted.at("conflicts");
  return declared;
}

Result<void> DemoParty::Acknowledge(const ToldNotice& told) const {
  const std::string text = told.notice.at("text").get<std::string>();
  const crypto::Digest hash = crypto::Sha256::Of(text);
  if (told.notice.at("sha256") != crypto::ToHex(hash) || told.text.at("party") != name())
    return Error{Code::kInvalid, "a notice is not what its hash says, or another party's; it is not signed"};
  const std::string signature =
      crypto::SignDetached(client_.key(), std::string_view(reinterpret_cast<const char*>(hash.data()), hash.size()));
  const std::string path = "/api/v1/notices/" + PathSegment(told.notice.at("id").get<std::string>()) + "/ack";
  WB_TRY_OK(Expect(client_.Send("POST", path, Json{{"signature", signature}}.dump()), 200, "POST " + path));
  return {};
}

Result<size_t> DemoParty::CountNewNotices(int64_t number) const {
  const std::string path = fmt::format("/api/v1/notices?after={}&limit=1000", number);
  WB_TRY(const Json answer, Expect(client_.Send("GET", path, std::nullopt), 200, "GET " + path));
  if (answer.value("more", false)) return Error{Code::kTooLarge, "GET " + path + ": more notices than one page holds"};
  const Json& notices = answer.at("notices");
  return static_cast<size_t>(
      std::count_if(notices.begin(), notices.end(), [](const Json& one) { return one.value("repeated", 0) == 0; }));
}

}  // namespace wideberth::cmd
