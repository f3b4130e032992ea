#include "api/url.h"

#include <gtest/gtest.h>

namespace wideberth::api {
namespace {

TEST(CheckUrl, TakesWhatCanBeCalled) {
  for (const char* url :
       {"https://uss.example", "https://uss.example/", "https://a", "https://uss_1.example:8443/utm/v1?a=b&c=~d",
        "https://127.0.0.1:65535", "https://[::1]", "https://[2001:db8::1]:443/x", "https://a?x=%20", "https://a#b"})
    EXPECT_TRUE(CheckUrl(url, false)) << url;
  EXPECT_TRUE(CheckUrl("http://uss.example", true));
  EXPECT_TRUE(CheckUrl("https://a/" + std::string(kUrlBytesMax - 10, 'x'), false));
}

TEST(CheckUrl, RefusesTheRestAndSaysWhy) {
  const auto reason = [](std::string_view url) {
    const Result<void> checked = CheckUrl(url, false);
    return checked ? std::string("none") : checked.error().message;
  };
  EXPECT_EQ(reason("http://a"), "is not https");
  for (const char* url : {"", "a", "HTTPS://a", "ftp://a", "https:/a", "//a"})
    EXPECT_EQ(reason(url), "is not an https URL");
  for (const char* url : {"https://", "https:///x", "https://:80", "https://?a"})
    EXPECT_EQ(reason(url), "names no host");
  for (const char* url : {"https://a b", "https://a]", "https://\xC3\xA9", "https://a\\b"})
    EXPECT_NE(reason(url), "none") << url;
  for (const char* url : {"https://u@a", "https://u:p@a", "https://u:p@a:80/x", "https://@a", "https://u@[::1]"})
    EXPECT_EQ(reason(url), "has a user before its host, which is not allowed") << url;
  for (const char* url :
       {"https://[", "https://[]", "https://[::1", "https://[:::]", "https://[127.0.0.1]", "https://[v1.x]"})
    EXPECT_EQ(reason(url), "has no IPv6 address in its brackets") << url;
  for (const char* url :
       {"https://a:", "https://a:x", "https://a:65536", "https://a:123456", "https://[::1]x", "https://a:8 0"})
    EXPECT_EQ(reason(url), "has a port that is none") << url;
  for (const char* url :
       {"https://a/ ", "https://a/\"", "https://a/<", "https://a/\x7f", "https://a/\xC3\xA9", "https://a/{b}"})
    EXPECT_EQ(reason(url), "has characters that no URL has") << url;
  EXPECT_EQ(reason("https://a/" + std::string(kUrlBytesMax - 9, 'x')), "has more than 2000 bytes");
}

}  // namespace
}  // namespace wideberth::api
