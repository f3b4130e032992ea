#include "cmd/standard_streams.h"

#include <fcntl.h>
#include <stdio_ext.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>

namespace wideberth::cmd {
namespace {

// What is left in the buffer would fail again, and be said again, at the end of the process.
Error OutputLost(int error) {
  __fpurge(stdout);
  std::clearerr(stdout);
  return {Code::kIo, std::string("standard output: cannot write: ") + std::strerror(error)};
}

}  // namespace

void OpenStandardStreams() {
  for (const auto& [fd, mode] :
       {std::pair{STDIN_FILENO, O_RDONLY}, {STDOUT_FILENO, O_RDONLY}, {STDERR_FILENO, O_WRONLY}}) {
    // The lowest one that is free is taken: all below are open by now.
    if (fcntl(fd, F_GETFD) == -1 && errno == EBADF && open("/dev/null", mode) != fd)
      _exit(1);  // NOLINT(cppcoreguidelines-pro-type-vararg,hicpp-vararg)
  }
}

Result<void> CheckStandardOutput() {
  const int flags = fcntl(STDOUT_FILENO, F_GETFL);
  if (flags == -1 || (flags & O_ACCMODE) == O_RDONLY) return OutputLost(EBADF);
  return {};
}

Result<void> Print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) return OutputLost(errno);
  return FlushStandardOutput();
}

Result<void> FlushStandardOutput() {
  if (std::fflush(stdout) != 0) return OutputLost(errno);
  if (std::ferror(stdout) != 0) return OutputLost(EIO);
  return {};
}

}  // namespace wideberth::cmd
