#include "api/provider_messages.h"

#include <set>
#include <utility>

#include "api/uss.h"

namespace wideberth::api {

namespace {

constexpr size_t kCollectedAtOnce = 1'000;

}  // namespace

std::vector<std::string> ProviderMessages::Collect() {
  const std::lock_guard lock(mutex_);
  std::set<std::string> found;
  for (bool more = true; more;) {
    std::vector<model::ProviderMessage> messages;
    node_.Read([&](const airspace::Airspace& airspace,
                   TimeNs) { messages = airspace.ListProviderMessages(seen_, kCollectedAtOnce); },
               [] {});
    for (const model::ProviderMessage& message : messages) {
      waiting_[message.uss_base_url].push_back(message.number);
      found.insert(message.uss_base_url);
      seen_ = message.number;
    }
    more = messages.size() == kCollectedAtOnce;
  }
  return {found.begin(), found.end()};
}

Result<std::optional<outbound::Source::Message>> ProviderMessages::Peek(const std::string& uss_base_url, TimeNs) {
  while (true) {
    uint64_t number = 0;
    {
      const std::lock_guard lock(mutex_);
      const auto waiting = waiting_.find(uss_base_url);
      if (waiting == waiting_.end()) return std::optional<Message>();
      number = waiting->second.front();
    }
    std::optional<Message> found;
    bool not_durable_yet = false;
    const int64_t durable_us = node_.position().time.value / 1'000;
    node_.Read(
        [&](const airspace::Airspace& airspace, TimeNs) {
          const auto messages = airspace.ListProviderMessages(number - 1, 1);
          if (messages.empty() || messages.front().number != number) return;
          const model::ProviderMessage& message = messages.front();
          // Nobody is told of what a crash might undo: neither of the message nor of a later change of what it shows.
          not_durable_yet = message.made.value / 1'000 > durable_us;
          const bool is_intent = message.kind == model::DeclarationKind::kIntent;
          found.emplace();
          found->request.token_scope = is_intent ? "utm.strategic_coordination" : "utm.constraint_management";
          found->id = std::to_string(number);
          found->deadline = {message.made.value + std::chrono::nanoseconds(kProviderTriedFor).count()};
          found->request.url = uss_base_url + (is_intent ? "/uss/v1/operational_intents" : "/uss/v1/constraints");
          found->request.body = RenderProviderMessage(message, airspace);
        },
        [] {});
    if (not_durable_yet) return Error{Code::kUnavailable, "the change is not durable yet"};
    if (!found) {  // it was dropped
      const std::lock_guard lock(mutex_);
      const auto waiting = waiting_.find(uss_base_url);
      if (waiting == waiting_.end()) return std::optional<Message>();
      if (waiting->second.front() == number) waiting->second.pop_front();
      if (waiting->second.empty()) waiting_.erase(waiting);
      continue;
    }
    found->request.headers.emplace_back("Content-Type", "application/json");
    return found;
  }
}

Result<void> ProviderMessages::Drop(const std::string& uss_base_url, const std::string& id, bool told) {
  const uint64_t number = std::stoull(id);
  WB_TRY_OK(node_.Submit("", model::DropProviderMessages{{number}, told}, nullptr));
  const std::lock_guard lock(mutex_);
  const auto waiting = waiting_.find(uss_base_url);
  if (waiting == waiting_.end() || waiting->second.front() != number) return {};
  waiting->second.pop_front();
  if (waiting->second.empty()) waiting_.erase(waiting);
  return {};
}

Result<void> ProviderMessages::Delivered(const std::string& uss_base_url, const std::string& id, TimeNs) {
  return Drop(uss_base_url, id, true);
}

Result<void> ProviderMessages::GaveUp(const std::string& uss_base_url, const std::string& id,
                                      const std::string& last_error, TimeNs) {
  WB_TRY_OK(Drop(uss_base_url, id, false));
  on_given_up_(uss_base_url, last_error);
  return {};
}

}  // namespace wideberth::api
