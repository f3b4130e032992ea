#ifndef WIDEBERTH_BASE_CERTIFICATE_FOR_TEST_H_
#define WIDEBERTH_BASE_CERTIFICATE_FOR_TEST_H_

#include <unistd.h>

#include <cstdlib>
#include <string>

#include "base/check.h"

namespace wideberth {

// A certificate that signs itself, and its key, made by openssl(1); removed at the end.
class CertificateForTest {
 public:
  // For these names, as openssl has them: "DNS:localhost,IP:127.0.0.1".
  explicit CertificateForTest(const std::string& names) {
    char folder[] = "/tmp/wideberth-certificate-XXXXXX";
    WB_CHECK(::mkdtemp(folder) != nullptr);
    folder_ = folder;
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
        " -addext subjectAltName=" +
        names + " -keyout " + key() + " -out " + certificate() + " 2>/dev/null";
    WB_CHECK(std::system(command.c_str()) == 0);  // NOLINT(concurrency-mt-unsafe): before there are threads
  }
  ~CertificateForTest() {
    ::unlink(key().c_str());
    ::unlink(certificate().c_str());
    ::rmdir(folder_.c_str());
  }
  CertificateForTest(const CertificateForTest&) = delete;
  CertificateForTest& operator=(const CertificateForTest&) = delete;

  std::string certificate() const { return folder_ + "/certificate.pem"; }
  std::string key() const { return folder_ + "/key.pem"; }

 private:
  std::string folder_;
};

}  // namespace wideberth

#endif  // WIDEBERTH_BASE_CERTIFICATE_FOR_TEST_H_
