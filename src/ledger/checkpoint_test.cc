#include "ledger/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "crypto/base64.h"

namespace wideberth::ledger {
namespace {

using testing::HasSubstr;

crypto::PrivateKey Private(char fill) { return *crypto::PrivateKey::FromSeed(std::string(32, fill)); }

VerifierKey Operator() {
  return *VerifierKey::Make("ledger.example/sky", SignatureType::kEd25519, Private('o').public_key());
}
VerifierKey Witness() {
  return *VerifierKey::Make("witness.example/w1", SignatureType::kCosignature, Private('w').public_key());
}

Checkpoint Head() { return {"ledger.example/sky", 8192, crypto::Sha256::Of("root"), {}}; }

Note SignedNote() {
  Note note{WriteCheckpoint(Head()), {}};
  note.signatures.push_back(SignText(note.text, Operator(), Private('o')));
  note.signatures.push_back(Cosign(note.text, Witness(), Private('w'), 1'772'359'451));
  return note;
}

// The example of golang.org/x/mod/sumdb/note's documentation, which is also a note of another's making.
constexpr const char* kKnownKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr const char* kKnownNote =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\u2014 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

TEST(VerifierKey, IsReadBackAsItIsWritten) {
  for (const VerifierKey& key : {Operator(), Witness()}) {
    const Result<VerifierKey> read = VerifierKey::Parse(key.ToText());
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, key);
  }
  EXPECT_EQ(VerifierKey::Parse(kKnownKey)->ToText(), kKnownKey);
  EXPECT_EQ(VerifierKey::Parse(kKnownKey)->id(), 0xc74f20a3);
}

TEST(VerifierKey, WithAnyCharacterChangedIsRefused) {
  const std::string text = Operator().ToText();
  for (size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] ^= 1;
    EXPECT_FALSE(VerifierKey::Parse(changed)) << changed;
    EXPECT_FALSE(VerifierKey::Parse(text.substr(0, i)));
  }
  EXPECT_FALSE(VerifierKey::Parse(text + "="));
  EXPECT_FALSE(VerifierKey::Parse(text + "\n"));
  EXPECT_FALSE(VerifierKey::Parse(" " + text));
  // Upper-case digits are another form.
  EXPECT_FALSE(VerifierKey::Parse("PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"));
}

TEST(VerifierKey, HasANameThatCanStandInANote) {
  const auto make = [](std::string name) {
    return bool(VerifierKey::Make(std::move(name), SignatureType::kEd25519, Private('o').public_key()));
  };
  EXPECT_TRUE(make("a"));
  EXPECT_TRUE(make("zürich.example"));
  EXPECT_TRUE(make(std::string(kKeyNameBytesMax, 'a')));
  EXPECT_FALSE(make(std::string(kKeyNameBytesMax + 1, 'a')));
  for (const char* name : {"", "a b", "a+b", "a\nb", "a\tb", "a\u00a0b", "a\u2003b", "a\u3000", "\x80", "a\xff"})
    EXPECT_FALSE(make(name)) << name;
}

TEST(SignedNote, OfAnotherPartysMakingIsRead) {
  const Result<Note> note = ParseNote(kKnownNote);
  ASSERT_TRUE(note) << note.error().message;
  EXPECT_EQ(WriteNote(*note), kKnownNote);
  const auto found = FindSignature(*note, *VerifierKey::Parse(kKnownKey));
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_TRUE(found->has_value());
}

TEST(SignedNote, IsReadBackAsItIsWritten) {
  const Note note = SignedNote();
  const Result<Note> read = ParseNote(WriteNote(note));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, note);
  EXPECT_EQ(*FindSignature(*read, Operator()), Signed{});
  EXPECT_EQ(*FindSignature(*read, Witness()), Signed{1'772'359'451});
}

TEST(SignedNote, WithAnyBitChangedIsNotBelieved) {
  const std::string bytes = WriteNote(SignedNote());
  for (size_t i = 0; i < bytes.size() * 8; ++i) {
    std::string changed = bytes;
    changed[i / 8] = static_cast<char>(changed[i / 8] ^ 1 << i % 8);
    const Result<Note> note = ParseNote(changed);
    if (!note) continue;
    const auto by_operator = FindSignature(*note, Operator());
    const auto by_witness = FindSignature(*note, Witness());
    EXPECT_FALSE(by_operator && *by_operator && by_witness && *by_witness) << i;
  }
}

TEST(SignedNote, OfAnyOtherFormIsRefused) {
  const std::string line = WriteSignatureLine(SignedNote().signatures[0]);
  EXPECT_TRUE(ParseNote("text\n\n" + line));
  EXPECT_TRUE(ParseNote("text\n\nmore\n\n" + line));
  for (const std::string& bytes : std::vector<std::string>{"",
                                                           "\n",
                                                           "\n\n",
                                                           "text\n\n",
                                                           "text\n" + line,
                                                           "text\n\n" + line.substr(0, line.size() - 1),
                                                           "text\n\n" + line + "\n",
                                                           "text\n\n" + line + "x",
                                                           "text\r\n\n" + line,
                                                           "te\txt\n\n" + line,
                                                           "text\xff\n\n" + line,
                                                           "text\n\n" + line + "text\n",
                                                           "text\n\n-" + line.substr(3),
                                                           "text\n\n \u2014" + line.substr(3),
                                                           "text\n\n\u2014 name\n",
                                                           "text\n\n\u2014 name AAAA\n",
                                                           "text\n\n\u2014 name  AAAAAAA=\n",
                                                           "text\n\n\u2014 name AAAAAAB=\n",
                                                           "text\n\n\u2014 na+me AAAAAAA=\n",
                                                           "text\n\n\u2014  AAAAAAA=\n"}) {
    EXPECT_FALSE(ParseNote(bytes)) << bytes;
  }
  EXPECT_TRUE(ParseNote("text\n\n\u2014 name AAAAAAA=\n"));
}

TEST(SignedNote, HasLimits) {
  const std::string line = WriteSignatureLine(SignedNote().signatures[0]);
  std::string lines;
  for (size_t i = 0; i < kNoteSignaturesMax; ++i) lines += line;
  EXPECT_TRUE(ParseNote("text\n\n" + lines));
  EXPECT_THAT(ParseNote("text\n\n" + lines + line).error().message, HasSubstr("more than 64 signatures"));
  EXPECT_EQ(ParseNote(std::string(kNoteBytesMax, 'x') + "\n\n" + line).error().code, Code::kTooLarge);
}

TEST(SignedNote, OfAKeyThatIsNotAskedForIsIgnored) {
  Note note = SignedNote();
  const auto stranger = *VerifierKey::Make("ledger.example/sky", SignatureType::kEd25519, Private('x').public_key());
  EXPECT_EQ(*FindSignature(note, stranger), std::nullopt);
  // One that is said to be of a known key and is not spoils the note, also beside a good one.
  NoteSignature forged = SignText(note.text, stranger, Private('x'));
  forged.key_id = Operator().id();
  note.signatures.push_back(forged);
  EXPECT_EQ(FindSignature(note, Operator()).error().code, Code::kUnauthenticated);
}

TEST(Cosignature, IsOfItsTimeAndOfNoOtherType) {
  Note note = SignedNote();
  note.signatures.push_back(Cosign(note.text, Witness(), Private('w'), 1'000));
  EXPECT_EQ(*FindSignature(note, Witness()), Signed{1'000}) << "the earliest";
  // The same key does not sign both ways at once.
  const auto plain = *VerifierKey::Make("witness.example/w1", SignatureType::kEd25519, Private('w').public_key());
  EXPECT_NE(plain.id(), Witness().id());
  EXPECT_EQ(*FindSignature(note, plain), std::nullopt);
  note.signatures.back().key_id = plain.id();
  EXPECT_FALSE(FindSignature(note, plain));
}

TEST(Cosignature, BeyondTheYearsIsRefused) {
  Note note = SignedNote();
  note.signatures = {Cosign(note.text, Witness(), Private('w'), kCosignatureTimeMax)};
  EXPECT_EQ(*FindSignature(note, Witness()), Signed{kCosignatureTimeMax});
  // One that is good but for its time.
  std::string time;
  for (int shift = 56; shift >= 0; shift -= 8) time += static_cast<char>((kCosignatureTimeMax + 1) >> shift & 0xff);
  note.signatures[0].bytes =
      time + Private('w').Sign("cosignature/v1\ntime " + std::to_string(kCosignatureTimeMax + 1) + "\n" + note.text);
  EXPECT_FALSE(FindSignature(note, Witness()));
}

TEST(Checkpoint, IsReadBackAsItIsWritten) {
  Checkpoint checkpoint = Head();
  EXPECT_EQ(*ParseCheckpoint(WriteCheckpoint(checkpoint)), checkpoint);
  checkpoint.extensions = {"a line", "another"};
  checkpoint.size = kTreeSizeMax;
  EXPECT_EQ(*ParseCheckpoint(WriteCheckpoint(checkpoint)), checkpoint);
  EXPECT_EQ(WriteCheckpoint({"o", 0, EmptyRoot(), {}}), "o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
  EXPECT_TRUE(ParseCheckpoint("o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"));
}

TEST(Checkpoint, OfAnyOtherFormIsRefused) {
  const std::string root = HashToBase64(crypto::Sha256::Of("root"));
  EXPECT_TRUE(ParseCheckpoint("o\n7\n" + root + "\n"));
  for (const std::string& text : std::vector<std::string>{"",
                                                          "o",
                                                          "o\n",
                                                          "o\n7\n",
                                                          "o\n7\n" + root,
                                                          "\n7\n" + root + "\n",
                                                          "o\n07\n" + root + "\n",
                                                          "o\n-7\n" + root + "\n",
                                                          "o\n+7\n" + root + "\n",
                                                          "o\n7 \n" + root + "\n",
                                                          "o\n0x7\n" + root + "\n",
                                                          "o\n\n" + root + "\n",
                                                          "o\n9223372036854775808\n" + root + "\n",
                                                          "o\n7\n" + root.substr(1) + "\n",
                                                          "o\n7\n" + root.substr(0, 43) + "\n",
                                                          "o\n7\n" + root + "=\n",
                                                          "o\n7\n " + root + "\n",
                                                          "o\n0\n" + root + "\n",
                                                          "o\n7\n" + root + "\n\n",
                                                          "o\n7\n" + root + "\n\nx\n",
                                                          "o\n7\n" + root + "\nx"}) {
    EXPECT_FALSE(ParseCheckpoint(text)) << text;
  }
  std::string many = "o\n7\n" + root + "\n";
  for (size_t i = 0; i <= kExtensionLinesMax; ++i) many += "x\n";
  EXPECT_EQ(ParseCheckpoint(many).error().code, Code::kTooLarge);
}

TEST(Checkpoint, IsOpenedWithItsOperatorsKeyAlone) {
  const std::string bytes = WriteNote(SignedNote());
  EXPECT_EQ(OpenCheckpoint(bytes, Operator())->checkpoint, Head());
  const auto stranger = *VerifierKey::Make("ledger.example/sky", SignatureType::kEd25519, Private('x').public_key());
  EXPECT_THAT(OpenCheckpoint(bytes, stranger).error().message, HasSubstr("no signature of " + stranger.ToText()));
  const auto other = *VerifierKey::Make("other.example", SignatureType::kEd25519, Private('o').public_key());
  EXPECT_THAT(OpenCheckpoint(bytes, other).error().message, HasSubstr("other.example"));
  // Nor is a good signature of a key for another ledger one for this.
  Note note{WriteCheckpoint(Head()), {}};
  note.signatures.push_back(SignText(note.text, other, Private('o')));
  EXPECT_THAT(OpenCheckpoint(WriteNote(note), other).error().message, HasSubstr("is of the ledger"));
}

}  // namespace
}  // namespace wideberth::ledger
