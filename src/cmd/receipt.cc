#include <memory>
#include <string>

#include "cmd/client.h"
#include "cmd/exit_status.h"
#include "cmd/output.h"
#include "cmd/subcommands.h"

namespace wideberth::cmd {
namespace {

struct ReceiptOptions {
  ClientOptions client;
  std::string notice;
  std::string output = "-";
};

int RunReceipt(const ReceiptOptions& options) {
  const Result<Client> client = Client::Make(options.client);
  if (!client) return Fail(client.error(), kExitBadInput);
  const Result<Answer> answer =
      client->Send("GET", "/api/v1/notices/" + PathSegment(options.notice) + "/receipt", std::nullopt);
  if (!answer) return Fail(answer.error(), kExitFailed);
  if (answer->status != 200) {
    const bool later = answer->status >= 500 || answer->status == 429;
    return Fail({Code::kInvalid, WhyRefused(*answer)}, later ? kExitFailed : kExitBadInput);
  }
  if (const auto json = JsonOf(*answer); !json) return Fail(json.error(), kExitFailed);
  Result<Output> output = Output::Open(options.output);
  if (!output) return Fail(output.error(), kExitCannotWrite);
  if (const auto written = output->sink()(answer->body); !written) return Fail(written.error(), kExitCannotWrite);
  if (const auto closed = output->Close(); !closed) return Fail(closed.error(), kExitCannotWrite);
  return kExitDone;
}

}  // namespace

void AddReceipt(CLI::App& app, int& status) {
  CLI::App* receipt =
      app.add_subcommand("receipt", "Fetch the ledger's proof of what a party was told and what it acknowledged");
  const auto options = std::make_shared<ReceiptOptions>();
  receipt->add_option("NOTICE", options->notice, "The notice's id, as `wideberth listen` prints it")->required();
  receipt->add_option("-o,--output", options->output, "Where the receipt goes; - is standard output")
      ->capture_default_str();
  AddClientOptions(*receipt, options->client, true);
  receipt->footer(
      "Exit status: 0 done, 2 bad arguments or no such notice, 1 the service cannot be reached or the file not be "
      "written.\n\n"
      "Examples:\n"
      "  wideberth receipt 4c3d5f0e-0d6b-4b3e-9f0a-6d1d8b3b2f11 -o receipt.json --url https://sky.example \\\n"
      "      --key alpine.key --party alpine-rescue\n"
      "  wideberth verify receipt.json");
  receipt->callback([options, &status] { status = RunReceipt(*options); });
}

}  // namespace wideberth::cmd
