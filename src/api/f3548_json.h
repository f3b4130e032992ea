#ifndef WIDEBERTH_API_F3548_JSON_H_
#define WIDEBERTH_API_F3548_JSON_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/command.h"

// The bodies of ASTM F3548-21's DSS interface: JSON to values and back. Members that the standard does not know are
// ignored, and `null` is the same as absent. An Error names the member at fault:
// "extents[0].volume.outline_circle.radius".
namespace wideberth::api {

// Limits of one request besides those of its volumes (volume_json.h).
inline constexpr size_t kKeyOvnsMax = 100'000;  // in `key`
inline constexpr size_t kOvnBytesMin = 16;      // F3548's EntityOVN
inline constexpr size_t kOvnBytesMax = 128;

// What an answer says for an intent without a subscription: the interface demands an id. No subscription has it.
inline constexpr const char* kNoSubscription = "00000000-0000-4000-8000-000000000000";

struct ParseOptions {
  bool allow_http_uss = false;  // uss_base_url may be http: for pools of tests
};

// ---- Requests. The ids, the caller and what is drawn by chance are for the caller to fill in.
Result<model::PutOperationalIntent> ParsePutOperationalIntent(std::string_view body, const ParseOptions& options);
Result<model::PutConstraint> ParsePutConstraint(std::string_view body, const ParseOptions& options);
Result<model::PutSubscription> ParsePutSubscription(std::string_view body, const ParseOptions& options);
// `area_of_interest` of a query.
Result<model::Extents> ParseQuery(std::string_view body);
Result<model::SetAvailability> ParseSetAvailability(std::string_view body);
// The report as it is to be kept: what came, with its id in it.
Result<std::string> ParseReport(std::string_view body, const std::string& report_id);

// ---- Answers. `viewer` sees his own OVNs; in the place of others' stands F3548's "Available from USS".
std::string RenderIntent(const model::IntentSeen& intent, std::string_view viewer);
std::string RenderIntents(const std::vector<model::IntentView>& intents, std::string_view viewer);
std::string RenderIntentChanged(const model::OperationalIntentChanged& changed, std::string_view viewer);
std::string RenderKeyMissing(const model::KeyMissing& missing, std::string_view viewer);
std::string RenderConstraint(const model::ConstraintReference& constraint, std::string_view viewer);
std::string RenderConstraints(const std::vector<model::ConstraintReference>& constraints, std::string_view viewer);
std::string RenderConstraintChanged(const model::ConstraintChanged& changed, std::string_view viewer);
std::string RenderSubscription(const model::SubscriptionSeen& subscription);
std::string RenderSubscriptions(const std::vector<model::SubscriptionSeen>& subscriptions);
std::string RenderSubscriptionChanged(const model::SubscriptionChanged& changed, std::string_view viewer);
std::string RenderAvailability(const model::UssAvailability& availability);
// The reference alone, as its own manager sees it: an object.
std::string RenderOwnReference(const model::IntentSeen& intent);
std::string RenderOwnReference(const model::ConstraintReference& constraint);
std::string RenderError(int status, const std::string& message);

}  // namespace wideberth::api

#endif  // WIDEBERTH_API_F3548_JSON_H_
