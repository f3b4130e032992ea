#include "node/state_hash.h"

#include <string>

namespace wideberth::node {

crypto::Digest StateHash(const airspace::Airspace& airspace) {
  crypto::Sha256 hash;
  const auto add = [&hash](const std::string& bytes) {
    // The length first, so that no two lists of records run together into the same bytes.
    std::string length(8, '\0');
    for (size_t i = 0; i < length.size(); ++i) length[i] = static_cast<char>(bytes.size() >> (8 * i) & 0xff);
    hash.Update(length);
    hash.Update(bytes);
  };
  airspace.VisitRecords([&](const model::RecordKey& key, const std::string& record) {
    add(std::string(1, static_cast<char>(key.kind)) + key.key);
    add(record);
  });
  return hash.Finish();
}

}  // namespace wideberth::node
