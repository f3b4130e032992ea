#ifndef WIDEBERTH_CMD_JWKS_REFRESHER_H_
#define WIDEBERTH_CMD_JWKS_REFRESHER_H_

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "api/token.h"
#include "base/result.h"

namespace wideberth::cmd {

// Keeps a verifier's keys as a JWKS has them: read at the start, again every kEvery, and soon when a token names a key
// that is not known, but never more often than kApart. What cannot be read leaves the keys as they are. Thread-safe.
class JwksRefresher {
 public:
  static constexpr std::chrono::seconds kEvery{300};
  static constexpr std::chrono::seconds kApart{10};
  static constexpr size_t kBytesMax = 1 << 20;

  // `source` is an http or https URL, or a file. An Error if the first reading fails. `verifier` outlives it.
  static Result<std::unique_ptr<JwksRefresher>> Start(const std::string& source, api::TokenVerifier& verifier);
  ~JwksRefresher();

  void Stop();

 private:
  JwksRefresher(std::string source, api::TokenVerifier& verifier) : source_(std::move(source)), verifier_(verifier) {}
  Result<void> Refresh();
  void Run();

  const std::string source_;
  api::TokenVerifier& verifier_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool asked_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_JWKS_REFRESHER_H_
