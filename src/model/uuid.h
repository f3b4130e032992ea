#ifndef WIDEBERTH_MODEL_UUID_H_
#define WIDEBERTH_MODEL_UUID_H_

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/rng.h"

namespace wideberth::model {

// A UUID of RFC 9562. A value; it orders as its text does.
struct Uuid {
  std::array<uint8_t, 16> bytes{};

  // Reads "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx" of the RFC 4122 variant and the version given, with or without the
  // dashes, in either case. kInvalid, with the reason, for anything else.
  static Result<Uuid> Parse(std::string_view text, int version = 4);
  // A new one of version 4.
  static Uuid Random(Rng& rng);

  // Lower case, with dashes.
  std::string ToString() const;
  // Whether it is of the RFC 4122 variant and version 4, as Parse and Random give.
  bool IsVersion4() const { return bytes[6] >> 4 == 4 && bytes[8] >> 6 == 2; }
  // Of version 7 alone: the milliseconds since 1970 that it was made at.
  int64_t unix_ms() const;

  friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

struct UuidHash {
  size_t operator()(const Uuid& id) const {
    // Ids are chosen by clients: mix all of them, so that no choice fills one bucket by a pattern.
    uint64_t high = 0;
    uint64_t low = 0;
    std::memcpy(&high, id.bytes.data(), 8);
    std::memcpy(&low, id.bytes.data() + 8, 8);
    uint64_t mixed = (high ^ 0x9e37'79b9'7f4a'7c15u) * 0xbf58'476d'1ce4'e5b9u;
    mixed = (mixed ^ (mixed >> 29) ^ low) * 0x94d0'49bb'1331'11ebu;
    return mixed ^ (mixed >> 32);
  }
};

}  // namespace wideberth::model

#endif  // WIDEBERTH_MODEL_UUID_H_
