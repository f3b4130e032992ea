#include "cmd/client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <memory>
#include <utility>

#include "cmd/bounded_json.h"
#include "cmd/party_key.h"
#include "cmd/plain_text.h"
#include "os/system.h"

namespace wideberth::cmd {
namespace {

struct EndUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct EndCurl {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
struct EndList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

std::optional<std::string> PartOf(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return std::nullopt;
  std::string copy = text;
  curl_free(text);
  return copy;
}

bool IsLoopback(const std::string& host) {
  return host == "localhost" || host == "[::1]" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos);
}

// What to do about a call that did not get through.
std::string Remedy(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return "; is the host in --url right?";
    case CURLE_COULDNT_CONNECT:
      return "; is the service running there, and is the port in --url right?";
    case CURLE_OPERATION_TIMEDOUT:
      return "; the service may be busy: try again, or raise --timeout";
    case CURLE_PEER_FAILED_VERIFICATION:
      return "; its certificate is not trusted here: name the file of its authority with --ca";
    case CURLE_SSL_CACERT_BADFILE:
      return "; the file of --ca cannot be read as PEM certificates";
    case CURLE_SSL_CONNECT_ERROR:
      return "; does the service speak TLS there? Without TLS the URL begins with http://";
    default:
      return "";
  }
}

constexpr size_t kTokenBytesMax = size_t{16} << 10;

// A token and no more: what is in a header must not end it.
Result<std::string> ReadToken(const std::string& path) {
  WB_TRY(const std::string text, ReadWholeFile(path, kTokenBytesMax));
  static constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string::npos) return Error{Code::kInvalid, "--token-file: " + path + " is empty"};
  const std::string token = text.substr(first, text.find_last_not_of(kSpace) + 1 - first);
  if (std::any_of(token.begin(), token.end(), [](char c) { return c <= ' ' || c > '~'; }))
    return Error{Code::kInvalid, "--token-file: " + path + " has more than a token in it"};
  return token;
}

}  // namespace

void AddClientOptions(CLI::App& subcommand, ClientOptions& options, bool as_party) {
  const std::string service = "The service";
  subcommand.add_option("--url", options.url, "The service's URL, as https://sky.example")
      ->envname("WIDEBERTH_URL")
      ->required()
      ->group(service);
  subcommand.add_option("--ca", options.ca_file, "PEM file with the authorities to trust instead of the machine's")
      ->envname("WIDEBERTH_CA")
      ->group(service);
  subcommand
      .add_flag("--allow-http", options.allow_http, "Call a service without TLS that is not on this machine: for tests")
      ->group(service);
  subcommand.add_option("--timeout", options.timeout_s, "Seconds that one call may take")
      ->check(CLI::Range(int64_t{1}, int64_t{3600}))
      ->capture_default_str()
      ->group(service);
  options.as_party = as_party;
  if (!as_party) return;
  const std::string caller = "Who calls";
  subcommand
      .add_option("--key", options.key_file, "The party's private key, a file of `wideberth keygen`; with --party")
      ->envname("WIDEBERTH_KEY")
      ->group(caller);
  subcommand
      .add_option("--token-file", options.token_file,
                  "Instead of --key: a file with a token of your OAuth server, scope wideberth.party; read anew for "
                  "each call")
      ->envname("WIDEBERTH_TOKEN_FILE")
      ->group(caller);
  subcommand.add_option("--party", options.party, "The party's name, as it is registered")
      ->envname("WIDEBERTH_PARTY")
      ->group(caller);
  subcommand
      .add_option("--audience", options.audiences, "What tokens are for (aud); may repeat; the host of the URL without")
      ->allow_extra_args(false)
      ->group(caller);
}

struct Client::Call {
  std::string method;
  std::string path;
  std::optional<std::string> body;
  std::vector<std::string> headers;
  std::function<bool(std::string_view)> take;  // of a stream
  std::function<bool()> go_on;                 // likewise

  CURL* curl = nullptr;
  Answer answer;
  bool too_large = false;
  bool stopped = false;
  bool quiet = false;
  std::chrono::steady_clock::time_point last_bytes = std::chrono::steady_clock::now();

  static size_t OnBytes(char* bytes, size_t size, size_t count, void* to) {
    Call& call = *static_cast<Call*>(to);
    const std::string_view part(bytes, size * count);
    call.last_bytes = std::chrono::steady_clock::now();
    long status = 0;
    curl_easy_getinfo(call.curl, CURLINFO_RESPONSE_CODE, &status);
    if (call.take && status == 200) {
      call.stopped = !call.take(part);
      return call.stopped ? 0 : part.size();
    }
    call.too_large = call.answer.body.size() + part.size() > kAnswerBytesMax;
    if (call.too_large) return 0;
    call.answer.body += part;
    return part.size();
  }

  static int OnProgress(void* to, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    Call& call = *static_cast<Call*>(to);
    call.stopped = call.stopped || !call.go_on();
    // Not libcurl's low speed: the few bytes by which a service says that it is there count as nothing to that.
    call.quiet = std::chrono::steady_clock::now() - call.last_bytes > std::chrono::seconds(kQuietSecondsMax);
    return call.stopped || call.quiet ? 1 : 0;
  }
};

Result<Client> Client::Make(const ClientOptions& given) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (ready != CURLE_OK) return Error{Code::kIo, std::string("libcurl: ") + curl_easy_strerror(ready)};
  ClientOptions options = given;
  const std::unique_ptr<CURLU, EndUrl> url(curl_url());
  const CURLUcode parsed = curl_url_set(url.get(), CURLUPART_URL, options.url.c_str(), CURLU_NON_SUPPORT_SCHEME);
  if (parsed != CURLUE_OK)
    return Error{Code::kInvalid, "--url: " + Plain(options.url) + " is no URL; write it as https://sky.example"};
  const std::string scheme = PartOf(url.get(), CURLUPART_SCHEME).value_or("");
  const std::string host = PartOf(url.get(), CURLUPART_HOST).value_or("");
  if ((scheme != "https" && scheme != "http") || host.empty())
    return Error{Code::kInvalid, "--url: " + Plain(options.url) + " does not begin with https:// and a host"};
  if (PartOf(url.get(), CURLUPART_USER) || PartOf(url.get(), CURLUPART_QUERY) || PartOf(url.get(), CURLUPART_FRAGMENT))
    return Error{Code::kInvalid, "--url: has a user, a query or a fragment; it ends with the host, the port or a path"};
  if (scheme == "http" && !IsLoopback(host) && !options.allow_http)
    return Error{Code::kInvalid,
                 "--url: without TLS anybody on the way reads and uses the token; call https://, or say --allow-http"};
  while (options.url.ends_with('/')) options.url.pop_back();
  if (options.audiences.empty()) options.audiences.push_back(host);
  if (!options.key_file.empty() && !options.token_file.empty())
    return Error{Code::kInvalid,
                 "--token-file: is instead of --key (WIDEBERTH_KEY); give one of them, for they may be of two parties"};
  if (options.as_party && options.key_file.empty() && options.token_file.empty())
    return Error{Code::kInvalid, "--key: give the party's private key with its --party, or --token-file"};
  if (!options.key_file.empty() && options.party.empty())
    return Error{Code::kInvalid, "--party: give the name that the key is registered for"};
  if (options.token_file == "-")
    return Error{Code::kInvalid, "--token-file: is read more than once; standard input cannot be"};
  if (!options.token_file.empty()) WB_TRY_OK(ReadToken(options.token_file));
  std::optional<crypto::PrivateKey> key;
  if (!options.key_file.empty()) {
    WB_TRY_OK(CheckClaim("--party", options.party));
    for (const std::string& audience : options.audiences) WB_TRY_OK(CheckClaim("--audience", audience));
    WB_TRY(key, ReadPartyKey(options.key_file));
  }
  return Client(std::move(options), std::move(key));
}

Result<Answer> Client::Perform(Call& call) const {
  const std::unique_ptr<CURL, EndCurl> curl(curl_easy_init());
  if (curl == nullptr) return Error{Code::kIo, "libcurl: no memory"};
  call.curl = curl.get();
  const std::string url = options_.url + call.path;
  std::unique_ptr<curl_slist, EndList> headers;
  const auto add = [&](const std::string& header) {
    headers.reset(curl_slist_append(headers.release(), header.c_str()));
  };
  add("Expect:");  // no round trip before a large body
  if (key_) {
    const PartyClaims claims{.party = options_.party, .audiences = options_.audiences};
    add("Authorization: Bearer " + MakePartyToken(*key_, claims, os::SystemClock().Now()));
  }
  if (!options_.token_file.empty()) {
    WB_TRY(const std::string token, ReadToken(options_.token_file));
    add("Authorization: Bearer " + token);
  }
  if (call.body) add("Content-Type: application/json");
  for (const std::string& header : call.headers) add(header);

  std::array<char, CURL_ERROR_SIZE> why{};
  curl_easy_setopt(call.curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(call.curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(call.curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(call.curl, CURLOPT_USERAGENT, "wideberth");
  curl_easy_setopt(call.curl, CURLOPT_ERRORBUFFER, why.data());
  curl_easy_setopt(call.curl, CURLOPT_CUSTOMREQUEST, call.method.c_str());
  curl_easy_setopt(call.curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(call.curl, CURLOPT_CONNECTTIMEOUT, static_cast<long>(options_.timeout_s));
  if (!options_.ca_file.empty()) curl_easy_setopt(call.curl, CURLOPT_CAINFO, options_.ca_file.c_str());
  if (call.body) {
    curl_easy_setopt(call.curl, CURLOPT_POSTFIELDS, call.body->data());
    curl_easy_setopt(call.curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body->size()));
  }
  curl_easy_setopt(call.curl, CURLOPT_WRITEFUNCTION, &Call::OnBytes);
  curl_easy_setopt(call.curl, CURLOPT_WRITEDATA, &call);
  if (call.take) {
    curl_easy_setopt(call.curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(call.curl, CURLOPT_XFERINFOFUNCTION, &Call::OnProgress);
    curl_easy_setopt(call.curl, CURLOPT_XFERINFODATA, &call);
  } else {
    curl_easy_setopt(call.curl, CURLOPT_TIMEOUT, static_cast<long>(options_.timeout_s));
  }

  const CURLcode done = curl_easy_perform(call.curl);
  curl_easy_getinfo(call.curl, CURLINFO_RESPONSE_CODE, &call.answer.status);
  curl_off_t retry_after_s = 0;
  curl_easy_getinfo(call.curl, CURLINFO_RETRY_AFTER, &retry_after_s);
  if (retry_after_s > 0) call.answer.retry_after_s = retry_after_s;
  if (call.too_large)
    return Error{Code::kTooLarge, fmt::format("{}: the answer has more than {} MiB", url, kAnswerBytesMax >> 20)};
  if (call.quiet && !call.stopped)
    return Error{Code::kIo, fmt::format("{}: nothing came for {} s", url, kQuietSecondsMax)};
  if (done != CURLE_OK && !call.stopped) {
    std::string reason = why[0] != '\0' ? why.data() : curl_easy_strerror(done);
    // libcurl calls so, too, what it sets no memory aside for.
    if (done == CURLE_OUT_OF_MEMORY)
      reason = "the answer's headers are too long (a line of more than 100 KiB), or there is no memory";
    return Error{Code::kIo, url + ": " + Plain(reason) + Remedy(done)};
  }
  return std::move(call.answer);
}

Result<Answer> Client::Send(const std::string& method, const std::string& path, const std::optional<std::string>& body,
                            const std::vector<std::string>& headers) const {
  Call call;
  call.headers = headers;
  call.method = method;
  call.path = path;
  call.body = body;
  return Perform(call);
}

Result<Answer> Client::Stream(const std::string& path, const std::vector<std::string>& headers,
                              const std::function<bool(std::string_view)>& take,
                              const std::function<bool()>& go_on) const {
  Call call;
  call.method = "GET";
  call.path = path;
  call.headers = headers;
  call.take = take;
  call.go_on = go_on;
  return Perform(call);
}

std::string WhyRefused(const Answer& answer) {
  const Result<nlohmann::ordered_json> parsed = ParseJson(answer.body);
  const nlohmann::ordered_json body = parsed ? *parsed : nlohmann::ordered_json();
  std::string message;
  for (const char* name : {"message", "error_message"}) {
    if (body.is_object() && body.contains(name) && body[name].is_string()) message = body[name].get<std::string>();
  }
  std::string text = fmt::format("the service answered {}", answer.status);
  if (!message.empty()) text += ": " + Plain(message);
  if (answer.status == 401)
    text +=
        " (is the public key registered for --party, or the token of --token-file still good and for this service; is "
        "--audience the service's, is the clock right?)";
  if (answer.retry_after_s) text += fmt::format(" (try again in {} s)", *answer.retry_after_s);
  return text;
}

std::string PathSegment(std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain) {
      encoded += c;
    } else {
      encoded += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return encoded;
}

Result<nlohmann::ordered_json> JsonOf(const Answer& answer) {
  Result<nlohmann::ordered_json> body = ParseJson(answer.body);
  if (!body || !body->is_object())
    return Error{Code::kInvalid, fmt::format("the service answered {} with what is no JSON object; is --url that of a "
                                             "Wideberth service?",
                                             answer.status)};
  return body;
}

}  // namespace wideberth::cmd
