#include <fmt/format.h>

#include <map>
#include <memory>
#include <string>

#include "airspace/airspace.h"
#include "cmd/exit_status.h"
#include "cmd/subcommands.h"
#include "cmd/trust.h"
#include "crypto/sha256.h"
#include "node/ledger_log.h"
#include "node/state_hash.h"
#include "store/sqlite_store.h"

namespace wideberth::cmd {
namespace {

// Everything that a start would trust: the file, each record, and that the airspace made of them has the same records.
struct Checked {
  airspace::Airspace::Sizes sizes;
  std::string state_hash;
};

Result<Checked> CheckStore(store::SqliteStore& store) {
  WB_TRY_OK(store.CheckFile());
  airspace::Airspace airspace;
  std::map<model::RecordKey, std::string> stored;
  WB_TRY_OK(store.Load([&](const model::RecordKey& key, std::string_view record) -> Result<void> {
    Result<model::Entity> entity = model::Decode(key, record);
    if (!entity)
      return Error{Code::kIo, store.path() + ": a record of kind " + std::to_string(static_cast<int>(key.kind)) +
                                  " is damaged: " + entity.error().message};
    stored.emplace(key, record);
    return airspace.Restore(key, *std::move(entity));
  }));
  WB_TRY_OK(airspace.FinishRestore());
  size_t same = 0;
  airspace.VisitRecords([&](const model::RecordKey& key, const std::string& record) {
    const auto at = stored.find(key);
    if (at != stored.end() && at->second == record) ++same;
  });
  if (same != stored.size())
    return Error{Code::kIo, store.path() + ": the index does not have the records that are stored"};
  return Checked{airspace.sizes(), crypto::ToHex(node::StateHash(airspace))};
}

int RunCheck(const std::string& directory) {
  const auto store = store::SqliteStore::Open(directory, {.read_only = true});
  if (!store) return Fail(store.error(), kExitBadInput);
  const Result<Checked> checked = CheckStore(**store);
  if (!checked) return Fail(checked.error(), kExitBadInput);
  const airspace::Airspace::Sizes& sizes = checked->sizes;
  const Result<store::Position> position = (*store)->position();
  if (!position) return Fail(position.error(), kExitBadInput);
  const auto key = ReadStoreKey(directory);
  if (!key) return Fail(key.error(), kExitBadInput);
  // Before the store is read: a head is made of what is durable.
  const auto published = ReadStoreHead(directory, *key ? &**key : nullptr);
  if (!published) return Fail(published.error(), kExitBadInput);
  auto reader = (*store)->OpenLedger();
  if (!reader) return Fail(reader.error(), kExitBadInput);
  const Result<node::LedgerLog::Head> head = node::LedgerLog::Check(**reader, *key ? &**key : nullptr);
  if (!head) return Fail({Code::kIo, (*store)->path() + ": " + head.error().message}, kExitBadInput);
  if (const auto log = node::LedgerLog::Open(*std::move(reader), {.published = *published}); !log)
    return Fail({Code::kIo, (*store)->path() + ": " + log.error().message}, kExitBadInput);
  fmt::print("{}: whole, after batch {}\n", (*store)->path(), position->batch);
  for (const auto& [what, count] : {std::pair<const char*, size_t>{"operational intents", sizes.intents},
                                    {"constraints", sizes.constraints},
                                    {"subscriptions", sizes.subscriptions},
                                    {"availabilities", sizes.availabilities},
                                    {"reports", sizes.reports},
                                    {"identification service areas", sizes.service_areas},
                                    {"remote ID subscriptions", sizes.rid_subscriptions},
                                    {"heartbeats", sizes.heartbeats},
                                    {"intents and constraints of parties", sizes.declarations},
                                    {"parties", sizes.parties},
                                    {"groups", sizes.groups},
                                    {"notices", sizes.notices},
                                    {"messages to other USSs", sizes.provider_messages},
                                    {"entries of the ledger", static_cast<size_t>(head->size)}})
    fmt::print("{:>12} {}\n", count, what);
  fmt::print("state {}\n", checked->state_hash);
  return kExitDone;
}

int RunBackup(const std::string& directory, const std::string& file) {
  const auto store = store::SqliteStore::Open(directory, {.read_only = true});
  if (!store) return Fail(store.error(), kExitBadInput);
  if (const auto done = (*store)->Backup(file); !done) return Fail(done.error(), kExitCannotWrite);
  return kExitDone;
}

}  // namespace

void AddData(CLI::App& app, int& status) {
  CLI::App* data = app.add_subcommand("data", "Look after the store of `wideberth serve`");
  data->require_subcommand(1);
  const auto directory = std::make_shared<std::string>();
  const auto file = std::make_shared<std::string>();

  CLI::App* check = data->add_subcommand(
      "check", "Verify every record, the index made of them, and the ledger; the store may be in use");
  check->add_option("DIR", *directory, "The folder given to serve --data")->required();
  check->footer("Exit status: 0 whole, 2 damaged or unreadable.\n\nExamples:\n  wideberth data check ./data");
  check->callback([directory, &status] { status = RunCheck(*directory); });

  CLI::App* backup = data->add_subcommand("backup", "Copy the store to one file, consistently, while it is in use");
  backup->add_option("DIR", *directory, "The folder given to serve --data")->required();
  backup
      ->add_option("FILE", *file,
                   "The copy, which must not exist; to restore it, put it as wideberth.db into an empty folder")
      ->required();
  backup->footer(
      "Exit status: 0 copied, 1 it cannot be written, 2 there is no store.\n\nExamples:\n  wideberth data backup "
      "./data monday.db");
  backup->callback([directory, file, &status] { status = RunBackup(*directory, *file); });
}

}  // namespace wideberth::cmd
