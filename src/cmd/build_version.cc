#include "cmd/build_version.h"

#include <cmd/build_commit.h>

namespace wideberth::cmd {

std::string BuildVersion() {
  const std::string commit = WB_COMMIT;
  return commit.empty() ? WB_VERSION : WB_VERSION "+" + commit;
}

}  // namespace wideberth::cmd
