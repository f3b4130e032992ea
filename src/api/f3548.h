#ifndef WIDEBERTH_API_F3548_H_
#define WIDEBERTH_API_F3548_H_

#include <vector>

#include "api/call.h"

namespace wideberth::api {

// ASTM F3548-21's DSS interface.
const std::vector<Route>& F3548Routes();

}  // namespace wideberth::api

#endif  // WIDEBERTH_API_F3548_H_
