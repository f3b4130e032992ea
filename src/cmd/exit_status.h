#ifndef WIDEBERTH_CMD_EXIT_STATUS_H_
#define WIDEBERTH_CMD_EXIT_STATUS_H_

#include <fmt/format.h>

#include <cstdio>
#include <string>

#include "base/result.h"

namespace wideberth::cmd {

// How `wideberth` ends; scripts rely on the numbers.
enum ExitStatus : int {
  kExitDone = 0,            // and, of check: no conflict
  kExitCannotWrite = 1,     // the result could not be written; of bench: something failed
  kExitFailed = 1,          // of what calls a service: it cannot be reached, is busy or answers nonsense
  kExitBadInput = 2,        // bad arguments or bad input; stderr says file, line, field and reason
  kExitConflictsFound = 3,  // of check; of declare: refused for them
  kExitNotProven = 3        // of verify and audit
};

// Says on stderr what went wrong.
inline int Fail(const Error& error, ExitStatus status) {
  // Not by fmt, which throws if it cannot be written.
  std::fputs(("wideberth: " + error.message + "\n").c_str(), stderr);
  return status;
}

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_EXIT_STATUS_H_
