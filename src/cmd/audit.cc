#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
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
constexpr std::string_view kEvidenceFormat = "wideberth-evidence/1";
constexpr size_t kEvidenceBodyBytesMax = size_t{64} << 10;

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
  std::string checkpoint;  // a note
};

Result<std::optional<State>> ReadState(const std::string& path) {
  std::error_code none;
  // A link that leads nowhere is no first time.
  if (!std::filesystem::exists(std::filesystem::symlink_status(path, none))) return std::optional<State>();
  WB_TRY(const std::string text, ReadWholeFile(path, kStateBytesMax));
  const Result<Json> parsed = ParseJson(text);
  const Json read = parsed ? *parsed : Json();
  const auto member = [&](const char* name) {
    return read.is_object() && read.contains(name) && read[name].is_string() ? read[name].get<std::string>()
                                                                             : std::string();
  };
  const Result<ledger::VerifierKey> key = ledger::VerifierKey::Parse(member("operator_key"));
  if (member("format") != kFormat || !key || member("checkpoint").empty())
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

// What was asked for and what came instead of what the signed checkpoint says is there.
struct Withheld {
  std::string asked;
  long status = 0;
  std::string body;
};

class Audit {
 public:
  Audit(const Client& client, Progress& progress) : client_(client), progress_(progress) {}

  // kUnavailable if it cannot be had, after kTriesMax; kNotFound for another answer than 200.
  Result<std::string> Checkpoint() {
    WB_TRY(Answer answer, Get("checkpoint"));
    if (answer.status != 200) return Error{Code::kNotFound, "/ledger/checkpoint: " + WhyRefused(answer)};
    return std::move(answer.body);
  }

  // That the tree of `now` begins with that of `before`, and has the entries that it is said to have: the entries that
  // are new are hashed again, upon the tree that was seen before. kConflict if not; then, if it is for what the service
  // does not give, `withheld` has it.
  Result<void> Follow(const ledger::Checkpoint& before, const ledger::Checkpoint& now) {
    const auto full = [&](const ledger::TileId& tile) {
      return Tile({ledger::TilePath::Kind::kHashes, tile}, now.size);
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
      for (const ledger::FullTile& tile : finished)
        WB_TRY_OK(Compare({tile.level, tile.index, kTileWidth}, tile.hashes, now.size));
      entries.clear();
      ++index;
      progress_.Share("entries",
                      static_cast<double>(tree.size() - before.size) / static_cast<double>(now.size - before.size));
    }
    if (tree.Root() != now.root)
      return Broken(fmt::format("the root of the new checkpoint ({}) is not that of its {} entries ({})",
                                ledger::HashToBase64(now.root), now.size, ledger::HashToBase64(tree.Root())));
    // Others prove by these what is not in a full tile yet.
    uint32_t level = 0;
    for (uint64_t hashes = now.size; hashes > 0; hashes /= kTileWidth, ++level) {
      if (hashes % kTileWidth == 0) continue;
      const ledger::TileId partial = ledger::TileOf(now.size, level, hashes / kTileWidth);
      WB_TRY(const std::string bytes, tree.TileBytes(partial, full));
      WB_TRY_OK(Compare(partial, bytes, now.size));
    }
    return {};
  }

  const std::optional<Withheld>& withheld() const { return withheld_; }

 private:
  static constexpr int kTriesMax = 3;
  static constexpr std::chrono::seconds kBetweenTries{1};
  static constexpr size_t kEntryBytes = 2 + ledger::kHashBytes;

  // What is answered for good: asked again as long as that is nothing, or that it is for later.
  Result<Answer> Get(const std::string& path) const {
    for (int tries = 1;; ++tries) {
      Result<Answer> answer = client_.Send("GET", "/ledger/" + path, std::nullopt);
      const bool later = answer && (answer->status >= 500 || answer->status == 429 || answer->status == 408);
      if (answer && !later) return answer;
      if (tries == kTriesMax) {
        if (!answer) return answer;
        return Error{Code::kUnavailable, "/ledger/" + path + ": " + WhyRefused(*answer)};
      }
      std::this_thread::sleep_for(kBetweenTries);
    }
  }

  // A tile that a ledger of `size` has: what it signed it must have. One that answers otherwise is asked again, for a
  // checkpoint may be a little ahead of the tiles on the way here.
  Result<std::string> Tile(const ledger::TilePath& path, uint64_t size) {
    const size_t bytes =
        path.tile.width * (path.kind == ledger::TilePath::Kind::kEntries ? kEntryBytes : ledger::kHashBytes);
    const std::string text = ledger::PathOf(path);
    for (int tries = 1;; ++tries) {
      WB_TRY(Answer answer, Get(text));
      if (answer.status == 200 && answer.body.size() == bytes) return std::move(answer.body);
      // No answer of a ledger: something else stands in its place.
      if (answer.status < 400 && answer.status != 200)
        return Error{Code::kUnavailable, "/ledger/" + text + ": " + WhyRefused(answer)};
      if (path.tile.width < kTileWidth && answer.status != 200) {
        // One that is not full may be gone once it is full.
        ledger::TilePath whole = path;
        whole.tile.width = kTileWidth;
        WB_TRY(Answer wider, Get(ledger::PathOf(whole)));
        if (wider.status == 200 && wider.body.size() == bytes / path.tile.width * kTileWidth)
          return wider.body.substr(0, bytes);
      }
      if (tries == kTriesMax) {
        const std::string came = answer.status == 200
                                     ? fmt::format("{} bytes, and it has {}", answer.body.size(), bytes)
                                     : WhyRefused(answer);
        withheld_ = Withheld{"/ledger/" + text, answer.status, std::move(answer.body)};
        return Broken(
            fmt::format("/ledger/{}: is of the {} entries that were signed, but what came is: {}", text, size, came));
      }
      std::this_thread::sleep_for(kBetweenTries);
    }
  }

  Result<void> Compare(const ledger::TileId& tile, const std::string& hashes, uint64_t size) {
    WB_TRY(std::string served, Tile({ledger::TilePath::Kind::kHashes, tile}, size));
    if (served == hashes) return {};
    withheld_ = Withheld{"/ledger/" + ledger::PathOf({ledger::TilePath::Kind::kHashes, tile}), 200, std::move(served)};
    return Broken(fmt::format("tile {} of level {} has other hashes than its entries give", tile.index, tile.level));
  }

  Result<std::vector<Hash>> Entries(uint64_t size, uint64_t index) {
    const auto width = static_cast<uint32_t>(std::min<uint64_t>(kTileWidth, size - index * kTileWidth));
    const ledger::TilePath path{ledger::TilePath::Kind::kEntries, {0, index, width}};
    WB_TRY(std::string bytes, Tile(path, size));
    Result<std::vector<Hash>> entries = ledger::ParseEntriesTile(bytes, width);
    if (entries) return entries;
    withheld_ = Withheld{"/ledger/" + ledger::PathOf(path), 200, std::move(bytes)};
    return Broken(ledger::PathOf(path) + ": " + entries.error().message);
  }

  const Client& client_;
  Progress& progress_;
  std::optional<Withheld> withheld_;
};

// Both sides of a contradiction are signed: whoever has them can show them.
void ShowEvidence(const std::string& before, const std::string& now) {
  std::string words = "What the operator signed before:\n" +
                      (before.empty() ? "nothing that was seen\n" : PlainLines(before)) + "\nWhat it signed now:\n" +
                      PlainLines(now) + "\nKeep both: they prove it.\n";
  for (const std::string& note : {before, now}) {
    if (PlainLines(note) != note)
      words += "Characters that a terminal must not get are shown as \"?\"; byte for byte it is, in base64:\n" +
               crypto::ToBase64(note) + "\n";
  }
  std::fputs(words.c_str(), stderr);
}

// Puts what was found beside the state, under a name that is free.
void KeepEvidence(const std::string& state, const std::string& found, const std::string& before, const std::string& now,
                  const std::optional<Withheld>& withheld) {
  constexpr int kEvidenceFilesMax = 100;
  Json evidence{{"format", kEvidenceFormat}, {"found", Plain(found)}, {"before", before}, {"now", now}};
  if (withheld) {
    evidence["asked"] = withheld->asked;
    evidence["status"] = withheld->status;
    evidence["body"] = crypto::ToBase64(withheld->body.substr(0, kEvidenceBodyBytesMax));
    evidence["body_bytes"] = withheld->body.size();
  }
  std::string path;
  for (int i = 1; i <= kEvidenceFilesMax; ++i) {
    path = fmt::format("{}.evidence-{}", state, i);
    if (!std::filesystem::exists(path)) {
      const Result<void> kept = ReplaceFile(path, evidence.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
      fmt::print(stderr, "{}\n", kept ? "All of it is in " + path : kept.error().message);
      return;
    }
  }
  fmt::print(stderr, "It is in no file: there are {} of them, up to {}\n", kEvidenceFilesMax, path);
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
  Audit audit(*client, progress);
  const Result<std::string> note = audit.Checkpoint();
  if (!note) return Fail(note.error(), kExitFailed);
  const Result<ledger::SignedCheckpoint> opened = ledger::OpenCheckpoint(*note, operator_key);
  if (!opened) {
    fmt::print("NOT PROVEN: checkpoint: {}\n", Plain(opened.error().message));
    return kExitNotProven;
  }
  const ledger::Checkpoint& now = opened->checkpoint;
  if (now.size < before.size || (now.size == before.size && now.root != before.root)) {
    const std::string found = fmt::format("{}: the ledger had {} entries, and has {} now{}",
                                          now.size < before.size ? "ROLLED BACK" : "FORKED", before.size, now.size,
                                          now.size == before.size ? ", but others" : "");
    fmt::print("{}\n", found);
    ShowEvidence(before_note, *note);
    KeepEvidence(options.state, found, before_note, *note, std::nullopt);
    return kExitNotProven;
  }
  const Result<void> followed = audit.Follow(before, now);
  progress.Clear();
  if (!followed) {
    if (followed.error().code != Code::kConflict) return Fail(followed.error(), kExitFailed);
    fmt::print("FORKED OR FALSIFIED: {}\n", Plain(followed.error().message));
    ShowEvidence(before_note, *note);
    KeepEvidence(options.state, followed.error().message, before_note, *note, audit.withheld());
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
  // Before the store is read: a head is made of what is durable.
  const auto published = ReadStoreHead(options.data, key ? &*key : nullptr);
  if (!published)
    return Fail(published.error(), published.error().code == Code::kInvalid ? kExitNotProven : kExitBadInput);
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
  const auto log = node::LedgerLog::Open(*std::move(reader), {.published = *published});
  if (!log) return Fail({log.error().code, (*store)->path() + ": " + log.error().message}, kExitNotProven);
  if (*published) fmt::print("it begins with the {} entries that the service published\n", (*published)->size);
  if (!state) return kExitDone;
  const auto seen = ledger::OpenCheckpoint(state->checkpoint, state->operator_key);
  if (!seen) return Fail({Code::kInvalid, options.state + ": checkpoint: " + seen.error().message}, kExitBadInput);
  const ledger::Checkpoint& before = seen->checkpoint;
  if (before.size > head->size) {
    return Fail({Code::kInvalid, fmt::format("ROLLED BACK: the checkpoint in {} has {} entries, the store has {}",
                                             options.state, before.size, head->size)},
                kExitNotProven);
  }
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

Exit status: 0 good, 3 forked, rolled back, falsified, not signed, or what was signed is not served (the evidence goes to standard
error and into STATE.evidence-1 and so on), 2 bad arguments, 1 the service cannot be reached, or the state not be written; then the
state stays as it was.

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
