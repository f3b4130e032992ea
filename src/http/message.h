#ifndef WIDEBERTH_HTTP_MESSAGE_H_
#define WIDEBERTH_HTTP_MESSAGE_H_

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/event_source.h"

namespace wideberth::http {

// What a client asks. A value.
struct Request {
  std::string method;  // "GET", as sent
  std::string path;  // of the target, as sent, for a segment may hold %2F; begins with "/", and PercentDecoded takes it
  std::string query;          // of the target, after "?", as sent
  std::string authorization;  // if several were sent, all of them with ", " between
  std::string body;
  std::string last_event_id;  // what a client that comes back to Server-Sent Events has last seen; "" if it said none
};

// What it is answered. A value.
struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // besides Content-Type, Content-Length, Connection, Date
  std::chrono::milliseconds hold_back{0};                    // how long the client is to wait for it
  std::string sender;                                        // whose request it was; "" if that is not known
  // If set, the body comes from here and has no end, and `body` is not sent. For HEAD it is let go unused.
  std::shared_ptr<EventSource> events;
  // If set, called once, on the server's thread, before anything of the answer is written: it renders what is costly,
  // and would hold up the thread that gave the answer.
  std::function<void(Response&)> finish;
};

}  // namespace wideberth::http

#endif  // WIDEBERTH_HTTP_MESSAGE_H_
