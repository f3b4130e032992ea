#ifndef WIDEBERTH_CMD_CLIENT_H_
#define WIDEBERTH_CMD_CLIENT_H_

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/ed25519.h"

// Calls a service as a party does (api/wideberth.yaml): libcurl, with a token that is made or read anew for each call.
namespace wideberth::cmd {

// What the subcommands that call a service have in common on their command lines.
struct ClientOptions {
  std::string url;
  bool as_party = false;   // a token is needed: of a key, or as it is in a file
  std::string key_file;    // with it, `party`
  std::string token_file;  // instead: an OAuth server's token, read anew for each call
  std::string party;
  std::vector<std::string> audiences;  // none: the host of the URL
  std::string ca_file;                 // "": the machine's
  bool allow_http = false;
  int64_t timeout_s = 30;  // of one call; of a stream, to connect
};

// Adds --url, --ca, --allow-http and --timeout; with `as_party` also --key, --token-file, --party and --audience.
// `options` outlives the subcommand.
void AddClientOptions(CLI::App& subcommand, ClientOptions& options, bool as_party);

struct Answer {
  long status = 0;
  std::string body;
  std::optional<int64_t> retry_after_s;
};

// What a service says is wrong in an answer, in one line: status and message.
std::string WhyRefused(const Answer& answer);

// One path segment, percent-encoded.
std::string PathSegment(std::string_view text);

// Thread-compatible. libcurl's global state is set up by the first one.
class Client {
 public:
  static constexpr size_t kAnswerBytesMax = size_t{64} << 20;

  // kInvalid, with the option to set, for a URL, a key or a token that does not serve. Without a file of either there
  // is no token.
  static Result<Client> Make(const ClientOptions& given);

  // What the service answers, whatever its status. kIo, with the remedy, if it cannot be reached or breaks off.
  Result<Answer> Send(const std::string& method, const std::string& path, const std::optional<std::string>& body,
                      const std::vector<std::string>& headers = {}) const;

  // A body without an end. `take` gets its bytes as they come and says whether to go on; `go_on` is asked at least once
  // a second. When the status is not 200, the answer holds what came instead. kIo as for Send, also if nothing came for
  // kQuietSecondsMax.
  static constexpr int64_t kQuietSecondsMax = 60;
  Result<Answer> Stream(const std::string& path, const std::vector<std::string>& headers,
                        const std::function<bool(std::string_view)>& take, const std::function<bool()>& go_on) const;

  const std::string& party() const { return options_.party; }
  // Whether tokens come from a file, where a newer one may be by and by.
  bool has_token_file() const { return !options_.token_file.empty(); }
  // REQUIRES: there is one.
  const crypto::PrivateKey& key() const { return *key_; }

 private:
  struct Call;
  Client(ClientOptions options, std::optional<crypto::PrivateKey> key)
      : options_(std::move(options)), key_(std::move(key)) {}
  Result<Answer> Perform(Call& call) const;

  ClientOptions options_;
  std::optional<crypto::PrivateKey> key_;
};

// An answer's body as JSON. kInvalid if it is none, or no object.
Result<nlohmann::ordered_json> JsonOf(const Answer& answer);

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_CLIENT_H_
