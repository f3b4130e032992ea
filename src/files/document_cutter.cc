#include "files/document_cutter.h"

#include <algorithm>
#include <bit>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/check.h"
#include "base/name_rule.h"

namespace wideberth::files {
namespace {

constexpr char kRecordSeparator = 0x1e;  // RFC 8142 puts one before each text
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// The first of three bytes at or after `at`; text.size() when there is none.
size_t FindAny(std::string_view text, size_t at, char a, char b, char c) {
#ifdef __SSE2__
  constexpr size_t kBlock = 16;
  const __m128i wanted_a = _mm_set1_epi8(a);
  const __m128i wanted_b = _mm_set1_epi8(b);
  const __m128i wanted_c = _mm_set1_epi8(c);
  for (; at + kBlock <= text.size(); at += kBlock) {
    __m128i block;
    std::memcpy(&block, text.data() + at, kBlock);
    const __m128i found = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(block, wanted_a), _mm_cmpeq_epi8(block, wanted_b)),
                                       _mm_cmpeq_epi8(block, wanted_c));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(found));
    if (mask != 0) return at + static_cast<size_t>(std::countr_zero(mask));
  }
#endif
  while (at < text.size() && text[at] != a && text[at] != b && text[at] != c) ++at;
  return at;
}

}  // namespace

bool DocumentCutter::SkipString(std::string_view window) {
  while (at_ < window.size()) {
    if (escaped_) {
      escaped_ = false;
      ++at_;
      continue;
    }
    at_ = FindAny(window, at_, '"', '\\', '"');
    if (at_ == window.size()) return false;
    escaped_ = window[at_] == '\\';
    in_string_ = escaped_;
    ++at_;
    if (!in_string_) return true;
  }
  return false;
}

bool DocumentCutter::SkipNested(std::string_view window) {
  const char close = open_ == '{' ? '}' : ']';
  for (;;) {
    if (in_string_ && !SkipString(window)) return false;
    at_ = FindAny(window, at_, '"', open_, close);
    if (at_ == window.size()) return false;
    const char c = window[at_++];
    if (c == '"') {
      in_string_ = true;
    } else if (c == open_) {
      ++depth_;
    } else if (--depth_ == 0) {
      return true;
    }
  }
}

uint64_t DocumentCutter::LineOf(std::string_view window, size_t offset) {
  WB_CHECK(offset >= counted_to_ && offset <= window.size());
  const std::string_view uncounted = window.substr(counted_to_, offset - counted_to_);
  counted_line_ += static_cast<uint64_t>(std::count(uncounted.begin(), uncounted.end(), '\n'));
  counted_to_ = offset;
  return counted_line_;
}

void DocumentCutter::Fail(std::string_view window, size_t offset, Code code, std::string message, Pieces& found) {
  found.problem = Problem{code, LineOf(window, offset), std::move(message)};
}

bool DocumentCutter::TooLong(std::string_view window, size_t end, Pieces& found) {
  if (end - piece_start_ <= piece_bytes_max_) return false;
  const bool feature = state_ == State::kFeature;
  Fail(window, piece_start_, Code::kTooLarge,
       (feature ? "features[" + std::to_string(index_) + "]: " : std::string("feature: ")) +
           "begins here and is longer than " + std::to_string(piece_bytes_max_) +
           " bytes (limit feature_bytes_max); is a bracket or a quote missing? If not, split it into several features",
       found);
  return true;
}

void DocumentCutter::Scan(std::string_view window, Pieces& found) {
  if (found.problem) return;
  if (at_start_) {
    if (window.size() < kByteOrderMark.size() && kByteOrderMark.starts_with(window)) return;
    if (window.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
    at_start_ = false;
  }
  while (at_ < window.size()) {
    const char c = window[at_];
    switch (state_) {
      case State::kBetween:
        if (c == '{') {
          any_text_ = true;
          state_ = State::kMembers;
          piece_start_ = at_;
          key_comes_ = true;
          key_is_features_ = has_features_ = false;
        } else if (!IsSpace(c) && c != kRecordSeparator) {
          return Fail(window, at_, Code::kInvalid,
                      "JSON: found " + Shown(window.substr(at_, 1), true) +
                          " where a FeatureCollection or a Feature, an object in braces, is expected",
                      found);
        }
        ++at_;
        break;

      case State::kMembers:
        if (in_string_) {
          if (!SkipString(window)) break;
          if (is_key_) key_is_features_ = window.substr(string_start_, at_ - 1 - string_start_) == "features";
          is_key_ = false;
          break;
        }
        ++at_;
        if (c == '"') {
          in_string_ = true;
          is_key_ = key_comes_;
          key_comes_ = false;
          string_start_ = at_;
        } else if (c == ',') {
          key_comes_ = true;
          key_is_features_ = false;
        } else if (c == '[' && key_is_features_) {
          if (has_features_)
            return Fail(window, at_ - 1, Code::kInvalid, "features: given twice in one FeatureCollection", found);
          if (TooLong(window, at_, found)) return;
          text_line_ = LineOf(window, piece_start_);
          around_.assign(window.substr(piece_start_, at_ - piece_start_));
          has_features_ = true;
          state_ = State::kFeatures;
          next_ = Next::kElementOrEnd;
          index_ = 0;
        } else if (c == '{' || c == '[') {
          state_ = State::kValue;
          open_ = c;
          depth_ = 1;
        } else if (c == '}') {
          if (TooLong(window, at_, found)) return;
          if (has_features_) {
            around_.append(window.substr(piece_start_, at_ - piece_start_));
            found.pieces.push_back({Kind::kCollection, found.collections.size(), 0, 0, text_line_});
            found.collections.push_back(std::move(around_));
            around_.clear();
          } else {
            found.pieces.push_back({Kind::kText, piece_start_, at_ - piece_start_, 0, 0});
          }
          state_ = State::kBetween;
        }
        break;

      case State::kValue:
        if (SkipNested(window)) state_ = State::kMembers;
        break;

      case State::kFeatures:
        if (IsSpace(c)) {
          ++at_;
        } else if (c == '{' && next_ != Next::kCommaOrEnd) {
          state_ = State::kFeature;
          piece_start_ = at_++;
          open_ = '{';
          depth_ = 1;
        } else if (c == ',' && next_ == Next::kCommaOrEnd) {
          next_ = Next::kElement;
          ++at_;
        } else if (c == ']' && next_ != Next::kElement) {
          state_ = State::kMembers;
          piece_start_ = at_++;
        } else {
          return Fail(window, at_, Code::kInvalid,
                      "features[" + std::to_string(index_) + "]: found " + Shown(window.substr(at_, 1), true) +
                          " where " +
                          (next_ == Next::kCommaOrEnd ? "a comma or ] is expected"
                                                      : "a Feature, an object in braces, is expected"),
                      found);
        }
        break;

      case State::kFeature:
        if (!SkipNested(window)) break;
        if (TooLong(window, at_, found)) return;
        found.pieces.push_back({Kind::kFeature, piece_start_, at_ - piece_start_, index_, 0});
        ++index_;
        state_ = State::kFeatures;
        next_ = Next::kCommaOrEnd;
        break;
    }
  }
  if (state_ != State::kBetween && state_ != State::kFeatures) TooLong(window, window.size(), found);
}

void DocumentCutter::Finish(std::string_view window, Pieces& found) {
  if (found.problem) return;
  switch (state_) {
    case State::kBetween:
      if (!any_text_)
        Fail(window, window.size(), Code::kInvalid, "JSON: there is nothing here; a FeatureCollection is expected",
             found);
      return;
    case State::kMembers:
    case State::kValue:
      return Fail(window, piece_start_, Code::kInvalid,
                  has_features_ ? "JSON: the text ends before the FeatureCollection is closed: is it cut off?"
                                : "JSON: the text ends inside the object that begins here: is it cut off?",
                  found);
    case State::kFeatures:
      return Fail(window, window.size(), Code::kInvalid,
                  "features[" + std::to_string(index_) +
                      "]: the text ends before the FeatureCollection is closed: is it cut off?",
                  found);
    case State::kFeature:
      return Fail(
          window, piece_start_, Code::kInvalid,
          "features[" + std::to_string(index_) +
              "]: the text ends inside the feature that begins here: is it cut off, or a brace or quote missing?",
          found);
  }
}

void DocumentCutter::Drop(std::string_view window, size_t count) {
  WB_CHECK(count <= kept_from());
  if (count > counted_to_) LineOf(window, count);
  counted_to_ -= count;
  at_ -= count;
  piece_start_ -= std::min(piece_start_, count);
  string_start_ -= std::min(string_start_, count);
}

}  // namespace wideberth::files
