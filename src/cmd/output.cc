#include "cmd/output.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "cmd/standard_streams.h"

namespace wideberth::cmd {

Result<Output> Output::Open(const std::string& path) {
  if (path == "-") return Output("standard output", "", stdout);
  // A device or a pipe is written to as it stands: a rename would put a file in its place.
  std::error_code none;
  const std::filesystem::file_status status = std::filesystem::status(path, none);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    std::FILE* file = std::fopen(path.c_str(), "wb");
    if (file == nullptr) return Error{Code::kIo, path + ": cannot write: " + std::strerror(errno)};
    return Output(path, "", file);
  }
  std::string temporary = path + ".partial";
  std::FILE* file = std::fopen(temporary.c_str(), "wb");
  if (file == nullptr) return Error{Code::kIo, temporary + ": cannot write: " + std::strerror(errno)};
  return Output(path, std::move(temporary), file);
}

Output::Output(Output&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      file_(std::exchange(other.file_, nullptr)) {}

Output::~Output() {
  if (file_ == nullptr || file_ == stdout) return;
  std::fclose(file_);
  if (!temporary_.empty()) std::remove(temporary_.c_str());
}

Error Output::Failed() const { return Error{Code::kIo, path_ + ": cannot write: " + std::strerror(errno)}; }

files::ByteSink Output::sink() {
  return [this](std::string_view bytes) -> Result<void> {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size()) return {};
    const Error error = Failed();
    if (file_ == stdout) static_cast<void>(FlushStandardOutput());  // it is said by whoever gets this
    return error;
  };
}

Result<void> Output::Close() {
  if (file_ == stdout) return FlushStandardOutput();
  if (std::fflush(file_) != 0) return Failed();
  if (std::fclose(std::exchange(file_, nullptr)) != 0) {
    const Error error = Failed();
    if (!temporary_.empty()) std::remove(temporary_.c_str());
    return error;
  }
  if (temporary_.empty()) return {};
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) {
    const Error error = Failed();
    std::remove(temporary_.c_str());
    return error;
  }
  return {};
}

}  // namespace wideberth::cmd
