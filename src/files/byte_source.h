#ifndef WIDEBERTH_FILES_BYTE_SOURCE_H_
#define WIDEBERTH_FILES_BYTE_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace wideberth::files {

// Bytes that come one after the other: a file, a pipe, memory. Thread-compatible.
class ByteSource {
 public:
  // As much as it takes to tell one format from another.
  static constexpr size_t kPeekBytes = 64 * 1024;

  virtual ~ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  // What messages call it: a path, or "stdin".
  const std::string& name() const { return name_; }
  // How many bytes there are in all; 0 when nobody can tell.
  uint64_t bytes_total() const { return bytes_total_; }

  // The first kPeekBytes, fewer only when the input ends before; Read gives them again. Valid until the next call of
  // Read. REQUIRES: Read has not been called.
  Result<std::string_view> Peek();

  // Some of the bytes that follow, at least one; 0 at the end only. kIo names the source. REQUIRES: `into` not empty.
  Result<size_t> Read(std::span<char> into);

 protected:
  ByteSource(std::string name, uint64_t bytes_total) : name_(std::move(name)), bytes_total_(bytes_total) {}

 private:
  virtual Result<size_t> ReadSome(std::span<char> into) = 0;

  std::string name_;
  uint64_t bytes_total_;
  std::string peeked_;
  size_t peeked_given_ = 0;
  bool read_ = false;
};

// A file, a named pipe, a device; "-" is standard input. kNotFound when there is none, kIo when it is a directory or
// cannot be opened; the message begins with the path. Opening a named pipe waits for its writer.
Result<std::unique_ptr<ByteSource>> OpenFile(const std::string& path);

// `bytes` outlive the source.
std::unique_ptr<ByteSource> FromMemory(std::string name, std::string_view bytes);

}  // namespace wideberth::files

#endif  // WIDEBERTH_FILES_BYTE_SOURCE_H_
