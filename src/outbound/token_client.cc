#include "outbound/token_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/units.h"
#include "crypto/base64.h"
#include "crypto/unambiguous_json.h"
#include "outbound/backoff.h"
#include "outbound/target.h"

namespace wideberth::outbound {
namespace {

constexpr size_t kQuotedBytesMax = 200;  // of what the token endpoint says, in an Error

int64_t NsOf(std::chrono::nanoseconds duration) { return duration.count(); }

// A value in application/x-www-form-urlencoded. A space is %20, which every reader of forms takes, and those that only
// undo percent-encoding, too.
std::string FormEncoded(const std::string& text) {
  char* encoded = curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size()));
  WB_CHECK(encoded != nullptr);
  std::string copy(encoded);
  curl_free(encoded);
  return copy;
}

// VSCHAR of RFC 6749, appendix A.
bool IsVisible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

// b64token of RFC 6750, 2.1, which is what may stand in the header.
bool IsBearerToken(std::string_view text) {
  constexpr std::string_view kCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/";
  const size_t padding = text.find_first_not_of(kCharacters);
  if (padding == 0 || text.empty()) return false;
  return padding == std::string_view::npos || text.find_first_not_of('=', padding) == std::string_view::npos;
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::optional<std::string> TextMember(const nlohmann::json& object, const char* name) {
  const auto at = object.find(name);
  if (at == object.end() || !at->is_string()) return std::nullopt;
  return at->get<std::string>();
}

// expires_in: a number, or a number as text, which some servers send. Nothing for anything else.
std::optional<std::chrono::seconds> ParseLife(const nlohmann::json& value) {
  double seconds = 0;
  if (value.is_number()) {
    seconds = value.get<double>();
  } else if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (text.empty() || text.size() > 15 || text.find_first_not_of("0123456789") != std::string::npos)
      return std::nullopt;
    seconds = static_cast<double>(std::stoll(text));
  }
  if (!std::isfinite(seconds) || seconds < 1) return std::nullopt;
  constexpr std::chrono::seconds kMax = kTokenLifeMax;
  return std::chrono::seconds(static_cast<int64_t>(std::min(seconds, static_cast<double>(kMax.count()))));
}

struct Grant {
  std::string token;
  std::chrono::seconds life{};
};

}  // namespace

struct TokenClient::State {
  State(TokenClientOptions its_options, Transport& its_transport, const Clock& its_clock)
      : options(std::move(its_options)), transport(its_transport), clock(its_clock) {}

  using Key = std::pair<std::string, std::string>;  // audience, scope
  struct Token {
    std::string text;
    TimeNs asked;
    TimeNs given_until;
  };

  const TokenClientOptions options;
  Transport& transport;
  const Clock& clock;
  std::string endpoint;       // its host, for people
  std::string authorization;  // the header's value; "" for ClientAuthentication::kPost
  std::string credentials;    // what the body ends with; "" for ClientAuthentication::kBasic

  std::mutex mutex;  // of what follows; not held while anybody else is called
  std::map<Key, Token> tokens;
  std::set<std::pair<TimeNs, Key>> by_end;  // the `given_until` of tokens
  std::map<Key, std::vector<Done>> asking;  // who waits for the request under way
  size_t waiting = 0;
  std::optional<TimeNs> rests_until;

  Result<std::string> AudienceOf(const std::string& url) const {
    WB_TRY(const Target target, TargetOf(url, options.allow_http));
    if (options.token_audience_parameter != "resource") return target.host;
    const bool usual = target.port == (target.scheme == "https" ? "443" : "80");
    return target.scheme + "://" + target.host + (usual ? "" : ":" + target.port);
  }

  // REQUIRES: the mutex is held, as for the next three.
  void Forget(std::map<Key, Token>::iterator at) {
    by_end.erase({at->second.given_until, at->first});
    tokens.erase(at);
  }

  const Token* Find(const Key& key, TimeNs now) {
    const auto at = tokens.find(key);
    if (at == tokens.end()) return nullptr;
    // A token from the future was asked for before the time of day was set back: nobody knows how old it is.
    if (now < at->second.given_until && now >= at->second.asked) return &at->second;
    Forget(at);
    return nullptr;
  }

  void Keep(const Key& key, Token token) {
    if (const auto at = tokens.find(key); at != tokens.end()) Forget(at);
    while (!tokens.empty() && tokens.size() >= options.tokens_max) Forget(tokens.find(by_end.begin()->second));
    by_end.emplace(token.given_until, key);
    tokens.emplace(key, std::move(token));
  }

  std::optional<std::string> ReasonNotToAsk(TimeNs now) {
    if (rests_until && (*rests_until <= now || rests_until->value - now.value > NsOf(kTokenEndpointRestMax)))
      rests_until.reset();
    if (rests_until) return endpoint + " asked to be left alone for a while (Retry-After)";
    if (waiting >= options.waiting_max)
      return "those who wait for tokens reach waiting_max, " + std::to_string(options.waiting_max);
    return std::nullopt;
  }

  // What the token endpoint said, fit to be shown: short, on one line, and not the secret, if it says that again.
  std::string Quoted(std::string text) const {
    for (const std::string& secret : {options.client_secret, FormEncoded(options.client_secret)})
      if (text.find(secret) != std::string::npos) return "not shown, for it holds the client's secret";
    if (!authorization.empty() && text.find(authorization.substr(authorization.find(' ') + 1)) != std::string::npos)
      return "not shown, for it holds the client's secret";
    if (text.size() > kQuotedBytesMax) text.replace(kQuotedBytesMax, std::string::npos, "...");
    std::replace_if(text.begin(), text.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
    return text;
  }

  Result<Grant> ParseAnswer(const Response& answer, const std::string& scope) const {
    const auto wrong = [&](const std::string& what) { return Error{Code::kUnavailable, endpoint + " " + what}; };
    const std::string status = "status " + std::to_string(answer.status);
    const std::optional<nlohmann::json> body = crypto::UnambiguousObject(answer.body);
    if (answer.status >= 300 && answer.status <= 399)
      return wrong("answered with " + status + "; redirects are not followed");
    if (body && (answer.status != 200 || !body->contains("access_token"))) {
      if (const std::optional<std::string> error = TextMember(*body, "error")) {
        const std::optional<std::string> description = TextMember(*body, "error_description");
        return wrong("refused with " + Quoted(*error) + (description ? " (" + Quoted(*description) + ")" : "") + ", " +
                     status);
      }
    }
    if (answer.status != 200) return wrong("answered with " + status);
    if (!body) return wrong("answered with what is no JSON object, or one whose members are not unique");
    const std::optional<std::string> token = TextMember(*body, "access_token");
    if (!token) return wrong("answered without access_token");
    if (token->size() > kTokenBytesMax)
      return wrong("gave an access_token of more than " + std::to_string(kTokenBytesMax) + " bytes");
    if (!IsBearerToken(*token)) return wrong("gave an access_token with characters that no bearer token has");
    const std::optional<std::string> type = TextMember(*body, "token_type");
    if (!type) return wrong("answered without token_type");
    if (!EqualsIgnoringCase(*type, "bearer"))
      return wrong("gave a token of the type \"" + Quoted(*type) + "\", not Bearer");
    // It is told if it is not what was asked for (RFC 6749, 5.1).
    if (const std::optional<std::string> given = TextMember(*body, "scope")) {
      const std::vector<std::string_view> words = Words(*given);
      for (const std::string_view word : Words(scope))
        if (std::find(words.begin(), words.end(), word) == words.end())
          return wrong("gave a token without the scope " + scope);
    }
    Grant grant{.token = *token, .life = kTokenLifeDefault};
    if (const auto at = body->find("expires_in"); at != body->end() && !at->is_null()) {
      const std::optional<std::chrono::seconds> life = ParseLife(*at);
      if (!life) return wrong("gave an expires_in that is no number of seconds from 1");
      grant.life = *life;
    }
    return grant;
  }

  void Take(const Key& key, TimeNs asked, const Result<Response>& answer) {
    const TimeNs now = clock.Now();
    Result<Grant> grant = answer ? ParseAnswer(*answer, key.second) : Result<Grant>(answer.error());
    std::optional<std::chrono::seconds> rest;
    if (answer && (answer->status == 429 || answer->status == 503)) rest = ParseRetryAfter(answer->retry_after, now);
    std::vector<Done> waiters;
    {
      const std::lock_guard lock(mutex);
      const auto at = asking.find(key);
      WB_CHECK(at != asking.end());
      waiters.swap(at->second);
      asking.erase(at);
      waiting -= waiters.size();
      if (grant) {
        const int64_t life = NsOf(grant->life);
        const int64_t margin = std::min(NsOf(kTokenMargin), life / 2);
        Keep(key, {.text = grant->token, .asked = asked, .given_until = {asked.value + life - margin}});
      } else if (rest) {
        rests_until = TimeNs{now.value + NsOf(std::min(*rest, kTokenEndpointRestMax))};
      }
    }
    if (grant) {
      for (const Done& done : waiters) done(grant->token);
      return;
    }
    const Error error = NoToken(key, grant.error().message);
    if (options.on_failure) options.on_failure(error.message);
    for (const Done& done : waiters) done(error);
  }

  static Error NoToken(const Key& key, const std::string& reason) {
    return {Code::kUnavailable, "no token for " + key.first + " with the scope " + key.second + ": " + reason};
  }

  Request RequestFor(const Key& key) const {
    Request request{.url = options.token_url, .response_bytes_max = options.answer_bytes_max};
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}};
    if (!authorization.empty()) request.headers.emplace_back("Authorization", authorization);
    request.body = "grant_type=client_credentials&scope=" + FormEncoded(key.second) + "&" +
                   options.token_audience_parameter + "=" + FormEncoded(key.first) + credentials;
    return request;
  }
};

TokenClient::TokenClient(std::shared_ptr<State> state) : state_(std::move(state)) {}

Result<void> Check(const TokenClientOptions& options) {
  const auto wrong = [](const char* option, const std::string& reason) {
    return Error{Code::kInvalid, std::string(option) + ": " + reason};
  };
  const Result<Target> target = TargetOf(options.token_url, options.allow_http);
  if (!target) return wrong("token_url", target.error().message);
  if (options.token_url.find('#') != std::string::npos) return wrong("token_url", "has a fragment (RFC 6749, 3.2)");
  if (options.client_id.empty()) return wrong("client_id", "is empty");
  if (!IsVisible(options.client_id)) return wrong("client_id", "has characters that are not printable ASCII");
  if (options.client_secret.empty()) return wrong("client_secret", "is empty");
  if (!IsVisible(options.client_secret)) return wrong("client_secret", "has characters that are not printable ASCII");
  const std::string& name = options.token_audience_parameter;
  if (name.empty() || !std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
               c == '.';
      }))
    return wrong("token_audience_parameter", "is not a name of letters, digits, \"_\", \"-\" and \".\"");
  for (const char* taken : {"grant_type", "scope", "client_id", "client_secret"})
    if (name == taken) return wrong("token_audience_parameter", name + " is what another parameter is called");
  return {};
}

Result<std::unique_ptr<TokenClient>> TokenClient::Make(TokenClientOptions options, Transport& transport,
                                                       const Clock& clock) {
  WB_TRY_OK(Check(options));
  WB_TRY(const Target target, TargetOf(options.token_url, options.allow_http));
  const auto state = std::make_shared<State>(std::move(options), transport, clock);
  state->endpoint = target.ToText();
  const std::string id = FormEncoded(state->options.client_id);
  const std::string secret = FormEncoded(state->options.client_secret);
  switch (state->options.authentication) {
    case ClientAuthentication::kBasic:
      state->authorization = "Basic " + crypto::ToBase64(id + ":" + secret);
      break;
    case ClientAuthentication::kPost:
      state->credentials = "&client_id=" + id + "&client_secret=" + secret;
      break;
  }
  return std::unique_ptr<TokenClient>(new TokenClient(state));
}

void TokenClient::Get(const std::string& url, const std::string& scope, Done done) {
  const Result<std::string> audience = state_->AudienceOf(url);
  if (!audience) return done(audience.error());
  const State::Key key{*audience, scope};
  const TimeNs now = state_->clock.Now();
  std::optional<Result<std::string>> at_once;
  bool to_ask = false;
  {
    const std::lock_guard lock(state_->mutex);
    if (const State::Token* token = state_->Find(key, now)) {
      at_once = token->text;
    } else if (const std::optional<std::string> reason = state_->ReasonNotToAsk(now)) {
      at_once = State::NoToken(key, *reason);
    } else {
      const auto [at, first] = state_->asking.try_emplace(key);
      at->second.push_back(done);
      ++state_->waiting;
      to_ask = first;
    }
  }
  if (at_once) return done(*std::move(at_once));
  if (!to_ask) return;
  const Result<void> sent = state_->transport.Send(
      state_->RequestFor(key),
      [state = state_, key, now](const Result<Response>& answer) { state->Take(key, now, answer); });
  if (!sent) state_->Take(key, now, sent.error());
}

void TokenClient::Refused(const std::string& url, const std::string& scope, const std::string& token) {
  const Result<std::string> audience = state_->AudienceOf(url);
  if (!audience) return;
  const std::lock_guard lock(state_->mutex);
  const auto at = state_->tokens.find({*audience, scope});
  if (at != state_->tokens.end() && at->second.text == token) state_->Forget(at);
}

}  // namespace wideberth::outbound
