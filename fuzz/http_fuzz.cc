// HTTP: whatever the bytes, and however they arrive, the server answers each request with one well-formed response, in
// order; no handler sees what is over the limits or has no path; and how the bytes came makes no difference.
#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/_experimental/test/stream.hpp>
#include <boost/beast/core/make_printable.hpp>
#include <boost/beast/http.hpp>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "http/session.h"

namespace wideberth::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;

constexpr std::string_view kRefusedBody = "refused";

ServerOptions Options() {
  ServerOptions options;
  options.header_bytes_max = 512;
  options.body_bytes_max = 300;
  return options;
}

// A body of three parts, none of them HTTP's.
class Events : public EventSource {
 public:
  explicit Events(size_t& open) : open_(open) {}
  void Start(std::function<void()> wake) override {
    ++open_;
    wake();
    wake();
  }
  std::string Next() override { return sent_ < 3 ? std::string(++sent_, 'e') : ""; }
  bool Done() override { return true; }
  void Stop() override { --open_; }

 private:
  size_t& open_;
  size_t sent_ = 0;
};
constexpr std::string_view kEvents = "eeeeee";
constexpr std::string_view kEventsInChunks = "1\r\ne\r\n2\r\nee\r\n3\r\neee\r\n0\r\n\r\n";

// The body says what was asked; two paths have other statuses, and one a body in parts.
Response Answer(const Request& request, size_t& open_events) {
  const ServerOptions options = Options();
  WB_CHECK(request.body.size() <= options.body_bytes_max);
  WB_CHECK(request.method.size() + request.path.size() + request.query.size() + request.authorization.size() +
               request.last_event_id.size() <=
           options.header_bytes_max * 2);
  WB_CHECK(!request.method.empty() && request.path.starts_with('/') && PercentDecoded(request.path));
  WB_CHECK(request.path.find_first_of(std::string_view("\r\n \0", 4)) == std::string::npos);
  Response response;
  response.body = request.method + "\n" + request.path + "\n" + request.query + "\n" + request.body;
  if (request.path == "/204") {
    response.status = 204;
    response.body.clear();
  }
  if (request.path == "/404") {
    response.status = 404;
    response.headers.emplace_back("Retry-After", "1");
  }
  if (request.path == "/events") {
    response.body.clear();
    response.content_type = "text/event-stream";
    response.events = std::make_shared<Events>(open_events);
  }
  if (request.path == "/finish") response.finish = [](Response& unfinished) { unfinished.body += "\nfinished"; };
  return response;
}

// What the server sends for `text`, which comes `step` bytes at a time and then ends.
std::string Talk(std::string_view text, size_t step, size_t& handled) {
  asio::io_context context{1};
  beast::test::stream server(context);
  beast::test::stream client = beast::test::connect(server);
  server.read_size(step);
  server.append(beast::string_view(text.data(), text.size()));
  client.close();

  const ServerOptions options = Options();
  size_t open_events = 0;
  const Server::Handler handler = [&](const Request& request, const Server::Respond& respond) {
    ++handled;
    respond(Answer(request, open_events));
    respond({});  // a second answer is none
  };
  const Server::ErrorBody error_body = [](int status, const std::string& reason) {
    WB_CHECK(status == 400 || status == 413 || status == 415 || status == 431);
    WB_CHECK(!reason.empty());
    return std::string(kRefusedBody);
  };
  const std::atomic<bool> stopping{false};
  std::atomic<size_t> in_flight{0};
  std::atomic<size_t> large_bytes{0};
  const auto wakes = std::make_shared<WakeQueue>(context);
  SenderGate gate(context, options.in_flight_of_sender_max, options.patience);
  const SessionContext session{options, handler, error_body, stopping, in_flight, large_bytes, context, gate, wakes};
  Clock::time_point deadline;
  bool ended = false;
  asio::co_spawn(context.get_executor(), Serve(server, session, deadline),
                 [&](const std::exception_ptr& thrown, SessionEnd) {
                   WB_CHECK(thrown == nullptr);
                   ended = true;
                 });
  context.run();
  WB_CHECK(ended && in_flight == 0 && large_bytes == 0 && open_events == 0);
  return std::string(client.str());
}

// Takes the answers apart; returns how many of them came from the handler.
size_t CheckAnswers(std::string_view answers) {
  constexpr std::string_view kProceed = "HTTP/1.1 100 Continue\r\n\r\n";
  size_t from_handler = 0;
  while (!answers.empty()) {
    if (answers.starts_with(kProceed)) {
      answers.remove_prefix(kProceed.size());
      continue;
    }
    bhttp::response_parser<bhttp::string_body> parser;
    parser.skip(true);  // the body is looked at below: that of an answer to HEAD is left out
    beast::error_code error;
    answers.remove_prefix(parser.put(asio::buffer(answers.data(), answers.size()), error));
    WB_CHECK(!error && parser.is_header_done());
    const auto& answer = parser.get();
    WB_CHECK(answer.count(bhttp::field::content_type) == 1);
    if (answer.result_int() == 204) {
      ++from_handler;
      continue;
    }
    if (answer[bhttp::field::content_type] == "text/event-stream") {
      // The last of the connection. How far it came depends on when the client's end was seen.
      WB_CHECK(answer.count(bhttp::field::content_length) == 0 && !answer.keep_alive());
      WB_CHECK((answer.chunked() ? kEventsInChunks : kEvents).starts_with(answers));
      return from_handler + 1;
    }
    WB_CHECK(answer.count(bhttp::field::content_length) == 1);
    const size_t length = std::stoul(std::string(answer[bhttp::field::content_length]));
    const bool whole =
        answers.size() >= length && (answers.size() == length || answers.substr(length).starts_with("HTTP/1."));
    const std::string_view body = answers.substr(0, length);
    const bool refused = body == kRefusedBody;
    // Without its body it was HEAD's.
    if (whole && !body.starts_with("HTTP/1.")) {
      answers.remove_prefix(length);
    } else {
      WB_CHECK(answers.empty() || answers.starts_with("HTTP/1."));
    }
    switch (answer.result_int()) {
      case 200:
      case 404:
        WB_CHECK(!refused);
        ++from_handler;
        break;
      case 413:
      case 431:
        WB_CHECK(answers.empty());  // ends the connection
        break;
      default:
        WB_CHECK(answer.result_int() == 400 || answer.result_int() == 415);
    }
  }
  return from_handler;
}

// The answers before a refusal at the end: of two things that are wrong with what came, how the bytes
// come decides which is seen first, and whether the method was known by then. Likewise, how much of a body of events
// is sent before the client's end is seen.
std::string_view BeforeRefusal(std::string_view answers) {
  const size_t events = answers.find("Content-Type: text/event-stream\r\n");
  if (events != std::string_view::npos) return answers.substr(0, events);
  const size_t last = answers.rfind("HTTP/1.");
  if (last == std::string_view::npos) return answers;
  const std::string_view answer = answers.substr(last);
  const std::string_view status = answer.substr(std::min<size_t>(answer.size(), 9), 3);
  const bool refused = status == "400" || status == "413" || status == "431";
  return refused ? answers.substr(0, last) : answers;
}

}  // namespace
}  // namespace wideberth::http

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 4096) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  size_t handled = 0;
  using namespace wideberth::http;  // NOLINT(google-build-using-namespace): one function
  const std::string answers = Talk(text, size + 1, handled);
  WB_CHECK(CheckAnswers(answers) == handled);
  for (const size_t step : {size_t{1}, size_t{29}}) {
    size_t handled_again = 0;
    const std::string again = Talk(text, step, handled_again);
    WB_CHECK(handled_again == handled);
    WB_CHECK(BeforeRefusal(again) == BeforeRefusal(answers));
    WB_CHECK((BeforeRefusal(again) == again) == (BeforeRefusal(answers) == answers));
  }
  return 0;
}
