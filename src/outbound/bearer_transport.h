#ifndef WIDEBERTH_OUTBOUND_BEARER_TRANSPORT_H_
#define WIDEBERTH_OUTBOUND_BEARER_TRANSPORT_H_

#include "base/result.h"
#include "outbound/token_source.h"
#include "outbound/transport.h"

namespace wideberth::outbound {

// Sends requests with the bearer tokens that their `token_scope` asks for. To get one is a part of sending: nobody
// waits for it but the request, and if there is none, `done` has the reason. A token that is answered with 401 is given
// back. Thread-safe.
class BearerTransport final : public Transport {
 public:
  // Both outlive it. REQUIRES: what it has taken is done before it ends.
  BearerTransport(Transport& transport, TokenSource& tokens) : transport_(transport), tokens_(tokens) {}

  Result<void> Send(Request request, Done done) override;

 private:
  Transport& transport_;
  TokenSource& tokens_;
};

}  // namespace wideberth::outbound

#endif  // WIDEBERTH_OUTBOUND_BEARER_TRANSPORT_H_
