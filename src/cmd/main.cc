#include <CLI/CLI.hpp>

#include "cmd/build_version.h"
#include "cmd/exit_status.h"
#include "cmd/subcommands.h"

int main(int argc, char** argv) {
  CLI::App app("Wideberth keeps parties apart who share a sky but no plans.", "wideberth");
  app.set_version_flag("--version", "wideberth " + wideberth::cmd::BuildVersion());
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "Print the help of every subcommand");
  int status = wideberth::cmd::kExitDone;
  wideberth::cmd::AddCheck(app, status);
  wideberth::cmd::AddVolumes(app, status);
  wideberth::cmd::AddServe(app, status);
  wideberth::cmd::AddDemo(app, status);
  wideberth::cmd::AddKeygen(app, status);
  wideberth::cmd::AddToken(app, status);
  wideberth::cmd::AddDeclare(app, status);
  wideberth::cmd::AddListen(app, status);
  wideberth::cmd::AddReceipt(app, status);
  wideberth::cmd::AddVerify(app, status);
  wideberth::cmd::AddAudit(app, status);
  wideberth::cmd::AddWitness(app, status);
  wideberth::cmd::AddData(app, status);
  wideberth::cmd::AddBench(app, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // CLI11 prints help to stdout and what is wrong to stderr; its own numbers are not ours.
    return app.exit(error) == 0 ? wideberth::cmd::kExitDone : wideberth::cmd::kExitBadInput;
  }
  return status;
}
