#ifndef WIDEBERTH_CMD_OUTPUT_H_
#define WIDEBERTH_CMD_OUTPUT_H_

#include <cstdio>
#include <string>

#include "base/result.h"
#include "files/geojson_writer.h"

namespace wideberth::cmd {

// Where a subcommand's result goes: a file, or standard output for "-". A file appears under its name only when it is
// whole: it is written beside it and renamed by Close. Thread-compatible.
class Output {
 public:
  static Result<Output> Open(const std::string& path);
  Output(Output&& other) noexcept;
  ~Output();

  // What writers write to; this outlives it.
  files::ByteSink sink();
  // kIo when anything could not be written; then there is no new file. Call it once, at the end.
  Result<void> Close();

 private:
  Output(std::string path, std::string temporary, std::FILE* file)
      : path_(std::move(path)), temporary_(std::move(temporary)), file_(file) {}
  Error Failed() const;

  std::string path_;
  std::string temporary_;  // empty for standard output
  std::FILE* file_;
};

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_OUTPUT_H_
