#include "cmd/verify.h"

#include <memory>
#include <string>

#include "cmd/exit_status.h"
#include "cmd/party_key.h"
#include "cmd/plain_text.h"
#include "cmd/subcommands.h"
#include "ledger/receipt.h"

namespace wideberth::cmd {
namespace {

struct VerifyOptions {
  std::string file;
  TrustOptions trust;
};

int RunVerify(const VerifyOptions& options) {
  const Result<Verdict> verdict = VerifyReceiptFile(options.file, options.trust);
  if (!verdict) return Fail(verdict.error(), kExitBadInput);
  fmt::print("{}", verdict->words);
  return verdict->proven ? kExitDone : kExitNotProven;
}

}  // namespace

Result<Verdict> VerifyReceiptFile(const std::string& file, const TrustOptions& trust_options) {
  WB_TRY(const ledger::Trust trust, ReadTrust(trust_options));
  WB_TRY(const std::string text, ReadWholeFile(file, ledger::kReceiptBytesMax));
  const Result<ledger::Receipt> receipt = ledger::ParseReceipt(text);
  if (!receipt)
    return Error{Code::kInvalid,
                 (file == "-" ? "standard input" : file) + ": is no receipt: " + Plain(receipt.error().message)};
  const Result<ledger::VerifiedReceipt> verified = ledger::VerifyReceipt(*receipt, trust);
  if (!verified) return Verdict{false, "NOT PROVEN: " + Plain(verified.error().message) + "\n"};
  return Verdict{verified->lacking.empty(), ledger::Explain(*verified)};
}

void AddVerify(CLI::App& app, int& status) {
  CLI::App* verify = app.add_subcommand("verify", "Say what a receipt proves, or why it does not; without any service");
  const auto options = std::make_shared<VerifyOptions>();
  verify->add_option("FILE", options->file, "The receipt; - is standard input")->required();
  verify->add_option(
      "--operator-key", options->trust.operator_key,
      "The verifier key of the ledger's operator, NAME+HASH+BASE64, from a source that you trust; without it "
      "the receipt's own counts, and that is said");
  AddWitnessOptions(*verify, options->trust);
  verify
      ->add_option("--party-key", options->trust.party_keys,
                   "NAME=FILE: a party's public key (PEM), as `wideberth keygen` writes it; may repeat. With any, an "
                   "acknowledgement counts only if it is signed with one that is given for its party; without, if an "
                   "entry of the receipt registered the key, which is the operator's word")
      ->allow_extra_args(false);
  verify->footer(
      R"(Exit status: 0 everything in it is proven; 3 something is not, and lines that begin with NOT PROVEN say what: an acknowledgement
whose signature could not be checked, a witness that did not sign, a key in the file that is other than the one given, or, then alone,
why nothing is; 2 bad arguments, or the file is no receipt; 1 what it says cannot be written.

Examples:
  wideberth verify receipt.json
  wideberth verify receipt.json --operator-key sky.example/ledger+bc1df4fe+AchtAa2L... --party-key alpine-rescue=alpine.key.pub)");
  verify->callback([options, &status] { status = RunVerify(*options); });
}

}  // namespace wideberth::cmd
