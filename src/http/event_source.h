#ifndef WIDEBERTH_HTTP_EVENT_SOURCE_H_
#define WIDEBERTH_HTTP_EVENT_SOURCE_H_

#include <functional>
#include <string>

namespace wideberth::http {

// A body without an end, such as Server-Sent Events. The connection pulls: it asks for the next part when the one
// before is written, so that nothing is lost or piles up, however slow the client is. All members are called on one
// thread of the server, which they do not hold up, and none before Start or after Stop.
class EventSource {
 public:
  virtual ~EventSource() = default;

  // Called once, when the header went out. `wake` says that there may be a next part, or that the body is done: from
  // any thread, any number of times; after the connection's end, or the server's, it does nothing.
  virtual void Start(std::function<void()> wake) = 0;
  // The next part of the body; "" if there is none for now. Asked without a wake, too.
  virtual std::string Next() = 0;
  // Whether the body ends here after all; asked when Next had nothing.
  virtual bool Done() { return false; }
  // The part that Next gave last was handed to the socket. That the client has read it is not said.
  virtual void Written() {}
  // Called once after Start, when the connection ends, for whatever reason.
  virtual void Stop() = 0;
};

}  // namespace wideberth::http

#endif  // WIDEBERTH_HTTP_EVENT_SOURCE_H_
