#ifndef WIDEBERTH_BASE_CHECK_H_
#define WIDEBERTH_BASE_CHECK_H_

#include <cstdio>
#include <cstdlib>

namespace wideberth::internal {
[[noreturn]] inline void CheckFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, condition);
  std::abort();
}
}  // namespace wideberth::internal

// Stops the process, in every build, when we ourselves are wrong. No input may reach one: bad input is an Error.
#define WB_CHECK(condition)                                                                                            \
  do {                                                                                                                 \
    if (!(condition)) [[unlikely]]                                                                                     \
      ::wideberth::internal::CheckFailed(#condition, __FILE__, __LINE__);                                              \
  } while (false)

#endif  // WIDEBERTH_BASE_CHECK_H_
