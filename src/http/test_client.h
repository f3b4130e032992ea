#ifndef WIDEBERTH_HTTP_TEST_CLIENT_H_
#define WIDEBERTH_HTTP_TEST_CLIENT_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace wideberth::http {

// A client of a server on loopback that sends and reads bytes, over TCP or TLS, and trusts any certificate. It waits
// for 20 s at most. For tests.
class TestClient {
 public:
  explicit TestClient(uint16_t port, bool tls = false) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{20, 0};
    WB_CHECK(::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): how sockets take addresses
    WB_CHECK(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    if (!tls) return;
    context_.reset(SSL_CTX_new(TLS_client_method()));
    ssl_.reset(SSL_new(context_.get()));
    WB_CHECK(SSL_set_fd(ssl_.get(), socket_) == 1 && SSL_connect(ssl_.get()) == 1);
  }
  ~TestClient() {
    if (socket_ >= 0) ::close(socket_);
  }
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  void Send(std::string_view text) {
    const ssize_t sent = ssl_ ? SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size()))
                              : ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
    WB_CHECK(sent == static_cast<ssize_t>(text.size()));
  }
  // Sends as much as goes; whether all of it went.
  bool TrySend(std::string_view text) {
    while (!text.empty()) {
      const auto sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  // All that comes up to and with `end`, or up to the end of the connection.
  std::string ReadTo(std::string_view end) {
    while (true) {
      const size_t at = read_.find(end, searched_);
      if (at != std::string::npos) {
        std::string text = read_.substr(0, at + end.size());
        read_.erase(0, text.size());
        searched_ = 0;
        return text;
      }
      searched_ = read_.size() < end.size() ? 0 : read_.size() - end.size();
      if (!ReadSome()) return std::exchange(read_, {});
    }
  }
  std::string ReadAll() {
    while (ReadSome()) {
    }
    return std::exchange(read_, {});
  }

  void HalfClose() { ::shutdown(socket_, SHUT_WR); }
  void Close() { ::close(std::exchange(socket_, -1)); }
  void Reset() {
    const linger at_once{1, 0};
    WB_CHECK(::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    Close();
  }

 private:
  bool ReadSome() {
    char bytes[16 * 1024];
    const auto got =
        ssl_ ? SSL_read(ssl_.get(), bytes, static_cast<int>(sizeof bytes)) : ::recv(socket_, bytes, sizeof bytes, 0);
    if (got <= 0) return false;
    read_.append(bytes, static_cast<size_t>(got));
    return true;
  }

  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  int socket_;
  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<SSL, Free> ssl_;
  std::string read_;
  size_t searched_ = 0;
};

// Waits until something is so, for 20 s at most; whether it is.
template <typename Condition>
bool Eventually(const Condition& condition) {
  for (int i = 0; i < 4000; ++i) {
    if (condition()) return true;
    ::usleep(5'000);
  }
  return false;
}

}  // namespace wideberth::http

#endif  // WIDEBERTH_HTTP_TEST_CLIENT_H_
