#ifndef WIDEBERTH_NODE_STATE_HASH_H_
#define WIDEBERTH_NODE_STATE_HASH_H_

#include "airspace/airspace.h"
#include "crypto/sha256.h"

namespace wideberth::node {

// SHA-256 of every record that the airspace has, with its key. Airspaces that did the same commands in the same order
// have the same, on every machine and whatever restarts lay in between. O(records).
crypto::Digest StateHash(const airspace::Airspace& airspace);

}  // namespace wideberth::node

#endif  // WIDEBERTH_NODE_STATE_HASH_H_
