#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "cmd/bounded_json.h"
#include "cmd/client.h"
#include "cmd/conflict_words.h"
#include "cmd/event_parser.h"
#include "cmd/exit_status.h"
#include "cmd/notice_text.h"
#include "cmd/plain_text.h"
#include "cmd/standard_streams.h"
#include "cmd/subcommands.h"
#include "crypto/jws.h"
#include "crypto/sha256.h"
#include "crypto/unambiguous_json.h"

namespace wideberth::cmd {
namespace {

using Json = nlohmann::ordered_json;
using Steady = std::chrono::steady_clock;

// How long it waits before it connects again, when the last time gave nothing: from, and up to.
constexpr std::chrono::seconds kAgainFirst{1};
constexpr std::chrono::seconds kAgainMax{30};

constexpr int64_t kNoticeNumberMax = (int64_t{1} << 53) - 1;  // every reader of JSON has these whole

struct ListenOptions {
  ClientOptions client;
  bool acknowledge = false;
  bool json = false;
  bool once = false;
  std::optional<int64_t> for_s;
  std::optional<int64_t> after;
};

std::string Member(const Json& of, const char* name) {
  return of.is_object() && of.contains(name) && of[name].is_string() ? of[name].get<std::string>() : std::string();
}

// What is no JSON is null.
Json Read(const std::string& text) {
  Result<Json> read = ParseJson(text);
  return read ? *std::move(read) : Json();
}

// Prints, and signs, what comes.
class Listener {
 public:
  Listener(const ListenOptions& options, const Client& client) : options_(options), client_(client) {
    if (options.for_s) end_ = Steady::now() + std::chrono::seconds(*options.for_s);
    if (options.after) last_id_ = std::to_string(*options.after);
  }

  int Run() {
    std::chrono::seconds again = kAgainFirst;
    while (GoOn()) {
      std::vector<std::string> headers{"Accept: text/event-stream"};
      if (!last_id_.empty()) headers.push_back("Last-Event-ID: " + last_id_);
      parser_.Restart();
      const int taken_before = taken_;
      bool accepted = false;
      const Result<Answer> answer = client_.Stream(
          "/api/v1/events", headers,
          [&](std::string_view bytes) {
            accepted = true;
            return Take(bytes);
          },
          [&] { return GoOn(); });
      accepted_before_ |= accepted;
      if (status_) return *status_;
      if (!GoOn()) break;
      if (answer && answer->status != 200) {
        // A token that was good before is over; who renews it may be late.
        const bool renewable = answer->status == 401 && accepted_before_ && client_.has_token_file();
        if (answer->status < 500 && answer->status != 429 && !renewable)
          return Fail({Code::kInvalid, WhyRefused(*answer)}, kExitBadInput);
        if (answer->retry_after_s) again = std::max(again, std::chrono::seconds(*answer->retry_after_s));
      }
      if (taken_ > taken_before) again = kAgainFirst;
      const std::string why = !answer                 ? answer.error().message
                              : answer->status != 200 ? WhyRefused(*answer)
                                                      : "the service ended the stream";
      fmt::print(stderr, "wideberth: {}; connecting again in {} s\n", why, again.count());
      const auto until = Steady::now() + again;
      while (GoOn() && Steady::now() < until) std::this_thread::sleep_for(std::chrono::milliseconds(100));
      again = std::min(2 * again, kAgainMax);
    }
    if (options_.once && taken_ == 0)
      return Fail({Code::kUnavailable, fmt::format("no notice came in {} s", *options_.for_s)}, kExitFailed);
    return kExitDone;
  }

 private:
  bool GoOn() const { return !status_ && (!end_ || Steady::now() < *end_); }

  bool Take(std::string_view bytes) {
    const Result<bool> fed = parser_.Feed(bytes, [&](const ServerSentEvent& event) {
      status_ = event.type == "notice" ? TakeNotice(event) : std::nullopt;
      if (status_ && *status_ != kExitDone) return false;
      last_id_ = event.last_id;
      return !status_;
    });
    if (!fed) status_ = Fail({fed.error().code, "events: " + fed.error().message}, kExitFailed);
    return !status_;
  }

  // How it ends because of this notice; nothing to go on.
  std::optional<int> TakeNotice(const ServerSentEvent& event) {
    const Json notice = crypto::UnambiguousObject(event.data) ? Read(event.data) : Json();
    const std::string text = Member(notice, "text");
    const std::string id = Member(notice, "id");
    const Json read = Read(text);
    if (read.is_object() && !crypto::UnambiguousObject(text))
      return Fail({Code::kInvalid, "notice " + Plain(id) +
                                       ": text: has two members of one name, or is nested too deep, so that it can be "
                                       "read in two ways; nothing is printed or acknowledged of it"},
                  kExitFailed);
    if (id.empty() || !read.is_object())
      return Fail({Code::kInvalid, "events: a notice that cannot be read came; is --url that of a Wideberth service?"},
                  kExitFailed);
    std::string line;
    if (options_.json) {
      line = PlainJson(notice);
    } else {
      line = Plain(Member(notice, "made_at")) + " " + NoticeWords(read);
      if (notice.contains("repeated") && notice["repeated"].is_number_integer() && notice["repeated"] > 0)
        line += fmt::format(" (told {} times)", notice["repeated"].get<int64_t>() + 1);
      line += " notice " + Plain(id);
    }
    if (const auto printed = Print(line + "\n"); !printed) return Fail(printed.error(), kExitCannotWrite);
    ++taken_;
    if (options_.acknowledge && !notice.contains("acknowledged_at")) {
      if (const Result<void> done = Acknowledge(id, text, notice, read); !done)
        return Fail({done.error().code, "notice " + Plain(id) + ": not acknowledged: " + done.error().message},
                    kExitFailed);
      if (!options_.json) {
        const auto printed = Print(
            fmt::format("{}   acknowledged, signed with key {}\n", Plain(id), client_.key().public_key().Thumbprint()));
        if (!printed) return Fail(printed.error(), kExitCannotWrite);
      }
    }
    if (options_.once) return kExitDone;
    return std::nullopt;
  }

  // Signs only what was shown, and what is this party's.
  Result<void> Acknowledge(const std::string& id, const std::string& text, const Json& notice, const Json& read) {
    const crypto::Digest hash = crypto::Sha256::Of(text);
    if (Member(notice, "sha256") != crypto::ToHex(hash))
      return Error{Code::kInvalid, "sha256: it is not the hash of the text"};
    if (Member(read, "id") != id || Member(read, "party") != client_.party())
      return Error{Code::kInvalid, "text: it is that of another notice, or to another party"};
    if (const auto form = CheckNoticeText(read); !form)
      return Error{Code::kInvalid,
                   "text: " + form.error().message + "; what is not of the one form of a notice is not signed"};
    const std::string_view signed_bytes(reinterpret_cast<const char*>(hash.data()), hash.size());
    const Json body{{"signature", crypto::SignDetached(client_.key(), signed_bytes)}};
    const std::string path = "/api/v1/notices/" + PathSegment(id) + "/ack";
    for (std::chrono::seconds again = kAgainFirst;; again *= 2) {
      const Result<Answer> answer = client_.Send("POST", path, body.dump());
      if (answer && answer->status == 200) break;
      const bool later = !answer || answer->status >= 500 || answer->status == 429;
      const std::string why = answer ? WhyRefused(*answer) : answer.error().message;
      if (!later || again > kAgainMax) return Error{Code::kUnavailable, why};
      fmt::print(stderr, "wideberth: notice {}: {}; acknowledging again in {} s\n", Plain(id), why, again.count());
      const auto until = Steady::now() + again;
      while (Steady::now() < until) {
        if (!GoOn()) return Error{Code::kUnavailable, why};
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
      }
    }
    return {};
  }

  const ListenOptions& options_;
  const Client& client_;
  EventParser parser_;
  std::optional<Steady::time_point> end_;
  std::string last_id_;
  int taken_ = 0;
  bool accepted_before_ = false;  // a stream began
  std::optional<int> status_;
};

int RunListen(const ListenOptions& options) {
  if (options.acknowledge && !options.client.token_file.empty())
    return Fail({Code::kInvalid,
                 "--ack: is signed with the key that is registered for the party, which no token replaces; give --key "
                 "and --party instead of --token-file"},
                kExitBadInput);
  if (const auto open = CheckStandardOutput(); !open) return Fail(open.error(), kExitCannotWrite);
  const Result<Client> client = Client::Make(options.client);
  if (!client) return Fail(client.error(), kExitBadInput);
  return Listener(options, *client).Run();
}

}  // namespace

void AddListen(CLI::App& app, int& status) {
  CLI::App* listen = app.add_subcommand("listen", "Print what a party is told, as it comes");
  const auto options = std::make_shared<ListenOptions>();
  AddClientOptions(*listen, options->client, true);
  listen->add_flag("--ack", options->acknowledge,
                   "Acknowledge each notice, signed with the party's key, once it is printed; needs --key");
  listen->add_flag("--json", options->json, "A line of JSON for each notice, as the service sends it");
  listen
      ->add_option("--after", options->after,
                   "Begin after the notice with this number; without, with the first that is not acknowledged")
      ->check(CLI::Range(int64_t{0}, kNoticeNumberMax));
  listen->add_flag("--once", options->once, "End after the first notice");
  listen->add_option("--for", options->for_s, "End after this many seconds")
      ->check(CLI::Range(int64_t{1}, int64_t{31'536'000}));
  listen->footer(
      "A stream that breaks is taken up again where it was. Who does not acknowledge is told again. With --token-file, "
      "a token that is over is waited for until there is another in the file.\n\n"
      "Exit status: 0 at the end of --for or after --once; 2 bad arguments, or the service refuses; 1 no notice came "
      "with --once, or one could not be acknowledged.\n\n"
      "Examples:\n"
      "  wideberth listen --url https://sky.example --key alpine.key --party alpine-rescue\n"
      "  wideberth listen --ack --json >> notices.jsonl       # with WIDEBERTH_URL, WIDEBERTH_KEY, WIDEBERTH_PARTY\n"
      "  wideberth listen --url https://sky.example --token-file /run/alpine.token\n"
      "  wideberth listen --once --for 60");
  listen->callback([options, &status] { status = RunListen(*options); });
}

}  // namespace wideberth::cmd
