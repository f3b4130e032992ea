#ifndef WIDEBERTH_OUTBOUND_POSTMAN_H_
#define WIDEBERTH_OUTBOUND_POSTMAN_H_

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/rng.h"
#include "base/units.h"
#include "outbound/backoff.h"
#include "outbound/transport.h"

namespace wideberth::outbound {

// What is to be delivered, in order, for each destination; durable or not. Called by the postman alone, one call at a
// time, without locks. A call that takes long holds up all destinations.
class Source {
 public:
  struct Message {
    std::string id;  // the same at each attempt
    Request request;
    TimeNs deadline;  // for so long it is tried
  };

  virtual ~Source() = default;

  // The next message for a destination as it is to be sent `now`, or nothing. Asked before each attempt: the request
  // may hold its time and signature, and a message that has no purpose any more gives way to the next.
  virtual Result<std::optional<Message>> Peek(const std::string& destination, TimeNs now) = 0;

  // It was answered with a status of 2xx, or will not be tried again. From then on Peek gives what follows it. On an
  // Error it is tried again later: a message may arrive twice, and is never lost.
  virtual Result<void> Delivered(const std::string& destination, const std::string& id, TimeNs now) = 0;
  virtual Result<void> GaveUp(const std::string& destination, const std::string& id, const std::string& last_error,
                              TimeNs now) = 0;
};

struct PostmanOptions {
  BackoffOptions backoff;
  size_t destinations_max = 100'000;  // that have something to be delivered
};

// How the delivery to one destination stands. A value.
struct DeliveryState {
  std::string destination;
  std::string message;                 // the id of the one that is being delivered; "" if not known yet
  TimeNs waiting_since;                // when it became the next
  int attempts = 0;                    // to send it, the one under way too
  std::string last_error;              // "" if nothing failed yet
  std::optional<TimeNs> next_attempt;  // nothing while one is under way

  friend bool operator==(const DeliveryState&, const DeliveryState&) = default;
};

// Delivers the messages of a source, each destination's in order and one at a time, and none held up by another. What
// is not answered with 2xx is tried again after a pause, until its deadline; then the next has its turn.
//
// Either Start gives it a thread of its own, or somebody calls Step. Thread-safe, but for Step.
class Postman {
 public:
  // All of them outlive the postman. A `done` of `transport` may come later.
  Postman(Source& source, Transport& transport, const Clock& clock, Rng& rng, const PostmanOptions& options);
  ~Postman();
  Postman(const Postman&) = delete;
  Postman& operator=(const Postman&) = delete;

  // There may be something new for a destination. Also called once for each that has something when the service starts.
  // A destination that is being retried keeps its pause. kTooMany beyond `destinations_max`.
  Result<void> Wake(const std::string& destination);
  // What was found out of a destination is of one that is not there any more: its next message is sent at once, or, if
  // an attempt is under way, as soon as that has failed. Nothing is forgotten of what was delivered.
  Result<void> Renew(const std::string& destination);

  void Start();
  // Ends the thread. What is under way may still arrive; its message stays in the source. May be called again.
  void Stop();

  // Does what is due, and says when there will be more if nothing else happens. REQUIRES: Start was not called.
  std::optional<TimeNs> Step();

  // Of every destination that has something, by name.
  std::vector<DeliveryState> States() const;
  std::optional<DeliveryState> StateOf(const std::string& destination) const;

 private:
  struct State;
  const std::shared_ptr<State> state_;
};

}  // namespace wideberth::outbound

#endif  // WIDEBERTH_OUTBOUND_POSTMAN_H_
