#include <unistd.h>

#include <memory>
#include <string>

#include "cmd/exit_status.h"
#include "cmd/party_key.h"
#include "cmd/subcommands.h"
#include "crypto/ed25519.h"
#include "os/system.h"

namespace wideberth::cmd {
namespace {

int RunKeygen(const std::string& file) {
  os::SystemRng rng;
  const crypto::PrivateKey key = crypto::PrivateKey::Generate(rng);
  const crypto::PublicKey public_key = key.public_key();
  const std::string public_file = file + ".pub";
  if (const auto written = WriteNewFile(file, key.ToPem(), 0600); !written)
    return Fail(written.error(), kExitCannotWrite);
  if (const auto written = WriteNewFile(public_file, public_key.ToPem(), 0644); !written) {
    unlink(file.c_str());
    return Fail(written.error(), kExitCannotWrite);
  }
  fmt::print(
      "private key  {}  (whoever has it can declare and sign in your name)\n"
      "public key   {}\n"
      "key id       {}\n"
      "JWK          {}\n\n"
      "An operator registers it in one of these ways, with your name for NAME:\n"
      "  wideberth serve ... --party NAME={}\n"
      "  PUT /api/v1/parties/NAME  {{\"public_keys\":[{}]}}\n",
      file, public_file, public_key.Thumbprint(), public_key.ToJwk(), public_file, public_key.ToJwk());
  return kExitDone;
}

}  // namespace

void AddKeygen(CLI::App& app, int& status) {
  CLI::App* keygen = app.add_subcommand("keygen", "Make the key that a party declares and acknowledges with");
  const auto file = std::make_shared<std::string>();
  keygen->add_option("FILE", *file, "Where the private key goes; the public key goes to FILE.pub")->required();
  keygen->footer(
      "The key is one of Ed25519, as PKCS #8 in PEM, which its owner alone can read. No file is overwritten.\n\n"
      "Examples:\n"
      "  wideberth keygen alpine-rescue.key\n"
      "  wideberth keygen ~/keys/city-survey.key");
  keygen->callback([file, &status] { status = RunKeygen(*file); });
}

}  // namespace wideberth::cmd
