#ifndef WIDEBERTH_CMD_DEMO_PARTY_H_
#define WIDEBERTH_CMD_DEMO_PARTY_H_

#include <atomic>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cmd/client.h"
#include "cmd/event_parser.h"
#include "geo/volume4d.h"

// The parties of the demonstration. All that they know of the service they know from its public interface.
namespace wideberth::cmd {

// A notice as it came, and its text, read.
struct ToldNotice {
  nlohmann::ordered_json notice;
  nlohmann::ordered_json text;
};

// Listens to a party's notices over Server-Sent Events, on a thread of its own. Thread-safe.
class DemoListener {
 public:
  explicit DemoListener(const Client& client);  // outlives this
  ~DemoListener();
  DemoListener(const DemoListener&) = delete;
  DemoListener& operator=(const DemoListener&) = delete;

  // To be asked of several before they are destroyed, so that their last seconds pass at the same time.
  void Stop() { stop_ = true; }
  // What came since this was asked last; why it listens no more.
  Result<std::vector<ToldNotice>> Take();

 private:
  Result<void> Listen();
  bool TakeBytes(std::string_view bytes);

  const Client& client_;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::vector<ToldNotice> came_;
  std::optional<Error> failed_;
  EventParser parser_;
  std::thread thread_;
};

// What a party asks for when it declares.
struct DemoChoices {
  std::string name;
  std::string disclosure;
  std::vector<std::string> visible_to;
};

// What became of a declaration.
struct DemoDeclared {
  std::string id;
  std::optional<nlohmann::ordered_json> refused;  // the conflicts of the 409 that came first
  nlohmann::ordered_json conflicts;               // of the 201: those that were accepted
};

// Thread-compatible.
class DemoParty {
 public:
  // Makes a key in `folder`, NAME.key and NAME.key.pub, and registers it as an operator does.
  static Result<std::unique_ptr<DemoParty>> Register(const Client& as_operator, const std::string& folder,
                                                     const ClientOptions& service, DemoChoices choices);

  void Listen() { listener_ = std::make_unique<DemoListener>(client_); }
  // REQUIRES: it listens.
  DemoListener& listener() { return *listener_; }

  // Declares volumes as an intent; what it conflicts with is looked at and accepted.
  Result<DemoDeclared> Declare(const std::vector<const geo::Volume4D*>& volumes, int64_t shift_ns) const;
  // Signs that it knows of a notice.
  Result<void> Acknowledge(const ToldNotice& told) const;
  // The notices after this number that are not repetitions, asked for instead of listened to.
  Result<size_t> CountNewNotices(int64_t number) const;

  const DemoChoices& choices() const { return choices_; }
  const std::string& name() const { return choices_.name; }
  const Client& client() const { return client_; }

 private:
  DemoParty(DemoChoices choices, Client client) : choices_(std::move(choices)), client_(std::move(client)) {}

  DemoChoices choices_;
  Client client_;
  std::unique_ptr<DemoListener> listener_;
};

// Makes FILE and FILE.pub, as `wideberth keygen` does. The public key as a JWK.
Result<std::string> MakeDemoKey(const std::string& file);

// The answer's JSON if its status is `wanted`; else an Error with `what` and the service's reason.
Result<nlohmann::ordered_json> Expect(const Result<Answer>& answer, long wanted, const std::string& what);

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_DEMO_PARTY_H_
