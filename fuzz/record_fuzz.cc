// Stored records: whatever the bytes, they are refused, or are exactly what would be written for the entity that they
// are; and an airspace takes what is read.
#include <google/protobuf/stubs/logging.h>

#include <cstddef>
#include <cstdint>
#include <optional>
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

namespace {

using wideberth::model::RecordKind;

constexpr uint8_t kKinds = 16;
// Each slot below an entity's takes memory, a few hundred bytes.
constexpr uint8_t kSlotsMax = 64;

bool HasSlot(RecordKind kind) {
  switch (kind) {
    case RecordKind::kOperationalIntent:
    case RecordKind::kConstraint:
    case RecordKind::kSubscription:
    case RecordKind::kIdentificationServiceArea:
    case RecordKind::kRidSubscription:
    case RecordKind::kDeclaration:
      return true;
    default:
      return false;
  }
}

// Of kinds whose keys are all as long; nothing for the others.
std::optional<size_t> KeyBytesOf(RecordKind kind) {
  switch (kind) {
    case RecordKind::kReport:
      return 16;
    case RecordKind::kUsedOvnSuffix:
      return 32;
    case RecordKind::kProviderMessage:
      return 8;
    case RecordKind::kToldVolumes:
      return 17;
    case RecordKind::kSecret:
      return 0;
    default:
      return std::nullopt;
  }
}

}  // namespace

// The first byte is the kind. Then comes the key: for what has a slot a byte with it, for keys that differ in length a
// byte with that and then the key. The rest is the record.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace wideberth;  // NOLINT(google-build-using-namespace): one function
  if (size < 2) return 0;
  const auto kind = static_cast<RecordKind>(1 + (data[0] - 1) % kKinds);
  std::string rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::string key;
  if (!HasSlot(kind)) {
    const std::optional<size_t> fixed = KeyBytesOf(kind);
    const size_t key_bytes = fixed ? *fixed : data[1];
    if (!fixed) rest.erase(0, 1);
    if (rest.size() < key_bytes) return 0;
    key = rest.substr(0, key_bytes);
    rest.erase(0, key_bytes);
  } else {
    key = model::KeyOf(kind, data[1] % kSlotsMax).key;
    rest.erase(0, 1);
  }
  const model::RecordKey record_key{kind, key};
  Result<model::Entity> entity = model::Decode(record_key, rest);
  if (!entity) {
    WB_CHECK(!entity.error().message.empty());
    return 0;
  }
  WB_CHECK(model::Encode(*entity) == rest);
  airspace::Airspace airspace;
  if (!airspace.Restore(record_key, *std::move(entity)) || !airspace.FinishRestore()) return 0;
  // What was taken is there to be written again.
  size_t records = 0;
  airspace.VisitRecords([&](const model::RecordKey& visited, const std::string& record) {
    WB_CHECK(visited == record_key && record == rest);
    ++records;
  });
  WB_CHECK(records == 1);
  std::vector<model::RecordChange> changes;
  airspace.Apply({{1'800'000'000 * kNsPerSecond}, true}, model::Expire{}, changes);
  return 0;
}
