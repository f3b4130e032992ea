// Fails on purpose: reads one byte past the input once it has guessed a word. That the fuzzer finds it shows that it
// is led by coverage and comparisons, and that the address sanitizer is on.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr char kWord[] = "berth";
  constexpr size_t kWordSize = sizeof kWord - 1;
  if (size < kWordSize || std::memcmp(data, kWord, kWordSize) != 0) return 0;
  const std::vector<uint8_t> copy(data, data + size);
  const volatile uint8_t* bytes = copy.data();
  const uint8_t beyond = bytes[size];
  return beyond == 0 ? 0 : 0;
}
