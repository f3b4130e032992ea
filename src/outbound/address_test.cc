#include "outbound/address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>
#include <string>

#include "base/check.h"

namespace wideberth::outbound {
namespace {

struct Written {
  sockaddr_storage storage{};
  size_t bytes = 0;
  const sockaddr* address() const {
    return reinterpret_cast<const sockaddr*>(&storage);  // NOLINT: how sockets take addresses
  }
};

Written Write(const std::string& text) {
  Written written;
  if (text.find(':') == std::string::npos) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    WB_CHECK(::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1);
    std::memcpy(&written.storage, &v4, sizeof v4);
    written.bytes = sizeof v4;
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    WB_CHECK(::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1);
    std::memcpy(&written.storage, &v6, sizeof v6);
    written.bytes = sizeof v6;
  }
  return written;
}

bool Public(const std::string& text) {
  const Written written = Write(text);
  return IsPublic(written.address(), written.bytes);
}

TEST(Address, TheTableOfWhatIsPublic) {
  // The first and last of each range, and their neighbours outside.
  const char* const is_public[] = {"1.0.0.0", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
                                   "126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255",
                                   "172.32.0.0", "191.255.255.255", "192.0.1.0", "192.0.3.0", "192.88.98.255",
                                   "192.88.100.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
                                   "198.51.99.255", "198.51.101.0", "203.0.112.255", "203.0.114.0", "223.255.255.255",
                                   // IPv6
                                   "2001:200::", "2001:db7:ffff::1", "2001:db9::", "2600::1", "2003::1",
                                   "2a00:1450:4001::8a", "3ffe:ffff::1", "2620:4f:7fff::1", "2620:4f:8001::1",
                                   // IPv4 in IPv6
                                   "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"};
  for (const char* text : is_public) EXPECT_TRUE(Public(text)) << text;

  const char* const is_not[] = {
      "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.0",
      "127.0.0.1", "127.255.255.255", "169.254.0.0", "169.254.169.254", "169.254.255.255", "172.16.0.0",
      "172.31.255.255", "192.0.0.0", "192.0.0.255", "192.0.2.0", "192.0.2.255", "192.88.99.1", "192.168.0.0",
      "192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.7", "203.0.113.255", "224.0.0.0",
      "239.255.255.255", "240.0.0.0", "255.255.255.255",
      // IPv6: unspecified, loopback, compatible, unique-local, link-local, site-local, multicast, discard, segments
      "::", "::1", "::8.8.8.8", "fc00::1", "fd12:3456::1", "fe80::1", "fec0::1", "ff02::1", "ffff::1", "100::1",
      "5f00::1", "1fff::1", "4000::1",
      // protocols, benchmarks, Teredo, documentation, AS112
      "2001::1", "2001:0:808:808::1", "2001:2::1", "2001:1ff:ffff::1", "2001:db8::1", "2001:db8:ffff::1", "3fff::1",
      "3fff:fff::1", "2620:4f:8000::1",
      // IPv4 in IPv6: mapped, NAT64 (also the local one), 6to4
      "::ffff:127.0.0.1", "::ffff:10.1.2.3", "::ffff:169.254.169.254", "::ffff:0.0.0.0", "64:ff9b::127.0.0.1",
      "64:ff9b::192.168.1.1", "64:ff9b:1::8.8.8.8", "2002:7f00:1::1", "2002:a00:1::1", "2002:c0a8:101::1"};
  for (const char* text : is_not) EXPECT_FALSE(Public(text)) << text;
}

TEST(Address, WhatIsNoInternetAddressIsNotPublic) {
  Written local;
  local.storage.ss_family = AF_UNIX;
  local.bytes = sizeof(sockaddr_un);
  EXPECT_FALSE(IsPublic(local.address(), local.bytes));
  EXPECT_EQ(AddressText(local.address(), local.bytes), "an address of another family");

  for (const char* text : {"8.8.8.8", "2600::1"}) {
    const Written written = Write(text);
    EXPECT_TRUE(IsPublic(written.address(), written.bytes)) << text;
    for (const size_t bytes : {size_t{0}, size_t{1}, size_t{2}, size_t{8}, sizeof(sockaddr_in) - 1})
      EXPECT_FALSE(IsPublic(written.address(), bytes)) << text << " in " << bytes;
  }
  const Written v6 = Write("2600::1");
  EXPECT_FALSE(IsPublic(v6.address(), sizeof(sockaddr_in6) - 1));
}

TEST(Address, LiteralsAreKnownInEachFormThatIsTakenForOne) {
  for (const char* host : {"127.0.0.1",
                           "127.1",
                           "2130706433",
                           "0x7f000001",
                           "0x7f.1",
                           "0177.0.0.1",
                           "127.0.0.1.",
                           "0",
                           "0.0.0.0",
                           "10.0.0.1",
                           "192.168.257",
                           "169.254.169.254",
                           "[::1]",
                           "[::]",
                           "[::ffff:127.0.0.1]",
                           "[::ffff:7f00:1]",
                           "[64:ff9b::a00:1]",
                           "[2002:7f00:1::1]",
                           "[fe80::1]",
                           "[fd00::1]",
                           "[2001:db8::1]"})
    EXPECT_TRUE(IsPrivateLiteral(host)) << host;
  for (const char* host : {"8.8.8.8", "134744072", "0x08080808", "8.8.8.8.", "[2600::1]", "[::ffff:8.8.8.8]"})
    EXPECT_FALSE(IsPrivateLiteral(host)) << host;
  // Names are nothing that could be said here, whatever they look like.
  for (const char* host :
       {"localhost", "127.0.0.1.example", "a", "127.0.0.1.nip.io", "256.1.1.1", "1.2.3.4.5", "0x", ""})
    EXPECT_FALSE(IsPrivateLiteral(host)) << host;
}

TEST(Address, IsWrittenAsPeopleWriteIt) {
  for (const char* text : {"127.0.0.1", "8.8.8.8", "::1", "2001:db8::1"}) {
    const Written written = Write(text);
    EXPECT_EQ(AddressText(written.address(), written.bytes), text);
  }
}

}  // namespace
}  // namespace wideberth::outbound
