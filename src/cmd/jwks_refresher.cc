#include "cmd/jwks_refresher.h"

#include <curl/curl.h>

#include <fstream>
#include <sstream>
#include <utility>

#include "cmd/diagnostics.h"

namespace wideberth::cmd {
namespace {

size_t Append(char* bytes, size_t size, size_t count, void* to) {
  auto& text = *static_cast<std::string*>(to);
  if (text.size() + size * count > JwksRefresher::kBytesMax) return 0;  // ends the transfer
  text.append(bytes, size * count);
  return size * count;
}

Result<std::string> Fetch(const std::string& url) {
  struct End {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  };
  const std::unique_ptr<CURL, End> curl(curl_easy_init());
  std::string text;
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl.get(), CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_MAXREDIRS, 3L);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 10L);
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, Append);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &text);
  const CURLcode done = curl_easy_perform(curl.get());
  if (done != CURLE_OK) return Error{Code::kIo, url + ": " + curl_easy_strerror(done)};
  return text;
}

}  // namespace

Result<void> JwksRefresher::Refresh() {
  std::string text;
  if (source_.starts_with("http://") || source_.starts_with("https://")) {
    WB_TRY(text, Fetch(source_));
  } else {
    std::ifstream file(source_, std::ios::binary);
    std::ostringstream all;
    all << file.rdbuf();
    if (!file) return Error{Code::kIo, source_ + ": cannot read it"};
    text = all.str();
  }
  api::KeySet keys;
  WB_TRY_OK(keys.AddJwks(text, source_));
  verifier_.ReplaceJwks(std::move(keys));
  return {};
}

Result<std::unique_ptr<JwksRefresher>> JwksRefresher::Start(const std::string& source, api::TokenVerifier& verifier) {
  std::unique_ptr<JwksRefresher> refresher(new JwksRefresher(source, verifier));
  WB_TRY_OK(refresher->Refresh());
  verifier.OnUnknownKey([raw = refresher.get()] {
    const std::lock_guard lock(raw->mutex_);
    raw->asked_ = true;
    raw->changed_.notify_all();
  });
  refresher->thread_ = std::thread([raw = refresher.get()] { raw->Run(); });
  return refresher;
}

JwksRefresher::~JwksRefresher() { Stop(); }

void JwksRefresher::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void JwksRefresher::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto last = std::chrono::steady_clock::now();
    changed_.wait_until(lock, last + kEvery, [&] { return stopping_ || asked_; });
    if (!stopping_) changed_.wait_until(lock, last + kApart, [&] { return stopping_; });
    if (stopping_) return;
    asked_ = false;
    lock.unlock();
    if (const Result<void> done = Refresh(); !done)
      diagnostics::Warn("the key set could not be read; the old keys stay", {{"reason", done.error().message}});
    lock.lock();
  }
}

}  // namespace wideberth::cmd
