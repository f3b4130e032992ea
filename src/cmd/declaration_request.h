#ifndef WIDEBERTH_CMD_DECLARATION_REQUEST_H_
#define WIDEBERTH_CMD_DECLARATION_REQUEST_H_

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace wideberth::cmd {

// What the command line says of a declaration besides its file.
struct DeclarationChoices {
  bool constraint = false;
  std::optional<std::string> intent;  // only features with this name, where a file has several
  std::optional<int32_t> priority;
  std::optional<std::string> disclosure;
  std::optional<std::string> state;
  std::vector<std::string> visible_to;
  std::vector<std::string> key;
};

inline constexpr size_t kDeclarationFileBytesMax = size_t{4} << 20;  // as the service takes
inline constexpr size_t kDeclarationVolumesMax = 1'000;

// The request that declares what a GeoJSON text has: a FeatureCollection or one Feature, polygons (a MultiPolygon
// becomes a volume for each) and circles. Of the properties of features only those that say where and when are sent;
// members of the collection that a declaration has are, unless the choices say otherwise. kInvalid or kTooLarge:
// `name`, the place of what is wrong, and the reason.
Result<nlohmann::ordered_json> DeclarationRequest(std::string_view text, const std::string& name,
                                                  const DeclarationChoices& choices);

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_DECLARATION_REQUEST_H_
