#include "base/name_rule.h"

#include <gtest/gtest.h>

namespace wideberth {
namespace {

struct Case {
  const char* what;
  std::string name;
  const char* wrong;  // what the reason has in it; "" for a good name
};

const Case kCases[] = {
    {"a letter", "a", ""},
    {"a space", " ", ""},
    {"a path", "../x", ""},
    {"an equals sign", "a=b", ""},
    {"a word of another script", "\xE5\xB1\xB1\xE5\xB2\xB3", ""},
    {"beyond 16 bits", "\xF0\x9F\x9A\x81", ""},
    {"U+00A0, the first after C1", "a\xC2\xA0", ""},
    {"U+00BF, which begins with C2 too", "\xC2\xBF", ""},
    {"U+0480, which has a byte 80", "\xD2\x80", ""},
    {"256 bytes", std::string(256, 'x'), ""},
    {"nothing", "", "is empty"},
    {"257 bytes", std::string(257, 'x'), "has 257 bytes; a name has at most 256"},
    {"256 characters of two bytes",
     [] {
       std::string name;
       for (int i = 0; i < 256; ++i) name += "\xC3\xA9";
       return name;
     }(),
     "has 512 bytes"},
    {"NUL", std::string("a\0", 2), "control character at byte 1"},
    {"newline", "a\nb", "control character at byte 1"},
    {"U+001F", "\x1F", "control character at byte 0"},
    {"delete", "ab\x7F", "control character at byte 2"},
    {"U+0080", "\xC2\x80", "control character at byte 0"},
    {"U+0085, a newline to some", "a\xC2\x85", "control character at byte 1"},
    {"U+009B, which begins what terminals obey",
     "\xC2\x9B"
     "31m",
     "control character at byte 0"},
    {"U+009F", "\xC2\x9F", "control character at byte 0"},
    {"U+202E, which turns what follows round", "a\xE2\x80\xAE", "control character at byte 1"},
    {"U+202A", "\xE2\x80\xAA", "control character at byte 0"},
    {"U+2066", "\xE2\x81\xA6", "control character at byte 0"},
    {"U+2069", "b\xE2\x81\xA9", "control character at byte 1"},
    {"U+200F, a mark that right-to-left names have", "\xE2\x80\x8F", ""},
    {"U+2029", "\xE2\x80\xA9", ""},
    {"U+206A", "\xE2\x81\xAA", ""},
    {"Latin-1", "Z\xFCrich", "UTF-8"},
    {"a lone continuation", "\x80", "UTF-8"},
    {"cut off", "\xE5\xB1", "UTF-8"},
    {"a surrogate", "\xED\xA0\x80", "UTF-8"},
    {"overlong", "\xC0\x80", "UTF-8"},
    {"beyond Unicode", "\xF4\x90\x80\x80", "UTF-8"},
};

TEST(NameRule, SaysWhatIsWrong) {
  for (const Case& one : kCases) {
    const auto wrong = WrongWithName(one.name);
    if (*one.wrong == '\0') {
      EXPECT_FALSE(wrong) << one.what << ": " << *wrong;
    } else {
      ASSERT_TRUE(wrong) << one.what;
      EXPECT_NE(wrong->find(one.wrong), std::string::npos) << one.what << ": " << *wrong;
    }
  }
}

TEST(NameRule, WhatIsShownIsShortAndHasNoControlCharacter) {
  for (const Case& one : kCases) {
    const std::string shown = Shown(one.name, true);
    EXPECT_LE(shown.size(), 45u) << one.what;
    EXPECT_FALSE(WrongWithName(shown)) << one.what;
  }
}

}  // namespace
}  // namespace wideberth
