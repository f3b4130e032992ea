#ifndef WIDEBERTH_LOAD_RESPONSE_PARSER_H_
#define WIDEBERTH_LOAD_RESPONSE_PARSER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace wideberth::load {

// Takes HTTP/1.1 responses apart as their bytes come, whatever the pieces; bodies by Content-Length, chunked, or until
// the end of the connection. Thread-compatible.
class ResponseParser {
 public:
  static constexpr size_t kHeaderBytesMax = 16 * 1024;
  static constexpr size_t kBodyBytesMax = 256 * 1024 * 1024;

  ResponseParser();
  ~ResponseParser();
  ResponseParser(const ResponseParser&) = delete;
  ResponseParser& operator=(const ResponseParser&) = delete;

  // Reads from the front of `bytes`, and returns how many of them it is done with: the caller offers the rest again,
  // with what has come since. Reads nothing once done(). kIo for what is no HTTP or passes a limit.
  Result<size_t> Read(std::string_view bytes);
  // The connection has ended. kIo if that cuts a response short.
  Result<void> End();
  // Makes ready for the next response.
  void Reset();

  bool done() const;
  bool begun() const;  // bytes of this response have been read
  // REQUIRES: done().
  int status() const;
  const std::string& body() const;
  bool keep_alive() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace wideberth::load

#endif  // WIDEBERTH_LOAD_RESPONSE_PARSER_H_
