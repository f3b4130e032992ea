#ifndef WIDEBERTH_API_PARTIES_H_
#define WIDEBERTH_API_PARTIES_H_

#include <vector>

#include "api/call.h"

namespace wideberth::api {

// Parties that declare here, and what they declare: /api/v1, but for notices (docs/parties.md).
std::vector<Route> PartyRoutes();

}  // namespace wideberth::api

#endif  // WIDEBERTH_API_PARTIES_H_
