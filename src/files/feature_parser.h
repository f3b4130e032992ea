#ifndef WIDEBERTH_FILES_FEATURE_PARSER_H_
#define WIDEBERTH_FILES_FEATURE_PARSER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "geo/volume4d.h"

namespace wideberth::files {

// How much memory outlines may take in all, shared by those who parse at the same time. Thread-safe.
class OutlineBudget {
 public:
  OutlineBudget(uint64_t bytes_max, uint64_t bytes_used) : bytes_max_(bytes_max), bytes_used_(bytes_used) {}
  // False when it is used up.
  bool Take(uint64_t bytes) { return bytes_used_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= bytes_max_; }

 private:
  uint64_t bytes_max_;
  std::atomic<uint64_t> bytes_used_;
};

// What features give, one after the other, in few pieces of memory.
struct ParsedFeatures {
  struct Feature {
    size_t offset;  // what the caller says of it
    uint32_t volumes;
    uint32_t party_bytes;
    uint32_t intent_bytes;
  };
  std::vector<Feature> features;
  std::vector<geo::Volume4D> volumes;  // of all features
  std::string names;                   // of all features: party, intent, party, intent ...

  void Clear() {
    features.clear();
    volumes.clear();
    names.clear();
  }
};

// Turns the JSON text of one GeoJSON feature into volumes (docs/formats/geojson-volumes.md). Keeps its buffers from
// one to the next: one parser for each thread. Thread-compatible.
class FeatureParser {
 public:
  // Bytes after a text that can be read; what they hold does not matter.
  static constexpr size_t kPaddingBytes = 64;
  // Arrays and objects in one another, in members that are ignored.
  static constexpr int kNestingMax = 64;

  struct Failure {
    Code code = Code::kInvalid;
    size_t offset = 0;    // in the text, of the value at fault
    std::string message;  // "properties.party: is missing ..."
    bool budget = false;  // not the text is at fault: the budget is used up
  };

  FeatureParser();
  ~FeatureParser();
  FeatureParser(FeatureParser&&) noexcept;
  FeatureParser& operator=(FeatureParser&&) noexcept;

  // Appends the feature to `into` and returns null, or says why not. When the budget is used up, what is there of the
  // feature is appended with the volume that went beyond it. The failure is valid until the next call.
  // REQUIRES: kPaddingBytes can be read after `text`.
  const Failure* ParseFeature(std::string_view text, size_t offset, OutlineBudget& budget, ParsedFeatures& into);

  // Checks what stands around the features of a FeatureCollection. REQUIRES: as above.
  const Failure* CheckCollection(std::string_view text);

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace wideberth::files

#endif  // WIDEBERTH_FILES_FEATURE_PARSER_H_
