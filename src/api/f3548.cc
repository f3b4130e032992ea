#include "api/f3548.h"

#include <string_view>
#include <utility>

#include "api/f3548_json.h"

namespace wideberth::api {

using model::Outcome;
using model::Uuid;

namespace {

// F3548-21's scopes.
constexpr std::string_view kCoordination = "utm.strategic_coordination";
constexpr std::string_view kConstraintManagement = "utm.constraint_management";
constexpr std::string_view kConstraintProcessing = "utm.constraint_processing";
constexpr std::string_view kConformance = "utm.conformance_monitoring_sa";
constexpr std::string_view kArbitration = "utm.availability_arbitration";

// ---- Operational intents.

void PutIntent(const CallPtr& call, bool update) {
  const Result<Uuid> id = call->Id(0, "entityid");
  if (!id) return call->Fail(id.error());
  if (update && call->arguments[1].empty()) return call->Fail({Code::kInvalid, "ovn: is missing from the path"});
  Result<model::PutOperationalIntent> put =
      ParsePutOperationalIntent(call->request.body, {call->options.allow_http_uss});
  if (!put) return call->Fail(PlainlyInvalid(put.error()));
  const bool off_nominal =
      put->state == model::IntentState::kNonconforming || put->state == model::IntentState::kContingent;
  if (off_nominal && !call->caller.has(kConformance)) {
    return call->Fail(
        {Code::kForbidden, "state: Nonconforming and Contingent need the scope " + std::string(kConformance)});
  }
  if (!update && put->state != model::IntentState::kAccepted)
    return call->Fail({Code::kInvalid, "state: the first state of an operational intent is Accepted"});
  if (put->extents.end < call->clock.Now()) return call->Fail({Code::kInvalid, "extents: time_end has passed"});
  put->id = *id;
  put->manager = call->caller.subject;
  if (update) put->ovn = call->arguments[1];
  put->new_ovn = call->Chance();
  put->new_subscription_id = Uuid::Random(call->rng);
  put->new_subscription_version = call->Chance();
  Submit(call, *std::move(put), [call, update](const Outcome& outcome) {
    if (const auto* missing = std::get_if<model::KeyMissing>(&outcome))
      return Json(409, RenderKeyMissing(*missing, call->caller.subject));
    return Json(update ? 200 : 201,
                RenderIntentChanged(std::get<model::OperationalIntentChanged>(outcome), call->caller.subject));
  });
}

void CreateIntent(const CallPtr& call) { PutIntent(call, false); }
void UpdateIntent(const CallPtr& call) { PutIntent(call, true); }

void DeleteIntent(const CallPtr& call) {
  const Result<Uuid> id = call->Id(0, "entityid");
  if (!id) return call->Fail(id.error());
  if (call->arguments[1].empty()) return call->Fail({Code::kInvalid, "ovn: is missing from the path"});
  Submit(call, model::DeleteOperationalIntent{*id, call->caller.subject, call->arguments[1]},
         [call](const Outcome& outcome) {
           return Json(200,
                       RenderIntentChanged(std::get<model::OperationalIntentChanged>(outcome), call->caller.subject));
         });
}

void GetIntent(const CallPtr& call) {
  const Result<Uuid> id = call->Id(0, "entityid");
  if (!id) return call->Fail(id.error());
  Read(call, [&](const airspace::Airspace& airspace, TimeNs) {
    const auto intent = airspace.FindIntent(*id);
    if (!intent) return Failed(404, "there is no such operational intent reference");
    return Json(200, RenderIntent(*intent, call->caller.subject));
  });
}

void QueryIntents(const CallPtr& call) {
  const Result<model::Extents> area = ParseQuery(call->request.body);
  if (!area) return call->Fail(PlainlyInvalid(area.error()));
  Read(call, [&](const airspace::Airspace& airspace, TimeNs now) {
    return Json(200, RenderIntents(airspace.ViewIntents(*area, now), call->caller.subject));
  });
}

// ---- Constraints.

void PutConstraint(const CallPtr& call, bool update) {
  const Result<Uuid> id = call->Id(0, "entityid");
  if (!id) return call->Fail(id.error());
  if (update && call->arguments[1].empty()) return call->Fail({Code::kInvalid, "ovn: is missing from the path"});
  Result<model::PutConstraint> put = ParsePutConstraint(call->request.body, {call->options.allow_http_uss});
  if (!put) return call->Fail(PlainlyInvalid(put.error()));
  if (put->extents.end < call->clock.Now()) return call->Fail({Code::kInvalid, "extents: time_end has passed"});
  put->id = *id;
  put->manager = call->caller.subject;
  if (update) put->ovn = call->arguments[1];
  put->new_ovn = call->Chance();
  Submit(call, *std::move(put), [call, update](const Outcome& outcome) {
    return Json(update ? 200 : 201,
                RenderConstraintChanged(std::get<model::ConstraintChanged>(outcome), call->caller.subject));
  });
}

void CreateConstraint(const CallPtr& call) { PutConstraint(call, false); }
void UpdateConstraint(const CallPtr& call) { PutConstraint(call, true); }

void DeleteConstraint(const CallPtr& call) {
  const Result<Uuid> id = call->Id(0, "entityid");
  if (!id) return call->Fail(id.error());
  if (call->arguments[1].empty()) return call->Fail({Code::kInvalid, "ovn: is missing from the path"});
  Submit(call, model::DeleteConstraint{*id, call->caller.subject, call->arguments[1]}, [call](const Outcome& outcome) {
    return Json(200, RenderConstraintChanged(std::get<model::ConstraintChanged>(outcome), call->caller.subject));
  });
}

void GetConstraint(const CallPtr& call) {
  const Result<Uuid> id = call->Id(0, "entityid");
  if (!id) return call->Fail(id.error());
  Read(call, [&](const airspace::Airspace& airspace, TimeNs) {
    const auto constraint = airspace.FindConstraint(*id);
    if (!constraint) return Failed(404, "there is no such constraint reference");
    return Json(200, RenderConstraint(*constraint, call->caller.subject));
  });
}

void QueryConstraints(const CallPtr& call) {
  const Result<model::Extents> area = ParseQuery(call->request.body);
  if (!area) return call->Fail(PlainlyInvalid(area.error()));
  Read(call, [&](const airspace::Airspace& airspace, TimeNs now) {
    return Json(200, RenderConstraints(airspace.QueryConstraints(*area, now), call->caller.subject));
  });
}

// ---- Subscriptions.

void PutSubscription(const CallPtr& call, bool update) {
  const Result<Uuid> id = call->Id(0, "subscriptionid");
  if (!id) return call->Fail(id.error());
  if (id->ToString() == kNoSubscription)
    return call->Fail({Code::kInvalid, "subscriptionid: is what stands for no subscription"});
  if (update && call->arguments[1].empty()) return call->Fail({Code::kInvalid, "version: is missing from the path"});
  Result<model::PutSubscription> put = ParsePutSubscription(call->request.body, {call->options.allow_http_uss});
  if (!put) return call->Fail(PlainlyInvalid(put.error()));
  put->id = *id;
  put->manager = call->caller.subject;
  if (update) put->version = call->arguments[1];
  put->new_version = call->Chance();
  Submit(call, *std::move(put), [call](const Outcome& outcome) {
    return Json(200, RenderSubscriptionChanged(std::get<model::SubscriptionChanged>(outcome), call->caller.subject));
  });
}

void CreateSubscription(const CallPtr& call) { PutSubscription(call, false); }
void UpdateSubscription(const CallPtr& call) { PutSubscription(call, true); }

void DeleteSubscription(const CallPtr& call) {
  const Result<Uuid> id = call->Id(0, "subscriptionid");
  if (!id) return call->Fail(id.error());
  if (call->arguments[1].empty()) return call->Fail({Code::kInvalid, "version: is missing from the path"});
  Submit(call, model::DeleteSubscription{*id, call->caller.subject, call->arguments[1]}, [](const Outcome& outcome) {
    return Json(200, RenderSubscription(std::get<model::SubscriptionChanged>(outcome).seen));
  });
}

void GetSubscription(const CallPtr& call) {
  const Result<Uuid> id = call->Id(0, "subscriptionid");
  if (!id) return call->Fail(id.error());
  Read(call, [&](const airspace::Airspace& airspace, TimeNs) {
    const auto subscription = airspace.FindSubscription(*id);
    if (!subscription) return Failed(404, "there is no such subscription");
    if (subscription->subscription.manager != call->caller.subject)
      return Failed(403, "this subscription belongs to another manager");
    return Json(200, RenderSubscription(*subscription));
  });
}

void QuerySubscriptions(const CallPtr& call) {
  const Result<model::Extents> area = ParseQuery(call->request.body);
  if (!area) return call->Fail(area.error());
  Read(call, [&](const airspace::Airspace& airspace, TimeNs now) {
    return Json(200, RenderSubscriptions(airspace.QuerySubscriptions(*area, call->caller.subject, now)));
  });
}

// ---- Availability and reports.

constexpr size_t kUssIdBytesMax = 256;

Result<void> CheckUssId(const std::string& uss_id) {
  if (uss_id.empty()) return Error{Code::kInvalid, "uss_id: is missing from the path"};
  if (uss_id.size() > kUssIdBytesMax) return Error{Code::kInvalid, "uss_id: has more than 256 bytes"};
  return {};
}

void GetAvailability(const CallPtr& call) {
  if (const Result<void> good = CheckUssId(call->arguments[0]); !good) return call->Fail(good.error());
  Read(call, [&](const airspace::Airspace& airspace, TimeNs) {
    return Json(200, RenderAvailability(airspace.FindAvailability(call->arguments[0])));
  });
}

void SetAvailability(const CallPtr& call) {
  if (const Result<void> good = CheckUssId(call->arguments[0]); !good) return call->Fail(good.error());
  Result<model::SetAvailability> set = ParseSetAvailability(call->request.body);
  if (!set) return call->Fail(set.error());
  set->uss_id = call->arguments[0];
  set->new_version = call->Chance();
  Submit(call, *std::move(set), [](const Outcome& outcome) {
    return Json(200, RenderAvailability(std::get<model::AvailabilitySet>(outcome).availability));
  });
}

void MakeReport(const CallPtr& call) {
  const Uuid id = Uuid::Random(call->rng);
  Result<std::string> body = ParseReport(call->request.body, id.ToString());
  if (!body) return call->Fail(body.error());
  Submit(call, model::MakeReport{{id, call->caller.subject, call->clock.Now(), *std::move(body)}},
         [](const Outcome& outcome) { return Json(201, std::get<model::ReportMade>(outcome).report.body); });
}

}  // namespace

const std::vector<Route>& F3548Routes() {
  static const std::vector<Route> kRoutes = {
      {"POST", "/dss/v1/operational_intent_references/query", {kCoordination, kConformance}, QueryIntents},
      {"GET", "/dss/v1/operational_intent_references/{}", {kCoordination, kConformance}, GetIntent},
      {"PUT", "/dss/v1/operational_intent_references/{}", {kCoordination, kConformance}, CreateIntent, true},
      {"PUT", "/dss/v1/operational_intent_references/{}/{}", {kCoordination, kConformance}, UpdateIntent, true},
      {"DELETE", "/dss/v1/operational_intent_references/{}/{}", {kCoordination, kConformance}, DeleteIntent, true},
      {"POST", "/dss/v1/constraint_references/query", {kConstraintManagement, kConstraintProcessing}, QueryConstraints},
      {"GET", "/dss/v1/constraint_references/{}", {kConstraintManagement, kConstraintProcessing}, GetConstraint},
      {"PUT", "/dss/v1/constraint_references/{}", {kConstraintManagement}, CreateConstraint, true},
      {"PUT", "/dss/v1/constraint_references/{}/{}", {kConstraintManagement}, UpdateConstraint, true},
      {"DELETE", "/dss/v1/constraint_references/{}/{}", {kConstraintManagement}, DeleteConstraint, true},
      {"POST", "/dss/v1/subscriptions/query", {kCoordination, kConstraintProcessing}, QuerySubscriptions},
      {"GET", "/dss/v1/subscriptions/{}", {kCoordination, kConstraintProcessing}, GetSubscription},
      {"PUT", "/dss/v1/subscriptions/{}", {kCoordination, kConstraintProcessing}, CreateSubscription, true},
      {"PUT", "/dss/v1/subscriptions/{}/{}", {kCoordination, kConstraintProcessing}, UpdateSubscription, true},
      {"DELETE", "/dss/v1/subscriptions/{}/{}", {kCoordination, kConstraintProcessing}, DeleteSubscription, true},
      {"GET", "/dss/v1/uss_availability/{}", {kArbitration, kCoordination, kConformance}, GetAvailability},
      {"PUT", "/dss/v1/uss_availability/{}", {kArbitration}, SetAvailability, true},
      {"POST",
       "/dss/v1/reports",
       {kCoordination, kConstraintManagement, kConstraintProcessing, kConformance, kArbitration},
       MakeReport,
       true},
  };
  return kRoutes;
}

}  // namespace wideberth::api
