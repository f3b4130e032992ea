#ifndef WIDEBERTH_API_LEDGER_ROUTES_H_
#define WIDEBERTH_API_LEDGER_ROUTES_H_

#include <optional>

#include "api/api.h"

namespace wideberth::api {

// The ledger as anyone may read it, without a token (C2SP tlog-tiles): /ledger/checkpoint, /ledger/tile/...; nothing
// for any other path. `head` is null where no ledger is kept.
std::optional<http::Response> AnswerOfLedger(const http::Request& request, LedgerHead* head);

}  // namespace wideberth::api

#endif  // WIDEBERTH_API_LEDGER_ROUTES_H_
