// The DSS's state at its full size: memory, time inside the airspace, and what a restart takes.
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <span>

#include "airspace/airspace.h"
#include "base/check.h"
#include "bench/benches.h"
#include "bench/country.h"
#include "node/node.h"
#include "os/system.h"
#include "store/sqlite_store.h"

namespace wideberth::bench {
namespace {

using model::Extents;

void Fill(airspace::Airspace& airspace, Country& country, size_t count, bool subscribe, std::vector<double>* put_us,
          const std::function<void(std::vector<model::RecordChange>)>& keep) {
  for (size_t i = 0; i < count; ++i) {
    model::PutOperationalIntent put = Put(country, country.Next(), subscribe);
    std::vector<model::RecordChange> changes;
    const auto start = Timer::now();
    model::Outcome outcome = airspace.Apply({{1}, true}, put, changes);
    if (put_us != nullptr) put_us->push_back(SecondsSince(start) * 1e6);
    if (auto* missing = std::get_if<model::KeyMissing>(&outcome)) {
      for (const auto& intent : missing->intents) put.key.push_back(intent.reference.ovn);
      outcome = airspace.Apply({{1}, true}, put, changes);
    }
    WB_CHECK(std::holds_alternative<model::OperationalIntentChanged>(outcome));
    keep(std::move(changes));
  }
}

}  // namespace

void BenchAirspace(const Options& options, Table& table) {
  const size_t count = options.quick ? options.volumes / 10 : options.volumes;
  const auto target = [&](double value) { return options.standard() ? std::optional(value) : std::nullopt; };
  char directory[] = "/tmp/wideberth-bench-XXXXXX";
  WB_CHECK(mkdtemp(directory) != nullptr);
  {
    const auto store = *store::SqliteStore::Open(directory);
    Country country;
    airspace::Airspace airspace;
    std::vector<double> put_us;
    std::vector<model::RecordChange> batch;
    store::Position position;
    const auto flush = [&] {
      position = {position.batch + 1, {1}};
      WB_CHECK(bool(store->CommitRecords(position, batch)));
      batch.clear();
    };
    put_us.assign(count, 0);  // its memory is there before
    put_us.clear();
    const double before = ResidentBytes();
    Fill(airspace, country, count, false, &put_us, [&](std::vector<model::RecordChange> changes) {
      batch.insert(batch.end(), std::make_move_iterator(changes.begin()), std::make_move_iterator(changes.end()));
      if (batch.size() >= 20'000) flush();
    });
    flush();
    batch.shrink_to_fit();
    // The store's cache and what the allocator holds back count, too.
    const double each = (ResidentBytes() - before) / static_cast<double>(count);
    table.Add({"airspace: memory a reference", each, "bytes", false, target(1000), "", 0});
    table.Add({"airspace: create, p50", Percentile(put_us, 0.5), "us", false, std::nullopt, "", 0});
    table.Add({"airspace: create with key check, p99", Percentile(put_us, 0.99), "us", false, target(50), "", 0});

    std::vector<double> query_us;
    size_t hits = 0;
    for (int i = 0; i < 50'000; ++i) {
      const Extents area = country.Next(1000);
      const auto start = Timer::now();
      hits += airspace.QueryIntents(area, {1}).size();
      query_us.push_back(SecondsSince(start) * 1e6);
    }
    table.Add({"airspace: query of 1 km circles, p50", Percentile(query_us, 0.5), "us", false, std::nullopt, "", 0});
    table.Add({"airspace: query of 1 km circles, p99", Percentile(query_us, 0.99), "us", false, target(50), "", 0});
    table.Note(fmt::format(
        "airspace: {} references over a country, {:.3f} found a query; baselines: none in the same process.", count,
        static_cast<double>(hits) / 50'000));
  }
  {
    const auto start = Timer::now();
    const auto store = *store::SqliteStore::Open(directory);
    const os::SystemClock clock;
    os::SystemRng rng;
    const auto node = *node::Node::Start(*store, clock, rng, {});
    table.Add({"restart: the store read, the index built", SecondsSince(start), "s", false, target(10), "", 0});
    WB_CHECK(node->sizes().intents == count);
  }
  std::filesystem::remove_all(directory);
}

}  // namespace wideberth::bench
