#ifndef WIDEBERTH_AIRSPACE_TEXT_H_
#define WIDEBERTH_AIRSPACE_TEXT_H_

#include <string>
#include <string_view>

#include "base/json_writer.h"
#include "geo/outline.h"
#include "model/command.h"
#include "model/declaration.h"
#include "model/record.h"

// The JSON texts of what happens: notices to parties (docs/formats/notice.md), and events for the ledger
// (docs/formats/event.md). Each is of one form, so that the same commands give the same bytes.
namespace wideberth::airspace {

// "accepted", "activated", "nonconforming", "contingent".
std::string_view NameOf(model::IntentState state);
// "intent", "constraint".
std::string_view NameOf(model::DeclarationKind kind);
// "full", "volume".
std::string_view NameOf(model::Disclosure disclosure);

// A rectangle that holds what two outlines share: west, south, east, north.
void WriteSharedBounds(JsonWriter& to, const geo::Outline& a, const geo::Outline& b);

// What something conflicts with, as its party may know it: an object.
void WriteOther(JsonWriter& to, const model::ConflictSeen& other);

// What a notice says besides whom it is to.
struct NoticeContent {
  std::string_view kind;             // "conflict", "conflict_over"
  std::string_view because;          // "declared", "changed", "activated", "withdrawn", "ended", "told_by_provider"
  const model::Declaration* own;     // the party's own that it is about
  const model::ConflictSeen* other;  // what it conflicts with, as the party sees it
};
std::string NoticeText(const model::Notice& notice, const NoticeContent& content);

// What the ledger finds the registrations of a party by (model::Event's subject): below zero, and so no time of a
// notice.
int64_t SubjectOfParty(std::string_view name);

// What happened with a command that was done, for the ledger; no text for what leaves no mark (time alone).
model::Event EventOf(const model::Stamp& stamp, const model::Command& command, const model::Outcome& outcome);
// Likewise that a notice was made ("notice.made"), repeated or delivered: `what` says which.
model::Event NoticeEvent(TimeNs at, std::string_view what, const model::Notice& notice, std::string_view detail);
// That it was acknowledged, as it says. With the key that signed: the party may have others later, and then nobody
// could check the signature.
model::Event AcknowledgedEvent(TimeNs at, const model::Notice& notice, const model::Party::Key& key);

}  // namespace wideberth::airspace

#endif  // WIDEBERTH_AIRSPACE_TEXT_H_
