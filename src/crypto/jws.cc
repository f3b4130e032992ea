#include "crypto/jws.h"

#include <nlohmann/json.hpp>

#include "crypto/base64.h"
#include "crypto/unambiguous_json.h"

namespace wideberth::crypto {
namespace {

using nlohmann::json;

struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
};

std::optional<Parts> Split(std::string_view jws) {
  const size_t first = jws.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const size_t second = jws.find('.', first + 1);
  if (second == std::string_view::npos || jws.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  return Parts{jws.substr(0, first), jws.substr(first + 1, second - first - 1), jws.substr(second + 1)};
}

// The `kid` of a header that has the one form.
Result<std::string> ReadHeader(std::string_view part) {
  if (part.size() > kJwsHeaderBytesMax)
    return Error{Code::kTooLarge,
                 "the signature's header has more than " + std::to_string(kJwsHeaderBytesMax) + " bytes"};
  const std::optional<std::string> text = FromBase64Url(part);
  if (!text) return Error{Code::kInvalid, "the signature's header is not base64url without padding"};
  const std::optional<json> header = UnambiguousObject(*text);
  if (!header)
    return Error{Code::kInvalid, "the signature's header is no JSON object of members with names of their own"};
  if (header->value("alg", json()) != "EdDSA")
    return Error{Code::kInvalid, "the signature's header does not say that it is EdDSA (alg)"};
  for (const auto& [name, value] : header->items()) {
    if (name != "alg" && name != "kid" && name != "typ" && name != "cty")
      return Error{Code::kInvalid, "the signature's header has a member that is not accepted (alg, kid, typ, cty are)"};
    if (!value.is_string())
      return Error{Code::kInvalid, "the signature's header has a member that is no text (" + name + ")"};
  }
  std::string key_id = header->value("kid", "");
  if (key_id.empty()) return Error{Code::kInvalid, "the signature's header does not say of which key it is (kid)"};
  return key_id;
}

// The `kid` of the key that signed what `header` and `payload` (both in base64url) say.
Result<std::string> VerifyParts(std::string_view header, std::string_view payload, std::string_view signature_part,
                                const FindKey& find) {
  WB_TRY(std::string key_id, ReadHeader(header));
  const std::optional<std::string> signature = FromBase64Url(signature_part);
  if (!signature || signature->size() != kSignatureBytes)
    return Error{Code::kInvalid, "the signature is not 64 bytes in base64url without padding"};
  const std::optional<PublicKey> key = find(key_id);
  if (!key) return Error{Code::kUnauthenticated, "the signature is of a key that is not known here (kid)"};
  std::string input(header);
  input += '.';
  input += payload;
  if (!key->Verify(input, *signature))
    return Error{Code::kUnauthenticated, "the signature is not of this key and what it is said to sign"};
  return key_id;
}

std::string HeaderOf(const PrivateKey& key, std::string_view type) {
  nlohmann::ordered_json header{{"alg", "EdDSA"}, {"kid", key.public_key().Thumbprint()}};
  if (!type.empty()) header["typ"] = type;
  return ToBase64Url(header.dump(-1, ' ', false, json::error_handler_t::replace));
}

}  // namespace

std::string SignCompact(const PrivateKey& key, std::string_view payload, std::string_view type) {
  const std::string input = HeaderOf(key, type) + "." + ToBase64Url(payload);
  return input + "." + ToBase64Url(key.Sign(input));
}

Result<SignedPayload> VerifyCompact(std::string_view jws, const FindKey& find) {
  const std::optional<Parts> parts = Split(jws);
  if (!parts) return Error{Code::kInvalid, "not a JWS of three parts with dots between them"};
  WB_TRY(std::string key_id, VerifyParts(parts->header, parts->payload, parts->signature, find));
  std::optional<std::string> payload = FromBase64Url(parts->payload);
  if (!payload) return Error{Code::kInvalid, "what is signed is not base64url without padding"};
  return SignedPayload{std::move(key_id), *std::move(payload)};
}

std::string SignDetached(const PrivateKey& key, std::string_view payload) {
  const std::string header = HeaderOf(key, "");
  return header + ".." + ToBase64Url(key.Sign(header + "." + ToBase64Url(payload)));
}

Result<std::string> VerifyDetached(std::string_view jws, std::string_view payload, const FindKey& find) {
  const std::optional<Parts> parts = Split(jws);
  if (!parts || !parts->payload.empty())
    return Error{Code::kInvalid, "not a detached JWS: a header, two dots, a signature"};
  return VerifyParts(parts->header, ToBase64Url(payload), parts->signature, find);
}

}  // namespace wideberth::crypto
