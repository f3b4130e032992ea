#ifndef WIDEBERTH_CMD_DEMO_PROVIDER_H_
#define WIDEBERTH_CMD_DEMO_PROVIDER_H_

#include <string>
#include <vector>

#include "api/token_maker.h"
#include "base/result.h"
#include "cmd/client.h"
#include "geo/volume4d.h"

namespace wideberth::cmd {

// What the provider of the demonstration did.
struct DemoVisit {
  struct Named {
    std::string id;
    std::string manager;
    size_t volumes = 0;  // that its USS tells
  };
  std::vector<Named> named;  // by the 409
  std::string id;            // of its reference
};

inline constexpr const char* kDemoProvider = "visitor";
inline constexpr const char* kDemoAudience = "wideberth-demo";

// A provider (USS) of ASTM F3548-21 wants a place where intents of parties are: the DSS refuses and names the
// references that stand for them, their USS gives volumes and OVNs, and with these the DSS accepts.
Result<DemoVisit> VisitAsProvider(const ClientOptions& service, const api::KeyPair& keys, const geo::Volume4D& volume,
                                  int64_t shift_ns);

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_DEMO_PROVIDER_H_
