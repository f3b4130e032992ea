// A day of a continent, as fast as it goes: flights come, change and end, and go by expiry, on a clock that is set by
// them. The node and the store are the real ones. What is held: that memory comes back, that the store's file is
// bounded, and that the last hour's answers are as fast as the first's.
#include <fmt/format.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "base/check.h"
#include "bench/benches.h"
#include "geo/outline.h"
#include "index/cell_cover.h"
#include "node/node.h"
#include "os/system.h"
#include "store/sqlite_store.h"

namespace wideberth::bench {
namespace {

constexpr int64_t kMinuteNs = 60 * kNsPerSecond;
constexpr int64_t kHourNs = 60 * kMinuteNs;
constexpr int kHours = 24;
constexpr int64_t kDayNs = kHours * kHourNs;
constexpr size_t kAtOnce = 64;  // commands in flight, as of so many clients

class SetClock final : public Clock {
 public:
  TimeNs Now() const override { return {now_ns.load(std::memory_order_relaxed)}; }
  std::atomic<int64_t> now_ns{0};
};

struct Flight {
  model::Uuid id;
  std::string manager;
  index::CellCover cover;
  AltitudeMm lower;
  int64_t start_ns;
  std::string ovn;  // as the last answer said
  std::vector<std::string> key;
};

// Waits until fewer than kAtOnce are under way.
class Window {
 public:
  void Enter() {
    std::unique_lock lock(mutex_);
    left_.wait(lock, [&] { return under_way_ < kAtOnce; });
    ++under_way_;
  }
  void Leave() {
    {
      const std::lock_guard lock(mutex_);
      --under_way_;
    }
    left_.notify_one();
  }
  void WaitForAll() {
    std::unique_lock lock(mutex_);
    left_.wait(lock, [&] { return under_way_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable left_;
  size_t under_way_ = 0;
};

class Day {
 public:
  explicit Day(size_t flights, uint64_t seed) : per_day_(flights), random_(seed) {}

  // Some hours of flights from `from_ns` on: each is declared 15 minutes before its start, activated at its start, and
  // updated 10 minutes later; it lasts 20 minutes, and is gone an hour after. Latencies go by the hour of the write.
  void Run(node::Node& node, SetClock& clock, int64_t from_ns, int hours,
           std::vector<std::vector<double>>& latencies_us) {
    const size_t flights_in_all = per_day_ * static_cast<size_t>(hours) / kHours;
    const int64_t apart_ns = kDayNs / static_cast<int64_t>(per_day_);
    const auto steps_between = static_cast<size_t>(15 * kMinuteNs / apart_ns);
    const auto steps_to_update = static_cast<size_t>(25 * kMinuteNs / apart_ns);
    std::deque<std::unique_ptr<Flight>> flights;  // the last 25 minutes' declarations
    for (size_t step = 0; step < flights_in_all + steps_to_update; ++step) {
      clock.now_ns = from_ns + static_cast<int64_t>(step) * apart_ns;
      auto& hour = latencies_us[std::min<size_t>(kHours - 1, static_cast<size_t>((clock.now_ns - from_ns) / kHourNs))];
      if (step < flights_in_all) {
        flights.push_back(std::make_unique<Flight>(Draw(clock.now_ns + 15 * kMinuteNs)));
        Write(node, *flights.back(), model::IntentState::kAccepted, hour);
      } else {
        flights.push_back(nullptr);
      }
      if (step >= steps_between && step - steps_between < flights_in_all)
        Write(node, *flights[flights.size() - 1 - steps_between], model::IntentState::kActivated, hour);
      if (step >= steps_to_update) {
        Write(node, *flights.front(), model::IntentState::kActivated, hour);
        // It goes once its answer is there: the window is far smaller than the flights that follow.
        done_.push_back(std::move(flights.front()));
        flights.pop_front();
        if (done_.size() > 4 * kAtOnce) done_.pop_front();
      }
    }
    window_.WaitForAll();
    done_.clear();
  }

  size_t writes() const { return writes_; }
  size_t retries() const { return retries_; }

 private:
  double Unit() { return static_cast<double>(random_() >> 11) * 0x1p-53; }

  model::Uuid Id() {
    model::Uuid id;
    for (uint8_t& byte : id.bytes) byte = static_cast<uint8_t>(random_());
    return id;
  }

  Flight Draw(int64_t start_ns) {
    const geo::LatLng at{36 + 27 * Unit(), -10 + 40 * Unit()};
    return {.id = Id(),
            .manager = fmt::format("uss{}", random_() % 50),
            .cover = index::CoverOf(*geo::Outline::MakeCircle(at, 200 + 100 * Unit())),
            .lower = {static_cast<int64_t>(50'000 + 270'000 * Unit())},
            .start_ns = start_ns};
  }

  void Write(node::Node& node, Flight& flight, model::IntentState state, std::vector<double>& latencies) {
    window_.Enter();
    model::PutOperationalIntent put{.id = flight.id,
                                    .manager = flight.manager,
                                    .extents = {flight.cover,
                                                flight.lower,
                                                {flight.lower.value + 30'000},
                                                {flight.start_ns},
                                                {flight.start_ns + 20 * kMinuteNs}},
                                    .state = state,
                                    .uss_base_url = "https://uss.example/utm",
                                    .key = flight.key,
                                    .new_subscription = model::NewSubscription{"https://uss.example/utm", false},
                                    .new_ovn = fmt::format("{:016x}{:016x}", random_(), random_()),
                                    .new_subscription_id = Id(),
                                    .new_subscription_version = fmt::format("{:016x}", random_())};
    // Writes of one flight lie minutes apart; the one before was answered long ago.
    if (!flight.ovn.empty()) put.ovn = flight.ovn;
    ++writes_;
    Submit(node, flight, std::move(put), latencies, Timer::now());
  }

  void Submit(node::Node& node, Flight& flight, model::PutOperationalIntent put, std::vector<double>& latencies,
              Timer::time_point start) {
    const std::string manager = put.manager;
    auto again = std::make_shared<model::PutOperationalIntent>(put);
    const auto submitted = node.Submit(manager, std::move(put), [&, again, start](const model::Outcome& outcome) {
      if (const auto* missing = std::get_if<model::KeyMissing>(&outcome)) {
        ++retries_;
        for (const auto& intent : missing->intents) again->key.push_back(intent.reference.ovn);
        flight.key = again->key;
        return Submit(node, flight, *again, latencies, start);
      }
      const auto* changed = std::get_if<model::OperationalIntentChanged>(&outcome);
      WB_CHECK(changed != nullptr);
      flight.ovn = changed->reference.ovn;
      latencies.push_back(SecondsSince(start) * 1e6);  // on the sequencer's thread alone
      window_.Leave();
    });
    WB_CHECK(bool(submitted));
  }

  const size_t per_day_;
  std::mt19937_64 random_;
  Window window_;
  std::deque<std::unique_ptr<Flight>> done_;
  size_t writes_ = 0;
  std::atomic<size_t> retries_ = 0;
};

}  // namespace

void BenchDay(const Options& options, Table& table) {
  const size_t flights = options.volumes;
  const auto target = [&](double value) { return options.standard() ? std::optional(value) : std::nullopt; };
  std::string directory = "build/bench-day-XXXXXX";  // on a disk: what lies in memory has no fsync
  WB_CHECK(mkdtemp(directory.data()) != nullptr);
  {
    const auto store = *store::SqliteStore::Open(directory);
    SetClock clock;
    constexpr int64_t kFirstNs = 1'800'000'000 * kNsPerSecond;
    clock.now_ns = kFirstNs;
    node::NodeOptions node_options;
    node_options.queue_max = 100'000;  // the load of all is this one's
    node_options.on_fatal = [](const Error& error) {
      fmt::print(stderr, "bench: {}\n", error.message);
      std::_Exit(1);
    };
    node_options.ledger = false;  // it keeps everything, for ever; what stays of the rest is looked at here
    os::SystemRng rng;
    const auto node = *node::Node::Start(*store, clock, rng, node_options);
    const auto wait_until_empty = [&] {
      clock.now_ns += 3 * kHourNs;
      while (node->sizes().intents + node->sizes().subscriptions > 0)
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
      std::this_thread::sleep_for(std::chrono::seconds(2));  // one more batch, and what the allocator gives back
    };
    const auto file_bytes = [&] { return static_cast<double>(std::filesystem::file_size(store->path())); };

    Day day(flights, 7);
    std::vector<std::vector<double>> warm_up(kHours);
    std::vector<std::vector<double>> latencies(kHours);
    // Three hours before, so that what grows to its size only once has done so.
    Day(flights, 6).Run(*node, clock, kFirstNs, 3, warm_up);
    wait_until_empty();
    // The figures of the day have their memory before, and until after.
    for (auto& hour : latencies) {
      hour.assign(3 * flights / kHours + flights / kHours, 0);
      hour.clear();
    }
    const double before = ResidentBytes();
    const double file_before = file_bytes();

    double peak = 0;
    size_t live_peak = 0;
    double file_midday = 0;
    std::atomic<bool> over = false;
    // Two hours until as many go as come; then the day whose hours are compared.
    day.Run(*node, clock, clock.now_ns, 2, warm_up);
    const int64_t day_from_ns = clock.now_ns;
    const size_t ramp_writes = day.writes();
    std::thread watch([&] {
      while (!over) {
        const auto sizes = node->sizes();
        live_peak = std::max(live_peak, sizes.intents);
        peak = std::max(peak, ResidentBytes());
        if (file_midday == 0 && clock.now_ns > day_from_ns + kDayNs / 2) file_midday = file_bytes();
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
      }
    });
    const auto start = Timer::now();
    day.Run(*node, clock, day_from_ns, kHours, latencies);
    const double took_s = SecondsSince(start);
    over = true;
    watch.join();
    const double file_after = file_bytes();
    const double first_p99 = Percentile(latencies.front(), 0.99);
    const double last_p99 = Percentile(latencies.back(), 0.99);
    const double middle_p99 = Percentile(latencies[kHours / 2], 0.99);
    if (std::getenv("WB_BENCH_HOURS") != nullptr) {
      for (int hour = 0; hour < kHours; ++hour) {
        fmt::print(stderr, "bench: hour {:2}: p50 {:.0f} us, p99 {:.0f} us\n", hour,
                   Percentile(latencies[static_cast<size_t>(hour)], 0.5),
                   Percentile(latencies[static_cast<size_t>(hour)], 0.99));
      }
    }
    wait_until_empty();
    const double after = ResidentBytes();

    const double writes = static_cast<double>(day.writes() - ramp_writes);
    table.Add({"day: durable writes, replayed", writes / took_s, "/s", true, std::nullopt, "", 0});
    table.Add(
        {"day: write, p99 of the last hour, of the first's", last_p99 / first_p99, "x", false, target(1.3), "", 0});
    table.Add({"day: memory once all is over, of before", after / before, "x", false, target(1.05), "", 0});
    table.Add({"day: store file at its end, of midday", file_after / file_midday, "x", false, target(1.1), "", 0});
    table.Note(
        fmt::format("day: {} flights, {} writes and {} second tries in {:.0f} s; p99 {:.0f}, {:.0f}, {:.0f} us in the "
                    "first, a middle and "
                    "the last hour; at most {} live and kept at once, {:.0f} MB of memory then, {:.0f} before, {:.0f} "
                    "after; store file "
                    "{:.0f} MB before, {:.0f} at midday, {:.0f} at the end: space of what went is used again.",
                    flights, day.writes(), day.retries(), took_s, first_p99, middle_p99, last_p99, live_peak,
                    peak / 1e6, before / 1e6, after / 1e6, file_before / 1e6, file_midday / 1e6, file_after / 1e6));
  }
  std::filesystem::remove_all(directory);
}

}  // namespace wideberth::bench
