#include <fmt/format.h>

#include <memory>
#include <set>
#include <string>
#include <utility>

#include "cmd/bounded_json.h"
#include "cmd/client.h"
#include "cmd/conflict_words.h"
#include "cmd/declaration_request.h"
#include "cmd/exit_status.h"
#include "cmd/party_key.h"
#include "cmd/plain_text.h"
#include "cmd/standard_streams.h"
#include "cmd/subcommands.h"

namespace wideberth::cmd {
namespace {

using Json = nlohmann::ordered_json;

// How often a declaration is sent again because conflicts came up in the meantime.
constexpr int kAcceptedMax = 5;

struct DeclareOptions {
  ClientOptions client;
  DeclarationChoices choices;
  std::string file;
  std::string update;
  std::string withdraw;
  std::string activate;
  std::string end;
  bool accept_conflicts = false;
  bool json = false;
};

// What is sent, and how often it can be: with a key or not.
struct Request {
  std::string method;
  std::string path;
  std::optional<Json> body;
  bool takes_key = false;
};

// "ID/OVN" as two path segments.
Result<std::string> IdAndOvn(const std::string& option, const std::string& text) {
  const size_t slash = text.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == text.size())
    return Error{Code::kInvalid, option + ": " + Plain(text) + " is not ID/OVN, as `wideberth declare` prints them"};
  return "/" + PathSegment(text.substr(0, slash)) + "/" + PathSegment(text.substr(slash + 1));
}

Result<Request> RequestOf(const DeclareOptions& options) {
  const std::string base = options.choices.constraint ? "/api/v1/constraints" : "/api/v1/intents";
  const int named =
      !options.update.empty() + !options.withdraw.empty() + !options.activate.empty() + !options.end.empty();
  if (named > 1) return Error{Code::kInvalid, "say one of --update, --withdraw, --activate and --end at a time"};
  if (options.choices.constraint && (!options.activate.empty() || !options.end.empty()))
    return Error{Code::kInvalid, "--activate and --end: a keep-clear zone has no state; end it with --withdraw"};
  const bool with_file = named == 0 || !options.update.empty();
  if (with_file && options.file.empty())
    return Error{Code::kInvalid, "FILE: name the GeoJSON file with the volumes, or - for standard input"};
  if (!with_file && !options.file.empty())
    return Error{Code::kInvalid,
                 "FILE: " + options.file + " is not read with --withdraw, --activate or --end; leave it out"};
  const DeclarationChoices& choices = options.choices;
  if (!with_file &&
      (choices.intent || choices.priority || choices.disclosure || choices.state || !choices.visible_to.empty()))
    return Error{
        Code::kInvalid,
        "--intent, --priority, --disclosure, --visible-to and --state belong to a FILE; change them with --update"};
  if ((!options.withdraw.empty() || !options.end.empty()) && (options.accept_conflicts || !choices.key.empty()))
    return Error{Code::kInvalid,
                 "--accept-conflicts and --ovn: what is withdrawn or over conflicts with nothing; leave them out"};
  if (with_file) {
    WB_TRY(const std::string text, ReadWholeFile(options.file, kDeclarationFileBytesMax));
    WB_TRY(Json body, DeclarationRequest(text, options.file == "-" ? "standard input" : options.file, options.choices));
    if (options.update.empty()) return Request{"POST", base, std::move(body), true};
    WB_TRY(const std::string which, IdAndOvn("--update", options.update));
    return Request{"PUT", base + which, std::move(body), true};
  }
  if (!options.activate.empty()) {
    WB_TRY(const std::string which, IdAndOvn("--activate", options.activate));
    Json body = Json::object();
    if (!options.choices.key.empty()) body["key"] = options.choices.key;
    return Request{"POST", base + which + "/activate", std::move(body), true};
  }
  if (!options.end.empty()) {
    WB_TRY(const std::string which, IdAndOvn("--end", options.end));
    return Request{"POST", base + which + "/end", std::nullopt};
  }
  WB_TRY(const std::string which, IdAndOvn("--withdraw", options.withdraw));
  return Request{"DELETE", base + which, std::nullopt};
}

// The OVNs that a refusal tells; false if it has a conflict without one that the key needs.
bool AddOvns(const Json& conflicts, std::set<std::string>& ovns) {
  bool all = true;
  for (const Json& conflict : conflicts) {
    if (!conflict.is_object() || conflict.value("in_key", false) || !conflict.value("needs_key", true)) continue;
    const Json other = conflict.value("other", Json());
    const Json ovn = other.is_object() ? other.value("ovn", Json()) : Json();
    if (ovn.is_string()) {
      ovns.insert(ovn.get<std::string>());
    } else {
      all = false;
    }
  }
  return all;
}

std::string Word(const Json& of, const char* member) {
  if (!of.is_object() || !of.contains(member)) return "";
  return of[member].is_string() ? Plain(of[member].get_ref<const std::string&>()) : of[member].dump();
}

Json DeclaredIn(const DeclareOptions& options, const Json& answer) {
  return answer.value(options.choices.constraint ? "constraint" : "intent", Json());
}

std::string DoneWords(const DeclareOptions& options, const Json& answer) {
  const char* kind = options.choices.constraint ? "constraint" : "intent";
  const Json declared = DeclaredIn(options, answer);
  const char* done = !options.withdraw.empty()   ? "withdrawn"
                     : !options.end.empty()      ? "ended"
                     : !options.activate.empty() ? "activated"
                     : !options.update.empty()   ? "changed"
                                                 : "declared";
  std::string words = fmt::format("{} {}\n", kind, done);
  for (const char* member : {"id", "ovn", "version", "state", "priority", "disclosure"}) {
    if (const std::string value = Word(declared, member); !value.empty())
      words += fmt::format("  {:<11}{}\n", member, value);
  }
  const Json conflicts = answer.value("conflicts", Json::array());
  if (!options.withdraw.empty() || !options.end.empty()) return words;
  if (conflicts.empty()) return words + "no conflict\n";
  return words + fmt::format("with {} {}:\n{}", conflicts.size(), conflicts.size() == 1 ? "conflict" : "conflicts",
                             ConflictTable(conflicts));
}

// The service has done it: whoever reads nothing of it must still know how to take it back.
int TellDone(const DeclareOptions& options, const Json& answer) {
  const Result<void> told = Print(options.json ? PlainJson(answer) + "\n" : DoneWords(options, answer));
  if (told) return kExitDone;
  const Json declared = DeclaredIn(options, answer);
  return Fail({told.error().code, told.error().message + "; the service has done it nevertheless: " +
                                      Word(declared, "id") + "/" + Word(declared, "ovn")},
              kExitCannotWrite);
}

int RunDeclare(const DeclareOptions& options) {
  // Before anything is declared whose id and OVN nobody could be told.
  if (const auto open = CheckStandardOutput(); !open) return Fail(open.error(), kExitCannotWrite);
  const Result<Client> client = Client::Make(options.client);
  if (!client) return Fail(client.error(), kExitBadInput);
  Result<Request> request = RequestOf(options);
  if (!request) return Fail(request.error(), kExitBadInput);

  std::set<std::string> key(options.choices.key.begin(), options.choices.key.end());
  if (request->body && request->body->contains("key") && (*request->body)["key"].is_array()) {
    for (const Json& ovn : (*request->body)["key"]) {
      if (ovn.is_string()) key.insert(ovn.get<std::string>());
    }
  }
  for (int accepted = 0;; ++accepted) {
    std::optional<std::string> body;
    if (request->body) body = request->body->dump();
    const Result<Answer> answer = client->Send(request->method, request->path, body);
    if (!answer) return Fail(answer.error(), kExitFailed);
    if (answer->status >= 500 || answer->status == 429)
      return Fail({Code::kUnavailable, WhyRefused(*answer)}, kExitFailed);
    const Result<Json> json = JsonOf(*answer);
    if (!json) return Fail(json.error(), kExitFailed);
    if (answer->status == 200 || answer->status == 201) return TellDone(options, *json);
    const Json conflicts = json->value("conflicts", Json());
    if (answer->status != 409 || !conflicts.is_array())
      return Fail({Code::kInvalid, WhyRefused(*answer)}, kExitBadInput);

    const size_t known = key.size();
    const bool all_told = AddOvns(conflicts, key);
    if (options.accept_conflicts && all_told && key.size() > known && accepted < kAcceptedMax) {
      (*request->body)["key"] = key;
      continue;
    }
    if (options.json) {
      fmt::print("{}\n", PlainJson(*json));
    } else {
      fmt::print("refused: {}\n{}",
                 conflicts.size() == 1 ? "1 conflict" : fmt::format("{} conflicts", conflicts.size()),
                 ConflictTable(conflicts));
    }
    std::string remedy = "change the volumes";
    if (!options.accept_conflicts) remedy += ", or accept the conflicts with --accept-conflicts";
    if (!all_told)
      remedy +=
          "; a conflict with a reference is accepted with --ovn OVN, where the OVN is what the USS of that reference "
          "tells";
    fmt::print(stderr, "wideberth: {}\n", remedy);
    return kExitConflictsFound;
  }
}

}  // namespace

void AddDeclare(CLI::App& app, int& status) {
  CLI::App* declare = app.add_subcommand("declare", "Declare an intent or a keep-clear zone to a service, as a party");
  const auto options = std::make_shared<DeclareOptions>();
  declare->add_option("FILE", options->file, "GeoJSON with the volumes (a FeatureCollection); - is standard input");
  AddClientOptions(*declare, options->client, true);
  const std::string what = "What is declared";
  declare->add_flag("--constraint", options->choices.constraint, "A keep-clear zone, instead of an intent")
      ->group(what);
  declare->add_option("--intent", options->choices.intent, "Of a file with several intents, the one with this name")
      ->group(what);
  declare->add_option("--priority", options->choices.priority, "A lesser number is a lower one (0)")->group(what);
  declare
      ->add_option("--disclosure", options->choices.disclosure,
                   "full: other parties see all; volume: only where and when, and no name (full)")
      ->check(CLI::IsMember({"full", "volume"}))
      ->group(what);
  declare->add_option("--visible-to", options->choices.visible_to, "A group that sees it in full; may repeat")
      ->allow_extra_args(false)
      ->group(what);
  declare->add_option("--state", options->choices.state, "accepted, or activated: it is flown now (accepted)")
      ->check(CLI::IsMember({"accepted", "activated"}))
      ->group(what);
  const std::string change = "What was declared before (ID/OVN)";
  declare->add_option("--update", options->update, "Put FILE in the place of this one")->group(change);
  declare->add_option("--activate", options->activate, "It is flown now")->group(change);
  declare->add_option("--end", options->end, "It was flown and is over")->group(change);
  declare->add_option("--withdraw", options->withdraw, "It will not be")->group(change);
  const std::string conflicts = "Conflicts";
  declare->add_flag("--accept-conflicts", options->accept_conflicts, "Declare it although it conflicts, and say so")
      ->group(conflicts);
  declare->add_option("--ovn", options->choices.key, "Accept the conflict with what has this OVN; may repeat")
      ->allow_extra_args(false)
      ->group(conflicts);
  declare->add_flag("--json", options->json, "Print the service's answer as it is");
  declare->footer(
      R"(Exit status: 0 accepted, 3 refused for conflicts, 2 bad input or arguments or refused for another reason, 1 the service
cannot be reached or is busy, or what it answered cannot be written; then standard error has id and OVN.

Examples:
  wideberth declare flight.geojson --url https://sky.example --key alpine.key --party alpine-rescue
  wideberth declare flight.geojson --url https://sky.example --token-file alpine.token
  export WIDEBERTH_URL=https://sky.example WIDEBERTH_KEY=alpine.key WIDEBERTH_PARTY=alpine-rescue
  wideberth declare flight.geojson --priority 5 --disclosure volume --visible-to rescue
  wideberth declare zone.geojson --constraint
  wideberth declare flight.geojson --accept-conflicts
  wideberth declare later.geojson --update ID/OVN
  wideberth declare --activate ID/OVN)");
  declare->callback([options, &status] { status = RunDeclare(*options); });
}

}  // namespace wideberth::cmd
