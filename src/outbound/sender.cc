#include "outbound/sender.h"

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <deque>
#include <list>
#include <map>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "outbound/address.h"
#include "outbound/target.h"

namespace wideberth::outbound {
namespace {

constexpr int kPollTimeMaxMs = 60'000;  // curl wakes earlier for its own timers, and we wake it for ours

struct FreeEasy {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
struct FreeMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Certificates = std::vector<std::unique_ptr<X509, FreeCertificate>>;

Result<Certificates> ReadCertificates(const std::string& path) {
  struct Close {
    void operator()(BIO* bio) const { BIO_free(bio); }
  };
  const std::unique_ptr<BIO, Close> file(BIO_new_file(path.c_str(), "r"));
  if (!file) return Error{Code::kIo, path + ": cannot read it"};
  Certificates certificates;
  while (X509* one = PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr)) certificates.emplace_back(one);
  const unsigned long error = ERR_peek_last_error();
  ERR_clear_error();
  if (certificates.empty() || ERR_GET_REASON(error) != PEM_R_NO_START_LINE)
    return Error{Code::kInvalid, path + ": certificate " + std::to_string(certificates.size() + 1) + " is not PEM"};
  return certificates;
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

// RFC 9110, section 5: names are tokens, values hold no control characters.
bool IsHeaderName(std::string_view name) {
  return !name.empty() && name.find_first_not_of(
                              "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string_view::npos;
}
bool IsHeaderValue(std::string_view value) {
  return std::none_of(value.begin(), value.end(),
                      [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; });
}

size_t BytesOf(const Request& request) {
  size_t bytes = request.url.size() + request.body.size();
  for (const auto& [name, value] : request.headers) bytes += name.size() + value.size();
  return bytes;
}

Result<void> Check(const Request& request, const SenderOptions& options) {
  constexpr std::string_view kMethods[] = {"GET", "POST", "PUT", "DELETE"};
  if (std::find(std::begin(kMethods), std::end(kMethods), request.method) == std::end(kMethods))
    return Error{Code::kInvalid, "method is none of GET, POST, PUT, DELETE"};
  for (const auto& [name, value] : request.headers)
    if (!IsHeaderName(name) || !IsHeaderValue(value))
      return Error{Code::kInvalid, "header \"" + (IsHeaderName(name) ? name : "?") + "\" is malformed"};
  if (BytesOf(request) > options.request_bytes_max)
    return Error{Code::kTooLarge,
                 "a request of more than request_bytes_max, " + std::to_string(options.request_bytes_max) + " bytes"};
  return {};
}

// A request that was taken. It stays where it is from its beginning to its end: curl holds its address.
struct Job {
  Request request;
  Transport::Done done;
  std::string host;
  size_t bytes = 0;

  const SenderOptions* options = nullptr;
  const Certificates* certificates = nullptr;
  size_t body_bytes_max = 0;
  std::unique_ptr<CURL, FreeEasy> curl;
  std::unique_ptr<curl_slist, FreeList> headers;
  std::array<char, CURL_ERROR_SIZE> reason{};
  Response response;
  size_t header_bytes = 0;
  std::string too_large;  // the limit that the answer went beyond
  std::string refused;    // an address that was not connected to
  bool connected_to_other = false;

  static Job& Of(void* job) { return *static_cast<Job*>(job); }

  static curl_socket_t OpenSocket(void* to, curlsocktype /*purpose*/, curl_sockaddr* address) {
    Job& job = Of(to);
    if (!job.options->allow_private_addresses && !IsPublic(&address->addr, address->addrlen)) {
      job.refused = AddressText(&address->addr, address->addrlen);
      return CURL_SOCKET_BAD;
    }
    job.connected_to_other = true;
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  }

  static size_t TakeBody(char* bytes, size_t size, size_t count, void* to) {
    Job& job = Of(to);
    const size_t length = size * count;
    if (length > job.body_bytes_max - job.response.body.size()) {
      job.too_large = "a body of more than " + std::to_string(job.body_bytes_max) + " bytes";
      return 0;  // ends the transfer
    }
    job.response.body.append(bytes, length);
    return length;
  }

  static size_t TakeHeader(char* bytes, size_t size, size_t count, void* to) {
    constexpr std::string_view kSpace = " \t\r\n";
    Job& job = Of(to);
    const size_t length = size * count;
    job.header_bytes += length;
    if (job.header_bytes > job.options->response_header_bytes_max) {
      job.too_large = "headers of more than " + std::to_string(job.options->response_header_bytes_max) + " bytes";
      return 0;
    }
    const std::string_view line(bytes, length);
    if (line.starts_with("HTTP/")) job.response.retry_after.clear();  // what came before was a status of 1xx
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || !EqualsIgnoringCase(line.substr(0, colon), "retry-after")) return length;
    std::string_view value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(kSpace), value.size()));
    value = value.substr(0, value.find_last_not_of(kSpace) + 1);
    job.response.retry_after = value;
    return length;
  }

  static CURLcode Trust(CURL* /*curl*/, void* context, void* to) {
    X509_STORE* store = SSL_CTX_get_cert_store(static_cast<SSL_CTX*>(context));
    for (const auto& certificate : *Of(to).certificates)
      if (X509_STORE_add_cert(store, certificate.get()) != 1) return CURLE_SSL_CACERT_BADFILE;
    return CURLE_OK;
  }

  void AddHeader(const std::string& line) {
    curl_slist* longer = curl_slist_append(headers.get(), line.c_str());
    WB_CHECK(longer != nullptr);
    if (!headers) headers.reset(longer);  // later ones are put behind the first, which stays
  }

  void Prepare() {
    curl.reset(curl_easy_init());
    WB_CHECK(curl != nullptr);
    const auto set = [this](CURLoption option, auto value) {
      WB_CHECK(curl_easy_setopt(curl.get(), option, value) == CURLE_OK);
    };
    set(CURLOPT_PRIVATE, static_cast<void*>(this));
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, options->allow_http ? "http,https" : "https");
    set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});  // one request a connection, so limits of one are of both
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_PROXY, "");  // nor what the environment says
    set(CURLOPT_NETRC, long{CURL_NETRC_IGNORED});
    set(CURLOPT_USERAGENT, "wideberth");
    set(CURLOPT_NOSIGNAL, 1L);
    // A name server that does not answer must not hold up this thread when its time is over: curl would wait for the
    // thread that asks. So that one is let go; it ends by itself.
    set(CURLOPT_QUICK_EXIT, 1L);
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options->connect_time_max.count()));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(options->total_time_max.count()));
    set(CURLOPT_ERRORBUFFER, reason.data());
    set(CURLOPT_OPENSOCKETFUNCTION, &OpenSocket);
    set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
    set(CURLOPT_WRITEFUNCTION, &TakeBody);
    set(CURLOPT_WRITEDATA, static_cast<void*>(this));
    set(CURLOPT_HEADERFUNCTION, &TakeHeader);
    set(CURLOPT_HEADERDATA, static_cast<void*>(this));
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    set(CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
    if (!certificates->empty()) {
      set(CURLOPT_SSL_CTX_FUNCTION, &Trust);
      set(CURLOPT_SSL_CTX_DATA, static_cast<void*>(this));
    }
    if (request.body.empty() && (request.method == "GET" || request.method == "DELETE")) {
      set(CURLOPT_HTTPGET, 1L);
    } else {
      set(CURLOPT_POST, 1L);
      set(CURLOPT_POSTFIELDS, request.body.data());
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      AddHeader("Expect:");  // else curl first asks whether a large body is welcome
      const bool typed = std::any_of(request.headers.begin(), request.headers.end(), [](const auto& header) {
        return EqualsIgnoringCase(header.first, "content-type");
      });
      if (!typed) AddHeader("Content-Type:");  // else curl says that it is a form
    }
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    for (const auto& [name, value] : request.headers) {
      const bool blank = value.find_first_not_of(" \t") == std::string::npos;
      std::string line = name;
      AddHeader(blank ? line.append(";") : line.append(": ").append(value));  // ";" is curl's way to say an empty one
    }
    set(CURLOPT_HTTPHEADER, headers.get());
  }

  Result<Response> Outcome(CURLcode code) {
    if (code == CURLE_OK) {
      long status = 0;
      curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
      response.status = static_cast<int>(status);
      return std::move(response);
    }
    if (!too_large.empty()) return Error{Code::kTooLarge, host + " answered with " + too_large};
    const std::string why = reason[0] == '\0' ? curl_easy_strerror(code) : reason.data();
    const bool is_private = !refused.empty() && !connected_to_other;
    // The same for a name that there is not: which ones there are inside is nobody's business either.
    if (is_private || (code == CURLE_COULDNT_RESOLVE_HOST && !options->allow_private_addresses)) {
      if (options->on_no_public_address)
        options->on_no_public_address(host, is_private ? "its address is " + refused + ", which is not public" : why);
      return Error{Code::kForbidden, host + " has no public address"};
    }
    return Error{Code::kUnavailable, host + ": " + why};
  }
};

}  // namespace

struct Sender::State {
  SenderOptions options;
  Certificates certificates;
  std::unique_ptr<CURLM, FreeMulti> multi;
  std::thread thread;
  std::thread::id thread_id;
  std::once_flag joined;

  // Who waits, and how many have begun, of one host.
  struct Host {
    std::deque<std::unique_ptr<Job>> waiting;
    size_t at_once = 0;
  };
  using Hosts = std::map<std::string, Host>;

  std::mutex mutex;  // of what follows
  bool stopping = false;
  Hosts hosts;                       // those with a request that waits or has begun
  std::list<Hosts::iterator> turns;  // hosts that may begin a request, in the order in which they will
  size_t waiting = 0;
  size_t waiting_bytes = 0;
  size_t at_once = 0;

  std::map<CURL*, std::unique_ptr<Job>> begun;  // of the sender's thread alone

  bool MayBegin(const Host& host) const { return !host.waiting.empty() && host.at_once < options.at_once_of_host_max; }

  // The next to begin; null if nobody may.
  std::unique_ptr<Job> TakeTurn() {
    const std::lock_guard lock(mutex);
    if (stopping || turns.empty() || at_once >= options.at_once_max) return nullptr;
    const Hosts::iterator at = turns.front();
    turns.pop_front();
    Host& host = at->second;
    std::unique_ptr<Job> job = std::move(host.waiting.front());
    host.waiting.pop_front();
    --waiting;
    waiting_bytes -= job->bytes;
    ++at_once;
    ++host.at_once;
    if (MayBegin(host)) turns.push_back(at);
    return job;
  }

  void EndTurn(const std::string& name) {
    const std::lock_guard lock(mutex);
    const Hosts::iterator at = hosts.find(name);
    WB_CHECK(at != hosts.end());
    Host& host = at->second;
    const bool could = MayBegin(host);
    --host.at_once;
    --at_once;
    if (host.waiting.empty() && host.at_once == 0)
      hosts.erase(at);
    else if (!could && MayBegin(host))
      turns.push_back(at);
  }

  void Begin(std::unique_ptr<Job> job) {
    job->options = &options;
    job->certificates = &certificates;
    job->body_bytes_max = std::min(job->request.response_bytes_max, options.response_bytes_max);
    job->Prepare();
    CURL* curl = job->curl.get();
    WB_CHECK(curl_multi_add_handle(multi.get(), curl) == CURLM_OK);
    begun.emplace(curl, std::move(job));
  }

  void End(CURL* curl, CURLcode code) {
    const auto at = begun.find(curl);
    WB_CHECK(at != begun.end());
    const std::unique_ptr<Job> job = std::move(at->second);
    begun.erase(at);
    WB_CHECK(curl_multi_remove_handle(multi.get(), curl) == CURLM_OK);
    EndTurn(job->host);
    job->done(job->Outcome(code));
  }

  void Run() {
    // What is written to a connection that the other side has closed is an error, not a signal.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);

    while (true) {
      {
        const std::lock_guard lock(mutex);
        if (stopping) break;
      }
      while (std::unique_ptr<Job> job = TakeTurn()) Begin(std::move(job));
      int running = 0;
      WB_CHECK(curl_multi_perform(multi.get(), &running) == CURLM_OK);
      bool ended = false;
      int left = 0;
      while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        End(message->easy_handle, message->data.result);
        ended = true;
      }
      if (ended) continue;  // others may begin
      WB_CHECK(curl_multi_poll(multi.get(), nullptr, 0, kPollTimeMaxMs, nullptr) == CURLM_OK);
    }
    EndAll();
  }

  void EndAll() {
    std::vector<std::unique_ptr<Job>> all;
    for (auto& [curl, job] : begun) {
      curl_multi_remove_handle(multi.get(), curl);
      all.push_back(std::move(job));
    }
    begun.clear();
    {
      const std::lock_guard lock(mutex);
      for (auto& [name, host] : hosts)
        for (auto& job : host.waiting) all.push_back(std::move(job));
      turns.clear();
      hosts.clear();
      waiting = waiting_bytes = at_once = 0;
    }
    for (const auto& job : all) job->done(Error{Code::kUnavailable, job->host + ": the service is stopping"});
  }
};

Sender::Sender(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Sender>> Sender::Start(const SenderOptions& options) {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (initialised != CURLE_OK) return Error{Code::kUnavailable, curl_easy_strerror(initialised)};
  auto state = std::make_unique<State>();
  state->options = options;
  if (!options.ca_file.empty()) {
    WB_TRY(state->certificates, ReadCertificates(options.ca_file));
  }
  state->multi.reset(curl_multi_init());
  if (!state->multi) return Error{Code::kUnavailable, "curl cannot start"};
  curl_multi_setopt(state->multi.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(options.at_once_max));
  std::unique_ptr<Sender> sender(new Sender(std::move(state)));
  sender->state_->thread = std::thread([raw = sender->state_.get()] { raw->Run(); });
  sender->state_->thread_id = sender->state_->thread.get_id();
  return sender;
}

Sender::~Sender() { Stop(); }

Result<void> Sender::Send(Request request, Done done) {
  const SenderOptions& options = state_->options;
  WB_TRY_OK(Check(request, options));
  auto job = std::make_unique<Job>();
  WB_TRY(const Target target, TargetOf(request.url, options.allow_http));
  job->host = target.ToText();
  job->bytes = BytesOf(request);
  job->request = std::move(request);
  job->done = std::move(done);

  const std::lock_guard lock(state_->mutex);
  if (state_->stopping) return Error{Code::kUnavailable, "the service is stopping"};
  const auto too_many = [](const char* what, const char* limit, size_t value) {
    return Error{Code::kTooMany, std::string(what) + " " + limit + ", " + std::to_string(value)};
  };
  if (state_->waiting >= options.waiting_max)
    return too_many("requests that wait reach", "waiting_max", options.waiting_max);
  if (state_->waiting_bytes + job->bytes > options.waiting_bytes_max)
    return too_many("bytes of requests that wait exceed", "waiting_bytes_max", options.waiting_bytes_max);
  const auto at = state_->hosts.try_emplace(job->host).first;
  State::Host& host = at->second;
  if (host.waiting.size() >= options.waiting_of_host_max)
    return too_many("requests that wait for one host reach", "waiting_of_host_max", options.waiting_of_host_max);
  ++state_->waiting;
  state_->waiting_bytes += job->bytes;
  const bool could = state_->MayBegin(host);
  host.waiting.push_back(std::move(job));
  if (!could && state_->MayBegin(host)) state_->turns.push_back(at);
  // Under the lock: `multi` is there as long as nobody has seen `stopping`.
  curl_multi_wakeup(state_->multi.get());
  return {};
}

void Sender::Stop() {
  WB_CHECK(std::this_thread::get_id() != state_->thread_id);
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    curl_multi_wakeup(state_->multi.get());
  }
  std::call_once(state_->joined, [this] { state_->thread.join(); });
}

}  // namespace wideberth::outbound
