#ifndef WIDEBERTH_API_CALL_H_
#define WIDEBERTH_API_CALL_H_

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/api.h"
#include "api/token.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/rng.h"
#include "http/message.h"
#include "model/command.h"
#include "model/uuid.h"
#include "node/node.h"

// What the handlers of all interfaces have in common.
namespace wideberth::api {

// A client that is refused because there is too much to do waits so long for its answer on each connection: one that
// asks again at once, instead of when Retry-After says, so costs little.
inline constexpr std::chrono::milliseconds kRefusalHeldBack{100};

http::Response Json(int status, std::string body);
// With the body that every error has, and the headers that its status asks for.
http::Response Failed(int status, const std::string& message);
http::Response Failed(const Error& error);
// An answer that takes long to write, or reads the store: `render` makes it on the connection's thread, and not where
// it is given, on a thread that all wait for. `status` is what it will be if nothing fails.
http::Response Later(int status, std::function<http::Response()> render);
// For what there is too much of to do now, by whoever asks or by all: with Retry-After, and held back.
http::Response TooBusy(const Error& error);

// Where an area that is too large is the caller's mistake like any other.
Error PlainlyInvalid(Error error);

// A request on its way through a handler. `node`, `rng`, `clock` and `options` outlive it.
struct Call {
  http::Request request;
  std::vector<std::string> arguments;  // what stands for each {} of the route
  Caller caller;
  Api::Respond respond;
  node::Node& node;
  TokenVerifier& verifier;
  NoticeBoard& board;
  LedgerHead* ledger_head;  // null for none
  Rng& rng;
  const Clock& clock;
  const ApiOptions& options;

  void Fail(const Error& error) const { respond(Failed(error)); }
  // The argument as a UUID of version 4; kInvalid, naming it.
  Result<model::Uuid> Id(size_t argument, const char* name) const;
  // 32 characters that nobody can guess.
  std::string Chance() const;
};
using CallPtr = std::shared_ptr<Call>;

// Orders a command; `render` makes the answer of an outcome that is no Error.
void Submit(const CallPtr& call, model::Command command, std::function<http::Response(const model::Outcome&)> render);

// Reads the airspace; what `read` returns is answered once all that it saw is durable.
void Read(const CallPtr& call, const std::function<http::Response(const airspace::Airspace&, TimeNs)>& read);

struct Route {
  std::string_view method;
  std::string_view path;                 // {} stands for one segment
  std::vector<std::string_view> scopes;  // any one of them; empty: no token is needed
  void (*handle)(const CallPtr&);
  bool writes = false;  // orders a command, which waits behind others
};

}  // namespace wideberth::api

#endif  // WIDEBERTH_API_CALL_H_
