#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "api/token_maker.h"
#include "cmd/exit_status.h"
#include "cmd/party_key.h"
#include "cmd/subcommands.h"
#include "crypto/ed25519.h"
#include "os/system.h"

namespace wideberth::cmd {
namespace {

struct TokenOptions {
  std::string key = "wideberth-test";
  api::TokenClaims claims{.issuer = "wideberth-test", .scope = "utm.strategic_coordination"};
  std::vector<std::string> scopes;
  std::string party;
  int64_t life_s = 3600;
};

std::string ScopeOf(const TokenOptions& options) { return fmt::format("{}", fmt::join(options.scopes, " ")); }

Result<void> CheckTexts(const TokenOptions& options) {
  if (!options.party.empty()) WB_TRY_OK(CheckClaim("--party", options.party));
  if (!options.claims.subject.empty()) WB_TRY_OK(CheckClaim("--subject", options.claims.subject));
  WB_TRY_OK(CheckClaim("--issuer", options.claims.issuer));
  for (const std::string& audience : options.claims.audiences) WB_TRY_OK(CheckClaim("--audience", audience));
  for (const std::string& scope : options.scopes) WB_TRY_OK(CheckClaim("--scope", scope));
  return {};
}

int RunPartyToken(const TokenOptions& options) {
  const Result<crypto::PrivateKey> key = ReadPartyKey(options.key);
  if (!key) return Fail(key.error(), kExitBadInput);
  const PartyClaims claims{.party = options.party,
                           .audiences = options.claims.audiences,
                           .scope = ScopeOf(options),
                           .life_s = options.life_s};
  fmt::print("{}\n", MakePartyToken(*key, claims, os::SystemClock().Now()));
  return kExitDone;
}

int RunToken(TokenOptions options) {
  const std::string private_file = options.key + ".pem";
  const std::string public_file = options.key + ".pub.pem";
  std::string private_pem;
  if (std::filesystem::exists(private_file)) {
    Result<std::string> text = ReadWholeFile(private_file, crypto::kPemBytesMax);
    if (!text) return Fail(text.error(), kExitBadInput);
    private_pem = *std::move(text);
  } else {
    const Result<api::KeyPair> pair = api::MakeKeyPair();
    if (!pair) return Fail(pair.error(), kExitCannotWrite);
    if (const auto written = WriteNewFile(private_file, pair->private_pem, 0600); !written)
      return Fail(written.error(), kExitCannotWrite);
    if (const auto written = WriteNewFile(public_file, pair->public_pem, 0644); !written)
      return Fail(written.error(), kExitCannotWrite);
    fmt::print(stderr, "wideberth: made the key pair {} and {}; for tests only\n", private_file, public_file);
    private_pem = pair->private_pem;
  }
  options.claims.issued_s = os::SystemClock().Now().value / kNsPerSecond;
  options.claims.expires_s = options.claims.issued_s + options.life_s;
  if (!options.scopes.empty()) options.claims.scope = ScopeOf(options);
  const Result<std::string> token = api::MakeToken(private_pem, options.claims);
  if (!token) return Fail({token.error().code, private_file + ": " + token.error().message}, kExitBadInput);
  fmt::print("{}\n", *token);
  return kExitDone;
}

}  // namespace

void AddToken(CLI::App& app, int& status) {
  CLI::App* token = app.add_subcommand(
      "token", "Make a signed token: a party's own, or one for tests where there is no OAuth server");
  const auto options = std::make_shared<TokenOptions>();
  token
      ->add_option("--key", options->key,
                   "With --party: its private key, a file of `wideberth keygen`. Otherwise the NAME of the key pair "
                   "NAME.pem and NAME.pub.pem, made if it is not there")
      ->capture_default_str();
  CLI::Option* party = token->add_option("--party", options->party,
                                         "Whose token it is (iss and sub), by the name it is registered with");
  CLI::Option* subject = token->add_option("--subject", options->claims.subject,
                                           "Who the token is of (sub): the manager of what is written with it");
  party->excludes(subject);
  token
      ->add_option("--audience", options->claims.audiences,
                   "Whom it is for (aud): the host of the URL that is called; may repeat")
      ->required();
  token->add_option("--scope", options->scopes,
                    "A scope; may repeat (utm.strategic_coordination; a party's token has all that it may do)");
  CLI::Option* issuer =
      token->add_option("--issuer", options->claims.issuer, "Who made it (iss)")->capture_default_str();
  party->excludes(issuer);
  token
      ->add_option("--lifetime,--life-s", options->life_s,
                   "Seconds until it expires; the service accepts no more than 3600")
      ->check(CLI::Range(int64_t{1}, PartyClaims::kLifeSecondsMax))
      ->capture_default_str();
  token->footer(
      "The token goes to standard output.\n\n"
      "Examples:\n"
      "  wideberth token --key alpine-rescue.key --party alpine-rescue --audience sky.example --lifetime 600\n"
      "  wideberth token --key test --subject uss1 --audience localhost\n"
      "  wideberth token --key test --subject uss1 --audience localhost --scope utm.strategic_coordination --scope "
      "utm.constraint_processing");
  token->callback([options, &status] {
    if (options->party.empty() && options->claims.subject.empty())
      status = Fail({Code::kInvalid, "token: say whose it is: --party NAME, or --subject NAME for a test's token"},
                    kExitBadInput);
    else if (const auto texts = CheckTexts(*options); !texts)
      status = Fail(texts.error(), kExitBadInput);
    else
      status = options->party.empty() ? RunToken(*options) : RunPartyToken(*options);
  });
}

}  // namespace wideberth::cmd
