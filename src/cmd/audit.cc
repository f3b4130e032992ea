#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "base/rfc3339.h"
#include "cmd/bounded_json.h"
#include "cmd/client.h"
#include "cmd/durable_file.h"
#include "cmd/exit_status.h"
#include "cmd/party_key.h"
#include "cmd/plain_text.h"
#include "cmd/progress.h"
#include "cmd/subcommands.h"
#include "cmd/trust.h"
#include "crypto/base64.h"
#include "ledger/checkpoint.h"
#include "ledger/tree.h"
#include "node/ledger_log.h"
#include "store/sqlite_store.h"

namespace wideberth::cmd {
namespace {

using ledger::Hash;
using ledger::kTileWidth;
using Json = nlohmann::ordered_json;

constexpr std::string_view kFormat = "wideberth-audit/1";
constexpr size_t kStateBytesMax = size_t{1} << 20;

struct AuditOptions {
  ClientOptions client;
  TrustOptions trust;
  std::string state;
  std::string data;  // a store's folder, instead of a service
  Progress::When progress = Progress::When::kAuto;
};

// What was seen last.
struct State {
  ledger::VerifierKey operator_key;
  std::string checkpoint;  // a note; "" before the first
};

Result<std::optional<State>> ReadState(const std::string& path) {
  std::error_code none;
  if (!std::filesystem::exists(path, none)) return std::optional<State>();
  WB_TRY(const std::string text, ReadWholeFile(path, kStateBytesMax));
  const Result<Json> parsed = ParseJson(text);
  const Json read = parsed ? *parsed : Json();
  const auto member = [&](const char* name) {
    return read.is_object() && read.contains(name) && read[name].is_string() ? read[name].get<std::string>()
                                                                             : std::string();
  };
  const Result<ledger::VerifierKey> key = ledger::VerifierKey::Parse(member("operator_key"));
  if (member("format") != kFormat || !key)
    return Error{
        Code::kInvalid,
        path + ": is no state of `wideberth audit`; put back what was there, for without it nobody sees what changed"};
  return std::optional<State>(State{*key, member("checkpoint")});
}

Error OfAnotherKey(const std::string& path, const State& state) {
  return {Code::kInvalid, "--operator-key: " + path + " is of another key, " + state.operator_key.ToText() +
                              "; name another file with --state"};
}

// What a ledger may not do.
Error Broken(const std::string& what) { return {Code::kConflict, what}; }

class Audit {
 public:
  Audit(const Client& client, Progress& progress) : client_(client), progress_(progress) {}

  Result<std::string> Get(const std::string& path) const {
    WB_TRY(Answer answer, client_.Send("GET", "/ledger/" + path, std::nullopt));
    if (answer.status != 200) {
      const Code code = answer.status >= 500 || answer.status == 429 ? Code::kUnavailable : Code::kNotFound;
      return Error{code, "/ledger/" + path + ": " + WhyRefused(answer)};
    }
    return std::move(answer.body);
  }

  // That the tree of `now` begins with that of `before`, and has the entries that it is said to have: the entries that
  // are new are hashed again, upon the tree that was seen before.
  Result<void> Follow(const ledger::Checkpoint& before, const ledger::Checkpoint& now) const {
    const auto full = [&](const ledger::TileId& tile) {
      return Get(ledger::PathOf({ledger::TilePath::Kind::kHashes, tile}));
    };
    // Entries of the last tile that was not full before come with the tile as it is now.
    std::vector<Hash> entries;
    uint64_t index = before.size / kTileWidth;
    if (before.size % kTileWidth != 0) {
      WB_TRY(entries, Entries(now.size, index));
    }
    const std::vector<Hash> tail(entries.begin(),
                                 entries.begin() + static_cast<std::ptrdiff_t>(before.size % kTileWidth));
    WB_TRY(ledger::Tree tree, ledger::Tree::Rebuild(before.size, tail, full));
    if (tree.Root() != before.root)
      return Broken(
          "the ledger no longer has the entries that it had: its tiles do not give the checkpoint seen before");
    while (tree.size() < now.size) {
      if (entries.empty()) {
        WB_TRY(entries, Entries(now.size, index));
      }
      std::vector<ledger::FullTile> finished;
      for (size_t i = tree.size() % kTileWidth; i < entries.size(); ++i) tree.Append(entries[i], finished);
      for (const ledger::FullTile& tile : finished) {
        WB_TRY(const std::string served, full({tile.level, tile.index, kTileWidth}));
        if (served != tile.hashes)
          return Broken(
              fmt::format("tile {} of level {} has other hashes than its entries give", tile.index, tile.level));
      }
      entries.clear();
      ++index;
      progress_.Share("entries",
                      static_cast<double>(tree.size() - before.size) / static_cast<double>(now.size - before.size));
    }
    if (tree.Root() != now.root)
      return Broken(fmt::format("the root of the new checkpoint ({}) is not that of its {} entries ({})",
                                ledger::HashToBase64(now.root), now.size, ledger::HashToBase64(tree.Root())));
    return {};
  }

 private:
  Result<std::vector<Hash>> Entries(uint64_t size, uint64_t index) const {
    const auto width = static_cast<uint32_t>(std::min<uint64_t>(kTileWidth, size - index * kTileWidth));
    const std::string path = ledger::PathOf({ledger::TilePath::Kind::kEntries, {0, index, width}});
    WB_TRY(const std::string bytes, Get(path));
    Result<std::vector<Hash>> entries = ledger::ParseEntriesTile(bytes, width);
    if (!entries) return Broken(path + ": " + entries.error().message);
    return entries;
  }

  const Client& client_;
  Progress& progress_;
};

// Both sides of a contradiction are signed: whoever has them can show them.
void ShowEvidence(const std::string& before, const std::string& now) {
  std::string words = "What the operator signed before:\n" + PlainLines(before) + "\nWhat it signed now:\n" +
                      PlainLines(now) + "\nKeep both: they prove it.\n";
  for (const std::string& note : {before, now}) {
    if (PlainLines(note) != note)
      words += "Characters that a terminal must not get are shown as \"?\"; byte for byte it is, in base64:\n" +
               crypto::ToBase64(note) + "\n";
  }
  std::fputs(words.c_str(), stderr);
}

int RunAudit(const AuditOptions& options) {
  const Result<ledger::Trust> trust = ReadTrust(options.trust);
  if (!trust) return Fail(trust.error(), kExitBadInput);
  const Result<Client> client = Client::Make(options.client);
  if (!client) return Fail(client.error(), kExitBadInput);
  const Result<FileLock> lock = FileLock::Take(options.state);
  if (!lock) return Fail(lock.error(), kExitFailed);
  Result<std::optional<State>> state = ReadState(options.state);
  if (!state) return Fail(state.error(), kExitBadInput);
  if (!*state && !trust->operator_key)
    return Fail({Code::kInvalid,
                 "--operator-key: is needed the first time, NAME+HASH+BASE64, from a source other than the service"},
                kExitBadInput);
  if (*state && trust->operator_key && (*state)->operator_key != *trust->operator_key)
    return Fail(OfAnotherKey(options.state, **state), kExitBadInput);
  const ledger::VerifierKey operator_key = *state ? (*state)->operator_key : *trust->operator_key;
  const std::string before_note = *state ? (*state)->checkpoint : "";
  ledger::Checkpoint before{.origin = operator_key.name(), .size = 0, .root = ledger::EmptyRoot()};
  if (!before_note.empty()) {
    const Result<ledger::SignedCheckpoint> opened = ledger::OpenCheckpoint(before_note, operator_key);
    if (!opened)
      return Fail({Code::kInvalid, options.state + ": checkpoint: " + opened.error().message}, kExitBadInput);
    before = opened->checkpoint;
  }

  Progress progress(options.progress);
  const Audit audit(*client, progress);
  const Result<std::string> note = audit.Get("checkpoint");
  if (!note) return Fail(note.error(), kExitFailed);
  const Result<ledger::SignedCheckpoint> opened = ledger::OpenCheckpoint(*note, operator_key);
  if (!opened) {
    fmt::print("NOT PROVEN: checkpoint: {}\n", Plain(opened.error().message));
    return kExitNotProven;
  }
  const ledger::Checkpoint& now = opened->checkpoint;
  if (now.size < before.size || (now.size == before.size && now.root != before.root)) {
    fmt::print("{}: the ledger had {} entries, and has {} now{}\n", now.size < before.size ? "ROLLED BACK" : "FORKED",
               before.size, now.size, now.size == before.size ? ", but others" : "");
    ShowEvidence(before_note, *note);
    return kExitNotProven;
  }
  const Result<void> followed = audit.Follow(before, now);
  progress.Clear();
  if (!followed) {
    if (followed.error().code != Code::kConflict) return Fail(followed.error(), kExitFailed);
    fmt::print("FORKED OR FALSIFIED: {}\n", Plain(followed.error().message));
    ShowEvidence(before_note, *note);
    return kExitNotProven;
  }
  size_t witnessed = 0;
  for (const ledger::VerifierKey& witness : trust->witnesses) {
    const auto found = ledger::FindSignature(opened->note, witness);
    if (!found) {
      fmt::print("NOT PROVEN: {}\n", Plain(found.error().message));
      return kExitNotProven;
    }
    if (*found) ++witnessed;
    fmt::print(
        "witness {}: {}\n", Plain(witness.name()),
        *found ? "signed at " + FormatRfc3339({(*found)->seconds * kNsPerSecond}) : std::string("has not signed"));
  }
  if (const size_t least = trust->witnesses_min.value_or(trust->witnesses.size()); witnessed < least) {
    fmt::print("NOT PROVEN: {} of the witnesses signed, and {} {} to\n", witnessed, least, least == 1 ? "is" : "are");
    return kExitNotProven;
  }
  const Json kept{{"format", kFormat}, {"operator_key", operator_key.ToText()}, {"checkpoint", *note}};
  if (const Result<void> written = ReplaceFile(options.state, kept.dump(2) + "\n"); !written)
    return Fail(written.error(), kExitCannotWrite);
  fmt::print("good: {} has {} entries, {} of them new; what was seen before is as it was\n", Plain(now.origin),
             now.size, now.size - before.size);
  return kExitDone;
}

// The ledger of a store: hashed anew from its entries, and compared with its tiles and with what was seen last.
int RunStoreAudit(const AuditOptions& options) {
  std::optional<State> state;
  if (!options.state.empty()) {
    Result<std::optional<State>> read = ReadState(options.state);
    if (!read) return Fail(read.error(), kExitBadInput);
    state = *std::move(read);
    if (!state) return Fail({Code::kInvalid, options.state + ": there is no such file"}, kExitBadInput);
  }
  const Result<ledger::Trust> trust = ReadTrust(options.trust);
  if (!trust) return Fail(trust.error(), kExitBadInput);
  std::optional<ledger::VerifierKey> key = trust->operator_key;
  if (state && key && state->operator_key != *key) return Fail(OfAnotherKey(options.state, *state), kExitBadInput);
  if (state) key = state->operator_key;
  const bool key_was_given = key.has_value();
  if (!key) {
    const auto beside = ReadStoreKey(options.data);
    if (!beside) return Fail(beside.error(), kExitBadInput);
    key = *beside;
  }
  const auto store = store::SqliteStore::Open(options.data, {.read_only = true});
  if (!store) return Fail(store.error(), kExitBadInput);
  auto reader = (*store)->OpenLedger();
  if (!reader) return Fail(reader.error(), kExitBadInput);
  Progress progress(options.progress);
  const Result<node::LedgerLog::Head> head =
      node::LedgerLog::Check(**reader, key ? &*key : nullptr, [&](double share) { progress.Share("entries", share); });
  progress.Clear();
  if (!head) return Fail({head.error().code, (*store)->path() + ": " + head.error().message}, kExitNotProven);
  fmt::print(
      "{}: a ledger of {} entries; every tile is that of its entries, and all of it is as it was sealed\nroot {}\n",
      (*store)->path(), head->size, ledger::HashToBase64(head->root));
  if (key) {
    fmt::print("the seal is signed with {}{}\n", Plain(key->ToText()),
               key_was_given ? "" : ", which stands beside the store: give --operator-key to trust nobody for it");
  } else {
    fmt::print("nobody's signature was asked for: give --operator-key\n");
  }
  if (!state || state->checkpoint.empty()) return kExitDone;
  const auto seen = ledger::OpenCheckpoint(state->checkpoint, state->operator_key);
  if (!seen) return Fail({Code::kInvalid, options.state + ": checkpoint: " + seen.error().message}, kExitBadInput);
  const ledger::Checkpoint& before = seen->checkpoint;
  if (before.size > head->size) {
    return Fail({Code::kInvalid, fmt::format("ROLLED BACK: the checkpoint in {} has {} entries, the store has {}",
                                             options.state, before.size, head->size)},
                kExitNotProven);
  }
  const auto log = node::LedgerLog::Open(*std::move(reader), {});
  if (!log) return Fail(log.error(), kExitNotProven);
  const Result<Hash> root = (*log)->RootOf(before.size);
  if (!root) return Fail(root.error(), kExitNotProven);
  if (*root != before.root) {
    return Fail(
        {Code::kInvalid, fmt::format("FORKED: the first {} entries of the store are not those of the checkpoint "
                                     "in {}",
                                     before.size, options.state)},
        kExitNotProven);
  }
  fmt::print("it begins with the {} entries of the checkpoint in {}\n", before.size, options.state);
  return kExitDone;
}

}  // namespace

void AddAudit(CLI::App& app, int& status) {
  CLI::App* audit =
      app.add_subcommand("audit", "Check that a service's ledger only grows and has what it is said to have");
  const auto options = std::make_shared<AuditOptions>();
  AddClientOptions(*audit, options->client, false);
  const auto url = std::make_shared<std::string>();
  audit->add_option("URL", *url, "The service's URL, if not by --url");
  audit->get_option("--url")->required(false);
  audit->add_option("--state", options->state, "File with what was seen last; made the first time");
  audit
      ->add_option(
          "--data", options->data,
          "A store's folder instead of a service: hash its ledger anew and compare with its seal; with --state also "
          "with what was seen last")
      ->excludes("URL");
  audit->add_option("--operator-key", options->trust.operator_key,
                    "The verifier key of the ledger's operator, NAME+HASH+BASE64; needed the first time, then it "
                    "stands in the state");
  AddWitnessOptions(*audit, options->trust);
  AddProgressOption(*audit, options->progress);
  audit->footer(
      R"(It fetches the checkpoint and all entries since the last time, hashes them upon the tree that it saw then, and compares every
tile and the root. Run it every few minutes, and from several places: a service that shows two parties two ledgers is found out.

Exit status: 0 good, 3 forked, rolled back, falsified or not signed (both checkpoints go to standard error), 2 bad arguments, 1 the
service cannot be reached, or the state not be written; then the state stays as it was.

Examples:
  wideberth audit https://sky.example --state sky.audit --operator-key sky.example/ledger+bc1df4fe+AchtAa2L...
  wideberth audit --data /var/lib/wideberth --state sky.audit
  wideberth audit https://sky.example --state sky.audit --witness w.example/w1+773a6c12+BMhTrQ8M...)");
  audit->callback([options, url, &status] {
    // A URL of the environment is not said for this call.
    const char* environment = std::getenv("WIDEBERTH_URL");
    const bool url_given =
        !options->client.url.empty() && (environment == nullptr || options->client.url != environment);
    if (!url->empty()) options->client.url = *url;
    if (!options->data.empty() && url_given) {
      status = Fail({Code::kInvalid, "--url: --data is a store's folder instead of a service; give one of them"},
                    kExitBadInput);
    } else if (!options->data.empty()) {
      status = RunStoreAudit(*options);
    } else if (options->client.url.empty()) {
      status = Fail({Code::kInvalid, "URL: say which service, or give --data DIR"}, kExitBadInput);
    } else if (options->state.empty()) {
      status = Fail({Code::kInvalid, "--state: name the file that keeps what was seen last"}, kExitBadInput);
    } else {
      status = RunAudit(*options);
    }
  });
}

}  // namespace wideberth::cmd
