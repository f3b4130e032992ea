#include "cmd/output.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace wideberth::cmd {

Result<Output> Output::Open(const std::string& path) {
  if (path == "-") return Output("standard output", "", stdout);
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
  if (file_ == nullptr || temporary_.empty()) return;
  std::fclose(file_);
  std::remove(temporary_.c_str());
}

Error Output::Failed() const { return Error{Code::kIo, path_ + ": cannot write: " + std::strerror(errno)}; }

files::ByteSink Output::sink() {
  return [this](std::string_view bytes) -> Result<void> {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) return Failed();
    return {};
  };
}

Result<void> Output::Close() {
  if (std::fflush(file_) != 0) return Failed();
  if (temporary_.empty()) return {};
  if (std::fclose(std::exchange(file_, nullptr)) != 0) {
    const Error error = Failed();
    std::remove(temporary_.c_str());
    return error;
  }
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) {
    const Error error = Failed();
    std::remove(temporary_.c_str());
    return error;
  }
  return {};
}

}  // namespace wideberth::cmd
