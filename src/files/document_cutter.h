#ifndef WIDEBERTH_FILES_DOCUMENT_CUTTER_H_
#define WIDEBERTH_FILES_DOCUMENT_CUTTER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace wideberth::files {

// Finds, in a stream of JSON texts, where each GeoJSON feature begins and ends, without holding more than one of them:
// a FeatureCollection of any size is read a feature at a time. It looks at braces, quotes and the member `features`
// only; whoever parses the pieces checks the rest. A value; thread-compatible.
//
// The caller keeps a window of the stream: it calls Scan with all bytes of the window, then Drop for a prefix of at
// most kept_from() bytes, appends what it read next, and calls Scan again.
class DocumentCutter {
 public:
  enum class Kind : uint8_t {
    kText,        // a whole text that is no FeatureCollection with features: a lone Feature, one hopes
    kFeature,     // an element of `features`
    kCollection,  // the text around the features, which stand in `collections` without them: `"features": []`
  };
  struct Piece {
    Kind kind;
    size_t offset;   // in the window; for kCollection, in `collections`
    size_t size;     // in bytes; for kCollection, unused
    uint64_t index;  // of a kFeature in its collection
    uint64_t line;   // of a kCollection's first byte
  };
  struct Problem {
    Code code;
    uint64_t line;
    std::string message;
  };
  struct Pieces {
    std::vector<Piece> pieces;             // in the order of their last bytes
    std::vector<std::string> collections;  // texts of the kCollection pieces
    std::optional<Problem> problem;        // comes after all pieces; nothing can be cut after it
  };

  // A piece of more than `piece_bytes_max` bytes is a problem.
  explicit DocumentCutter(size_t piece_bytes_max) : piece_bytes_max_(piece_bytes_max) {}

  // Goes on from where the last call stopped and appends what it finds.
  void Scan(std::string_view window, Pieces& found);

  // What the end of the stream makes a problem of; call it after the last Scan.
  void Finish(std::string_view window, Pieces& found);

  // Bytes of the window before this are needed no more (but by the pieces found).
  size_t kept_from() const { return state_ == State::kBetween || state_ == State::kFeatures ? at_ : piece_start_; }

  // Tells that the window has lost its first `count` bytes. REQUIRES: count <= kept_from().
  void Drop(std::string_view window, size_t count);

  // Whether it is inside an array `features` of a text.
  bool in_features() const { return state_ == State::kFeatures || state_ == State::kFeature; }
  // Whether it is outside of any text.
  bool between_texts() const { return state_ == State::kBetween; }

 private:
  enum class State : uint8_t {
    kBetween,   // texts
    kMembers,   // of a text: one level deep
    kValue,     // an object or array below
    kFeatures,  // between elements of `features`
    kFeature,   // in one
  };
  enum class Next : uint8_t { kElementOrEnd, kElement, kCommaOrEnd };

  // Steps over a string's rest; false when the window ends first.
  bool SkipString(std::string_view window);
  // Steps behind the bracket that closes; false when the window ends first.
  bool SkipNested(std::string_view window);
  // The line of the byte at `offset`. REQUIRES: offsets asked for never go back.
  uint64_t LineOf(std::string_view window, size_t offset);
  void Fail(std::string_view window, size_t offset, Code code, std::string message, Pieces& found);
  bool TooLong(std::string_view window, size_t end, Pieces& found);

  size_t piece_bytes_max_;
  State state_ = State::kBetween;
  bool at_start_ = true;  // of the stream: a byte order mark may stand here
  bool any_text_ = false;
  size_t at_ = 0;  // scanned so far
  size_t piece_start_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;          // the byte before is a backslash that escapes
  char open_ = 0;                 // of the nested value: '{' or '['
  size_t depth_ = 0;              // how many of them are open
  bool key_comes_ = false;        // the next string at kMembers is a key
  bool is_key_ = false;           // the string at hand is
  bool key_is_features_ = false;  // the last key was `features`
  size_t string_start_ = 0;
  Next next_ = Next::kElementOrEnd;
  uint64_t index_ = 0;
  bool has_features_ = false;  // the text has streamed features
  std::string around_;         // the text before its features
  uint64_t text_line_ = 1;
  size_t counted_to_ = 0;      // newlines are counted up to this offset
  uint64_t counted_line_ = 1;  // and this is its line
};

}  // namespace wideberth::files

#endif  // WIDEBERTH_FILES_DOCUMENT_CUTTER_H_
