#include "load/response_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace wideberth::load {
namespace {

struct Case {
  const char* name;
  std::string bytes;
  int status;
  std::string body;
  bool keep_alive = true;
};

std::vector<Case> Cases() {
  return {
      {"length", "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}", 201,
       "{\"a\":1}"},
      {"empty", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", 200, ""},
      {"no content", "HTTP/1.1 204 No Content\r\n\r\n", 204, ""},
      {"chunked",
       "HTTP/1.1 409 Conflict\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nC;name=value\r\n, wide berth"
       "\r\n0\r\nTrailer: yes\r\n\r\n",
       409, "hello, wide berth"},
      {"interim", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok"},
      {"close", "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbusy", 503, "busy",
       false},
  };
}

TEST(ResponseParser, ReadsEachKindOfResponseHoweverItIsSplit) {
  for (const Case& one : Cases()) {
    for (size_t first = 0; first <= one.bytes.size(); ++first) {
      for (const size_t step : {size_t{1}, size_t{7}, one.bytes.size()}) {
        ResponseParser parser;
        // As a client reads: the rest of what was not taken, and then some more.
        std::string waiting;
        size_t sent = 0;
        while (sent < one.bytes.size()) {
          const size_t more = std::min(sent == 0 && first > 0 ? first : step, one.bytes.size() - sent);
          waiting += one.bytes.substr(sent, more);
          sent += more;
          const Result<size_t> read = parser.Read(waiting);
          ASSERT_TRUE(read) << one.name << " " << first << " " << step << ": " << read.error().message;
          waiting.erase(0, *read);
          EXPECT_EQ(parser.done(), sent == one.bytes.size()) << one.name << " after " << sent;
        }
        ASSERT_TRUE(parser.done()) << one.name;
        EXPECT_TRUE(waiting.empty());
        EXPECT_EQ(parser.status(), one.status);
        EXPECT_EQ(parser.body(), one.body);
        EXPECT_EQ(parser.keep_alive(), one.keep_alive);
      }
    }
  }
}

TEST(ResponseParser, ReadsOneAfterTheOtherAndLeavesTheNextAlone) {
  ResponseParser parser;
  const std::string first = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none";
  const std::string second = "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\ntwo";
  const Result<size_t> read = parser.Read(first + second);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, first.size());
  EXPECT_EQ(parser.body(), "one");
  parser.Reset();
  EXPECT_FALSE(parser.done());
  EXPECT_FALSE(parser.begun());
  ASSERT_TRUE(parser.Read(second));
  EXPECT_EQ(parser.status(), 404);
  EXPECT_EQ(parser.body(), "two");
}

TEST(ResponseParser, ABodyWithoutLengthEndsWithTheConnection) {
  ResponseParser parser;
  ASSERT_TRUE(parser.Read("HTTP/1.1 200 OK\r\n\r\nuntil "));
  ASSERT_TRUE(parser.Read("the end"));
  EXPECT_FALSE(parser.done());
  ASSERT_TRUE(parser.End());
  EXPECT_TRUE(parser.done());
  EXPECT_EQ(parser.body(), "until the end");
}

TEST(ResponseParser, RefusesWhatIsCutShort) {
  for (const char* bytes : {"", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"}) {
    ResponseParser parser;
    ASSERT_TRUE(parser.Read(bytes)) << bytes;
    EXPECT_FALSE(parser.done()) << bytes;
    EXPECT_FALSE(parser.End()) << bytes;
  }
}

TEST(ResponseParser, RefusesWhatIsNoHttpOrTooLong) {
  const std::string long_field =
      "HTTP/1.1 200 OK\r\nX: " + std::string(ResponseParser::kHeaderBytesMax, 'x') + "\r\n\r\n";
  const std::string long_body =
      "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(ResponseParser::kBodyBytesMax + 1) + "\r\n\r\n";
  for (const std::string& bytes :
       {std::string("SSH-2.0-OpenSSH_9.2\r\n\r\n"), std::string("HTTP/1.1 abc OK\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"), long_field, long_body}) {
    ResponseParser parser;
    EXPECT_FALSE(parser.Read(bytes)) << bytes.substr(0, 60);
  }
}

}  // namespace
}  // namespace wideberth::load
