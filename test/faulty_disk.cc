// Preloaded into the server by crash_test.py: a disk that tears a write or fails a sync of the store's files.
//   FAULTY_DISK_TEAR=N     the N-th write goes out in part, and the process ends there, as on a power loss
//   FAULTY_DISK_SYNC=N     the N-th fsync or fdatasync fails with EIO
//   FAULTY_DISK_FULL=N     from the N-th write on, all fail with ENOSPC
#include <dlfcn.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

long Setting(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? LONG_MAX : std::atol(text);
}

bool IsOfStore(int fd) {
  char link[64];
  char path[PATH_MAX];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return false;
  const std::string name(path, static_cast<size_t>(length));
  return name.find("wideberth.db") != std::string::npos && name.find("-shm") == std::string::npos;
}

std::atomic<long> writes{0};
std::atomic<long> syncs{0};

using PwriteFunction = ssize_t (*)(int, const void*, size_t, off_t);

ssize_t Write(PwriteFunction real, int fd, const void* bytes, size_t count, off_t offset) {
  if (!IsOfStore(fd)) return real(fd, bytes, count, offset);
  const long number = ++writes;
  if (number >= Setting("FAULTY_DISK_FULL")) {
    errno = ENOSPC;
    return -1;
  }
  if (number >= Setting("FAULTY_DISK_TEAR")) {
    // A part of it, and behind that what nobody wrote.
    real(fd, bytes, count / 2, offset);
    const std::string garbage(count - count / 2, '\xa5');
    if (number % 2 == 0) real(fd, garbage.data(), garbage.size(), offset + static_cast<off_t>(count / 2));
    _exit(137);
  }
  return real(fd, bytes, count, offset);
}

int Sync(int (*real)(int), int fd) {
  if (IsOfStore(fd) && ++syncs >= Setting("FAULTY_DISK_SYNC")) {
    errno = EIO;
    return -1;
  }
  return real(fd);
}

template <typename Function>
Function Real(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

// Their names are the C library's, whose declarations name no parameters that one could repeat.
// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)
extern "C" {
ssize_t pwrite(int fd, const void* bytes, size_t count, off_t offset) {
  static const auto real = Real<PwriteFunction>("pwrite");
  return Write(real, fd, bytes, count, offset);
}
ssize_t pwrite64(int fd, const void* bytes, size_t count, off64_t offset) {
  static const auto real = Real<PwriteFunction>("pwrite64");
  return Write(real, fd, bytes, count, offset);
}
int fsync(int fd) {
  static const auto real = Real<int (*)(int)>("fsync");
  return Sync(real, fd);
}
int fdatasync(int fd) {
  static const auto real = Real<int (*)(int)>("fdatasync");
  return Sync(real, fd);
}
}
// NOLINTEND(readability-inconsistent-declaration-parameter-name)
