#include "api/webhooks.h"

#include <limits>
#include <utility>
#include <vector>

#include "api/notices.h"
#include "outbound/standard_webhook.h"

namespace wideberth::api {

Result<std::optional<outbound::Source::Message>> Webhooks::Peek(const std::string& party, TimeNs now) {
  std::optional<int64_t> after;
  {
    const std::lock_guard lock(mutex_);
    if (const auto at = progress_.find(party); at != progress_.end()) after = at->second.after;
  }
  const int64_t until = board_.DurableUpTo(party);
  std::string url;
  std::vector<model::Notice> next;
  std::string body;
  node_.Read(
      [&](const airspace::Airspace& airspace, TimeNs read_at) {
        const model::Party* registered = airspace.FindParty(party);
        if (registered == nullptr || registered->webhook.empty()) return;
        url = registered->webhook;
        if (!after) after = airspace.AcknowledgedUpTo(party);
        next = airspace.ListNotices(party, *after, until, 1);
        if (!next.empty()) body = RenderNotice(next.front(), read_at);
      },
      [] {});  // what was read is durable
  if (next.empty()) return std::optional<Message>();
  const model::Notice& notice = next.front();
  // A repetition is a message of its own, or receivers would take it for one that they have.
  std::string id = notice.id.ToString() + (notice.repeated == 0 ? "" : "-" + std::to_string(notice.repeated));
  Message message;
  {
    const std::lock_guard lock(mutex_);
    Progress& progress = progress_[party];
    progress.after = *after;
    if (progress.id != id) {
      progress.id = id;
      progress.deadline = {now.value + std::chrono::nanoseconds(kWebhookTriedFor).count()};
    }
    progress.number = notice.number;
    progress.delivered_before = notice.delivered.has_value();
    progress.last_attempt = now;
    message.deadline = progress.deadline;
  }
  WB_TRY(message.request.headers, outbound::SignWebhook(key_, id, now, body));
  message.id = std::move(id);
  message.request.url = std::move(url);
  message.request.headers.emplace_back("Content-Type", "application/json");
  message.request.body = std::move(body);
  return std::optional(std::move(message));
}

Result<void> Webhooks::Delivered(const std::string& party, const std::string& id, TimeNs) {
  std::vector<int64_t> numbers;
  {
    const std::lock_guard lock(mutex_);
    const auto at = progress_.find(party);
    if (at == progress_.end() || at->second.id != id) return {};
    Progress& progress = at->second;
    progress.after = progress.number;
    if (!progress.delivered_before) numbers.push_back(progress.number);
  }
  board_.Delivered(party, numbers, "webhook");
  return {};
}

Result<void> Webhooks::GaveUp(const std::string& party, const std::string& id, const std::string&, TimeNs) {
  const std::lock_guard lock(mutex_);
  const auto at = progress_.find(party);
  if (at == progress_.end() || at->second.id != id) return {};
  at->second.after = at->second.number;
  ++at->second.given_up;
  return {};
}

void Webhooks::Renew(const std::string& party) {
  const std::lock_guard lock(mutex_);
  progress_.erase(party);
}

size_t Webhooks::Waiting() const {
  std::map<std::string, int64_t> after;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [party, progress] : progress_) after[party] = progress.after;
  }
  size_t waiting = 0;
  node_.Read(
      [&](const airspace::Airspace& airspace, TimeNs) {
        for (const auto& [name, party] : airspace.parties()) {
          if (party.webhook.empty()) continue;
          const auto at = after.find(name);
          waiting += airspace.CountNotices(name, at == after.end() ? airspace.AcknowledgedUpTo(name) : at->second,
                                           std::numeric_limits<int64_t>::max());
        }
      },
      [] {});
  return waiting;
}

WebhookState Webhooks::StateOf(const std::string& party, const outbound::Postman& postman) const {
  WebhookState state;
  std::optional<int64_t> after;
  {
    const std::lock_guard lock(mutex_);
    if (const auto at = progress_.find(party); at != progress_.end()) {
      after = at->second.after;
      state.given_up = at->second.given_up;
      state.last_attempt = at->second.last_attempt;
    }
  }
  const int64_t until = board_.DurableUpTo(party);
  node_.Read(
      [&](const airspace::Airspace& airspace, TimeNs) {
        state.waiting = airspace.CountNotices(party, after.value_or(airspace.AcknowledgedUpTo(party)), until);
      },
      [] {});
  if (const auto delivery = postman.StateOf(party)) {
    state.attempts = static_cast<size_t>(delivery->attempts);
    state.last_error = delivery->last_error;
    state.next_attempt = delivery->next_attempt;
  }
  return state;
}

}  // namespace wideberth::api
