// Stored records: whatever the bytes, they are refused, or are exactly what would be written for the entity that they
// are; and an airspace takes what is read.
#include <google/protobuf/stubs/logging.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "airspace/airspace.h"
#include "base/check.h"
#include "model/record.h"

// Records that are no protobuf are the rule here: no line for each.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  google::protobuf::SetLogHandler(nullptr);
  return 0;
}

// The first byte is the kind; the key comes next, 16 bytes, or 32 of a used suffix, or for a USS's id a byte with its
// length and then that; the rest is the record.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace wideberth;  // NOLINT(google-build-using-namespace): one function
  if (size < 2) return 0;
  const auto kind = static_cast<model::RecordKind>(data[0] % 8);
  std::string rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  size_t key_bytes = kind == model::RecordKind::kUsedOvnSuffix ? 32 : 16;
  if (kind == model::RecordKind::kAvailability) {
    key_bytes = data[1];
    rest.erase(0, 1);
  }
  if (rest.size() < key_bytes) return 0;
  const model::RecordKey key{kind, rest.substr(0, key_bytes)};
  const std::string record = rest.substr(key_bytes);
  Result<model::Entity> entity = model::Decode(key, record);
  if (!entity) {
    WB_CHECK(!entity.error().message.empty());
    return 0;
  }
  WB_CHECK(model::KeyOf(*entity) == key && model::Encode(*entity) == record);
  airspace::Airspace airspace;
  if (!airspace.Restore(*std::move(entity))) return 0;
  static_cast<void>(airspace.CheckReferences());
  std::vector<model::RecordChange> changes;
  airspace.Apply({{1'800'000'000 * kNsPerSecond}, true}, model::Expire{}, changes);
  return 0;
}
