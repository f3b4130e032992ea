#include "files/byte_source.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace wideberth::files {
namespace {

class FileSource final : public ByteSource {
 public:
  FileSource(std::string name, uint64_t bytes_total, int descriptor, bool owned)
      : ByteSource(std::move(name), bytes_total), descriptor_(descriptor), owned_(owned) {}
  ~FileSource() override {
    if (owned_) ::close(descriptor_);
  }

 private:
  Result<size_t> ReadSome(std::span<char> into) override {
    for (;;) {
      const ssize_t count = ::read(descriptor_, into.data(), into.size());
      if (count >= 0) return static_cast<size_t>(count);
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) {  // somebody made standard input non-blocking
        pollfd wanted{descriptor_, POLLIN, 0};
        ::poll(&wanted, 1, -1);
        continue;
      }
      return Error{Code::kIo, name() + ": cannot be read: " + std::strerror(errno)};
    }
  }

  int descriptor_;
  bool owned_;
};

class MemorySource final : public ByteSource {
 public:
  MemorySource(std::string name, std::string_view bytes) : ByteSource(std::move(name), bytes.size()), bytes_(bytes) {}

 private:
  Result<size_t> ReadSome(std::span<char> into) override {
    const size_t count = std::min(into.size(), bytes_.size());
    if (count > 0) std::memcpy(into.data(), bytes_.data(), count);
    bytes_.remove_prefix(count);
    return count;
  }

  std::string_view bytes_;
};

}  // namespace

Result<std::string_view> ByteSource::Peek() {
  WB_CHECK(!read_);
  size_t filled = peeked_.size();
  if (filled == kPeekBytes) return std::string_view(peeked_);
  peeked_.resize(kPeekBytes);
  while (filled < kPeekBytes) {
    Result<size_t> count = ReadSome(std::span(peeked_).subspan(filled));
    if (!count) {
      peeked_.resize(filled);
      return std::move(count).error();
    }
    if (*count == 0) break;
    filled += *count;
  }
  peeked_.resize(filled);
  return std::string_view(peeked_);
}

Result<size_t> ByteSource::Read(std::span<char> into) {
  WB_CHECK(!into.empty());
  read_ = true;
  if (peeked_given_ == peeked_.size()) return ReadSome(into);
  const size_t count = std::min(into.size(), peeked_.size() - peeked_given_);
  std::memcpy(into.data(), peeked_.data() + peeked_given_, count);
  peeked_given_ += count;
  return count;
}

Result<std::unique_ptr<ByteSource>> OpenFile(const std::string& path) {
  const bool standard_input = path == "-";
  const std::string name = standard_input ? "stdin" : path;
  const int descriptor = standard_input ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    const int reason = errno;
    if (reason == ENOENT || reason == ENOTDIR) return Error{Code::kNotFound, name + ": no such file"};
    return Error{Code::kIo, name + ": cannot be opened: " + std::strerror(reason)};
  }
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) status.st_mode = 0;
  auto source = std::make_unique<FileSource>(name, S_ISREG(status.st_mode) ? static_cast<uint64_t>(status.st_size) : 0,
                                             descriptor, !standard_input);
  if (S_ISDIR(status.st_mode)) return Error{Code::kIo, name + ": is a directory, not a file"};
  return std::unique_ptr<ByteSource>(std::move(source));
}

std::unique_ptr<ByteSource> FromMemory(std::string name, std::string_view bytes) {
  return std::make_unique<MemorySource>(std::move(name), bytes);
}

}  // namespace wideberth::files
