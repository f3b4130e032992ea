#include "outbound/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <variant>

namespace wideberth::outbound {
namespace {

using V4 = std::array<uint8_t, 4>;
using V6 = std::array<uint8_t, 16>;

struct Prefix {
  std::array<uint8_t, 8> bytes;
  int bits;
};

// https://www.iana.org/assignments/iana-ipv4-special-registry, and multicast.
constexpr Prefix kNotPublicV4[] = {
    {{0}, 8},              // this network
    {{10}, 8},             // private
    {{100, 64}, 10},       // carrier-grade NAT
    {{127}, 8},            // loopback
    {{169, 254}, 16},      // link-local
    {{172, 16}, 12},       // private
    {{192, 0, 0}, 24},     // protocols
    {{192, 0, 2}, 24},     // documentation
    {{192, 88, 99}, 24},   // relays of 6to4
    {{192, 168}, 16},      // private
    {{198, 18}, 15},       // benchmarks
    {{198, 51, 100}, 24},  // documentation
    {{203, 0, 113}, 24},   // documentation
    {{224}, 4},            // multicast
    {{240}, 4},            // reserved, and broadcast
};

constexpr Prefix kGlobalUnicastV6 = {{0x20}, 3};
// https://www.iana.org/assignments/iana-ipv6-special-registry, of what lies in 2000::/3.
constexpr Prefix kNotPublicV6[] = {
    {{0x20, 0x01, 0x00}, 23},              // protocols: Teredo, benchmarks, ORCHID and others
    {{0x20, 0x01, 0x0d, 0xb8}, 32},        // documentation
    {{0x26, 0x20, 0x00, 0x4f, 0x80}, 48},  // AS112
    {{0x3f, 0xff}, 20},                    // documentation
};

// Prefixes after which the four bytes of an IPv4 address stand.
constexpr Prefix k6to4 = {{0x20, 0x02}, 16};
constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::array<uint8_t, 12> kNat64 = {0, 0x64, 0xff, 0x9b};

bool Has(std::span<const uint8_t> address, const Prefix& prefix) {
  const auto whole = static_cast<size_t>(prefix.bits / 8);
  if (!std::equal(prefix.bytes.begin(), prefix.bytes.begin() + whole, address.begin())) return false;
  const int rest = prefix.bits % 8;
  return rest == 0 || ((address[whole] ^ prefix.bytes[whole]) >> (8 - rest)) == 0;
}

template <size_t kCount>
bool HasAny(std::span<const uint8_t> address, const Prefix (&prefixes)[kCount]) {
  return std::any_of(std::begin(prefixes), std::end(prefixes), [&](const Prefix& one) { return Has(address, one); });
}

V4 FourBytes(const V6& address, size_t at) { return {address[at], address[at + 1], address[at + 2], address[at + 3]}; }

bool IsPublic(const V4& address) { return !HasAny(address, kNotPublicV4); }

bool IsPublic(const V6& address) {
  const auto begins_with = [&](const std::array<uint8_t, 12>& prefix) {
    return std::equal(prefix.begin(), prefix.end(), address.begin());
  };
  if (begins_with(kMapped) || begins_with(kNat64)) return IsPublic(FourBytes(address, 12));
  if (Has(address, k6to4)) return IsPublic(FourBytes(address, 2));
  return Has(address, kGlobalUnicastV6) && !HasAny(address, kNotPublicV6);
}

std::variant<std::monostate, V4, V6> Read(const sockaddr* address, size_t bytes) {
  // Copied as bytes: what `address` points to is longer than a sockaddr.
  const void* from = address;
  if (bytes < sizeof(sa_family_t)) return {};
  sockaddr_storage storage{};
  std::memcpy(&storage, from, std::min(bytes, sizeof storage));
  if (storage.ss_family == AF_INET && bytes >= sizeof(sockaddr_in)) {
    sockaddr_in v4{};
    std::memcpy(&v4, &storage, sizeof v4);
    V4 result{};
    std::memcpy(result.data(), &v4.sin_addr, sizeof result);
    return result;
  }
  if (storage.ss_family == AF_INET6 && bytes >= sizeof(sockaddr_in6)) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &storage, sizeof v6);
    V6 result{};
    std::memcpy(result.data(), &v6.sin6_addr, sizeof result);
    return result;
  }
  return {};
}

}  // namespace

bool IsPublic(const sockaddr* address, size_t bytes) {
  const auto read = Read(address, bytes);
  if (const auto* v4 = std::get_if<V4>(&read)) return IsPublic(*v4);
  if (const auto* v6 = std::get_if<V6>(&read)) return IsPublic(*v6);
  return false;
}

bool IsPrivateLiteral(const std::string& host) {
  std::string text = host;
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  if (text.ends_with('.')) text.pop_back();  // of a name that is complete
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST;  // nobody is asked; takes what inet_aton takes, as curl does
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(text.c_str(), nullptr, &hints, &found) != 0) return false;
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> freed(found, &::freeaddrinfo);
  return !IsPublic(found->ai_addr, found->ai_addrlen);
}

std::string AddressText(const sockaddr* address, size_t bytes) {
  const auto read = Read(address, bytes);
  char text[INET6_ADDRSTRLEN] = "an address of another family";
  if (const auto* v4 = std::get_if<V4>(&read)) ::inet_ntop(AF_INET, v4->data(), text, sizeof text);
  if (const auto* v6 = std::get_if<V6>(&read)) ::inet_ntop(AF_INET6, v6->data(), text, sizeof text);
  return text;
}

}  // namespace wideberth::outbound
