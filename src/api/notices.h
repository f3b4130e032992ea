#ifndef WIDEBERTH_API_NOTICES_H_
#define WIDEBERTH_API_NOTICES_H_

#include <string>
#include <vector>

#include "api/call.h"
#include "model/declaration.h"

namespace wideberth::api {

// What parties are told, and their receipts: /api/v1/notices, /api/v1/events, /api/v1/webhook (docs/parties.md).
std::vector<Route> NoticeRoutes();

// A notice as its party is given it, whichever way (api/wideberth.yaml, Notice): an object.
std::string RenderNotice(const model::Notice& notice, TimeNs now);

}  // namespace wideberth::api

#endif  // WIDEBERTH_API_NOTICES_H_
