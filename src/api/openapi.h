#ifndef WIDEBERTH_API_OPENAPI_H_
#define WIDEBERTH_API_OPENAPI_H_

#include <string_view>

namespace wideberth::api {

// The description of the interface, as JSON. The build makes it of api/f3548.yaml.
extern const std::string_view kOpenApi;

}  // namespace wideberth::api

#endif  // WIDEBERTH_API_OPENAPI_H_
