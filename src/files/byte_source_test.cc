#include "files/byte_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace wideberth::files {
namespace {

std::string Rest(ByteSource& source, size_t step) {
  std::string all;
  std::string buffer(step, '\0');
  for (;;) {
    const Result<size_t> count = source.Read(buffer);
    EXPECT_TRUE(count);
    if (!count || *count == 0) return all;
    all.append(buffer, 0, *count);
  }
}

TEST(ByteSource, GivesWhatWasPeekedAtOnceMore) {
  std::string text;
  for (int i = 0; i < 30'000; ++i) text += std::to_string(i);
  const auto source = FromMemory("text", text);
  EXPECT_EQ(*source->Peek(), text.substr(0, ByteSource::kPeekBytes));
  EXPECT_EQ(*source->Peek(), text.substr(0, ByteSource::kPeekBytes));
  EXPECT_EQ(Rest(*source, 1'000), text);

  const auto small = FromMemory("small", "abc");
  EXPECT_EQ(*small->Peek(), "abc");
  EXPECT_EQ(Rest(*small, 2), "abc");
  EXPECT_EQ(*FromMemory("empty", "")->Peek(), "");
}

TEST(ByteSource, ReadsAFileAndKnowsItsSize) {
  const std::filesystem::path path =
      std::filesystem::path(::testing::TempDir()) / ("bytes." + std::to_string(::getpid()));
  std::ofstream(path) << "hello";
  const auto source = OpenFile(path.string());
  ASSERT_TRUE(source);
  EXPECT_EQ((*source)->bytes_total(), 5u);
  EXPECT_EQ((*source)->name(), path.string());
  EXPECT_EQ(Rest(**source, 3), "hello");
  if (::geteuid() != 0) {  // nothing is unreadable to the superuser
    std::filesystem::permissions(path, std::filesystem::perms::none);
    const auto closed = OpenFile(path.string());
    ASSERT_FALSE(closed);
    EXPECT_EQ(closed.error().code, Code::kIo);
    EXPECT_EQ(closed.error().message, path.string() + ": cannot be opened: Permission denied");
  }
  std::filesystem::remove(path);
}

TEST(ByteSource, RefusesAFileThatIsMissingAndADirectory) {
  const auto missing = OpenFile("/no/such/file");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error(), (Error{Code::kNotFound, "/no/such/file: no such file"}));
  const auto directory = OpenFile("/");
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error(), (Error{Code::kIo, "/: is a directory, not a file"}));
}

}  // namespace
}  // namespace wideberth::files
