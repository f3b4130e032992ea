#ifndef WIDEBERTH_API_F3411_H_
#define WIDEBERTH_API_F3411_H_

#include <vector>

#include "api/call.h"

namespace wideberth::api {

// The DSS interfaces of ASTM F3411-19 (/v1/dss) and F3411-22a (/rid/v2/dss), over one store: what is written through
// one is seen through the other.
const std::vector<Route>& F3411Routes();

}  // namespace wideberth::api

#endif  // WIDEBERTH_API_F3411_H_
