#include "crypto/ed25519.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "crypto/base64.h"
#include "crypto/hex_for_test.h"

namespace wideberth::crypto {
namespace {

using testing::HasSubstr;

constexpr const char* kSeed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

// RFC 8410, section 10.
constexpr const char* kStandardsPrivatePem =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
    "-----END PRIVATE KEY-----\n";
constexpr const char* kStandardsPublicPem =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
    "-----END PUBLIC KEY-----\n";

class CountingRng final : public Rng {
 public:
  void Fill(std::span<std::byte> bytes) override {
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(next_++);
  }

 private:
  unsigned next_ = 0;
};

PrivateKey Key() { return *PrivateKey::FromSeed(FromHex(kSeed)); }

// What OpenSSL writes of a key that it makes.
std::string OpenSslPem(int kind, const EVP_CIPHER* cipher = nullptr) {
  EVP_PKEY* key = kind == EVP_PKEY_RSA ? EVP_RSA_gen(2048) : EVP_PKEY_Q_keygen(nullptr, nullptr, OBJ_nid2sn(kind));
  BIO* bio = BIO_new(BIO_s_mem());
  char pass[] = "secret";
  PEM_write_bio_PKCS8PrivateKey(bio, key, cipher, cipher == nullptr ? nullptr : pass, cipher == nullptr ? 0 : 6,
                                nullptr, nullptr);
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(bio, &bytes);
  std::string text(bytes, static_cast<size_t>(length));
  BIO_free(bio);
  EVP_PKEY_free(key);
  return text;
}

// RFC 8032, section 7.1.
TEST(Ed25519, SignsAndVerifiesTheStandardsExamples) {
  struct Example {
    const char *seed, *key, *message, *signature;
  };
  const Example examples[] = {{kSeed, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                               "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e397"
                               "01cf9b46bd25bf5f0595bbe24655"
                               "141438e7a100b"},
                              {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                               "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                               "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f361"
                               "3d0f11d8c387b2eaeb4302aeeb00"
                               "d291612bb0c00"},
                              {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                               "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
                               "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f76"
                               "0984dc6594a7c15e9716ed28dc02"
                               "7beceea1ec40a"}};
  for (const Example& example : examples) {
    const PrivateKey key = *PrivateKey::FromSeed(FromHex(example.seed));
    EXPECT_EQ(key.public_key().ToBytes(), FromHex(example.key));
    EXPECT_EQ(key.Sign(FromHex(example.message)), FromHex(example.signature));
    const PublicKey open = *PublicKey::FromBytes(FromHex(example.key));
    EXPECT_TRUE(open.Verify(FromHex(example.message), FromHex(example.signature)));
    EXPECT_FALSE(open.Verify(FromHex(example.message) + "x", FromHex(example.signature)));
  }
}

TEST(Ed25519, RefusesEverySignatureWithOneBitChanged) {
  const PublicKey key = Key().public_key();
  const std::string signature = Key().Sign("message");
  ASSERT_TRUE(key.Verify("message", signature));
  for (size_t bit = 0; bit < signature.size() * 8; ++bit) {
    std::string changed = signature;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(key.Verify("message", changed)) << bit;
  }
  EXPECT_FALSE(key.Verify("message", signature.substr(1)));
  EXPECT_FALSE(key.Verify("message", signature + "x"));
  EXPECT_FALSE(key.Verify("message", ""));
}

// RFC 8032, section 5.1.7: S is less than the order of the group, so that nobody makes a second signature of one.
TEST(Ed25519, RefusesASecondFormOfASignature) {
  const std::string order = FromHex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  std::string signature = Key().Sign("message");
  int carry = 0;
  for (size_t i = 0; i < 32; ++i) {
    const int sum = static_cast<uint8_t>(signature[32 + i]) + static_cast<uint8_t>(order[i]) + carry;
    signature[32 + i] = static_cast<char>(sum & 255);
    carry = sum >> 8;
  }
  ASSERT_EQ(carry, 0);
  EXPECT_FALSE(Key().public_key().Verify("message", signature));
}

TEST(Ed25519, RefusesPointsThatAreNoPublicKeys) {
  const std::string zeros(30, '\0');
  const std::string ones(30, '\xff');
  const std::pair<const char*, std::string> points[] = {
      {"order 1", "\x01" + zeros + std::string(1, '\0')},
      {"order 2", "\xec" + ones + "\x7f"},
      {"order 4", std::string(32, '\0')},
      {"order 8", FromHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")},
      {"order 8, another", FromHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85")},
      {"not canonical: p", "\xed" + ones + "\x7f"},
      {"not canonical: p + 1", "\xee" + ones + "\x7f"},
      {"not canonical: p + 3", "\xf0" + ones + "\x7f"},
      {"not canonical: all ones", std::string(32, '\xff')},
      {"not on the curve", "\x02" + zeros + std::string(1, '\0')},
      {"31 bytes", std::string(31, 'x')},
      {"33 bytes", Key().public_key().ToBytes() + "x"},
      {"none", ""}};
  for (const auto& [name, bytes] : points) {
    const auto key = PublicKey::FromBytes(bytes);
    ASSERT_FALSE(key) << name;
    EXPECT_EQ(key.error().code, Code::kInvalid) << name;
  }
  // A key to which a point of order 8 was added: not in the group of prime order.
  const std::string good = Key().public_key().ToBytes();
  std::string mixed(32, '\0');
  ASSERT_EQ(
      crypto_core_ed25519_add(reinterpret_cast<uint8_t*>(mixed.data()), reinterpret_cast<const uint8_t*>(good.data()),
                              reinterpret_cast<const uint8_t*>(points[3].second.data())),
      0);
  EXPECT_FALSE(PublicKey::FromBytes(mixed));
}

// RFC 8037, appendix A.
TEST(Ed25519, HasTheTextFormsOfTheStandardsExample) {
  constexpr const char* kX = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
  const PrivateKey secret = *PrivateKey::FromSeed(*FromBase64Url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"));
  const PublicKey key = secret.public_key();
  EXPECT_EQ(key.ToBase64Url(), kX);
  EXPECT_EQ(key.ToJwk(), std::string(R"({"crv":"Ed25519","kty":"OKP","x":")") + kX + "\"}");
  EXPECT_EQ(key.Thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
  EXPECT_EQ(*PublicKey::FromBase64Url(kX), key);
  EXPECT_EQ(*PublicKey::FromJwk(key.ToJwk()), key);
  EXPECT_EQ(
      *PublicKey::FromJwk(std::string(R"({ "kty": "OKP", "use": "sig", "x": ")") + kX + R"(", "crv": "Ed25519"})"),
      key);
}

TEST(Ed25519, RefusesTextsThatAreNoKey) {
  const std::string x = Key().public_key().ToBase64Url();
  for (const std::string& text : {std::string(), x + "=", x.substr(1), x + "A", std::string(43, '+'),
                                  x.substr(0, 42) + "p", std::string(43, 'A')})
    EXPECT_FALSE(PublicKey::FromBase64Url(text)) << text;
  const auto jwk = [](const std::string& text) {
    const auto key = PublicKey::FromJwk(text);
    return key ? "" : key.error().message;
  };
  const std::string member = R"("x":")" + x + "\"";
  EXPECT_EQ(jwk(R"({"kty":"OKP","crv":"Ed25519",)" + member + "}"), "");
  EXPECT_THAT(jwk(R"({"kty":"EC","crv":"Ed25519",)" + member + "}"), HasSubstr("kty"));
  EXPECT_THAT(jwk(R"({"kty":"OKP","crv":"X25519",)" + member + "}"), HasSubstr("crv"));
  EXPECT_THAT(jwk(R"({"kty":"OKP","crv":"Ed25519"})"), HasSubstr("(x)"));
  EXPECT_THAT(jwk(R"({"kty":"OKP","crv":"Ed25519","x":5})"), HasSubstr("(x)"));
  EXPECT_THAT(jwk(R"({"kty":"OKP","crv":"Ed25519","d":"AA",)" + member + "}"), HasSubstr("private"));
  EXPECT_THAT(jwk(R"({"kty":"OKP","kty":"OKP","crv":"Ed25519",)" + member + "}"), HasSubstr("names of their own"));
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("5"), x, R"({"a":)" + std::string(90, '[')})
    EXPECT_NE(jwk(text), "") << text;
}

TEST(Ed25519, ReadsAndWritesTheStandardsPem) {
  const PrivateKey secret = *PrivateKey::FromPem(kStandardsPrivatePem);
  EXPECT_EQ(secret.ToPem(), kStandardsPrivatePem);
  EXPECT_EQ(secret.public_key().ToPem(), kStandardsPublicPem);
  EXPECT_EQ(*PublicKey::FromPem(kStandardsPublicPem), secret.public_key());
  EXPECT_EQ(*PublicKey::FromPem(std::string("A key:\r\n\n") + kStandardsPublicPem + "\nnothing more\n"),
            secret.public_key());
}

TEST(Ed25519, SaysWhyAPemIsNoKeyOfItsKind) {
  const auto open = [](const std::string& pem) {
    const auto key = PublicKey::FromPem(pem);
    return key ? "" : key.error().message;
  };
  const auto secret = [](const std::string& pem) {
    const auto key = PrivateKey::FromPem(pem);
    return key ? "" : key.error().message;
  };
  EXPECT_EQ(secret(OpenSslPem(EVP_PKEY_ED25519)), "");
  EXPECT_THAT(open(kStandardsPrivatePem), HasSubstr("this is a private key"));
  EXPECT_THAT(secret(kStandardsPublicPem), HasSubstr("this is a public key"));
  EXPECT_THAT(secret(OpenSslPem(EVP_PKEY_RSA)), HasSubstr("another kind (RSA)"));
  EXPECT_THAT(secret(OpenSslPem(EVP_PKEY_X25519)), HasSubstr("another kind (X25519)"));
  EXPECT_THAT(secret(OpenSslPem(EVP_PKEY_ED448)), HasSubstr("another kind (ED448)"));
  EXPECT_THAT(secret(OpenSslPem(EVP_PKEY_ED25519, EVP_aes_128_cbc())), HasSubstr("encrypted"));
  EXPECT_THAT(open(std::string(kStandardsPublicPem) + kStandardsPublicPem), HasSubstr("more than one"));
  EXPECT_THAT(secret(std::string(kStandardsPrivatePem) + kStandardsPublicPem), HasSubstr("more than one"));
  for (const std::string& text :
       {std::string(), std::string("x"), std::string("-----BEGIN PRIVATE KEY-----\n"), std::string(1, '\0')}) {
    EXPECT_THAT(open(text), HasSubstr("no key in PEM"));
    EXPECT_THAT(secret(text), HasSubstr("no key in PEM"));
  }
  EXPECT_THAT(secret("-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n-----END PRIVATE KEY-----\n"),
              HasSubstr("cannot be read"));
  EXPECT_THAT(open("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2Vw\n-----END PUBLIC KEY-----\n"),
              HasSubstr("cannot be read"));
  EXPECT_THAT(open("-----BEGIN CERTIFICATE-----\nMCow\n-----END CERTIFICATE-----\n"), HasSubstr("CERTIFICATE"));
  EXPECT_THAT(open(std::string(kPemBytesMax + 1, ' ')), HasSubstr("65536"));
  // A point of small order is no key, also in PEM.
  EXPECT_THAT(
      open("-----BEGIN PUBLIC KEY-----\n" + ToBase64(FromHex("302a300506032b6570032100") + std::string(32, '\0')) +
           "\n-----END PUBLIC KEY-----\n"),
      HasSubstr("no public key of Ed25519"));
}

TEST(Ed25519, MakesKeysOfTheGeneratorsBytes) {
  CountingRng rng;
  const PrivateKey first = PrivateKey::Generate(rng);
  EXPECT_EQ(
      first.public_key(),
      PrivateKey::FromSeed(FromHex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"))->public_key());
  EXPECT_NE(PrivateKey::Generate(rng).public_key(), first.public_key());
  EXPECT_FALSE(PrivateKey::FromSeed(std::string(31, 'x')));
  EXPECT_FALSE(PrivateKey::FromSeed(std::string(64, 'x')));
}

TEST(Ed25519, WipesAPrivateKeyThatEnds) {
  alignas(PrivateKey) std::array<unsigned char, sizeof(PrivateKey)> memory{};
  PrivateKey* key = new (memory.data()) PrivateKey(Key());
  const std::string seed = FromHex(kSeed);
  ASSERT_NE(std::search(memory.begin(), memory.end(), seed.begin(), seed.end(),
                        [](unsigned char a, char b) { return a == static_cast<unsigned char>(b); }),
            memory.end());
  key->~PrivateKey();
  std::array<unsigned char, sizeof(PrivateKey)> after;
  std::memcpy(after.data(), memory.data(), after.size());
  EXPECT_EQ(after, (std::array<unsigned char, sizeof(PrivateKey)>{}));
}

}  // namespace
}  // namespace wideberth::crypto
