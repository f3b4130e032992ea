#include "load/response_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <optional>

namespace wideberth::load {
namespace {

namespace beast = boost::beast;
namespace bhttp = boost::beast::http;

// Beast's own parsers keep every field; only the status and the body are wanted here.
class StatusAndBody final : public bhttp::basic_parser<false> {
 public:
  explicit StatusAndBody(std::string& body) : body_(body) {
    header_limit(ResponseParser::kHeaderBytesMax);
    body_limit(ResponseParser::kBodyBytesMax);
    eager(true);
    body_.clear();
  }
  int status() const { return status_; }

 private:
  void on_request_impl(bhttp::verb, beast::string_view, beast::string_view, int, beast::error_code&) override {}
  void on_response_impl(int code, beast::string_view, int, beast::error_code&) override { status_ = code; }
  void on_field_impl(bhttp::field, beast::string_view, beast::string_view, beast::error_code&) override {}
  void on_header_impl(beast::error_code&) override {}
  void on_body_init_impl(const boost::optional<uint64_t>&, beast::error_code&) override {}
  size_t on_body_impl(beast::string_view bytes, beast::error_code&) override {
    body_.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_chunk_header_impl(uint64_t, beast::string_view, beast::error_code&) override {}
  size_t on_chunk_body_impl(uint64_t, beast::string_view bytes, beast::error_code&) override {
    body_.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_finish_impl(beast::error_code&) override {}

  std::string& body_;
  int status_ = 0;
};

bool Interim(int status) { return status >= 100 && status < 200; }

}  // namespace

struct ResponseParser::State {
  std::string body;
  std::optional<StatusAndBody> parser;
};

ResponseParser::ResponseParser() : state_(std::make_unique<State>()) { Reset(); }
ResponseParser::~ResponseParser() = default;

void ResponseParser::Reset() { state_->parser.emplace(state_->body); }

Result<size_t> ResponseParser::Read(std::string_view bytes) {
  size_t read = 0;
  while (read < bytes.size() && !done()) {
    StatusAndBody& parser = *state_->parser;
    beast::error_code error;
    const size_t put = parser.put(boost::asio::const_buffer(bytes.data() + read, bytes.size() - read), error);
    read += put;
    if (error == bhttp::error::need_more) break;
    if (error) return Error{Code::kIo, "the answer is no HTTP/1.1: " + error.message()};
    if (parser.is_done() && Interim(parser.status())) {
      Reset();
      continue;
    }
    if (put == 0) break;
  }
  return read;
}

Result<void> ResponseParser::End() {
  beast::error_code error;
  if (!done() && begun()) state_->parser->put_eof(error);
  if (error || !done()) return Error{Code::kIo, "the server closed the connection before its answer was whole"};
  return {};
}

bool ResponseParser::done() const { return state_->parser->is_done() && !Interim(state_->parser->status()); }
bool ResponseParser::begun() const { return state_->parser->got_some(); }
int ResponseParser::status() const { return state_->parser->status(); }
const std::string& ResponseParser::body() const { return state_->body; }
bool ResponseParser::keep_alive() const { return state_->parser->keep_alive(); }

}  // namespace wideberth::load
