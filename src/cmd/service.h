#ifndef WIDEBERTH_CMD_SERVICE_H_
#define WIDEBERTH_CMD_SERVICE_H_

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace wideberth::cmd {

// The settings of `wideberth serve`.
struct ServiceOptions {
  std::string listen = "127.0.0.1:8082";
  std::string data;
  std::vector<std::string> public_keys;  // PEM files
  std::string public_key_pem;            // the same as text, for a demonstration
  std::string jwks;                      // URL or file
  std::vector<std::string> issuers;
  std::vector<std::string> audiences;
  std::vector<std::string> algorithms{"RS256"};
  std::string tls_certificate;
  std::string tls_key;
  bool allow_http_uss = false;
  bool strict_availability = true;
  double party_rate_max = 0;    // requests a second of each party; 0: any
  size_t queue_max = 400;       // commands of a party that wait; with others, its share of them
  std::string dar_id;           // empty: the first audience
  std::string instance_id;      // likewise
  std::string public_endpoint;  // empty: not told
  std::string metrics_listen;
  int threads = 1;
  // Parties that declare here (docs/parties.md).
  std::vector<std::string> parties;    // NAME=FILE: their public keys
  std::vector<std::string> operators;  // likewise, of those who register parties and groups
  std::string uss_id = "wideberth";    // of the service's own USS
  std::string uss_base_url;            // empty: where the service listens
  std::string uss_token_key;           // PEM: signs the tokens that other USSs are sent; empty: they are sent none
  // Or an OAuth server gives them: its token endpoint, and who the service is there.
  std::string uss_token_url;
  std::string uss_client_id;
  std::string uss_client_secret_file;
  std::string uss_client_authentication;     // "basic" or "post"; empty: basic
  std::string uss_token_audience_parameter;  // empty: audience
  bool allow_private_webhooks = false;
  bool allow_http_webhooks = false;
  std::string outbound_ca;  // PEM: certificates trusted besides the system's
  // The ledger.
  bool ledger = true;
  std::string ledger_origin;           // empty: the first audience, with "/ledger"
  std::vector<std::string> witnesses;  // KEY=URL
};

// The DSS, put together: store, node, interface, server. Thread-safe.
class Service {
 public:
  // Answers requests when it returns.
  static Result<std::unique_ptr<Service>> Start(const ServiceOptions& options);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Answers what is in flight, then stops.
  void Stop();
  // "http://127.0.0.1:8082"
  const std::string& url() const;
  const std::string& metrics_url() const;  // "" for none

 private:
  struct Parts;
  explicit Service(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_SERVICE_H_
