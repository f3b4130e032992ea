#include "api/parties.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "airspace/text.h"
#include "api/declaration_json.h"
#include "api/openapi.h"
#include "api/page.h"
#include "api/volume_json.h"
#include "base/json_writer.h"
#include "base/name_rule.h"
#include "base/rfc3339.h"
#include "http/query.h"

namespace wideberth::api {

using model::Declaration;
using model::DeclarationKind;
using model::DeclarationSeen;
using model::Outcome;
using model::Uuid;

namespace {

model::Publication NewPublication(const Call& call) {
  return {.uss_id = call.options.uss_id,
          .uss_base_url = call.options.uss_base_url,
          .new_reference_id = Uuid::Random(call.rng),
          .new_reference_ovn = call.Chance(),
          .new_subscription_id = Uuid::Random(call.rng),
          .new_subscription_version = call.Chance()};
}

// ---- What a search is for.

Result<std::optional<double>> FindNumber(const http::QueryParameters& parameters, const char* name) {
  WB_TRY(const std::optional<std::string> text, parameters.Find(name));
  if (!text) return std::optional<double>();
  double number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc() || end != text->data() + text->size() || !geo::AltitudeBand::MakeMetres(number, number))
    return Error{Code::kInvalid, std::string(name) + ": is not a number of metres within -100000 to 1000000"};
  return std::optional<double>(number);
}

Result<geo::BoundsE7> ParseBounds(std::string_view text) {
  double degrees[4] = {};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (int i = 0; i < 4; ++i) {
    if (i > 0) at = at != end && *at == ',' ? at + 1 : end + 1;
    if (at > end) break;
    const auto [next, error] = std::from_chars(at, end, degrees[i]);
    at = error == std::errc() ? next : end + 1;
    if (at > end) break;
  }
  const auto [west, south, east, north] = degrees;
  if (at != end || !(std::abs(west) <= 180 && std::abs(east) <= 180))
    return Error{Code::kInvalid, "bbox: is not west,south,east,north in degrees"};
  if (!(south >= -90 && south <= north && north <= 90))
    return Error{Code::kInvalid, "bbox: south and north are not within -90 to 90, south first"};
  const auto e7 = [](double value, double outward) {
    return static_cast<int32_t>(std::clamp(std::floor(value * 1e7) + (outward > 0 ? 1 : 0), -1.8e9, 1.8e9));
  };
  return geo::BoundsE7{.south = e7(south, -1), .north = e7(north, 1), .west = e7(west, -1), .east = e7(east, 1)};
}

Result<SearchBox> ParseBox(const http::QueryParameters& parameters) {
  SearchBox box;
  WB_TRY(const std::optional<std::string> bounds, parameters.Find("bbox"));
  if (bounds) {
    WB_TRY(box.bounds, ParseBounds(*bounds));
  }
  WB_TRY(const std::optional<double> lower, FindNumber(parameters, "altitude_lower_m"));
  if (lower) box.lower = geo::AltitudeBand::MakeMetres(*lower, *lower)->lower();
  WB_TRY(const std::optional<double> upper, FindNumber(parameters, "altitude_upper_m"));
  if (upper) box.upper = geo::AltitudeBand::MakeMetres(*upper, *upper)->upper();
  if (box.lower > box.upper) return Error{Code::kInvalid, "altitude_upper_m: is below altitude_lower_m"};
  WB_TRY_OK(ReadTime(parameters, "time_start", Round::kDown, box.start));
  WB_TRY_OK(ReadTime(parameters, "time_end", Round::kUp, box.end));
  if (box.start > box.end) return Error{Code::kInvalid, "time_end: is before time_start"};
  return box;
}

Result<Page> ParsePage(const Call& call) {
  WB_TRY(const http::QueryParameters parameters, http::QueryParameters::Parse(call.request.query));
  return Page::Parse(parameters);
}

struct Search {
  SearchBox box;
  Page page;
};

Result<Search> ParseSearch(const Call& call) {
  WB_TRY(const http::QueryParameters parameters, http::QueryParameters::Parse(call.request.query));
  WB_TRY(const SearchBox box, ParseBox(parameters));
  WB_TRY(const Page page, Page::Parse(parameters));
  return Search{box, page};
}

// ---- Intents and constraints.

http::Response Changed(const Outcome& outcome, int status, const char* folder) {
  const int given = std::holds_alternative<model::DeclarationRefused>(outcome) ? 409 : status;
  return Later(given, [outcome = std::make_shared<const Outcome>(outcome), status, folder] {
    if (const auto* refused = std::get_if<model::DeclarationRefused>(outcome.get()))
      return Json(409, RenderDeclarationRefused(*refused));
    const auto& changed = std::get<model::DeclarationChanged>(*outcome);
    http::Response response = Json(status, RenderDeclarationChanged(changed));
    if (status == 201)
      response.headers.emplace_back("Location",
                                    std::string("/api/v1/") + folder + "/" + changed.declaration.id.ToString());
    return response;
  });
}

template <DeclarationKind kKind>
constexpr const char* kFolder = kKind == DeclarationKind::kIntent ? "intents" : "constraints";

template <DeclarationKind kKind>
void Put(const CallPtr& call) {
  const bool is_new = call->arguments.empty();
  Result<Uuid> id = is_new ? Uuid::Random(call->rng) : call->Id(0, "id");
  if (!id) return call->Fail(id.error());
  Result<model::PutDeclaration> put = ParseDeclaration(call->request.body, kKind);
  if (!put) return call->Fail(PlainlyInvalid(put.error()));
  put->id = *id;
  put->party = call->caller.subject;
  if (!is_new) put->ovn = call->arguments[1];
  put->new_ovn = call->Chance();
  put->publication = NewPublication(*call);
  Submit(call, *std::move(put),
         [is_new](const Outcome& outcome) { return Changed(outcome, is_new ? 201 : 200, kFolder<kKind>); });
}

void Activate(const CallPtr& call) {
  const Result<Uuid> id = call->Id(0, "id");
  if (!id) return call->Fail(id.error());
  Result<std::vector<std::string>> key = ParseKey(call->request.body);
  if (!key) return call->Fail(key.error());
  Submit(call,
         model::ActivateDeclaration{*id, call->caller.subject, call->arguments[1], *std::move(key), call->Chance(),
                                    NewPublication(*call)},
         [](const Outcome& outcome) { return Changed(outcome, 200, "intents"); });
}

std::string RenderFound(const DeclarationSeen& seen, std::string_view viewer) {
  JsonWriter to;
  to.Object([&] {
    to.Key(airspace::NameOf(seen.declaration.kind));
    WriteDeclaration(to, seen, seen.declaration.party == viewer);
  });
  return to.Take();
}

template <DeclarationKind kKind, bool kWithdrawn>
void End(const CallPtr& call) {
  const Result<Uuid> id = call->Id(0, "id");
  if (!id) return call->Fail(id.error());
  Submit(call,
         model::EndDeclaration{kKind, *id, call->caller.subject, call->arguments[1], kWithdrawn, call->options.uss_id},
         [](const Outcome& outcome) {
           const Declaration& was = std::get<model::DeclarationChanged>(outcome).declaration;
           return Json(200, RenderFound({was, true, was.id, was.ovn}, was.party));
         });
}

template <DeclarationKind kKind>
void Get(const CallPtr& call) {
  const Result<Uuid> id = call->Id(0, "id");
  if (!id) return call->Fail(id.error());
  Read(call, [&](const airspace::Airspace& airspace, TimeNs) {
    const auto seen = airspace.FindDeclaration(kKind, *id, call->caller.subject);
    if (!seen) return Failed(404, std::string("there is no such ") + std::string(airspace::NameOf(kKind)));
    return Json(200, RenderFound(*seen, call->caller.subject));
  });
}

template <DeclarationKind kKind>
void List(const CallPtr& call) {
  const Result<Search> search = ParseSearch(*call);
  if (!search) return call->Fail(search.error());
  std::optional<Uuid> after;
  if (search->page.after()) {
    const Result<Uuid> id = Uuid::Parse(*search->page.after());
    if (!id) return call->Fail(Page::WrongCursor());
    after = *id;
  }
  Read(call, [&](const airspace::Airspace& airspace, TimeNs now) {
    const auto wanted = [&](const Declaration& declaration) { return search->box.MayMeet(declaration); };
    const auto listed = std::make_shared<const airspace::Airspace::Declarations>(
        airspace.ListDeclarations(kKind, call->caller.subject, now, wanted, after, search->page.limit()));
    return Later(200, [listed, viewer = call->caller.subject] {
      const auto next = listed->more ? std::optional(listed->list.back().id.ToString()) : std::nullopt;
      return Json(200, Page::Render(kFolder<kKind>, listed->list, next, [&](JsonWriter& to, const auto& seen) {
                    WriteDeclaration(to, seen, seen.declaration.party == viewer);
                  }));
    });
  });
}

using ConflictPosition = airspace::Airspace::ConflictPosition;

// What a cursor says: the id of one's own, and perhaps that of the other.
std::string NameOf(const ConflictPosition& position) {
  return position.own.ToString() + (position.other ? position.other->ToString() : "");
}

Result<ConflictPosition> ParsePosition(const std::string& name) {
  const size_t length = Uuid().ToString().size();
  const Result<Uuid> own = Uuid::Parse(name.substr(0, length));
  if (!own) return Page::WrongCursor();
  if (name.size() == length) return ConflictPosition{*own, std::nullopt};
  const Result<Uuid> other = Uuid::Parse(name.substr(length));
  if (!other) return Page::WrongCursor();
  return ConflictPosition{*own, *other};
}

void ListConflicts(const CallPtr& call) {
  const Result<Search> search = ParseSearch(*call);
  if (!search) return call->Fail(search.error());
  std::optional<ConflictPosition> after;
  if (search->page.after()) {
    const Result<ConflictPosition> position = ParsePosition(*search->page.after());
    if (!position) return call->Fail(position.error());
    after = *position;
  }
  Read(call, [&](const airspace::Airspace& airspace, TimeNs now) {
    const auto wanted = [&](const Declaration& declaration) { return search->box.MayMeet(declaration); };
    // Those alone of which the own volume lies in what is searched.
    const auto wanted_volume = [&](const model::DeclaredVolume& volume) { return search->box.MayMeet(volume); };
    const auto listed = std::make_shared<const airspace::Airspace::OwnConflicts>(
        airspace.ListConflicts(call->caller.subject, now, wanted, wanted_volume, after, search->page.limit()));
    return Later(200, [listed] {
      const auto next = listed->next ? std::optional(NameOf(*listed->next)) : std::nullopt;
      geo::Effort effort;
      return Json(200, Page::Render("conflicts", listed->list, next, [&](JsonWriter& to, const auto& one) {
                    to.Object([&] {
                      to.Key("own").Object([&] {
                        to.Key("type").String(airspace::NameOf(one.own.declaration.kind));
                        to.Key("id").String(one.own.id.ToString());
                        to.Key("ovn").String(one.own.ovn);
                        to.Key("version").Int(one.own.declaration.version);
                      });
                      WriteConflictMembers(to, one.own.declaration, one.conflict, effort);
                    });
                  }));
    });
  });
}

// ---- Parties and groups.

Result<std::string> ParseName(const Call& call, const char* what) {
  const std::string& name = call.arguments[0];
  if (const auto wrong = WrongWithName(name)) return Error{Code::kInvalid, std::string(what) + ": " + *wrong};
  return name;
}

Result<model::Party::Key> ParsePublicKey(const Member& jwk) {
  if (!jwk.is_object()) return jwk.Wrong("is not an object (a JWK)");
  const Result<crypto::PublicKey> key = crypto::PublicKey::FromJwk(simdjson::to_string(jwk.element()));
  if (!key) return jwk.Wrong(key.error().message);
  return key->bytes();
}

Result<model::PutParty> ParseParty(std::string_view body) {
  return WithBody<model::PutParty>(body, [](const Member& root) -> Result<model::PutParty> {
    model::PutParty put;
    WB_TRY(const Member keys, root.Required("public_keys"));
    WB_TRY(const simdjson::dom::array array, keys.Array());
    if (array.size() > model::Party::kKeysMax)
      return keys.Wrong("has more than " + std::to_string(model::Party::kKeysMax) + " keys");
    for (const JsonElement element : array) {
      WB_TRY(const model::Party::Key key, ParsePublicKey(keys.At(element, put.keys.size())));
      put.keys.push_back(key);
    }
    std::sort(put.keys.begin(), put.keys.end());
    put.keys.erase(std::unique(put.keys.begin(), put.keys.end()), put.keys.end());
    WB_TRY(const std::optional<Member> is_operator, root.Optional("operator"));
    if (is_operator) {
      WB_TRY(put.is_operator, is_operator->Bool());
    }
    return put;
  });
}

void WriteParty(JsonWriter& to, const model::Party& party) {
  to.Object([&] {
    to.Key("name").String(party.name);
    to.Key("public_keys").Array(party.keys, [&](const model::Party::Key& bytes) {
      const auto key = crypto::PublicKey::FromBytes(bytes);
      WB_CHECK(bool(key));
      to.Object([&] {
        to.Key("kty").String("OKP");
        to.Key("crv").String("Ed25519");
        to.Key("x").String(key->ToBase64Url());
        to.Key("kid").String(key->Thumbprint());
      });
    });
    to.Key("operator").Bool(party.is_operator);
    to.Key("version").Int(party.version);
  });
}

template <typename T, typename Write>
http::Response Found(const char* name, const T& one, Write write) {
  JsonWriter to;
  to.Object([&] {
    to.Key(name);
    write(to, one);
  });
  return Json(200, to.Take());
}

void PutParty(const CallPtr& call) {
  const Result<std::string> name = ParseName(*call, "party");
  if (!name) return call->Fail(name.error());
  Result<model::PutParty> put = ParseParty(call->request.body);
  if (!put) return call->Fail(put.error());
  put->by = call->caller.subject;
  put->name = *name;
  Submit(call, *std::move(put), [](const Outcome& outcome) {
    return Found("party", std::get<model::PartyChanged>(outcome).party, WriteParty);
  });
}

bool IsOperator(const Call& call) { return call.caller.has(PartyKeys::kOperatorScope); }

void GetParty(const CallPtr& call) {
  const Result<std::string> name = ParseName(*call, "party");
  if (!name) return call->Fail(name.error());
  Read(call, [&](const airspace::Airspace& airspace, TimeNs) {
    const model::Party* party =
        IsOperator(*call) || *name == call->caller.subject ? airspace.FindParty(*name) : nullptr;
    if (party == nullptr) return Failed(404, "there is no such party, or it is not yours to see");
    return Found("party", *party, WriteParty);
  });
}

// A page of those of a map by names that `wanted` takes.
template <typename Map, typename Wanted, typename Write>
http::Response RenderNamed(const char* list_name, const Map& map, const Page& page, Wanted wanted, Write write) {
  std::vector<const typename Map::mapped_type*> found;
  std::optional<std::string> next;
  for (auto at = page.after() ? map.upper_bound(*page.after()) : map.begin(); at != map.end(); ++at) {
    if (!wanted(at->second)) continue;
    if (found.size() == page.limit()) {
      next = found.back()->name;
      break;
    }
    found.push_back(&at->second);
  }
  return Json(200, Page::Render(list_name, found, next, [&](JsonWriter& to, const auto* one) { write(to, *one); }));
}

void ListParties(const CallPtr& call) {
  const Result<Page> page = ParsePage(*call);
  if (!page) return call->Fail(page.error());
  Read(call, [&](const airspace::Airspace& airspace, TimeNs) {
    return RenderNamed("parties", airspace.parties(), *page, [](const model::Party&) { return true; }, WriteParty);
  });
}

Result<model::PutGroup> ParseGroup(std::string_view body) {
  return WithBody<model::PutGroup>(body, [](const Member& root) -> Result<model::PutGroup> {
    model::PutGroup put;
    WB_TRY(const Member members, root.Required("members"));
    WB_TRY(const simdjson::dom::array array, members.Array());
    if (array.size() == 0) return members.Wrong("is empty: DELETE ends a group");
    if (array.size() > model::Group::kMembersMax)
      return members.Wrong("has more than " + std::to_string(model::Group::kMembersMax));
    for (const JsonElement element : array) {
      const Member one = members.At(element, put.members.size());
      WB_TRY(std::string name, one.String());
      if (const auto wrong = WrongWithName(name)) return one.Wrong(*wrong);
      put.members.push_back(std::move(name));
    }
    std::sort(put.members.begin(), put.members.end());
    put.members.erase(std::unique(put.members.begin(), put.members.end()), put.members.end());
    return put;
  });
}

void WriteGroup(JsonWriter& to, const model::Group& group) {
  to.Object([&] {
    to.Key("name").String(group.name);
    to.Key("members").Array(group.members, [&](const std::string& member) { to.String(member); });
    to.Key("version").Int(group.version);
  });
}

http::Response GroupAnswer(const Outcome& outcome) {
  return Found("group", std::get<model::GroupChanged>(outcome).group, WriteGroup);
}

void PutGroup(const CallPtr& call) {
  const Result<std::string> name = ParseName(*call, "group");
  if (!name) return call->Fail(name.error());
  Result<model::PutGroup> put = ParseGroup(call->request.body);
  if (!put) return call->Fail(put.error());
  put->by = call->caller.subject;
  put->name = *name;
  Submit(call, *std::move(put), GroupAnswer);
}

void DeleteGroup(const CallPtr& call) {
  const Result<std::string> name = ParseName(*call, "group");
  if (!name) return call->Fail(name.error());
  Submit(call, model::PutGroup{call->caller.subject, *name, {}}, GroupAnswer);
}

bool MaySee(const Call& call, const model::Group& group) {
  return IsOperator(call) || std::binary_search(group.members.begin(), group.members.end(), call.caller.subject);
}

void GetGroup(const CallPtr& call) {
  const Result<std::string> name = ParseName(*call, "group");
  if (!name) return call->Fail(name.error());
  Read(call, [&](const airspace::Airspace& airspace, TimeNs) {
    const model::Group* group = airspace.FindGroup(*name);
    if (group == nullptr || !MaySee(*call, *group))
      return Failed(404, "there is no such group, or it is not yours to see");
    return Found("group", *group, WriteGroup);
  });
}

void ListGroups(const CallPtr& call) {
  const Result<Page> page = ParsePage(*call);
  if (!page) return call->Fail(page.error());
  Read(call, [&](const airspace::Airspace& airspace, TimeNs) {
    return RenderNamed(
        "groups", airspace.groups(), *page, [&](const model::Group& group) { return MaySee(*call, group); },
        WriteGroup);
  });
}

}  // namespace

std::vector<Route> PartyRoutes() {
  constexpr auto kIntent = DeclarationKind::kIntent;
  constexpr auto kConstraint = DeclarationKind::kConstraint;
  const std::vector<std::string_view> party{PartyKeys::kPartyScope};
  const std::vector<std::string_view> an_operator{PartyKeys::kOperatorScope};
  const std::vector<std::string_view> either{PartyKeys::kPartyScope, PartyKeys::kOperatorScope};
  return {
      {"POST", "/api/v1/intents", party, Put<kIntent>, true},
      {"GET", "/api/v1/intents", party, List<kIntent>},
      {"GET", "/api/v1/intents/{}", party, Get<kIntent>},
      {"PUT", "/api/v1/intents/{}/{}", party, Put<kIntent>, true},
      {"DELETE", "/api/v1/intents/{}/{}", party, End<kIntent, true>, true},
      {"POST", "/api/v1/intents/{}/{}/activate", party, Activate, true},
      {"POST", "/api/v1/intents/{}/{}/end", party, End<kIntent, false>, true},
      {"POST", "/api/v1/constraints", party, Put<kConstraint>, true},
      {"GET", "/api/v1/constraints", party, List<kConstraint>},
      {"GET", "/api/v1/constraints/{}", party, Get<kConstraint>},
      {"PUT", "/api/v1/constraints/{}/{}", party, Put<kConstraint>, true},
      {"DELETE", "/api/v1/constraints/{}/{}", party, End<kConstraint, true>, true},
      {"GET", "/api/v1/conflicts", party, ListConflicts},
      {"PUT", "/api/v1/parties/{}", an_operator, PutParty, true},
      {"GET", "/api/v1/parties/{}", either, GetParty},
      {"GET", "/api/v1/parties", an_operator, ListParties},
      {"PUT", "/api/v1/groups/{}", an_operator, PutGroup, true},
      {"GET", "/api/v1/groups/{}", either, GetGroup},
      {"DELETE", "/api/v1/groups/{}", an_operator, DeleteGroup, true},
      {"GET", "/api/v1/groups", either, ListGroups},
  };
}

}  // namespace wideberth::api
