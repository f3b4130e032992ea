#ifndef WIDEBERTH_API_USS_H_
#define WIDEBERTH_API_USS_H_

#include <string>
#include <vector>

#include "airspace/airspace.h"
#include "api/call.h"
#include "model/command.h"
#include "model/declaration.h"

namespace wideberth::api {

// The service as a USS among those of F3548, which stands for what parties declare here: /uss/v1 (F3548's
// getOperationalIntentDetails, notifyOperationalIntentDetailsChanged and their like).
std::vector<Route> UssRoutes();

// What another USS told, as the body of its POST. The manager is the one that it names, "" if it names none: who sent
// it is for the caller to compare, and to set.
Result<model::RecordProviderNotice> ParseNotification(std::string_view body, model::DeclarationKind kind,
                                                      bool allow_http);

// What another USS is told, as the body of a POST to its /uss/v1/operational_intents or /uss/v1/constraints: with what
// it is told of as it is now, or without it when that is over.
std::string RenderProviderMessage(const model::ProviderMessage& message, const airspace::Airspace& airspace);

}  // namespace wideberth::api

#endif  // WIDEBERTH_API_USS_H_
