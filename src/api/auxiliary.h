#ifndef WIDEBERTH_API_AUXILIARY_H_
#define WIDEBERTH_API_AUXILIARY_H_

#include <string>
#include <vector>

#include "api/call.h"
#include "model/entities.h"

namespace wideberth::api {

// What the operators of a pool of DSS instances ask of each other (/aux/v1): versions, the pool and its instances,
// signs of life; and the version of a system (/versions). This instance is a pool of one: what only instances that talk
// to each other have is 501.
const std::vector<Route>& AuxiliaryRoutes();

// A heartbeat's query; the instance and the reporter are for the caller to fill in. `now` is its time unless it says
// another.
Result<model::Heartbeat> ParseHeartbeat(const std::string& query, TimeNs now);

}  // namespace wideberth::api

#endif  // WIDEBERTH_API_AUXILIARY_H_
