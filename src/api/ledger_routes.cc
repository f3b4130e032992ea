#include "api/ledger_routes.h"

#include <utility>

#include "api/call.h"
#include "api/ledger_head.h"

namespace wideberth::api {

namespace {

http::Response AnswerOfTile(std::string_view path, LedgerHead& head) {
  const Result<ledger::TilePath> tile = ledger::ParseTilePath(path);
  if (!tile) return Failed(404, "there is no such path: " + tile.error().message);
  return Later(200, [head = &head, tile = *tile]() -> http::Response {
    Result<std::string> bytes = head->log().Tile(tile);
    if (!bytes) return Failed(bytes.error());
    // A tile never changes: a partial one has its width in its name.
    return {
        200, "application/octet-stream", *std::move(bytes), {{"Cache-Control", "public, max-age=31536000, immutable"}}};
  });
}

}  // namespace

bool AnswerOfLedger(const http::Request& request, LedgerHead* head, const Api::Respond& respond) {
  constexpr std::string_view kPrefix = "/ledger/";
  if (!std::string_view(request.path).starts_with(kPrefix)) return false;
  const std::string_view path = std::string_view(request.path).substr(kPrefix.size());
  if (request.method != "GET" && request.method != "HEAD") {
    http::Response response = Failed(405, "the method is not one of this path's: GET, HEAD");
    response.headers.emplace_back("Allow", "GET, HEAD");
    respond(std::move(response));
  } else if (head == nullptr) {
    respond(Failed(404, "this service keeps no ledger (--ledger off)"));
  } else if (path == "checkpoint") {
    head->WithCheckpoint([respond](Result<std::string> checkpoint) {
      if (!checkpoint) return respond(Failed(checkpoint.error()));
      http::Response response{200, "text/plain; charset=utf-8", *std::move(checkpoint), {}};
      response.headers.emplace_back("Cache-Control", "no-cache");
      respond(std::move(response));
    });
  } else {
    respond(AnswerOfTile(path, *head));
  }
  return true;
}

}  // namespace wideberth::api
