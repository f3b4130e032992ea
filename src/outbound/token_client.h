#ifndef WIDEBERTH_OUTBOUND_TOKEN_CLIENT_H_
#define WIDEBERTH_OUTBOUND_TOKEN_CLIENT_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "outbound/token_source.h"
#include "outbound/transport.h"

namespace wideberth::outbound {

// How a client shows the token endpoint who it is (RFC 6749, 2.3.1).
enum class ClientAuthentication {
  kBasic,  // the header Authorization
  kPost,   // client_id and client_secret in the body
};

struct TokenClientOptions {
  std::string token_url;
  std::string client_id;
  std::string client_secret;
  ClientAuthentication authentication = ClientAuthentication::kBasic;
  // The parameter that says whom the token is for: as the host ("uss.example"), or, if it is `resource` (RFC 8707), as
  // a URL ("https://uss.example").
  std::string token_audience_parameter = "audience";
  bool allow_http = false;  // else https alone, for the token endpoint and for whom tokens are for
  // Told of each request for a token that failed, without secret or token. Called on any thread; does not block.
  std::function<void(const std::string& reason)> on_failure;

  // Limits.
  size_t tokens_max = 4096;      // that are kept; beyond it those that end first make room
  size_t waiting_max = 100'000;  // for tokens that are being asked for
  size_t answer_bytes_max = 64 * 1024;
};

inline constexpr size_t kTokenBytesMax = 16 * 1024;
// A token is given for so long if the answer does not say (RFC 6749, 5.1: expires_in is only recommended), and never
// for longer than the second.
inline constexpr std::chrono::minutes kTokenLifeDefault{5};
inline constexpr std::chrono::hours kTokenLifeMax{24};
// It is not given in the last of its time, which it spends on the way; half of a life that is shorter than twice this.
inline constexpr std::chrono::seconds kTokenMargin{30};
// A token endpoint that asks by Retry-After to be left alone is, for at most so long.
inline constexpr std::chrono::seconds kTokenEndpointRestMax{60};

// kInvalid names the member that cannot work; the secret is in no Error.
Result<void> Check(const TokenClientOptions& options);

// A client of an OAuth 2.0 authorization server: tokens by the client-credentials grant (RFC 6749, 4.4). They are kept,
// for each audience and scope, until shortly before they end. One request is under way for each; who asks meanwhile
// gets what it brings, the failure too. Who fails tries again by a pause of his own. Thread-safe.
class TokenClient final : public TokenSource {
 public:
  // Both outlive it. The Errors of Check. A `done` of `transport` may come later.
  static Result<std::unique_ptr<TokenClient>> Make(TokenClientOptions options, Transport& transport,
                                                   const Clock& clock);

  void Get(const std::string& url, const std::string& scope, Done done) override;
  void Refused(const std::string& url, const std::string& scope, const std::string& token) override;

 private:
  struct State;
  explicit TokenClient(std::shared_ptr<State> state);

  const std::shared_ptr<State> state_;
};

}  // namespace wideberth::outbound

#endif  // WIDEBERTH_OUTBOUND_TOKEN_CLIENT_H_
