#include <algorithm>
#include <cstring>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "airspace/airspace.h"
#include "airspace/replace.h"
#include "airspace/text.h"
#include "base/check.h"
#include "crypto/hmac.h"

// What parties are told, and what becomes of it.
namespace wideberth::airspace {

using model::Notice;
using model::NoticeSubject;
using model::Outcome;
using model::Stamp;
using model::Uuid;

namespace {

// A UUID of version 4 for the notice of this number with a command; nobody can guess it who has not the seed.
Uuid NoticeId(const Stamp& stamp, uint32_t number) {
  const std::string_view seed(reinterpret_cast<const char*>(stamp.seed.data()), stamp.seed.size());
  const crypto::Digest bytes = crypto::HmacSha256(seed, "notice " + std::to_string(number));
  Uuid id;
  std::memcpy(id.bytes.data(), bytes.data(), id.bytes.size());
  id.bytes[6] = static_cast<uint8_t>((id.bytes[6] & 0x0f) | 0x40);
  id.bytes[8] = static_cast<uint8_t>((id.bytes[8] & 0x3f) | 0x80);
  return id;
}

// When a notice that was repeated so often is due again.
TimeNs DueAgain(const Notice& notice) {
  int64_t wait_ns = 0;
  int64_t step_ns = kNoticeRepeatedFirstNs;
  for (int32_t i = 0; i <= notice.repeated; ++i) {
    wait_ns += step_ns;
    step_ns = std::min(2 * step_ns, kNoticeRepeatedMaxNs);
  }
  return Later(notice.made, wait_ns);
}

// Still to be told again, once it is due.
bool IsRepeated(const Notice& notice) {
  return !notice.acknowledged && !notice.settled && DueAgain(notice) <= notice.concerns_until;
}

NoticeSubject::Other OtherOf(const model::ConflictSeen& conflict) {
  if (std::holds_alternative<model::DeclarationSeen>(conflict.other)) return NoticeSubject::Other::kDeclaration;
  return std::holds_alternative<model::OperationalIntentReference>(conflict.other)
             ? NoticeSubject::Other::kOperationalIntentReference
             : NoticeSubject::Other::kConstraintReference;
}

int64_t NextNumber(TimeNs now, const std::map<int64_t, Notice>& notices) {
  const int64_t of_time = now.value / 1000;
  return notices.empty() ? of_time : std::max(of_time, notices.rbegin()->first + 1);
}

}  // namespace

TimeNs Airspace::NextEventOf(const Notice& notice) const {
  if (IsRepeated(notice)) return DueAgain(notice);
  TimeNs gone = Later(std::max(notice.concerns_until, notice.made), kNoticeKeptNs);
  if (notice.acknowledged) gone = std::min(gone, Later(*notice.acknowledged, kNoticeKeptNs));
  return gone;
}

void Airspace::StoreNotice(const Notice& notice, Changes& changes) {
  changes.push_back({KeyOf(notice), model::Encode(notice)});
  notices_by_id_[notice.id] = {notice.party, notice.number};
  notice_events_.emplace(NextEventOf(notice), notice.party, notice.number);
  notices_[notice.party][notice.number] = notice;
}

void Airspace::MakeNotice(const Stamp& stamp, std::string_view kind, std::string_view because,
                          const model::Declaration& own, const Uuid& other_id, const model::ConflictSeen& other,
                          Changes& changes) {
  const NoticeSubject about{.own = own.id, .kind = OtherOf(other), .other = other_id};
  if (const auto before = unsettled_.find(about); before != unsettled_.end()) Settle(before->second, changes);
  Notice notice{.id = NoticeId(stamp, notices_made_++),
                .party = own.party,
                .number = NextNumber(stamp.time, notices_[own.party]),
                .made = stamp.time,
                .concerns_until = kind == "conflict" ? std::min(own.extents.end, other.extents().end) : own.extents.end,
                .about = about};
  notice.text = NoticeText(notice, {kind, because, &own, &other});
  if (ledger_) changes.events.push_back(NoticeEvent(stamp.time, "notice.made", notice, ""));
  changes.notices.push_back({notice.party, notice.number});
  ++notices_waiting_;
  unsettled_.emplace(about, notice.id);
  StoreNotice(notice, changes);
}

void Airspace::Settle(const Uuid& notice_id, Changes& changes) {
  const auto& [party, number] = notices_by_id_.at(notice_id);
  Notice notice = notices_.at(party).at(number);
  unsettled_.erase(*notice.about);
  notice_events_.erase({NextEventOf(notice), notice.party, notice.number});
  notice.settled = true;
  StoreNotice(notice, changes);
}

void Airspace::SettleOwn(const model::Declaration& own, const std::vector<model::ConflictSeen>& conflicts,
                         Changes& changes) {
  std::set<std::pair<NoticeSubject::Other, Uuid>> stand;  // as the party knows them
  for (const model::ConflictSeen& one : conflicts) stand.emplace(OtherOf(one), one.id());
  std::vector<Uuid> over;
  for (auto at = unsettled_.lower_bound({.own = own.id, .kind = {}, .other = {}});
       at != unsettled_.end() && at->first.own == own.id; ++at) {
    const auto& [about, notice_id] = *at;
    const model::Declaration* other =
        about.kind == NoticeSubject::Other::kDeclaration ? declarations_.Find(about.other) : nullptr;
    if (!stand.contains({about.kind, other == nullptr ? about.other : See(*other, own.party).id}))
      over.push_back(notice_id);
  }
  for (const Uuid& notice_id : over) Settle(notice_id, changes);
}

void Airspace::LetNoticesExpire(TimeNs now, Changes& changes) {
  while (!notice_events_.empty() && std::get<TimeNs>(*notice_events_.begin()) < now) {
    const auto [time, party, number] = *notice_events_.begin();
    notice_events_.erase(notice_events_.begin());
    const auto of_party = notices_.find(party);
    Notice notice = of_party->second.at(number);
    of_party->second.erase(number);
    changes.push_back({KeyOf(notice), std::nullopt});
    if (!IsRepeated(notice)) {
      notices_by_id_.erase(notice.id);
      if (notice.about && !notice.settled) unsettled_.erase(*notice.about);
      if (!notice.acknowledged) --notices_waiting_;
      if (of_party->second.empty()) notices_.erase(of_party);
      continue;
    }
    if (notice.concerns_until < now) {  // nobody looked until it was over
      if (notice.about) unsettled_.erase(*notice.about);
      notice.settled = true;
      StoreNotice(notice, changes);
      continue;
    }
    // However long nobody looked, it is repeated once, and then counts as often as it was due.
    while (DueAgain(notice) < now) ++notice.repeated;
    notice.number = std::max(NextNumber(now, of_party->second), number + 1);
    if (ledger_) changes.events.push_back(NoticeEvent(now, "notice.repeated", notice, ""));
    changes.notices.push_back({notice.party, notice.number});
    StoreNotice(notice, changes);
  }
}

// ---- What becomes of them.

Outcome Airspace::Do(const Stamp& stamp, const model::MarkDelivered& command, Changes& changes) {
  for (const auto& [party, number] : command.notices) {
    const auto of_party = notices_.find(party);
    if (of_party == notices_.end()) continue;
    const auto at = of_party->second.find(number);
    if (at == of_party->second.end() || at->second.delivered) continue;
    Notice& notice = at->second;
    notice.delivered = stamp.time;
    changes.push_back({KeyOf(notice), model::Encode(notice)});
    if (ledger_) changes.events.push_back(NoticeEvent(stamp.time, "notice.delivered", notice, command.channel));
  }
  return model::Done{};
}

Outcome Airspace::Do(const Stamp& stamp, const model::AcknowledgeNotice& command, Changes& changes) {
  const auto at = notices_by_id_.find(command.id);
  if (at == notices_by_id_.end() || at->second.first != command.party)
    return Error{Code::kNotFound, "there is no such notice"};
  const model::Party* party = FindParty(command.party);
  if (party == nullptr || !std::binary_search(party->keys.begin(), party->keys.end(), command.key))
    return Error{Code::kForbidden, "jws: the key that signed is none of the party's"};
  Notice notice = notices_.at(command.party).at(at->second.second);
  if (crypto::Sha256::Of(notice.text) != command.hash)
    return Error{Code::kInvalid, "jws: what was signed is not the hash of this notice"};
  // The first one stands.
  if (notice.acknowledged) return model::NoticeAcknowledged{std::move(notice)};
  notice_events_.erase({NextEventOf(notice), notice.party, notice.number});
  --notices_waiting_;
  notice.acknowledged = stamp.time;
  notice.acknowledgement = command.acknowledgement;
  if (!notice.delivered) notice.delivered = stamp.time;
  if (ledger_) changes.events.push_back(AcknowledgedEvent(stamp.time, notice, command.key));
  StoreNotice(notice, changes);
  return model::NoticeAcknowledged{std::move(notice)};
}

// ---- Queries.

std::vector<Notice> Airspace::ListNotices(std::string_view party, int64_t after, int64_t until,
                                          size_t count_max) const {
  std::vector<Notice> list;
  const auto of_party = notices_.find(party);
  if (of_party == notices_.end()) return list;
  for (auto at = of_party->second.upper_bound(after);
       at != of_party->second.end() && at->first <= until && list.size() < count_max; ++at)
    list.push_back(at->second);
  return list;
}

size_t Airspace::CountNotices(std::string_view party, int64_t after, int64_t until) const {
  const auto of_party = notices_.find(party);
  if (of_party == notices_.end() || after >= until) return 0;
  return static_cast<size_t>(std::distance(of_party->second.upper_bound(after), of_party->second.upper_bound(until)));
}

std::optional<Notice> Airspace::FindNotice(std::string_view party, const Uuid& id) const {
  const auto at = notices_by_id_.find(id);
  if (at == notices_by_id_.end() || at->second.first != party) return std::nullopt;
  return notices_.at(at->second.first).at(at->second.second);
}

int64_t Airspace::NewestNotice(std::string_view party) const {
  const auto of_party = notices_.find(party);
  return of_party == notices_.end() || of_party->second.empty() ? 0 : of_party->second.rbegin()->first;
}

int64_t Airspace::AcknowledgedUpTo(std::string_view party) const {
  const auto of_party = notices_.find(party);
  if (of_party == notices_.end()) return 0;
  for (const auto& [number, notice] : of_party->second) {
    if (!notice.acknowledged) return number - 1;
  }
  return of_party->second.empty() ? 0 : of_party->second.rbegin()->first;
}

}  // namespace wideberth::airspace
