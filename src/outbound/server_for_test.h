#ifndef WIDEBERTH_OUTBOUND_SERVER_FOR_TEST_H_
#define WIDEBERTH_OUTBOUND_SERVER_FOR_TEST_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <future>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/certificate_for_test.h"
#include "base/check.h"

namespace wideberth::outbound {

// A server on loopback with a thread for each connection, that says, byte by byte, what a test wants. Thread-safe.
class ServerForTest {
 public:
  struct Received {
    std::string head;  // with the empty line
    std::string body;
  };
  // Called on the connections' threads, and may block until the test ends. "" closes the connection.
  using Handler = std::function<std::string(const Received&)>;

  explicit ServerForTest(Handler handler, const CertificateForTest* certificate = nullptr)
      : handler_(std::move(handler)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (certificate != nullptr) {
      context_.reset(SSL_CTX_new(TLS_server_method()));
      WB_CHECK(SSL_CTX_use_certificate_chain_file(context_.get(), certificate->certificate().c_str()) == 1);
      WB_CHECK(SSL_CTX_use_PrivateKey_file(context_.get(), certificate->key().c_str(), SSL_FILETYPE_PEM) == 1);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);  // NOLINT: how sockets take addresses
    WB_CHECK(::bind(listener_, raw, length) == 0 && ::listen(listener_, 256) == 0);
    WB_CHECK(::getsockname(listener_, raw, &length) == 0);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { Accept(); });
  }
  ~ServerForTest() {
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    {
      const std::lock_guard lock(mutex_);
      for (const Connection& connection : connections_) ::shutdown(connection.socket, SHUT_RDWR);
    }
    for (Connection& connection : connections_) {
      connection.thread.join();
      ::close(connection.socket);
    }
    ::close(listener_);
  }
  ServerForTest(const ServerForTest&) = delete;
  ServerForTest& operator=(const ServerForTest&) = delete;

  std::string Url(const std::string& path = "/", const std::string& host = "127.0.0.1") const {
    return (context_ ? "https://" : "http://") + host + ":" + std::to_string(port_) + path;
  }
  int connections() const { return accepted_; }
  int requests() const { return requests_; }
  bool stopping() const { return stopping_; }

  // An answer with a body, and headers that each end with CR LF.
  static std::string Answer(int status, std::string_view body = "", std::string_view headers = "") {
    std::string text = "HTTP/1.1 " + std::to_string(status) + " Status\r\n";
    text.append(headers).append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n").append(body);
    return text;
  }

 private:
  struct Connection {
    int socket;
    std::thread thread;
  };
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };

  void Accept() {
    while (!stopping_) {
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) continue;
      ++accepted_;
      const std::lock_guard lock(mutex_);
      connections_.push_back({socket, {}});
      connections_.back().thread = std::thread([this, socket] { Serve(socket); });
    }
  }

  void Serve(int socket) {
    // OpenSSL writes without MSG_NOSIGNAL, also to a client that has hung up.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    std::unique_ptr<SSL, Free> ssl;
    if (context_) {
      ssl.reset(SSL_new(context_.get()));
      if (SSL_set_fd(ssl.get(), socket) != 1 || SSL_accept(ssl.get()) != 1) {
        ::shutdown(socket, SHUT_RDWR);
        return;
      }
    }
    const auto receive = [&](std::string& text) {
      char bytes[16 * 1024];
      const auto got =
          ssl ? SSL_read(ssl.get(), bytes, static_cast<int>(sizeof bytes)) : ::recv(socket, bytes, sizeof bytes, 0);
      if (got > 0) text.append(bytes, static_cast<size_t>(got));
      return got > 0;
    };
    const auto send = [&](std::string_view text) {
      while (!text.empty()) {
        const auto sent = ssl ? SSL_write(ssl.get(), text.data(), static_cast<int>(text.size()))
                              : ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        text.remove_prefix(static_cast<size_t>(sent));
      }
      return true;
    };

    std::string text;
    while (true) {
      size_t end = std::string::npos;
      while ((end = text.find("\r\n\r\n")) == std::string::npos)
        if (!receive(text)) return;
      Received received{text.substr(0, end + 4), ""};
      text.erase(0, end + 4);
      const size_t at = received.head.find("Content-Length: ");
      const size_t length = at == std::string::npos ? 0 : std::stoul(received.head.substr(at + 16));
      while (text.size() < length)
        if (!receive(text)) return;
      received.body = text.substr(0, length);
      text.erase(0, length);
      ++requests_;
      const std::string answer = handler_(received);
      if (answer.empty() || !send(answer)) {
        ::shutdown(socket, SHUT_RDWR);
        return;
      }
    }
  }

  const Handler handler_;
  std::unique_ptr<SSL_CTX, Free> context_;
  const int listener_;
  uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> accepted_{0};
  std::atomic<int> requests_{0};
  std::mutex mutex_;
  std::list<Connection> connections_;
  std::thread acceptor_;
};

// What a handler waits for, until the test lets it go on. Thread-safe.
class Gate {
 public:
  void Open() {
    if (!opened_.exchange(true)) promise_.set_value();
  }
  void Wait() const { future_.wait(); }

 private:
  std::atomic<bool> opened_{false};
  std::promise<void> promise_;
  const std::shared_future<void> future_{promise_.get_future().share()};
};

// Opens it also if the test ends early. Declared after the server, which waits for its handlers.
class OpenAtEnd {
 public:
  explicit OpenAtEnd(Gate& gate) : gate_(gate) {}
  ~OpenAtEnd() { gate_.Open(); }
  OpenAtEnd(const OpenAtEnd&) = delete;
  OpenAtEnd& operator=(const OpenAtEnd&) = delete;

 private:
  Gate& gate_;
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

}  // namespace wideberth::outbound

#endif  // WIDEBERTH_OUTBOUND_SERVER_FOR_TEST_H_
