#ifndef WIDEBERTH_API_LEDGER_ROUTES_H_
#define WIDEBERTH_API_LEDGER_ROUTES_H_

#include "api/api.h"

namespace wideberth::api {

// Whether the request is for the ledger as anyone may read it, without a token (C2SP tlog-tiles): /ledger/checkpoint,
// /ledger/tile/...; then it is answered. `head` is null where no ledger is kept.
bool AnswerOfLedger(const http::Request& request, LedgerHead* head, const Api::Respond& respond);

}  // namespace wideberth::api

#endif  // WIDEBERTH_API_LEDGER_ROUTES_H_
