#ifndef WIDEBERTH_API_PROVIDER_MESSAGES_H_
#define WIDEBERTH_API_PROVIDER_MESSAGES_H_

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "node/node.h"
#include "outbound/postman.h"

namespace wideberth::api {

// How long another USS is tried. F3548 asks for seconds; after that it finds out by asking.
inline constexpr std::chrono::minutes kProviderTriedFor{10};

// What the service's own USS has to tell others, for a postman: a destination is a USS's base URL. What is not sent yet
// is in the store. Its requests ask for tokens (Request::token_scope). Thread-safe.
class ProviderMessages final : public outbound::Source {
 public:
  // Told of a message that its USS did not take in kProviderTriedFor.
  using OnGivenUp = std::function<void(const std::string& uss_base_url, const std::string& last_error)>;

  ProviderMessages(node::Node& node, OnGivenUp on_given_up) : node_(node), on_given_up_(std::move(on_given_up)) {}

  // Looks for messages that are new; the destinations that have some.
  std::vector<std::string> Collect();

  Result<std::optional<Message>> Peek(const std::string& uss_base_url, TimeNs now) override;
  Result<void> Delivered(const std::string& uss_base_url, const std::string& id, TimeNs now) override;
  Result<void> GaveUp(const std::string& uss_base_url, const std::string& id, const std::string& last_error,
                      TimeNs now) override;

 private:
  Result<void> Drop(const std::string& uss_base_url, const std::string& id, bool told);

  node::Node& node_;
  const OnGivenUp on_given_up_;
  std::mutex mutex_;
  uint64_t seen_ = 0;                                    // the last message that Collect knows
  std::map<std::string, std::deque<uint64_t>> waiting_;  // numbers of messages, by base URL
};

}  // namespace wideberth::api

#endif  // WIDEBERTH_API_PROVIDER_MESSAGES_H_
