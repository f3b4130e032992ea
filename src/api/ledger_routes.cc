#include "api/ledger_routes.h"

#include <utility>

#include "api/call.h"
#include "api/ledger_head.h"

namespace wideberth::api {

std::optional<http::Response> AnswerOfLedger(const http::Request& request, LedgerHead* head) {
  constexpr std::string_view kPrefix = "/ledger/";
  if (!std::string_view(request.path).starts_with(kPrefix)) return std::nullopt;
  if (request.method != "GET" && request.method != "HEAD") {
    http::Response response = Failed(405, "the method is not one of this path's: GET, HEAD");
    response.headers.emplace_back("Allow", "GET, HEAD");
    return response;
  }
  if (head == nullptr) return Failed(404, "this service keeps no ledger (--ledger off)");
  const std::string_view path = std::string_view(request.path).substr(kPrefix.size());
  if (path == "checkpoint") {
    http::Response response{200, "text/plain; charset=utf-8", head->Checkpoint(), {}};
    response.headers.emplace_back("Cache-Control", "no-cache");
    return response;
  }
  const Result<ledger::TilePath> tile = ledger::ParseTilePath(path);
  if (!tile) return Failed(404, "there is no such path: " + tile.error().message);
  return Later(200, [head, tile = *tile]() -> http::Response {
    Result<std::string> bytes = head->log().Tile(tile);
    if (!bytes) return Failed(bytes.error());
    // A tile never changes: a partial one has its width in its name.
    return {
        200, "application/octet-stream", *std::move(bytes), {{"Cache-Control", "public, max-age=31536000, immutable"}}};
  });
}

}  // namespace wideberth::api
