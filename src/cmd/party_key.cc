#include "cmd/party_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

#include "cmd/plain_text.h"
#include "crypto/jws.h"

namespace wideberth::cmd {

Result<void> WriteNewFile(const std::string& path, const std::string& text, mode_t mode) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0 && errno == EEXIST)
    return Error{Code::kIo, path + ": there is such a file already, and it is not overwritten; name another one"};
  if (fd < 0) return Error{Code::kIo, path + ": cannot make it: " + std::strerror(errno)};
  bool whole = true;
  for (size_t done = 0; whole && done < text.size();) {
    const ssize_t written = write(fd, text.data() + done, text.size() - done);
    if (written > 0) done += static_cast<size_t>(written);
    whole = written > 0 || errno == EINTR;
  }
  whole = whole && fsync(fd) == 0;
  whole = close(fd) == 0 && whole;
  if (whole) return {};
  const std::string reason = std::strerror(errno);
  unlink(path.c_str());
  return Error{Code::kIo, path + ": cannot write it: " + reason};
}

Result<std::string> ReadWholeFile(const std::string& path, size_t bytes_max) {
  struct Close {
    void operator()(std::FILE* file) const {
      if (file != stdin) std::fclose(file);
    }
  };
  const std::unique_ptr<std::FILE, Close> file(path == "-" ? stdin : std::fopen(path.c_str(), "rb"));
  const std::string name = path == "-" ? "standard input" : path;
  if (file == nullptr) return Error{Code::kIo, name + ": cannot read it: " + std::strerror(errno)};
  std::string text;
  std::string part(size_t{64} << 10, '\0');
  while (const size_t got = std::fread(part.data(), 1, part.size(), file.get())) {
    if (text.size() + got > bytes_max)
      return Error{Code::kTooLarge, name + ": has more than " + std::to_string(bytes_max) + " bytes"};
    text.append(part, 0, got);
  }
  if (std::ferror(file.get()) != 0) return Error{Code::kIo, name + ": cannot read it: " + std::strerror(errno)};
  return text;
}

Result<crypto::PrivateKey> ReadPartyKey(const std::string& path) {
  WB_TRY(const std::string pem, ReadWholeFile(path, crypto::kPemBytesMax));
  Result<crypto::PrivateKey> key = crypto::PrivateKey::FromPem(pem);
  if (!key) return Error{key.error().code, path + ": " + key.error().message};
  struct stat file{};
  if (path != "-" && stat(path.c_str(), &file) == 0 && S_ISREG(file.st_mode) &&
      (file.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    char mode[8];
    std::snprintf(mode, sizeof mode, "%04o", file.st_mode & 07777u);
    std::fputs(("wideberth: " + path + ": others may use this private key (mode " + mode + "); chmod 600 it\n").c_str(),
               stderr);
  }
  return key;
}

Result<void> CheckClaim(const std::string& option, const std::string& text) {
  if (text.empty()) return Error{Code::kInvalid, option + ": is empty"};
  if (!IsUtf8(text)) return Error{Code::kInvalid, option + ": " + Plain(text) + " is not UTF-8"};
  return {};
}

std::string MakePartyToken(const crypto::PrivateKey& key, const PartyClaims& claims, TimeNs now) {
  const int64_t issued_s = now.value / kNsPerSecond;
  nlohmann::ordered_json payload{{"iss", claims.party}, {"sub", claims.party}};
  if (claims.audiences.size() == 1) {
    payload["aud"] = claims.audiences[0];
  } else {
    payload["aud"] = claims.audiences;
  }
  payload["iat"] = issued_s;
  payload["exp"] = issued_s + claims.life_s;
  if (!claims.scope.empty()) payload["scope"] = claims.scope;
  return crypto::SignCompact(key, payload.dump(), "JWT");
}

}  // namespace wideberth::cmd
