#ifndef WIDEBERTH_CMD_DURABLE_FILE_H_
#define WIDEBERTH_CMD_DURABLE_FILE_H_

#include <string>

#include "base/result.h"

namespace wideberth::cmd {

// Puts a text into a file that is there or not: once it returns the file is durable, and until then it is as it was.
Result<void> ReplaceFile(const std::string& path, const std::string& text);

// Keeps other processes that take it from what stands in a file; until it ends. A value that moves.
class FileLock {
 public:
  // kConflict if another process has it. The lock is on PATH.lock, which stays.
  static Result<FileLock> Take(const std::string& path);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_DURABLE_FILE_H_
