#ifndef WIDEBERTH_CMD_VERIFY_H_
#define WIDEBERTH_CMD_VERIFY_H_

#include <string>

#include "base/result.h"
#include "cmd/trust.h"

namespace wideberth::cmd {

struct Verdict {
  bool proven = false;  // everything in it
  std::string words;    // what it proves, and what not; whole lines
};

// What the receipt in a file ("-": standard input) proves. An Error if the file cannot be read or is no receipt, or an
// option is wrong.
Result<Verdict> VerifyReceiptFile(const std::string& file, const TrustOptions& trust);

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_VERIFY_H_
