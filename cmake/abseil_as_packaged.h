// Included before everything else in files that use S2, when they are built with the address sanitizer.
//
// Abseil's B-tree, which S2's index is made of, has another layout under that sanitizer. Debian's libs2 is built without,
// and its inline functions and ours are one and the same to the linker: with two layouts they loop for ever.
#include <absl/base/config.h>
#undef ABSL_HAVE_ADDRESS_SANITIZER
