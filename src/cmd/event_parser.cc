#include "cmd/event_parser.h"

#include <utility>

namespace wideberth::cmd {

void EventParser::Restart() {
  *this = [this] {
    EventParser fresh;
    fresh.id_ = fresh.last_id_ = std::move(last_id_);
    return fresh;
  }();
}

Result<bool> EventParser::Feed(std::string_view bytes, const std::function<bool(const ServerSentEvent&)>& take) {
  for (const char c : bytes) {
    const bool skip = std::exchange(skip_feed_, c == '\r') && c == '\n';
    if (skip) continue;
    if (c != '\n' && c != '\r') {
      if (line_.size() + data_.size() >= kEventBytesMax)
        return Error{Code::kTooLarge, "an event has more than " + std::to_string(kEventBytesMax >> 20) + " MiB"};
      line_ += c;
      continue;
    }
    std::string line = std::exchange(line_, {});
    if (!std::exchange(begun_, true) && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
    if (!line.empty()) {
      ReadLine(line);
      continue;
    }
    last_id_ = id_;
    ServerSentEvent event{type_.empty() ? "message" : std::exchange(type_, {}), std::exchange(data_, {}), last_id_};
    type_.clear();
    if (event.data.empty()) continue;
    event.data.pop_back();
    if (!take(event)) return false;
  }
  return true;
}

void EventParser::ReadLine(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == 0) return;  // a comment
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") type_ = value;
  if (field == "data") data_.append(value) += '\n';
  if (field == "id" && value.find('\0') == std::string_view::npos) id_ = value;
}

}  // namespace wideberth::cmd
