#ifndef WIDEBERTH_CMD_BUILD_VERSION_H_
#define WIDEBERTH_CMD_BUILD_VERSION_H_

#include <string>

namespace wideberth::cmd {

// The version of the project and, behind a "+", the commit that was built: "0.1.0+8c65c6e2e3ee" (Semantic Versioning's
// build metadata). The version alone when it was built outside of a repository.
std::string BuildVersion();

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_BUILD_VERSION_H_
