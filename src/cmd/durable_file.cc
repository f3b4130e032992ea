#include "cmd/durable_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace wideberth::cmd {
namespace {

Error Failed(const std::string& path, int error) {
  return {Code::kIo, path + ": cannot write: " + std::strerror(error)};
}

Result<void> WriteDurably(const std::string& path, const std::string& text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return Failed(path, errno);
  int error = 0;
  for (size_t done = 0; error == 0 && done < text.size();) {
    const ssize_t written = write(fd, text.data() + done, text.size() - done);
    if (written > 0) done += static_cast<size_t>(written);
    if (written <= 0 && errno != EINTR) error = written < 0 ? errno : ENOSPC;
  }
  if (error == 0 && fsync(fd) != 0) error = errno;
  if (close(fd) != 0 && error == 0) error = errno;
  if (error == 0) return {};
  unlink(path.c_str());
  return Failed(path, error);
}

}  // namespace

Result<void> ReplaceFile(const std::string& path, const std::string& text) {
  const std::string temporary = path + ".partial";
  WB_TRY_OK(WriteDurably(temporary, text));
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    const Error error = Failed(path, errno);
    unlink(temporary.c_str());
    return error;
  }
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  const int fd = open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Failed(path, errno);
  const int error = fsync(fd) != 0 ? errno : 0;
  close(fd);
  if (error != 0) return Failed(path, error);
  return {};
}

Result<FileLock> FileLock::Take(const std::string& path) {
  const std::string name = path + ".lock";
  const int fd = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return Failed(name, errno);
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return FileLock(fd);
  const int error = errno;
  close(fd);
  if (error == EWOULDBLOCK)
    return Error{Code::kConflict, path + ": another process uses it; end that one first, or name another file"};
  return Failed(name, error);
}

FileLock::FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FileLock::~FileLock() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace wideberth::cmd
