#ifndef WIDEBERTH_CMD_STANDARD_STREAMS_H_
#define WIDEBERTH_CMD_STANDARD_STREAMS_H_

#include <string_view>

#include "base/result.h"

// Standard input, output and error, which a caller may have closed, or pointed at what takes nothing.
namespace wideberth::cmd {

// The first thing that a program does: of those that are closed, none is to become another file that is opened later.
// Input then has no byte, error takes all, and output takes none, so that whatever is printed is an error.
void OpenStandardStreams();

// kIo if nothing can be written to standard output: for what must not happen unless its result can be told.
Result<void> CheckStandardOutput();

// Prints, and returns once it is out of this process. kIo if it cannot be written; it is then lost.
Result<void> Print(std::string_view text);

// That everything printed is out of this process. kIo if something was lost, which is said once.
Result<void> FlushStandardOutput();

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_STANDARD_STREAMS_H_
