#ifndef WIDEBERTH_CMD_EVENT_PARSER_H_
#define WIDEBERTH_CMD_EVENT_PARSER_H_

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace wideberth::cmd {

// One of the Server-Sent Events (WHATWG HTML, section 9.2).
struct ServerSentEvent {
  std::string type;     // "message" if it has none
  std::string data;     // lines with "\n" between them
  std::string last_id;  // of this event, or of the last one before it that had one
};

// Reads the events of a stream whose bytes come in parts of any size. Thread-compatible.
class EventParser {
 public:
  static constexpr size_t kEventBytesMax = size_t{16} << 20;

  // Gives each event that is whole to `take`, in order, until it says not to go on. kTooLarge for a longer one.
  Result<bool> Feed(std::string_view bytes, const std::function<bool(const ServerSentEvent&)>& take);

  // What to come back with.
  const std::string& last_id() const { return last_id_; }
  // For the next stream: what was not whole is forgotten.
  void Restart();

 private:
  void ReadLine(std::string_view line);

  std::string line_;        // not yet at its end
  bool skip_feed_ = false;  // a "\r" was the last character: a "\n" belongs to it
  bool begun_ = false;      // past where a byte order mark may stand
  std::string type_;
  std::string data_;
  std::string id_;
  std::string last_id_;
};

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_EVENT_PARSER_H_
