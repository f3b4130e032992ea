#include "api/f3548_json.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "api/json_member.h"
#include "api/volume_json.h"
#include "base/json_writer.h"
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
  WB_TRY(const std::string_view state, member.Text());
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

namespace {

// F3548's ExchangeRecord.
Result<void> CheckExchange(const Member& exchange) {
  for (const char* name : {"url", "method"}) {
    WB_TRY(const Member member, exchange.Required(name));
    WB_TRY(const std::string text, member.String());
    if (text.empty()) return member.Wrong("is empty");
  }
  WB_TRY(const Member role, exchange.Required("recorder_role"));
  WB_TRY(const std::string recorder, role.String());
  if (recorder != "Client" && recorder != "Server") return role.Wrong("is not Client or Server");
  WB_TRY(const Member request_time, exchange.Required("request_time"));
  WB_TRY_OK(ParseTime(request_time, Round::kDown));
  WB_TRY(const std::optional<Member> response_time, exchange.Optional("response_time"));
  if (response_time) WB_TRY_OK(ParseTime(*response_time, Round::kDown));
  WB_TRY(const std::optional<Member> headers, exchange.Optional("headers"));
  if (headers) {
    WB_TRY(const simdjson::dom::array lines, headers->Array());
    size_t number = 0;
    for (const JsonElement line : lines) WB_TRY_OK(headers->At(line, number++).String());
  }
  for (const char* name : {"request_body", "response_body", "problem"}) {
    WB_TRY(const std::optional<Member> text, exchange.Optional(name));
    if (text) WB_TRY_OK(text->String());
  }
  WB_TRY(const std::optional<Member> code, exchange.Optional("response_code"));
  if (code) {
    WB_TRY(const double number, code->Number());
    constexpr double kBeyondInt32 = 2147483648.0;
    if (!(number >= -kBeyondInt32 && number < kBeyondInt32 && number == std::floor(number)))
      return code->Wrong("is not a whole number of 32 bits");
  }
  return {};
}

}  // namespace

Result<std::string> ParseReport(std::string_view body, const std::string& report_id) {
  using Report = nlohmann::ordered_json;
  WB_TRY(const std::string minified, WithBody<std::string>(body, [](const Member& root) -> Result<std::string> {
           return simdjson::minify(root.element());
         }));
  Report report = Report::parse(minified, nullptr, false);
  if (report.is_discarded()) return Error{Code::kInvalid, "body: is not JSON"};
  report["report_id"] = report_id;
  // What is checked is what is kept: of members with one name only the last is left.
  std::string kept = report.dump(-1, ' ', false, Report::error_handler_t::replace);
  return WithBody<std::string>(kept, [&](const Member& root) -> Result<std::string> {
    WB_TRY(const Member exchange, root.Required("exchange"));
    WB_TRY_OK(CheckExchange(exchange));
    return kept;
  });
}

// ---- Answers.

namespace {

// Adds what F3548 says times as.
class Writer : public JsonWriter {
 public:
  Writer& Key(std::string_view name) {
    JsonWriter::Key(name);
    return *this;
  }
  void Time(TimeNs time) {
    Object([&] {
      Key("value").String(FormatRfc3339(time));
      Key("format").String("RFC3339");
    });
  }
};

constexpr std::string_view kOvnOfOthers = "Available from USS";

std::string_view NameOf(model::Availability availability) {
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

std::string_view NameOf(model::IntentState state) {
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

void Write(Writer& to, const model::IntentView& seen, std::string_view viewer) {
  const model::OperationalIntentReference& intent = *seen.reference;
  to.Object([&] {
    to.Key("id").String(intent.id.ToString());
    to.Key("manager").String(intent.manager);
    to.Key("uss_availability").String(NameOf(seen.availability));
    to.Key("version").Int(intent.version);
    to.Key("state").String(NameOf(intent.state));
    to.Key("ovn").String(intent.manager == viewer ? std::string_view(intent.ovn) : kOvnOfOthers);
    to.Key("time_start").Time(intent.extents.start);
    to.Key("time_end").Time(intent.extents.end);
    to.Key("uss_base_url").String(intent.uss_base_url);
    to.Key("subscription_id")
        .String(intent.subscription_id ? intent.subscription_id->ToString() : std::string(kNoSubscription));
  });
}

void Write(Writer& to, const model::IntentSeen& seen, std::string_view viewer) {
  Write(to, model::IntentView{&seen.reference, seen.availability}, viewer);
}

void Write(Writer& to, const model::ConstraintReference& constraint, std::string_view viewer) {
  to.Object([&] {
    to.Key("id").String(constraint.id.ToString());
    to.Key("manager").String(constraint.manager);
    to.Key("uss_availability").String(NameOf(model::Availability::kUnknown));
    to.Key("version").Int(constraint.version);
    to.Key("ovn").String(constraint.manager == viewer ? std::string_view(constraint.ovn) : kOvnOfOthers);
    to.Key("time_start").Time(constraint.extents.start);
    to.Key("time_end").Time(constraint.extents.end);
    to.Key("uss_base_url").String(constraint.uss_base_url);
  });
}

void Write(Writer& to, const model::SubscriptionSeen& seen) {
  const model::Subscription& subscription = seen.subscription;
  to.Object([&] {
    to.Key("id").String(subscription.id.ToString());
    to.Key("version").String(subscription.version);
    to.Key("notification_index").Int(subscription.notification_index);
    to.Key("time_start").Time(subscription.extents.start);
    to.Key("time_end").Time(subscription.extents.end);
    to.Key("uss_base_url").String(subscription.uss_base_url);
    to.Key("notify_for_operational_intents").Bool(subscription.notify_for_operational_intents);
    to.Key("notify_for_constraints").Bool(subscription.notify_for_constraints);
    to.Key("implicit_subscription").Bool(subscription.implicit);
    to.Key("dependent_operational_intents").Array(seen.dependent_intents, [&](const Uuid& id) {
      to.String(id.ToString());
    });
  });
}

// A subscriber for each URL, with all its subscriptions. They come in the order of URLs.
void WriteSubscribers(Writer& to, const std::vector<model::Notified>& notified) {
  std::vector<std::span<const model::Notified>> subscribers;
  for (size_t from = 0; from < notified.size();) {
    size_t until = from;
    while (until < notified.size() && notified[until].uss_base_url == notified[from].uss_base_url) ++until;
    subscribers.emplace_back(&notified[from], until - from);
    from = until;
  }
  to.Key("subscribers").Array(subscribers, [&](std::span<const model::Notified> subscriber) {
    to.Object([&] {
      to.Key("subscriptions").Array(subscriber, [&](const model::Notified& one) {
        to.Object([&] {
          to.Key("subscription_id").String(one.subscription_id.ToString());
          to.Key("notification_index").Int(one.notification_index);
        });
      });
      to.Key("uss_base_url").String(subscriber.front().uss_base_url);
    });
  });
}

// An answer of one object, whose members `write` writes.
template <typename Members>
std::string Answer(Members write) {
  Writer to;
  to.Object([&] { write(to); });
  return to.Take();
}

// What may hold bytes that are no UTF-8, from a path: rare, and written with care.
using Json = nlohmann::ordered_json;
std::string Dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

template <typename T>
void WriteList(Writer& to, std::string_view name, const std::vector<T>& entities, std::string_view viewer) {
  to.Key(name).Array(entities, [&](const T& entity) { Write(to, entity, viewer); });
}

}  // namespace

std::string RenderIntent(const model::IntentSeen& intent, std::string_view viewer) {
  return Answer([&](Writer& to) { Write(to.Key("operational_intent_reference"), intent, viewer); });
}

std::string RenderIntents(const std::vector<model::IntentView>& intents, std::string_view viewer) {
  return Answer([&](Writer& to) { WriteList(to, "operational_intent_references", intents, viewer); });
}

std::string RenderIntentChanged(const model::OperationalIntentChanged& changed, std::string_view viewer) {
  return Answer([&](Writer& to) {
    WriteSubscribers(to, changed.notified);
    Write(to.Key("operational_intent_reference"), model::IntentView{&changed.reference, changed.availability}, viewer);
  });
}

std::string RenderKeyMissing(const model::KeyMissing& missing, std::string_view viewer) {
  return Answer([&](Writer& to) {
    to.Key("message").String(
        "the key lacks the OVNs of what the operational intent is relevant to; ask the USSs, then try again with them");
    if (!missing.intents.empty()) WriteList(to, "missing_operational_intents", missing.intents, viewer);
    if (!missing.constraints.empty()) WriteList(to, "missing_constraints", missing.constraints, viewer);
  });
}

std::string RenderConstraint(const model::ConstraintReference& constraint, std::string_view viewer) {
  return Answer([&](Writer& to) { Write(to.Key("constraint_reference"), constraint, viewer); });
}

std::string RenderConstraints(const std::vector<model::ConstraintReference>& constraints, std::string_view viewer) {
  return Answer([&](Writer& to) { WriteList(to, "constraint_references", constraints, viewer); });
}

std::string RenderConstraintChanged(const model::ConstraintChanged& changed, std::string_view viewer) {
  return Answer([&](Writer& to) {
    WriteSubscribers(to, changed.notified);
    Write(to.Key("constraint_reference"), changed.reference, viewer);
  });
}

std::string RenderSubscription(const model::SubscriptionSeen& subscription) {
  return Answer([&](Writer& to) { Write(to.Key("subscription"), subscription); });
}

std::string RenderSubscriptions(const std::vector<model::SubscriptionSeen>& subscriptions) {
  return Answer([&](Writer& to) {
    to.Key("subscriptions").Array(subscriptions, [&](const model::SubscriptionSeen& one) { Write(to, one); });
  });
}

std::string RenderSubscriptionChanged(const model::SubscriptionChanged& changed, std::string_view viewer) {
  return Answer([&](Writer& to) {
    Write(to.Key("subscription"), changed.seen);
    if (changed.seen.subscription.notify_for_operational_intents)
      WriteList(to, "operational_intent_references", changed.intents, viewer);
    if (changed.seen.subscription.notify_for_constraints)
      WriteList(to, "constraint_references", changed.constraints, viewer);
  });
}

std::string RenderAvailability(const model::UssAvailability& availability) {
  return Dump({{"version", availability.version},
               {"status", {{"uss", availability.uss_id}, {"availability", NameOf(availability.availability)}}}});
}

std::string RenderOwnReference(const model::IntentSeen& intent) {
  Writer to;
  Write(to, intent, intent.reference.manager);
  return to.Take();
}

std::string RenderOwnReference(const model::ConstraintReference& constraint) {
  Writer to;
  Write(to, constraint, constraint.manager);
  return to.Take();
}

std::string RenderError(int status, const std::string& message) {
  return Dump({{status >= 500 ? "error_message" : "message", message}});
}

}  // namespace wideberth::api
