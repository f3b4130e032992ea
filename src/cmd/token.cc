#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "api/token_maker.h"
#include "cmd/exit_status.h"
#include "cmd/subcommands.h"
#include "os/system.h"

namespace wideberth::cmd {
namespace {

struct TokenOptions {
  std::string key = "wideberth-test";
  api::TokenClaims claims{.issuer = "wideberth-test", .scope = "utm.strategic_coordination"};
  std::vector<std::string> scopes;
  int64_t life_s = 3600;
};

Result<void> Write(const std::string& path, const std::string& text, mode_t mode) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) return Error{Code::kIo, path + ": cannot make it: " + std::strerror(errno)};
  const ssize_t written = write(fd, text.data(), text.size());
  if (close(fd) != 0 || written != static_cast<ssize_t>(text.size()))
    return Error{Code::kIo, path + ": cannot write it"};
  return {};
}

int RunToken(TokenOptions options) {
  const std::string private_file = options.key + ".pem";
  const std::string public_file = options.key + ".pub.pem";
  std::string private_pem;
  if (std::filesystem::exists(private_file)) {
    std::ifstream file(private_file, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) return Fail({Code::kIo, private_file + ": cannot read it"}, kExitBadInput);
    private_pem = text.str();
  } else {
    const Result<api::KeyPair> pair = api::MakeKeyPair();
    if (!pair) return Fail(pair.error(), kExitCannotWrite);
    if (const auto written = Write(private_file, pair->private_pem, 0600); !written)
      return Fail(written.error(), kExitCannotWrite);
    if (const auto written = Write(public_file, pair->public_pem, 0644); !written)
      return Fail(written.error(), kExitCannotWrite);
    fmt::print(stderr, "wideberth: made the key pair {} and {}; for tests only\n", private_file, public_file);
    private_pem = pair->private_pem;
  }
  options.claims.issued_s = os::SystemClock().Now().value / kNsPerSecond;
  options.claims.expires_s = options.claims.issued_s + options.life_s;
  if (!options.scopes.empty()) options.claims.scope = fmt::format("{}", fmt::join(options.scopes, " "));
  const Result<std::string> token = api::MakeToken(private_pem, options.claims);
  if (!token) return Fail({token.error().code, private_file + ": " + token.error().message}, kExitBadInput);
  fmt::print("{}\n", *token);
  return kExitDone;
}

}  // namespace

void AddToken(CLI::App& app, int& status) {
  CLI::App* token = app.add_subcommand("token", "Make a signed token for tests, where there is no OAuth server");
  const auto options = std::make_shared<TokenOptions>();
  token->add_option("--key", options->key, "NAME of the key pair NAME.pem and NAME.pub.pem; made if it is not there")
      ->capture_default_str();
  token
      ->add_option("--subject", options->claims.subject,
                   "Who the token is of (sub): the manager of what is written with it")
      ->required();
  token
      ->add_option("--audience", options->claims.audiences,
                   "Whom it is for (aud): the host of the URL that is called; may repeat")
      ->required();
  token->add_option("--scope", options->scopes, "A scope; may repeat (utm.strategic_coordination)");
  token->add_option("--issuer", options->claims.issuer, "Who made it (iss)")->capture_default_str();
  token->add_option("--life-s", options->life_s, "Seconds until it expires; the DSS accepts up to 3600")
      ->capture_default_str();
  token->footer(
      "The token goes to standard output.\n\n"
      "Examples:\n"
      "  wideberth token --key test --subject uss1 --audience localhost\n"
      "  wideberth token --key test --subject uss1 --audience localhost --scope utm.strategic_coordination --scope "
      "utm.constraint_processing");
  token->callback([options, &status] { status = RunToken(*options); });
}

}  // namespace wideberth::cmd
