#include <memory>
#include <string>

#include "cmd/exit_status.h"
#include "cmd/party_key.h"
#include "cmd/plain_text.h"
#include "cmd/subcommands.h"
#include "cmd/trust.h"
#include "ledger/receipt.h"

namespace wideberth::cmd {
namespace {

struct VerifyOptions {
  std::string file;
  TrustOptions trust;
};

int RunVerify(const VerifyOptions& options) {
  const Result<ledger::Trust> trust = ReadTrust(options.trust);
  if (!trust) return Fail(trust.error(), kExitBadInput);
  const std::string name = options.file == "-" ? "standard input" : options.file;
  const Result<std::string> text = ReadWholeFile(options.file, ledger::kReceiptBytesMax);
  if (!text) return Fail(text.error(), kExitBadInput);
  const Result<ledger::Receipt> receipt = ledger::ParseReceipt(*text);
  if (!receipt)
    return Fail({Code::kInvalid, name + ": is no receipt: " + Plain(receipt.error().message)}, kExitBadInput);
  const Result<ledger::VerifiedReceipt> verified = ledger::VerifyReceipt(*receipt, *trust);
  if (!verified) {
    fmt::print("NOT PROVEN: {}\n", Plain(verified.error().message));
    return kExitNotProven;
  }
  fmt::print("{}", ledger::Explain(*verified));
  return kExitDone;
}

}  // namespace

void AddVerify(CLI::App& app, int& status) {
  CLI::App* verify = app.add_subcommand("verify", "Say what a receipt proves, or why it does not; without any service");
  const auto options = std::make_shared<VerifyOptions>();
  verify->add_option("FILE", options->file, "The receipt; - is standard input")->required();
  verify->add_option(
      "--operator-key", options->trust.operator_key,
      "The verifier key of the ledger's operator, NAME+HASH+BASE64, from a source that you trust; without it "
      "the receipt's own counts, and that is said");
  verify->add_option("--witness", options->trust.witnesses, "The verifier key of a witness that you trust; may repeat")
      ->allow_extra_args(false);
  verify
      ->add_option("--party-key", options->trust.party_keys,
                   "NAME=FILE: a party's public key (PEM), as `wideberth keygen` writes it; may repeat")
      ->allow_extra_args(false);
  verify->footer(R"(Exit status: 0 proven, 3 not proven, 2 bad arguments, or the file is no receipt.

Examples:
  wideberth verify receipt.json
  wideberth verify receipt.json --operator-key sky.example/ledger+bc1df4fe+AchtAa2L... --party-key alpine-rescue=alpine.key.pub)");
  verify->callback([options, &status] { status = RunVerify(*options); });
}

}  // namespace wideberth::cmd
