#ifndef WIDEBERTH_CMD_SUBCOMMANDS_H_
#define WIDEBERTH_CMD_SUBCOMMANDS_H_

#include <CLI/CLI.hpp>

namespace wideberth::cmd {

// Each adds one subcommand, whose callback leaves its ExitStatus in `status`.
void AddCheck(CLI::App& app, int& status);
void AddVolumes(CLI::App& app, int& status);
void AddServe(CLI::App& app, int& status);
void AddDemo(CLI::App& app, int& status);
void AddToken(CLI::App& app, int& status);
void AddData(CLI::App& app, int& status);
void AddBench(CLI::App& app, int& status);
void AddKeygen(CLI::App& app, int& status);
void AddDeclare(CLI::App& app, int& status);
void AddListen(CLI::App& app, int& status);
void AddReceipt(CLI::App& app, int& status);
void AddVerify(CLI::App& app, int& status);
void AddAudit(CLI::App& app, int& status);
void AddWitness(CLI::App& app, int& status);

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_SUBCOMMANDS_H_
