#include "api/notices.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "airspace/text.h"
#include "api/json_member.h"
#include "api/notice_board.h"
#include "api/page.h"
#include "api/volume_json.h"
#include "api/webhooks.h"
#include "base/json_writer.h"
#include "base/rfc3339.h"
#include "crypto/jws.h"
#include "http/query.h"
#include "ledger/receipt.h"
#include "outbound/address.h"
#include "outbound/target.h"

namespace wideberth::api {

using model::Notice;
using model::Outcome;
using model::Uuid;

std::string RenderNotice(const Notice& notice, TimeNs now) {
  const auto seconds = [&](std::optional<TimeNs> until) {
    return static_cast<double>(until.value_or(now).value - notice.made.value) / kNsPerSecond;
  };
  JsonWriter to;
  to.Object([&] {
    to.Key("id").String(notice.id.ToString());
    to.Key("number").Int(notice.number);
    to.Key("made_at").String(FormatRfc3339(notice.made));
    to.Key("repeated").Int(notice.repeated);
    to.Key("undelivered_s").Number(seconds(notice.delivered));
    to.Key("unacknowledged_s").Number(seconds(notice.acknowledged));
    if (notice.delivered) to.Key("delivered_at").String(FormatRfc3339(*notice.delivered));
    if (notice.acknowledged) {
      to.Key("acknowledged_at").String(FormatRfc3339(*notice.acknowledged));
      to.Key("acknowledgement").String(notice.acknowledgement);
    }
    to.Key("sha256").String(crypto::ToHex(crypto::Sha256::Of(notice.text)));
    to.Key("text").String(notice.text);
  });
  return to.Take();
}

namespace {

constexpr size_t kNoticesInAPart = 64;  // of an event stream: what one waits for in memory at most
constexpr size_t kEntriesAboutMax = 900;

std::optional<int64_t> ParseNumber(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

// The numbers of those that were not delivered before.
std::vector<int64_t> Undelivered(const std::vector<Notice>& notices) {
  std::vector<int64_t> numbers;
  for (const Notice& notice : notices) {
    if (!notice.delivered) numbers.push_back(notice.number);
  }
  return numbers;
}

http::Response RenderNotices(const std::vector<Notice>& list, TimeNs now, bool more) {
  JsonWriter to;
  to.Object([&] {
    to.Key("notices").Array(list, [&](const Notice& notice) { to.Raw(RenderNotice(notice, now)); });
    to.Key("more").Bool(more);
  });
  return Json(200, to.Take());
}

void ListNotices(const CallPtr& call) {
  const auto parameters = http::QueryParameters::Parse(call->request.query);
  if (!parameters) return call->Fail(parameters.error());
  const auto page = Page::Parse(*parameters);
  if (!page) return call->Fail(page.error());
  const auto text = parameters->Find("after");
  if (!text) return call->Fail(text.error());
  const std::optional<int64_t> after = *text ? ParseNumber(**text) : 0;
  if (!after) return call->Fail({Code::kInvalid, "after: is not a whole number from 0 to 9223372036854775807"});
  const auto list = std::make_shared<std::vector<Notice>>();
  const auto read_at = std::make_shared<TimeNs>();
  call->node.Read(
      [&](const airspace::Airspace& airspace, TimeNs now) {
        *list =
            airspace.ListNotices(call->caller.subject, *after, std::numeric_limits<int64_t>::max(), page->limit() + 1);
        *read_at = now;
      },
      [call, list, read_at, limit = page->limit()] {
        const bool more = list->size() > limit;
        if (more) list->pop_back();
        call->respond(Later(200, [list, read_at, more] { return RenderNotices(*list, *read_at, more); }));
        call->board.Delivered(call->caller.subject, Undelivered(*list), "poll");
      });
}

http::Response NoSuchNotice() { return Failed(404, "there is no such notice"); }

http::Response NoticeAnswer(const Notice& notice, TimeNs now) {
  return Json(200, "{\"notice\":" + RenderNotice(notice, now) + "}");
}

void GetNotice(const CallPtr& call) {
  const Result<Uuid> id = call->Id(0, "id");
  if (!id) return call->Fail(id.error());
  Read(call, [&](const airspace::Airspace& airspace, TimeNs now) {
    const auto notice = airspace.FindNotice(call->caller.subject, *id);
    return notice ? NoticeAnswer(*notice, now) : NoSuchNotice();
  });
}

// ---- Acknowledgements.

// The party's registered keys by their ids.
crypto::FindKey KeysOf(const model::Party& party) {
  std::vector<crypto::PublicKey> keys;
  for (const model::Party::Key& bytes : party.keys) keys.push_back(*crypto::PublicKey::FromBytes(bytes));
  return [keys = std::move(keys)](std::string_view key_id) -> std::optional<crypto::PublicKey> {
    for (const crypto::PublicKey& key : keys) {
      if (key.Thumbprint() == key_id) return key;
    }
    return std::nullopt;
  };
}

void Acknowledge(const CallPtr& call) {
  const Result<Uuid> id = call->Id(0, "id");
  if (!id) return call->Fail(id.error());
  const Result<std::string> signature =
      WithBody<std::string>(call->request.body, [](const Member& root) -> Result<std::string> {
        WB_TRY(const Member member, root.Required("signature"));
        return member.String();
      });
  if (!signature) return call->Fail(signature.error());
  struct Found {
    std::optional<Notice> notice;
    model::Party party;
  };
  const auto found = std::make_shared<Found>();
  call->node.Read(
      [&](const airspace::Airspace& airspace, TimeNs) {
        found->notice = airspace.FindNotice(call->caller.subject, *id);
        if (const model::Party* party = airspace.FindParty(call->caller.subject)) found->party = *party;
      },
      // Verified here and not in the read, which commands wait for.
      [call, found, signature = *signature] {
        if (!found->notice) return call->respond(NoSuchNotice());
        const crypto::FindKey find = KeysOf(found->party);
        const std::string& text = found->notice->text;
        const Result<std::string> key_id = crypto::VerifyDetached(signature, ledger::AcknowledgedBytes(text), find);
        if (!key_id) return call->Fail({Code::kInvalid, "signature: " + key_id.error().message});
        Submit(call,
               model::AcknowledgeNotice{.party = call->caller.subject,
                                        .id = found->notice->id,
                                        .key_id = *key_id,
                                        .key = find(*key_id)->bytes(),
                                        .acknowledgement = signature,
                                        .hash = crypto::Sha256::Of(text)},
               [call](const Outcome& outcome) {
                 return NoticeAnswer(std::get<model::NoticeAcknowledged>(outcome).notice, call->clock.Now());
               });
      });
}

// ---- Receipts.

using Entries = std::vector<store::LedgerReader::Numbered>;

nlohmann::json EventIn(const store::LedgerReader::Numbered& one) {
  return nlohmann::json::parse(one.entry.event, nullptr, false);
}

// A signature of the party, and the entry that tells of it.
struct SignedInEntry {
  crypto::PublicKey key;
  uint64_t entry = 0;
};

// The notice's acknowledgement, if its key is known: from its entry, which has the key, or, of an entry that was made
// before entries had it, as one of the party's own.
std::optional<SignedInEntry> AcknowledgementIn(const Entries& entries, const Notice& notice,
                                               const std::vector<ledger::PartyKey>& keys) {
  for (const store::LedgerReader::Numbered& one : entries) {
    const nlohmann::json event = EventIn(one);
    if (event.value("type", "") != "notice.acknowledged") continue;
    std::optional<crypto::PublicKey> found;
    const auto find = [&](std::string_view id) {
      if (auto key = crypto::PublicKey::FromBase64Url(event.value("key", "")); key && key->Thumbprint() == id)
        found = *key;
      for (const ledger::PartyKey& own : keys) {
        if (own.key.Thumbprint() == id) found = own.key;
      }
      return found;
    };
    if (crypto::VerifyDetached(event.value("jws", ""), ledger::AcknowledgedBytes(notice.text), find))
      return SignedInEntry{*found, one.number};
  }
  return std::nullopt;
}

// Of all registrations of a party, in order, those that matter: the newest; and, for a signature, the first one that
// has its key, the last one before it, and the first one after it that has the key no more.
Entries RegistrationsFor(const std::optional<SignedInEntry>& signature, Entries all) {
  std::set<uint64_t> wanted;
  if (!all.empty()) wanted.insert(all.back().number);
  if (signature) {
    const std::string key_sha256 = crypto::ToHex(crypto::Sha256::Of(signature->key.ToBytes()));
    std::optional<uint64_t> first;
    std::optional<uint64_t> last;
    std::optional<uint64_t> without;
    for (const store::LedgerReader::Numbered& one : all) {
      const auto keys = EventIn(one).value("keys_sha256", std::vector<std::string>());
      const bool has = std::find(keys.begin(), keys.end(), key_sha256) != keys.end();
      if (one.number < signature->entry) {
        if (has && !first) first = one.number;
        last = one.number;
      } else if (!has && !without) {
        without = one.number;
      }
    }
    for (const std::optional<uint64_t>& number : {first, last, without}) {
      if (number) wanted.insert(*number);
    }
  }
  std::erase_if(all, [&](const store::LedgerReader::Numbered& one) { return !wanted.contains(one.number); });
  return all;
}

// The entries of a notice, each proven to be in the checkpoint that is given with them.
Result<std::string> MakeReceipt(const Call& call, const Notice& notice, std::vector<ledger::PartyKey> keys) {
  if (call.ledger_head == nullptr)
    return Error{Code::kNotFound, "this service keeps no ledger, so there are no receipts"};
  LedgerHead& head = *call.ledger_head;
  WB_TRY(auto entries, head.log().EntriesAbout(notice.made.value, call.caller.subject));
  // Several notices may have been made at that time.
  const std::string id = notice.id.ToString();
  std::erase_if(entries, [&](const store::LedgerReader::Numbered& one) {
    const nlohmann::json event = EventIn(one);
    return event.value("notice_id", event.value("notice", nlohmann::json::object()).value("id", "")) != id;
  });
  if (entries.size() > kEntriesAboutMax) {
    return Error{Code::kTooLarge, "more happened to this notice than a receipt holds (" +
                                      std::to_string(kEntriesAboutMax) + " entries)"};
  }
  if (entries.empty()) return Error{Code::kNotFound, "the notice was made before there was a ledger"};
  // With the registrations of the party's keys, of which its signatures are; those of its name alone.
  WB_TRY(auto registrations,
         head.log().EntriesAbout(airspace::SubjectOfParty(call.caller.subject), call.caller.subject));
  std::erase_if(registrations, [&](const store::LedgerReader::Numbered& one) {
    return EventIn(one).value("name", "") != call.caller.subject;
  });
  const std::optional<SignedInEntry> acknowledgement = AcknowledgementIn(entries, notice, keys);
  if (acknowledgement) {
    const ledger::PartyKey signer{call.caller.subject, acknowledgement->key};
    if (std::find(keys.begin(), keys.end(), signer) == keys.end()) keys.push_back(signer);
  }
  registrations = RegistrationsFor(acknowledgement, std::move(registrations));
  entries.insert(entries.end(), registrations.begin(), registrations.end());
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  // The one that is served is worth more, for witnesses signed it, if it has all of the entries.
  std::string note = head.published();
  uint64_t size = 0;
  if (!note.empty()) {
    WB_TRY(const ledger::SignedCheckpoint published, ledger::OpenCheckpoint(note, head.verifier()));
    size = published.checkpoint.size;
  }
  if (size <= entries.back().number) {
    const LedgerHead::Head newest = head.newest();
    note = ledger::WriteNote(newest.note);
    size = newest.size;
  }
  if (size <= entries.back().number) return Error{Code::kUnavailable, "the ledger's head cannot be kept; try again"};
  ledger::Receipt receipt{head.verifier(), std::move(keys), {}, note};
  for (const store::LedgerReader::Numbered& one : entries) {
    WB_TRY(ledger::Proof proof, head.log().InclusionProof(one.number, size));
    receipt.items.push_back({one.number, one.entry.event, one.entry.salt, std::move(proof)});
  }
  return ledger::WriteReceipt(receipt);
}

void GetReceipt(const CallPtr& call) {
  const Result<Uuid> id = call->Id(0, "id");
  if (!id) return call->Fail(id.error());
  const auto found = std::make_shared<std::optional<Notice>>();
  const auto keys = std::make_shared<std::vector<ledger::PartyKey>>();
  call->node.Read(
      [&](const airspace::Airspace& airspace, TimeNs) {
        *found = airspace.FindNotice(call->caller.subject, *id);
        const model::Party* party = airspace.FindParty(call->caller.subject);
        if (party == nullptr) return;
        for (const model::Party::Key& bytes : party->keys)
          keys->push_back({party->name, *crypto::PublicKey::FromBytes(bytes)});
      },
      [call, found, keys] {
        if (!*found) return call->respond(NoSuchNotice());
        const auto answer = [call, found, keys] {
          call->respond(Later(200, [call, found, keys] {
            const Result<std::string> receipt = MakeReceipt(*call, **found, *keys);
            return receipt ? Json(200, *receipt) : Failed(receipt.error());
          }));
        };
        if (call->ledger_head == nullptr) return answer();
        // One of the head that is served, if that has all; else of one that has what is durable by now.
        call->ledger_head->WithNewest([answer](const Result<LedgerHead::Head>&) { answer(); });
      });
}

// ---- Server-Sent Events.

// One party's notices as they are made durable, from a number on. It holds the last number that it gave and nothing
// else: what comes next is read when the connection asks for it.
class NoticeStream final : public http::EventSource {
 public:
  NoticeStream(const Call& call, std::optional<int64_t> after)
      : node_(call.node),
        board_(call.board),
        verifier_(call.verifier),
        clock_(call.clock),
        authorization_(call.request.authorization),
        party_(call.caller.subject),
        after_(after) {}

  void Start(std::function<void()> wake) override { listener_ = board_.Listen(party_, std::move(wake)); }

  std::string Next() override {
    given_.clear();
    // Nothing more for a token that has expired, or whose key was taken away: the client comes back with another.
    done_ = done_ || !verifier_.Verify(authorization_, clock_.Now());
    if (done_) return "";
    const int64_t until = board_.DurableUpTo(party_);
    std::vector<Notice> list;
    TimeNs read_at;
    node_.Read(
        [&](const airspace::Airspace& airspace, TimeNs now) {
          // Who does not say what he has seen is told all that he has not acknowledged.
          // So is who says that he has seen a number that no notice has had yet, nor any before it.
          if (!began_ && after_ && *after_ > now.value / 1'000 && airspace.NewestNotice(party_) < *after_)
            after_.reset();
          began_ = true;
          if (!after_) after_ = airspace.AcknowledgedUpTo(party_);
          list = airspace.ListNotices(party_, *after_, until, kNoticesInAPart);
          read_at = now;
        },
        [] {});  // what was read is durable
    std::string part;
    for (const Notice& notice : list)
      part +=
          "id: " + std::to_string(notice.number) + "\nevent: notice\ndata: " + RenderNotice(notice, read_at) + "\n\n";
    if (!list.empty()) after_ = list.back().number;
    given_ = Undelivered(list);
    return part;
  }
  bool Done() override { return done_; }
  void Written() override { board_.Delivered(party_, given_, "events"); }
  void Stop() override { listener_.reset(); }

 private:
  node::Node& node_;
  NoticeBoard& board_;
  TokenVerifier& verifier_;
  const Clock& clock_;
  const std::string authorization_;
  const std::string party_;
  std::optional<int64_t> after_;
  bool began_ = false;
  bool done_ = false;
  std::vector<int64_t> given_;  // with the last part
  std::shared_ptr<NoticeBoard::Listener> listener_;
};

void Events(const CallPtr& call) {
  std::optional<int64_t> after;
  if (!call->request.last_event_id.empty()) {
    after = ParseNumber(call->request.last_event_id);
    if (!after) return call->Fail({Code::kInvalid, "Last-Event-ID: is not the number of a notice"});
  }
  http::Response response;
  response.content_type = "text/event-stream";
  response.headers.emplace_back("Cache-Control", "no-store");
  response.events = std::make_shared<NoticeStream>(*call, after);
  call->respond(std::move(response));
}

// ---- Webhooks.

http::Response WebhookAnswer(const Call& call, const std::string& url) {
  const WebhookState state =
      call.options.webhook_state ? call.options.webhook_state(call.caller.subject) : WebhookState{};
  JsonWriter to;
  to.Object([&] {
    to.Key("webhook").Object([&] {
      to.Key("url").String(url);
      to.Key("public_key").String(call.options.webhook_public_key);
      to.Key("waiting").Int(static_cast<int64_t>(state.waiting));
      to.Key("attempts").Int(static_cast<int64_t>(state.attempts));
      to.Key("tried_for_s").Int(std::chrono::seconds(kWebhookTriedFor).count());
      to.Key("given_up").Int(static_cast<int64_t>(state.given_up));
      if (!state.last_error.empty()) to.Key("last_error").String(state.last_error);
      if (state.last_attempt) to.Key("last_attempt_at").String(FormatRfc3339(*state.last_attempt));
      if (state.next_attempt) to.Key("next_attempt_at").String(FormatRfc3339(*state.next_attempt));
    });
  });
  return Json(200, to.Take());
}

void PutWebhook(const CallPtr& call) {
  const Result<std::string> url =
      WithBody<std::string>(call->request.body, [&](const Member& root) -> Result<std::string> {
        WB_TRY(std::string text, ParseUrl(root, "url", call->options.allow_http_webhooks));
        WB_TRY(const Member member, root.Required("url"));
        const Result<outbound::Target> target = outbound::TargetOf(text, call->options.allow_http_webhooks);
        if (!target) return member.Wrong(target.error().message);
        if (!call->options.allow_private_webhooks && outbound::IsPrivateLiteral(target->host))
          return member.Wrong("has a host that is an address which is not public");
        return text;
      });
  if (!url) return call->Fail(url.error());
  Submit(call, model::PutWebhook{call->caller.subject, *url}, [call](const Outcome& outcome) {
    return WebhookAnswer(*call, std::get<model::PartyChanged>(outcome).party.webhook);
  });
}

void GetWebhook(const CallPtr& call) {
  const auto url = std::make_shared<std::string>();
  call->node.Read(
      [&](const airspace::Airspace& airspace, TimeNs) {
        if (const model::Party* party = airspace.FindParty(call->caller.subject)) *url = party->webhook;
      },
      // Its state is read from the airspace too: not within a read, which would wait for itself behind a writer.
      [call, url] { call->respond(url->empty() ? Failed(404, "you have no webhook") : WebhookAnswer(*call, *url)); });
}

void DeleteWebhook(const CallPtr& call) {
  const auto url = std::make_shared<std::string>();
  call->node.Read(
      [&](const airspace::Airspace& airspace, TimeNs) {
        if (const model::Party* party = airspace.FindParty(call->caller.subject)) *url = party->webhook;
      },
      [call, url] {
        if (url->empty()) return call->respond(Failed(404, "you have no webhook"));
        Submit(call, model::PutWebhook{call->caller.subject, ""},
               [call, url](const Outcome&) { return WebhookAnswer(*call, *url); });
      });
}

}  // namespace

std::vector<Route> NoticeRoutes() {
  const std::vector<std::string_view> party{PartyKeys::kPartyScope};
  return {
      {"GET", "/api/v1/notices", party, ListNotices},
      {"GET", "/api/v1/notices/{}", party, GetNotice},
      {"POST", "/api/v1/notices/{}/ack", party, Acknowledge, true},
      {"GET", "/api/v1/notices/{}/receipt", party, GetReceipt},
      {"GET", "/api/v1/events", party, Events},
      {"PUT", "/api/v1/webhook", party, PutWebhook, true},
      {"GET", "/api/v1/webhook", party, GetWebhook},
      {"DELETE", "/api/v1/webhook", party, DeleteWebhook, true},
  };
}

}  // namespace wideberth::api
