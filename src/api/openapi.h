#ifndef WIDEBERTH_API_OPENAPI_H_
#define WIDEBERTH_API_OPENAPI_H_

#include <string_view>

namespace wideberth::api {

// The description of all interfaces, as JSON. The build unites api/*.yaml to it.
std::string_view OpenApi();
// That of what parties use alone: api/wideberth.yaml.
std::string_view PartiesOpenApi();

}  // namespace wideberth::api

#endif  // WIDEBERTH_API_OPENAPI_H_
