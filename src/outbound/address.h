#ifndef WIDEBERTH_OUTBOUND_ADDRESS_H_
#define WIDEBERTH_OUTBOUND_ADDRESS_H_

#include <sys/socket.h>

#include <cstddef>
#include <string>

namespace wideberth::outbound {

// Whether an address is of a host on the public internet. Not public are: this host, networks of an organisation or a
// carrier, one link, multicast, and what is reserved for documentation, benchmarks or protocols (the special-purpose
// registries of RFC 6890), also if an IPv6 address stands for such an IPv4 address (mapped, 6to4, NAT64); IPv6
// addresses outside 2000::/3; and whatever is neither IPv4 nor IPv6, or shorter than its family says.
bool IsPublic(const sockaddr* address, size_t bytes);

// Whether a URL's host (Target::host) is an address and no name, in any form that is taken for one, and not a public
// one.
bool IsPrivateLiteral(const std::string& host);

// As people write it, without the port; "an address of another family" for neither IPv4 nor IPv6.
std::string AddressText(const sockaddr* address, size_t bytes);

}  // namespace wideberth::outbound

#endif  // WIDEBERTH_OUTBOUND_ADDRESS_H_
