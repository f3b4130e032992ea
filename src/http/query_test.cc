#include "http/query.h"

#include <gtest/gtest.h>

namespace wideberth::http {
namespace {

std::optional<std::string> Find(std::string_view query, std::string_view name) {
  const Result<QueryParameters> parameters = QueryParameters::Parse(query);
  EXPECT_TRUE(parameters) << query;
  const auto found = parameters->Find(name);
  EXPECT_TRUE(found) << query;
  return *found;
}

TEST(QueryParameters, AreFoundByNameAndDecoded) {
  EXPECT_EQ(Find("area=1%2C2,3&latest_time=a+b", "area"), "1,2,3");
  EXPECT_EQ(Find("area=1%2C2,3&latest_time=a+b", "latest_time"), "a b");
  EXPECT_EQ(Find("%61rea=1", "area"), "1");
  EXPECT_EQ(Find("a=b=c&", "a"), "b=c");
  EXPECT_EQ(Find("&&a&b=", "a"), "");
  EXPECT_EQ(Find("&&a&b=", "b"), "");
  EXPECT_EQ(Find("a=%2B%26%3D", "a"), "+&=");
  EXPECT_EQ(Find("", "a"), std::nullopt);
  EXPECT_EQ(Find("ab=1&A=2", "a"), std::nullopt);
}

TEST(QueryParameters, GivenTwiceOrBadlyEscapedAreRefused) {
  EXPECT_EQ(QueryParameters::Parse("a=1&b=2&a=1")->Find("a").error().message, "a: is there more than once");
  EXPECT_TRUE(QueryParameters::Parse("a=1&b=2&a=1")->Find("b"));
  for (const char* query : {"a=%", "%=1", "a=1&b=%4", "a=%zz"}) EXPECT_FALSE(QueryParameters::Parse(query)) << query;
}

}  // namespace
}  // namespace wideberth::http
