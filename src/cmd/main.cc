#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <system_error>

#include "cmd/build_version.h"
#include "cmd/exit_status.h"
#include "cmd/plain_text.h"
#include "cmd/standard_streams.h"
#include "cmd/subcommands.h"

namespace wideberth::cmd {
namespace {

// A first word that is no subcommand, by its name: what comes after it means nothing.
Result<void> CheckSubcommands(const CLI::App& top, int argc, char** argv) {
  const CLI::App* app = &top;
  std::string before;
  for (int i = 1; i < argc && argv[i][0] != '-' && app->get_require_subcommand_min() > 0; ++i) {
    const auto named = app->get_subcommands([&](const CLI::App* one) { return one->get_name() == argv[i]; });
    if (named.empty()) {
      std::string words = before;
      words.append(Plain(argv[i])).append(": there is no such subcommand; `wideberth ").append(before);
      return Error{Code::kInvalid, words.append("--help` lists them")};
    }
    app = named.front();
    before.append(argv[i]).append(" ");
  }
  return {};
}

int Run(int argc, char** argv) {
  CLI::App app("Wideberth keeps parties apart who share a sky but no plans.", "wideberth");
  app.set_version_flag("--version", "wideberth " + BuildVersion());
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "Print the help of every subcommand");
  int status = kExitDone;
  AddCheck(app, status);
  AddVolumes(app, status);
  AddServe(app, status);
  AddDemo(app, status);
  AddKeygen(app, status);
  AddToken(app, status);
  AddDeclare(app, status);
  AddListen(app, status);
  AddReceipt(app, status);
  AddVerify(app, status);
  AddAudit(app, status);
  AddWitness(app, status);
  AddData(app, status);
  AddBench(app, status);
  if (const auto known = CheckSubcommands(app, argc, argv); !known) return Fail(known.error(), kExitBadInput);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // CLI11 prints help to stdout and what is wrong to stderr; its own numbers are not ours.
    return app.exit(error) == 0 ? kExitDone : kExitBadInput;
  }
  return status;
}

}  // namespace
}  // namespace wideberth::cmd

int main(int argc, char** argv) {
  using namespace wideberth::cmd;  // NOLINT(google-build-using-namespace): main alone is outside
  OpenStandardStreams();
  int status = kExitDone;
  try {
    status = Run(argc, argv);
  } catch (const std::system_error& error) {  // of fmt: a stream did not take what was printed
    static_cast<void>(Fail({wideberth::Code::kIo, std::string("cannot print: ") + error.what()}, kExitCannotWrite));
    status = kExitCannotWrite;
  }
  const auto flushed = FlushStandardOutput();
  if (flushed) return status;
  // What is worse than words that are lost stays what scripts are told.
  return Fail(flushed.error(), status == kExitDone ? kExitCannotWrite : static_cast<ExitStatus>(status));
}
