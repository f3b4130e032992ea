#include "outbound/postman.h"

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "base/check.h"

namespace wideberth::outbound {
namespace {

// How long the thread sleeps at most. The time of day may be set, and a sleep does not notice.
constexpr std::chrono::milliseconds kSleepMax{1'000};
constexpr TimeNs kNever{std::numeric_limits<int64_t>::max()};
constexpr size_t kErrorBytesMax = 512;  // of an error that is kept for display

std::string Shortened(std::string text) {
  if (text.size() <= kErrorBytesMax) return text;
  size_t end = kErrorBytesMax - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // no half of a character
  return text.replace(end, std::string::npos, "...");
}

}  // namespace

// Held by the callbacks of requests under way, too, which may outlive the postman.
struct Postman::State {
  State(Source& its_source, Transport& its_transport, const Clock& its_clock, Rng& its_rng,
        const PostmanOptions& its_options)
      : source(its_source), transport(its_transport), clock(its_clock), rng(its_rng), options(its_options) {}

  struct Destination {
    std::string message;
    TimeNs waiting_since;
    int attempts = 0;
    int failures = 0;  // in a row, for the pause; those of the source, too
    std::string last_error;
    std::string given_up_for;  // the last error of an attempt to send the message
    TimeNs deadline{0};        // of the message
    std::optional<TimeNs> due;
    bool woken = false;    // since the source was last asked
    bool renewed = false;  // while an attempt was under way
  };
  using Destinations = std::map<std::string, Destination>;

  // Used by who calls Step alone; `clock` by all.
  Source& source;
  Transport& transport;
  const Clock& clock;
  Rng& rng;
  const PostmanOptions options;

  mutable std::mutex mutex;  // of what follows; not held while source or transport are called
  std::condition_variable changed;
  Destinations destinations;
  std::set<std::pair<TimeNs, std::string>> due;  // by time: the `due` of destinations
  std::deque<std::pair<std::string, Result<Response>>> answers;
  bool stepping_asked = false;
  bool stopping = false;
  std::thread thread;

  // REQUIRES: the mutex is held, as for all that take a Destination.
  void MakeDue(const std::string& name, Destination& destination, TimeNs time) {
    WB_CHECK(!destination.due);
    destination.due = time;
    due.emplace(time, name);
  }

  void Fail(const std::string& name, Destination& destination, std::string error, const std::string& retry_after,
            TimeNs now) {
    if (destination.renewed) return GoOn(name, destination, now);
    destination.last_error = Shortened(std::move(error));
    destination.failures = std::min(destination.failures + 1, 1'000'000);
    const std::optional<TimeNs> next = NextAttempt(options.backoff, destination.failures, now,
                                                   ParseRetryAfter(retry_after, now), destination.deadline, rng);
    // Without another attempt before its deadline it is looked at once more then, to be given up.
    MakeDue(name, destination, next ? *next : std::max(now, destination.deadline));
  }

  void FailToSend(const std::string& name, Destination& destination, const std::string& error,
                  const std::string& retry_after, TimeNs now) {
    destination.given_up_for = Shortened(error);
    Fail(name, destination, error, retry_after, now);
  }

  // A pause that began before the time of day was set back would last as long as that.
  void ShortenPauses(TimeNs now) {
    const TimeNs latest{now.value + std::max(options.backoff.max, options.backoff.retry_after_max).count()};
    while (!due.empty() && due.rbegin()->first > latest) {
      const std::string name = due.rbegin()->second;
      due.erase(std::prev(due.end()));
      Destination& destination = destinations.at(name);
      destination.due.reset();
      MakeDue(name, destination, latest);
    }
  }

  void TakeAnswer(const std::string& name, const Result<Response>& answer) {
    const TimeNs now = clock.Now();
    std::string error;
    std::string retry_after;
    if (!answer) {
      error = answer.error().message;
    } else if (answer->status < 200 || answer->status > 299) {
      error = "answered with status " + std::to_string(answer->status);
      if (answer->status >= 300 && answer->status < 400) error += "; redirects are not followed";
      retry_after = answer->retry_after;
    } else if (const Result<void> marked = source.Delivered(name, MessageOf(name), now); !marked) {
      error = "delivered, but this could not be kept: " + marked.error().message;
    }
    const std::lock_guard lock(mutex);
    Destination& destination = destinations.at(name);
    if (error.empty())
      GoOn(name, destination, now);
    else
      FailToSend(name, destination, error, retry_after, now);
  }

  std::string MessageOf(const std::string& name) const {
    const std::lock_guard lock(mutex);
    return destinations.at(name).message;
  }

  // To the next message, if there is one.
  void GoOn(const std::string& name, Destination& destination, TimeNs now) {
    destination.message.clear();
    destination.renewed = false;
    destination.attempts = destination.failures = 0;
    destination.last_error.clear();
    destination.given_up_for.clear();
    destination.waiting_since = now;
    MakeDue(name, destination, now);
  }

  void Attempt(const std::shared_ptr<State>& self, const std::string& name) {
    const TimeNs now = clock.Now();
    Result<std::optional<Source::Message>> next = source.Peek(name, now);
    std::unique_lock lock(mutex);
    Destination& destination = destinations.at(name);
    if (!next) {
      destination.deadline = kNever;  // of the source, not of a message
      Fail(name, destination, "the next message cannot be read: " + next.error().message, "", now);
      return;
    }
    if (!*next) {
      if (destination.woken)
        GoOn(name, destination, now);
      else
        destinations.erase(name);
      return;
    }
    Source::Message& message = **next;
    if (message.id != destination.message) {
      // A source that could not be read before is no failure of this message.
      destination.attempts = destination.failures = 0;
      destination.last_error.clear();
      destination.given_up_for.clear();
      if (!destination.message.empty()) destination.waiting_since = now;
      destination.message = message.id;
    }
    destination.deadline = message.deadline;

    if (now >= message.deadline) {
      const std::string error = destination.given_up_for.empty() ? "its deadline came first" : destination.given_up_for;
      lock.unlock();
      const Result<void> marked = source.GaveUp(name, message.id, error, now);
      lock.lock();
      if (marked) {
        GoOn(name, destination, now);
      } else {
        destination.deadline = kNever;
        Fail(name, destination, "given up, but this could not be kept: " + marked.error().message, "", now);
      }
      return;
    }

    ++destination.attempts;
    lock.unlock();
    const Result<void> sent = transport.Send(std::move(message.request), [self, name](Result<Response> answer) {
      const std::lock_guard answered(self->mutex);
      self->answers.emplace_back(name, std::move(answer));
      self->changed.notify_all();
    });
    lock.lock();
    if (!sent) FailToSend(name, destination, sent.error().message, "", now);
  }

  std::optional<TimeNs> Step(const std::shared_ptr<State>& self) {
    std::deque<std::pair<std::string, Result<Response>>> answered;
    {
      const std::lock_guard lock(mutex);
      answered.swap(answers);
    }
    for (const auto& [name, answer] : answered) TakeAnswer(name, answer);

    // Each destination has one turn, so that one that gives up many messages does not hold up the others.
    std::vector<std::string> turns;
    {
      const std::lock_guard lock(mutex);
      const TimeNs now = clock.Now();
      ShortenPauses(now);
      while (!due.empty() && due.begin()->first <= now) {
        const std::string name = due.begin()->second;
        due.erase(due.begin());
        Destination& destination = destinations.at(name);
        destination.due.reset();
        destination.woken = false;
        turns.push_back(name);
      }
    }
    for (const std::string& name : turns) Attempt(self, name);

    const std::lock_guard lock(mutex);
    if (!answers.empty()) return clock.Now();
    if (due.empty()) return std::nullopt;
    return due.begin()->first;
  }

  void Run(const std::shared_ptr<State>& self) {
    while (true) {
      {
        const std::lock_guard lock(mutex);
        if (stopping) return;
        stepping_asked = false;
      }
      const std::optional<TimeNs> next = Step(self);
      std::chrono::nanoseconds sleep = kSleepMax;
      if (next) {
        const std::chrono::nanoseconds until(std::max<int64_t>(next->value - clock.Now().value, 0));
        sleep = std::min(sleep, until);
      }
      std::unique_lock lock(mutex);
      changed.wait_for(lock, sleep, [&] { return stopping || stepping_asked || !answers.empty(); });
    }
  }

  // REQUIRES: the mutex is held.
  Result<void> Wake(const std::string& destination);

  static DeliveryState Shown(const std::string& name, const Destination& destination) {
    return {.destination = name,
            .message = destination.message,
            .waiting_since = destination.waiting_since,
            .attempts = destination.attempts,
            .last_error = destination.last_error,
            .next_attempt = destination.due};
  }
};

Postman::Postman(Source& source, Transport& transport, const Clock& clock, Rng& rng, const PostmanOptions& options)
    : state_(std::make_shared<State>(source, transport, clock, rng, options)) {}

Postman::~Postman() { Stop(); }

Result<void> Postman::Wake(const std::string& destination) {
  const std::lock_guard lock(state_->mutex);
  return state_->Wake(destination);
}

Result<void> Postman::Renew(const std::string& destination) {
  State& state = *state_;
  const std::lock_guard lock(state.mutex);
  WB_TRY_OK(state.Wake(destination));
  const auto at = state.destinations.find(destination);
  if (!at->second.due) {
    at->second.renewed = true;
    return {};
  }
  state.due.erase({*at->second.due, destination});
  at->second.due.reset();
  state.GoOn(destination, at->second, state.clock.Now());
  state.stepping_asked = true;
  state.changed.notify_all();
  return {};
}

Result<void> Postman::State::Wake(const std::string& destination) {
  State& state = *this;
  auto at = state.destinations.find(destination);
  if (at == state.destinations.end()) {
    if (state.destinations.size() >= state.options.destinations_max)
      return Error{Code::kTooMany,
                   "destinations that wait reach destinations_max, " + std::to_string(state.options.destinations_max)};
    at = state.destinations.try_emplace(destination).first;
    at->second.waiting_since = state.clock.Now();
    state.MakeDue(destination, at->second, at->second.waiting_since);
    state.stepping_asked = true;
    state.changed.notify_all();
  }
  at->second.woken = true;
  return {};
}

void Postman::Start() {
  const std::lock_guard lock(state_->mutex);
  WB_CHECK(!state_->thread.joinable() && !state_->stopping);
  state_->thread = std::thread([state = state_] { state->Run(state); });
}

void Postman::Stop() {
  std::thread thread;
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    thread.swap(state_->thread);
    state_->changed.notify_all();
  }
  if (thread.joinable()) thread.join();
}

std::optional<TimeNs> Postman::Step() { return state_->Step(state_); }

std::vector<DeliveryState> Postman::States() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<DeliveryState> states;
  states.reserve(state_->destinations.size());
  for (const auto& [name, destination] : state_->destinations) states.push_back(State::Shown(name, destination));
  return states;
}

std::optional<DeliveryState> Postman::StateOf(const std::string& destination) const {
  const std::lock_guard lock(state_->mutex);
  const auto at = state_->destinations.find(destination);
  if (at == state_->destinations.end()) return std::nullopt;
  return State::Shown(at->first, at->second);
}

}  // namespace wideberth::outbound
