#include "api/f3548_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "api/json_member.h"
#include "api/volume_json.h"
#include "base/rfc3339.h"

namespace wideberth::api {

using model::Extents;
using model::Uuid;

namespace {

Result<bool> ParseFlag(const Member& root, std::string_view name) {
  WB_TRY(const std::optional<Member> flag, root.Optional(name));
  if (!flag) return false;
  return flag->Bool();
}

Result<model::IntentState> ParseState(const Member& root) {
  WB_TRY(const Member member, root.Required("state"));
  WB_TRY(const std::string state, member.String());
  if (state == "Accepted") return model::IntentState::kAccepted;
  if (state == "Activated") return model::IntentState::kActivated;
  if (state == "Nonconforming") return model::IntentState::kNonconforming;
  if (state == "Contingent") return model::IntentState::kContingent;
  return member.Wrong("is not Accepted, Activated, Nonconforming or Contingent");
}

}  // namespace

Result<model::PutOperationalIntent> ParsePutOperationalIntent(std::string_view body, const ParseOptions& options) {
  return WithBody<model::PutOperationalIntent>(body, [&](const Member& root) -> Result<model::PutOperationalIntent> {
    model::PutOperationalIntent put;
    WB_TRY(const Member extents, root.Required("extents"));
    WB_TRY(put.extents, ParseExtents(extents, {.times = true, .altitudes = true}));
    WB_TRY(put.state, ParseState(root));
    WB_TRY(put.uss_base_url, ParseUrl(root, "uss_base_url", options.allow_http_uss));
    WB_TRY(const std::optional<Member> key, root.Optional("key"));
    if (key) {
      WB_TRY(const simdjson::dom::array ovns, key->Array());
      for (const JsonElement element : ovns) {
        const Member ovn = key->At(element, put.key.size());
        if (put.key.size() >= kKeyOvnsMax) return key->Wrong("has more than " + std::to_string(kKeyOvnsMax) + " OVNs");
        WB_TRY(std::string text, ovn.String());
        put.key.push_back(std::move(text));
      }
    }
    WB_TRY(const std::optional<Member> subscription_id, root.Optional("subscription_id"));
    // An empty id is what some clients send for none.
    if (subscription_id && subscription_id->element().get_string().error() == simdjson::SUCCESS &&
        std::string_view(subscription_id->element().get_string()).empty()) {
      put.subscription_id.reset();
    } else if (subscription_id) {
      WB_TRY(put.subscription_id, subscription_id->Id());
    }
    WB_TRY(const std::optional<Member> new_subscription, root.Optional("new_subscription"));
    if (new_subscription && put.subscription_id)
      return new_subscription->Wrong("must not be given together with subscription_id");
    if (new_subscription) {
      put.new_subscription.emplace();
      WB_TRY(put.new_subscription->uss_base_url, ParseUrl(*new_subscription, "uss_base_url", options.allow_http_uss));
      WB_TRY(put.new_subscription->notify_for_constraints, ParseFlag(*new_subscription, "notify_for_constraints"));
    }
    if (put.state != model::IntentState::kAccepted && !put.subscription_id && !put.new_subscription)
      return Error{Code::kInvalid,
                   "subscription_id: is missing, and so is new_subscription: this state needs one of them"};
    WB_TRY(const std::optional<Member> suffix, root.Optional("requested_ovn_suffix"));
    if (suffix) {
      WB_TRY(put.requested_ovn_suffix, suffix->Id(7));
    }
    return put;
  });
}

Result<model::PutConstraint> ParsePutConstraint(std::string_view body, const ParseOptions& options) {
  return WithBody<model::PutConstraint>(body, [&](const Member& root) -> Result<model::PutConstraint> {
    model::PutConstraint put;
    WB_TRY(const Member extents, root.Required("extents"));
    WB_TRY(put.extents, ParseExtents(extents, {.times = true}));
    WB_TRY(put.uss_base_url, ParseUrl(root, "uss_base_url", options.allow_http_uss));
    return put;
  });
}

Result<model::PutSubscription> ParsePutSubscription(std::string_view body, const ParseOptions& options) {
  return WithBody<model::PutSubscription>(body, [&](const Member& root) -> Result<model::PutSubscription> {
    model::PutSubscription put;
    WB_TRY(const Member extents, root.Required("extents"));
    Budget budget;
    WB_TRY(put.extents, ParseVolume(extents, {}, budget));
    WB_TRY(put.uss_base_url, ParseUrl(root, "uss_base_url", options.allow_http_uss));
    WB_TRY(put.notify_for_operational_intents, ParseFlag(root, "notify_for_operational_intents"));
    WB_TRY(put.notify_for_constraints, ParseFlag(root, "notify_for_constraints"));
    if (!put.notify_for_operational_intents && !put.notify_for_constraints)
      return Error{
          Code::kInvalid,
          "notify_for_operational_intents: is false, and so is notify_for_constraints: one of them must be true"};
    return put;
  });
}

Result<Extents> ParseQuery(std::string_view body) {
  return WithBody<Extents>(body, [&](const Member& root) -> Result<Extents> {
    WB_TRY(const Member area, root.Required("area_of_interest"));
    Budget budget;
    return ParseVolume(area, {}, budget);
  });
}

Result<model::SetAvailability> ParseSetAvailability(std::string_view body) {
  return WithBody<model::SetAvailability>(body, [&](const Member& root) -> Result<model::SetAvailability> {
    model::SetAvailability set;
    WB_TRY(const Member member, root.Required("availability"));
    WB_TRY(std::string word, member.String());
    std::transform(word.begin(), word.end(), word.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (word == "normal") {
      set.availability = model::Availability::kNormal;
    } else if (word == "down") {
      set.availability = model::Availability::kDown;
    } else if (word == "unknown" || word.empty()) {
      set.availability = model::Availability::kUnknown;
    } else {
      return member.Wrong("is not Unknown, Normal or Down");
    }
    WB_TRY(const std::optional<Member> old_version, root.Optional("old_version"));
    if (old_version) {
      WB_TRY(set.old_version, old_version->String());
    }
    return set;
  });
}

Result<std::string> ParseReport(std::string_view body, const std::string& report_id) {
  return WithBody<std::string>(body, [&](const Member& root) -> Result<std::string> {
    WB_TRY(const Member exchange, root.Required("exchange"));
    for (const char* name : {"url", "method", "recorder_role"}) {
      WB_TRY(const Member member, exchange.Required(name));
      WB_TRY(const std::string text, member.String());
      if (text.empty()) return member.Wrong("is empty");
    }
    WB_TRY(const Member request_time, exchange.Required("request_time"));
    WB_TRY(const TimeNs parsed, ParseTime(request_time, Round::kDown));
    static_cast<void>(parsed);
    WB_TRY(const std::optional<Member> headers, exchange.Optional("headers"));
    if (headers) {
      WB_TRY(const simdjson::dom::array ignored, headers->Array());
      static_cast<void>(ignored);
    }
    nlohmann::ordered_json report = nlohmann::ordered_json::parse(simdjson::minify(root.element()), nullptr, false);
    if (report.is_discarded()) return Error{Code::kInvalid, "body: is not JSON"};
    report["report_id"] = report_id;
    return report.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  });
}

// ---- Answers.

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kOvnOfOthers = "Available from USS";
// What the answer says for an intent without a subscription: the interface demands an id.
constexpr const char* kNoSubscription = "00000000-0000-4000-8000-000000000000";

std::string Dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

const char* NameOf(model::Availability availability) {
  switch (availability) {
    case model::Availability::kUnknown:
      return "Unknown";
    case model::Availability::kNormal:
      return "Normal";
    case model::Availability::kDown:
      return "Down";
  }
  return "Unknown";
}

const char* NameOf(model::IntentState state) {
  switch (state) {
    case model::IntentState::kAccepted:
      return "Accepted";
    case model::IntentState::kActivated:
      return "Activated";
    case model::IntentState::kNonconforming:
      return "Nonconforming";
    case model::IntentState::kContingent:
      return "Contingent";
  }
  return "Accepted";
}

Json ToJson(TimeNs time) { return {{"value", FormatRfc3339(time)}, {"format", "RFC3339"}}; }

Json ToJson(const model::IntentSeen& seen, std::string_view viewer) {
  const model::OperationalIntentReference& intent = seen.reference;
  return {{"id", intent.id.ToString()},
          {"manager", intent.manager},
          {"uss_availability", NameOf(seen.availability)},
          {"version", intent.version},
          {"state", NameOf(intent.state)},
          {"ovn", intent.manager == viewer ? intent.ovn : kOvnOfOthers},
          {"time_start", ToJson(intent.extents.start)},
          {"time_end", ToJson(intent.extents.end)},
          {"uss_base_url", intent.uss_base_url},
          {"subscription_id", intent.subscription_id ? intent.subscription_id->ToString() : kNoSubscription}};
}

Json ToJson(const model::ConstraintReference& constraint, std::string_view viewer) {
  return {{"id", constraint.id.ToString()},
          {"manager", constraint.manager},
          {"uss_availability", NameOf(model::Availability::kUnknown)},
          {"version", constraint.version},
          {"ovn", constraint.manager == viewer ? constraint.ovn : kOvnOfOthers},
          {"time_start", ToJson(constraint.extents.start)},
          {"time_end", ToJson(constraint.extents.end)},
          {"uss_base_url", constraint.uss_base_url}};
}

Json ToJson(const model::SubscriptionSeen& seen) {
  const model::Subscription& subscription = seen.subscription;
  Json dependents = Json::array();
  for (const Uuid& id : seen.dependent_intents) dependents.push_back(id.ToString());
  return {{"id", subscription.id.ToString()},
          {"version", subscription.version},
          {"notification_index", subscription.notification_index},
          {"time_start", ToJson(subscription.extents.start)},
          {"time_end", ToJson(subscription.extents.end)},
          {"uss_base_url", subscription.uss_base_url},
          {"notify_for_operational_intents", subscription.notify_for_operational_intents},
          {"notify_for_constraints", subscription.notify_for_constraints},
          {"implicit_subscription", subscription.implicit},
          {"dependent_operational_intents", dependents}};
}

// A subscriber for each URL, with all its subscriptions. They come in the order of URLs.
Json ToJson(const std::vector<model::Notified>& notified) {
  Json subscribers = Json::array();
  for (const model::Notified& one : notified) {
    if (subscribers.empty() || subscribers.back()["uss_base_url"] != one.uss_base_url)
      subscribers.push_back({{"subscriptions", Json::array()}, {"uss_base_url", one.uss_base_url}});
    subscribers.back()["subscriptions"].push_back(
        {{"subscription_id", one.subscription_id.ToString()}, {"notification_index", one.notification_index}});
  }
  return subscribers;
}

template <typename T>
Json ListOf(const std::vector<T>& entities, std::string_view viewer) {
  Json list = Json::array();
  for (const T& entity : entities) list.push_back(ToJson(entity, viewer));
  return list;
}

}  // namespace

std::string RenderIntent(const model::IntentSeen& intent, std::string_view viewer) {
  return Dump({{"operational_intent_reference", ToJson(intent, viewer)}});
}

std::string RenderIntents(const std::vector<model::IntentSeen>& intents, std::string_view viewer) {
  return Dump({{"operational_intent_references", ListOf(intents, viewer)}});
}

std::string RenderIntentChanged(const model::OperationalIntentChanged& changed, std::string_view viewer) {
  return Dump({{"subscribers", ToJson(changed.notified)},
               {"operational_intent_reference", ToJson({changed.reference, changed.availability}, viewer)}});
}

std::string RenderKeyMissing(const model::KeyMissing& missing, std::string_view viewer) {
  Json answer{
      {"message",
       "the key lacks the OVNs of what the operational intent is relevant to; ask the USSs, then try again with them"}};
  if (!missing.intents.empty()) answer["missing_operational_intents"] = ListOf(missing.intents, viewer);
  if (!missing.constraints.empty()) answer["missing_constraints"] = ListOf(missing.constraints, viewer);
  return Dump(answer);
}

std::string RenderConstraint(const model::ConstraintReference& constraint, std::string_view viewer) {
  return Dump({{"constraint_reference", ToJson(constraint, viewer)}});
}

std::string RenderConstraints(const std::vector<model::ConstraintReference>& constraints, std::string_view viewer) {
  return Dump({{"constraint_references", ListOf(constraints, viewer)}});
}

std::string RenderConstraintChanged(const model::ConstraintChanged& changed, std::string_view viewer) {
  return Dump({{"subscribers", ToJson(changed.notified)}, {"constraint_reference", ToJson(changed.reference, viewer)}});
}

std::string RenderSubscription(const model::SubscriptionSeen& subscription) {
  return Dump({{"subscription", ToJson(subscription)}});
}

std::string RenderSubscriptions(const std::vector<model::SubscriptionSeen>& subscriptions) {
  Json list = Json::array();
  for (const model::SubscriptionSeen& subscription : subscriptions) list.push_back(ToJson(subscription));
  return Dump({{"subscriptions", list}});
}

std::string RenderSubscriptionChanged(const model::SubscriptionChanged& changed, std::string_view viewer) {
  Json answer{{"subscription", ToJson(changed.seen)}};
  if (changed.seen.subscription.notify_for_operational_intents)
    answer["operational_intent_references"] = ListOf(changed.intents, viewer);
  if (changed.seen.subscription.notify_for_constraints)
    answer["constraint_references"] = ListOf(changed.constraints, viewer);
  return Dump(answer);
}

std::string RenderAvailability(const model::UssAvailability& availability) {
  return Dump({{"version", availability.version},
               {"status", {{"uss", availability.uss_id}, {"availability", NameOf(availability.availability)}}}});
}

std::string RenderError(int status, const std::string& message) {
  return Dump({{status >= 500 ? "error_message" : "message", message}});
}

}  // namespace wideberth::api