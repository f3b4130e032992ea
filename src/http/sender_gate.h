#ifndef WIDEBERTH_HTTP_SENDER_GATE_H_
#define WIDEBERTH_HTTP_SENDER_GATE_H_

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <list>
#include <string>
#include <unordered_map>

namespace wideberth::http {

// Lets so many requests of each sender be worked on at a time; the others of that sender wait in a line before they
// cost anything, so that a sender who has a thousand connections stands before nobody else. After some patience one
// goes in nevertheless: then it is for the handler to refuse it. Used on the thread of its context alone.
class SenderGate {
 public:
  using Executor = boost::asio::io_context::executor_type;

  SenderGate(boost::asio::io_context& context, size_t inside_max, std::chrono::milliseconds patience)
      : context_(context), inside_max_(inside_max), patience_(patience) {}
  SenderGate(const SenderGate&) = delete;
  SenderGate& operator=(const SenderGate&) = delete;

  // Goes in for one request of a sender; whoever is not known yet ("") does at once.
  boost::asio::awaitable<void, Executor> Enter(std::string sender) {
    if (sender.empty()) co_return;
    Line& line = lines_[sender];  // stays where it is while somebody is inside or waits
    if (line.inside < inside_max_) {
      ++line.inside;
      co_return;
    }
    Waiting waiting{Timer(context_, patience_), false};
    const auto place = line.waiting.insert(line.waiting.end(), &waiting);
    boost::system::error_code woken;
    co_await waiting.timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable_t<Executor>(), woken));
    if (waiting.has_place) co_return;  // that of the one who left; it is out of the line
    line.waiting.erase(place);
    ++line.inside;
  }
  void Leave(const std::string& sender) {
    const auto at = lines_.find(sender);
    if (at == lines_.end()) return;  // was not known when it entered
    Line& line = at->second;
    if (!line.waiting.empty() && line.inside <= inside_max_) {
      Waiting& next = *line.waiting.front();
      line.waiting.pop_front();
      next.has_place = true;
      next.timer.cancel();
      return;
    }
    if (--line.inside == 0 && line.waiting.empty()) lines_.erase(at);
  }

 private:
  using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                  boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;
  struct Waiting {
    Timer timer;
    bool has_place;
  };
  struct Line {
    size_t inside = 0;
    std::list<Waiting*> waiting;
  };

  boost::asio::io_context& context_;
  const size_t inside_max_;
  const std::chrono::milliseconds patience_;
  std::unordered_map<std::string, Line> lines_;
};

}  // namespace wideberth::http

#endif  // WIDEBERTH_HTTP_SENDER_GATE_H_
