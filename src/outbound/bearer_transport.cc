#include "outbound/bearer_transport.h"

#include <memory>
#include <string>
#include <utility>

namespace wideberth::outbound {

Result<void> BearerTransport::Send(Request request, Done done) {
  if (request.token_scope.empty()) return transport_.Send(std::move(request), std::move(done));
  const std::string url = request.url;
  const std::string scope = request.token_scope;
  const auto held = std::make_shared<Request>(std::move(request));
  tokens_.Get(url, scope, [this, url, scope, held, done = std::move(done)](const Result<std::string>& token) {
    if (!token) return done(token.error());
    held->headers.emplace_back("Authorization", "Bearer " + *token);
    const Result<void> sent = transport_.Send(
        std::move(*held), [tokens = &tokens_, url, scope, token = *token, done](Result<Response> answer) {
          if (answer && answer->status == 401) tokens->Refused(url, scope, token);
          done(std::move(answer));
        });
    if (!sent) done(sent.error());
  });
  return {};
}

}  // namespace wideberth::outbound
