// What the ledger costs: the same writes with it and without it, by turns; then proofs out of a large one.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <memory>
#include <semaphore>
#include <string>
#include <vector>

#include "base/check.h"
#include "bench/benches.h"
#include "bench/country.h"
#include "ledger/tree.h"
#include "node/ledger_log.h"
#include "node/node.h"
#include "os/system.h"
#include "store/sqlite_store.h"

namespace wideberth::bench {
namespace {

constexpr std::ptrdiff_t kAtOnce = 64;      // commands in flight, as of so many clients
constexpr double kLedgerTimesMax = 1.5;     // what a write with the ledger may cost, of one without
constexpr double kBytesAnEntryMax = 1'000;  // on disk
constexpr double kProofBytesMax = 20 * 32;  // of inclusion among 1,000,000: the height of the tree
constexpr double kConsistencyBytesMax = 21 * 32;
constexpr double kProofMadeUsMax = 1'000;
constexpr double kProofVerifiedUsMax = 100;
constexpr double kRestartSMax = 1;

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::string MakeFolder() {
  std::string folder = "build/bench-ledger-XXXXXX";  // on a disk: what lies in memory has no fsync
  WB_CHECK(mkdtemp(folder.data()) != nullptr);
  return folder;
}

// A node with a store of its own, and what its rounds took.
class Side {
 public:
  explicit Side(bool ledger) : folder_(MakeFolder()), store_(*store::SqliteStore::Open(folder_)) {
    node::NodeOptions options;
    options.queue_max = 100'000;  // the load of all is this one's
    options.ledger = ledger;
    options.on_fatal = [](const Error& error) {
      fmt::print(stderr, "bench: {}\n", error.message);
      std::_Exit(1);
    };
    options.on_batch = [this](size_t, double commit_s) {
      commits_us.push_back(commit_s * 1e6);  // on the sequencer's thread alone, and read when it rests
    };
    node_ = *node::Node::Start(*store_, clock_, rng_, options);
  }
  ~Side() {
    node_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;

  void Round(size_t writes) {
    const double cpu_before = CpuSeconds();
    const auto start = Timer::now();
    for (size_t i = 0; i < writes; ++i) Write(Put(country_, country_.Next(), false));
    for (std::ptrdiff_t i = 0; i < kAtOnce; ++i) free_.acquire();
    write_us.push_back(SecondsSince(start) * 1e6 / static_cast<double>(writes));
    cpu_us.push_back((CpuSeconds() - cpu_before) * 1e6 / static_cast<double>(writes));
    free_.release(kAtOnce);
  }

  // Ends the node: what its log held is in its file then.
  double FileBytes() {
    node_.reset();
    const std::string path = store_->path();
    store_.reset();
    return static_cast<double>(std::filesystem::file_size(path));
  }
  uint64_t entries() const { return node_->ledger() == nullptr ? 0 : node_->ledger()->head().size; }

  std::vector<double> write_us;  // of each round
  std::vector<double> cpu_us;
  std::vector<double> commits_us;

 private:
  void Write(model::PutOperationalIntent put) {
    free_.acquire();
    Submit(std::move(put));
  }
  void Submit(model::PutOperationalIntent put) {
    const std::string manager = put.manager;
    auto again = std::make_shared<model::PutOperationalIntent>(put);
    WB_CHECK(bool(node_->Submit(manager, std::move(put), [this, again](const model::Outcome& outcome) {
      if (const auto* missing = std::get_if<model::KeyMissing>(&outcome)) {
        for (const auto& intent : missing->intents) again->key.push_back(intent.reference.ovn);
        return Submit(*again);
      }
      WB_CHECK(std::holds_alternative<model::OperationalIntentChanged>(outcome));
      free_.release();
    })));
  }

  const std::string folder_;
  const os::SystemClock clock_;
  os::SystemRng rng_;
  std::unique_ptr<store::SqliteStore> store_;
  std::unique_ptr<node::Node> node_;
  Country country_;  // both sides write the same
  std::counting_semaphore<> free_{kAtOnce};
};

std::vector<double> Ratios(const std::vector<double>& of, const std::vector<double>& by) {
  std::vector<double> ratios;
  for (size_t i = 0; i < of.size(); ++i) ratios.push_back(of[i] / by[i]);
  return ratios;
}

}  // namespace

void BenchLedger(const Options& options, Table& table) {
  const size_t rounds = options.quick ? 4 : 12;
  const size_t writes = options.quick ? 2'000 : 20'000;
  const auto target = [&](double value) { return options.quick ? std::nullopt : std::optional(value); };
  Side with(true);
  Side without(false);
  const auto round = [&](size_t i) {  // each goes first in every other round
    (i % 2 == 0 ? with : without).Round(writes);
    (i % 2 == 0 ? without : with).Round(writes);
  };
  round(0);
  for (Side* side : {&with, &without}) {
    side->write_us.clear();
    side->cpu_us.clear();
    side->commits_us.clear();
  }
  for (size_t i = 1; i <= rounds; ++i) round(i);

  const std::vector<double> ratios = Ratios(with.write_us, without.write_us);
  table.Add(
      {"ledger: time of a durable write, of without it", Median(ratios), "x", false, target(kLedgerTimesMax), "", 0});
  table.Note(fmt::format(
      "ledger: {} rounds of {} PUTs each through the node, {} in flight, with and without it by turns; a durable write "
      "takes {:.1f} us with it and {:.1f} us without (medians), {:.1f} and {:.1f} us of CPU, what makes the command "
      "included; the ratio is {:.2f} to {:.2f} in these rounds. A commit takes {:.0f} us with it and {:.0f} us without "
      "(p50), {:.0f} and {:.0f} us (p99).",
      rounds, writes, kAtOnce, Median(with.write_us), Median(without.write_us), Median(with.cpu_us),
      Median(without.cpu_us), Percentile(ratios, 0.01), Percentile(ratios, 1), Percentile(with.commits_us, 0.5),
      Percentile(without.commits_us, 0.5), Percentile(with.commits_us, 0.99), Percentile(without.commits_us, 0.99)));
  table.Add({"ledger: CPU of a durable write, of without it", Median(Ratios(with.cpu_us, without.cpu_us)), "x", false,
             target(kLedgerTimesMax), "", 0});

  const auto entries = static_cast<double>(with.entries());
  WB_CHECK(entries >= static_cast<double>((rounds + 1) * writes));
  const double bytes = (with.FileBytes() - without.FileBytes()) / entries;
  table.Add({"ledger: on disk, an entry", bytes, "bytes", false, target(kBytesAnEntryMax), "", 0});
}

// ---- Proofs.

namespace {

// What the thread itself had of a core: on a busy machine the clock counts others' turns, too.
double ThreadCpuUs() {
  timespec now{};
  WB_CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) * 1e-3;
}

struct Proofs {
  std::vector<double> made_us;
  std::vector<double> made_cpu_us;
  std::vector<double> verified_us;
  size_t bytes_max = 0;

  void Add(const char* name, double bytes_target, bool standard, Table& table) const {
    const auto target = [&](double value) { return standard ? std::optional(value) : std::nullopt; };
    const auto add = [&](const char* what, double figure, const char* unit, std::optional<double> aim) {
      table.Add({fmt::format("{} proof: {}", name, what), figure, unit, false, aim, "", 0});
    };
    add("largest", static_cast<double>(bytes_max), "bytes", target(bytes_target));
    add("made, p50", Percentile(made_us, 0.5), "us", std::nullopt);
    add("made, p99", Percentile(made_us, 0.99), "us", target(kProofMadeUsMax));
    add("made, CPU, p99", Percentile(made_cpu_us, 0.99), "us", target(kProofMadeUsMax));
    add("verified, p50", Percentile(verified_us, 0.5), "us", std::nullopt);
    add("verified, p99", Percentile(verified_us, 0.99), "us", target(kProofVerifiedUsMax));
  }
};

template <typename Make, typename Verify>
void Measure(Proofs& proofs, Make make, Verify verify) {
  const double cpu_before_us = ThreadCpuUs();
  const auto start = Timer::now();
  const Result<ledger::Proof> proof = make();
  proofs.made_us.push_back(SecondsSince(start) * 1e6);
  proofs.made_cpu_us.push_back(ThreadCpuUs() - cpu_before_us);
  WB_CHECK(bool(proof));
  const auto made = Timer::now();
  const Result<void> verified = verify(*proof);
  proofs.verified_us.push_back(SecondsSince(made) * 1e6);
  WB_CHECK(bool(verified));
  proofs.bytes_max = std::max(proofs.bytes_max, proof->size() * ledger::kHashBytes);
}

// An event of the length that a PUT's has.
model::Event EventNumber(size_t number) {
  return {fmt::format(R"({{"at":"2027-01-15T08:00:00.{:09}Z","type":"dss.operational_intent.put","by":"uss{}",)"
                      R"("id":"2f8343be-6482-4d1b-a474-{:012x}","ovn":"{:032x}","version":1,"record_sha256":"{:064x}",)"
                      R"("state":"accepted"}})",
                      number, number % 50, number, number, number),
          {fmt::format("uss{}", number % 50)},
          std::nullopt};
}

}  // namespace

void BenchProofs(const Options& options, Table& table) {
  const size_t count = options.volumes;
  constexpr size_t kEntriesAtOnce = 10'000;  // in a transaction
  constexpr size_t kProofs = 20'000;
  const std::string folder = MakeFolder();
  std::vector<ledger::Hash> leaves;  // of the entries that are proven
  std::vector<uint64_t> indexes;
  const auto store = *store::SqliteStore::Open(folder);
  const auto built = Timer::now();
  {
    Country chance(3);
    std::vector<bool> wanted(count);
    for (size_t i = 0; i < kProofs; ++i) wanted[chance.Draw() % count] = true;
    wanted.front() = wanted.back() = true;
    const auto log = *node::LedgerLog::Open(*store->OpenLedger());
    for (size_t first = 0; first < count; first += kEntriesAtOnce) {
      node::LedgerLog::Appended appended;
      for (size_t i = first; i < std::min(first + kEntriesAtOnce, count); ++i) {
        std::array<uint8_t, 32> seed{};
        std::memcpy(seed.data(), &i, sizeof i);
        const model::Event event = EventNumber(i);
        log->Append(seed, {&event, 1}, appended);
        if (!wanted[i]) continue;
        indexes.push_back(i);
        const store::LedgerEntry& entry = appended.entries.back();
        leaves.push_back(ledger::LeafHash(ledger::BytesOf(ledger::Commitment(entry.salt, entry.event))));
      }
      const store::Position to{first / kEntriesAtOnce + 1, {1}};
      WB_CHECK(bool(store->Commit({to, {}, appended.entries, appended.tiles})));
    }
  }
  const double build_s = SecondsSince(built);

  const auto start = Timer::now();
  const auto log = *node::LedgerLog::Open(*store->OpenLedger());
  const double restart_s = SecondsSince(start);
  const node::LedgerLog::Head head = log->head();
  WB_CHECK(head.size == count);

  Proofs inclusion;
  for (size_t i = 0; i < indexes.size(); ++i) {
    Measure(
        inclusion, [&] { return log->InclusionProof(indexes[i], head.size); },
        [&](const ledger::Proof& proof) {
          return ledger::VerifyInclusion(indexes[i], head.size, leaves[i], proof, head.root);
        });
  }
  Proofs consistency;
  for (const uint64_t index : indexes) {
    const uint64_t old_size = index + 1;
    const ledger::Hash old_root = *log->RootOf(old_size);
    Measure(
        consistency, [&] { return log->ConsistencyProof(old_size, head.size); },
        [&](const ledger::Proof& proof) {
          return ledger::VerifyConsistency(old_size, head.size, old_root, head.root, proof);
        });
  }
  inclusion.Add("inclusion", kProofBytesMax, options.standard(), table);
  consistency.Add("consistency", kConsistencyBytesMax, options.standard(), table);
  table.Add({"ledger: restart, its tree from the store", restart_s, "s", false,
             options.standard() ? std::optional(kRestartSMax) : std::nullopt, "", 0});
  table.Note(fmt::format(
      "proofs: a ledger of {} entries, {:.0f} MB on disk, built in {:.1f} s; {} entries, the first and the last among "
      "them, each proven from the tiles in the store, and verified; as many sizes, each proven to be where it began.",
      count, static_cast<double>(std::filesystem::file_size(store->path())) / 1e6, build_s, indexes.size()));
  std::filesystem::remove_all(folder);
}

}  // namespace wideberth::bench
