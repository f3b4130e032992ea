#include "ledger/receipt.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "base/json_writer.h"
#include "base/rfc3339.h"
#include "crypto/jws.h"
#include "crypto/unambiguous_json.h"

namespace wideberth::ledger {
namespace {

using nlohmann::json;

constexpr std::string_view kFormat = "wideberth-receipt/1";

Error Invalid(std::string place, std::string_view reason) {
  place += ": ";
  place += reason;
  return {Code::kInvalid, std::move(place)};
}

Error At(const std::string& place, Error error) {
  error.message = place + ": " + error.message;
  return error;
}

Result<void> CheckMembers(const json& object, const std::string& place, std::initializer_list<const char*> names) {
  if (!object.is_object()) return Invalid(place, "not an object");
  for (const char* name : names)
    if (!object.contains(name)) return Invalid(place, std::string("has no member \"") + name + "\"");
  if (object.size() != names.size()) return Invalid(place, "has a member that no receipt has");
  return {};
}

Result<std::string> TextOf(const json& object, const char* name, const std::string& place, size_t bytes_max) {
  const json& value = object.at(name);
  if (!value.is_string()) return Invalid(place + "." + name, "not a text");
  auto text = value.get<std::string>();
  if (text.size() > bytes_max)
    return Error{Code::kTooLarge, place + "." + name + ": more than " + std::to_string(bytes_max) + " bytes"};
  return text;
}

Result<const json*> ListOf(const json& object, const char* name, const std::string& place, size_t count_max) {
  const json& value = object.at(name);
  if (!value.is_array()) return Invalid(place + name, "not a list");
  if (value.size() > count_max)
    return Error{Code::kTooLarge, place + name + ": more than " + std::to_string(count_max) + " elements"};
  return &value;
}

Result<ReceiptItem> ParseItem(const json& value, const std::string& place) {
  WB_TRY_OK(CheckMembers(value, place, {"index", "event", "salt", "proof"}));
  ReceiptItem item;
  const json& index = value.at("index");
  if (!index.is_number_unsigned() || index.get<uint64_t>() >= kTreeSizeMax)
    return Invalid(place + ".index", "not the number of an entry");
  item.index = index.get<uint64_t>();
  WB_TRY(item.event, TextOf(value, "event", place, kEventBytesMax));
  WB_TRY(const std::string salt_text, TextOf(value, "salt", place, kEventBytesMax));
  const std::optional<Hash> salt = HashFromBase64(salt_text);
  if (!salt) return Invalid(place + ".salt", "not 32 bytes in base64");
  item.salt = *salt;
  WB_TRY(const json* proof, ListOf(value, "proof", place + ".", kProofHashesMax));
  for (const json& element : *proof) {
    const std::optional<Hash> hash =
        element.is_string() ? HashFromBase64(element.get_ref<const std::string&>()) : std::nullopt;
    if (!hash) return Invalid(place + ".proof[" + std::to_string(item.proof.size()) + "]", "not 32 bytes in base64");
    item.proof.push_back(*hash);
  }
  return item;
}

Result<PartyKey> ParsePartyKey(const json& value, const std::string& place) {
  WB_TRY_OK(CheckMembers(value, place, {"party", "key"}));
  WB_TRY(std::string party, TextOf(value, "party", place, kPartyNameBytesMax));
  if (party.empty()) return Invalid(place + ".party", "empty");
  WB_TRY(const std::string text, TextOf(value, "key", place, kEventBytesMax));
  Result<crypto::PublicKey> key = crypto::PublicKey::FromBase64Url(text);
  if (!key) return At(place + ".key", std::move(key).error());
  return PartyKey{std::move(party), *key};
}

// ---- What was read, as a terminal may show it.

// Between quotes; what would move the cursor or turn the direction of writing is escaped.
std::string Quoted(const std::string& text) {
  bool escapes = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = [&](size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0; };
    escapes |= byte(i) == 0x7f || (byte(i) == 0xc2 && byte(i + 1) < 0xa0) ||
               (byte(i) == 0xe2 && (byte(i + 1) == 0x80 || byte(i + 1) == 0x81)) ||
               (byte(i) == 0xd8 && byte(i + 1) == 0x9c) ||
               // What nobody sees: soft hyphen, byte order mark, interlinear marks, tags.
               (byte(i) == 0xc2 && byte(i + 1) == 0xad) ||
               (byte(i) == 0xef && ((byte(i + 1) == 0xbb && byte(i + 2) == 0xbf) ||
                                    (byte(i + 1) == 0xbf && byte(i + 2) >= 0xb9 && byte(i + 2) <= 0xbb))) ||
               (byte(i) == 0xf3 && byte(i + 1) == 0xa0);
  }
  return json(text).dump(-1, ' ', escapes, json::error_handler_t::replace);
}

// Of one of the ledger's own words as it is; anything else between quotes.
std::string Word(const std::string& text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.' || c == ':';
  });
  return plain ? text : Quoted(text);
}

// ---- What events say.

std::string TextIn(const json& object, const char* name) {
  const auto at = object.find(name);
  return at != object.end() && at->is_string() ? at->get<std::string>() : "";
}

std::string QuotedIn(const json& object, const char* name) { return Quoted(TextIn(object, name)); }

bool IsSha256(std::string_view digits) {
  return digits.size() == 2 * kHashBytes && std::all_of(digits.begin(), digits.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// The bytes of the notice in the text of "notice.made", which has one form: the notice is its last member.
Result<std::string_view> NoticeTextIn(std::string_view text, const json& event) {
  JsonWriter to;
  to.Object([&] {
    to.Key("at").String(TextIn(event, "at"));
    to.Key("type").String("notice.made");
    to.Key("party").String(TextIn(event, "party"));
    to.Key("number").Int(event.at("number").get<int64_t>());
    to.Key("notice").Raw("");
  });
  std::string start = to.Take();
  start.pop_back();
  if (!text.starts_with(start) || !text.ends_with('}'))
    return Error{Code::kInvalid, "the event \"notice.made\" is not of the one form that it has"};
  return text.substr(start.size(), text.size() - start.size() - 1);
}

// The key of the party that has this id, and whose word that is.
struct FoundKey {
  crypto::PublicKey key;
  KeySource source;
  uint64_t registered_at = 0;
};

std::string Sha256Hex(const crypto::PublicKey& key) { return crypto::ToHex(crypto::Sha256::Of(key.ToBytes())); }

class Verifier {
 public:
  Verifier(const Receipt& receipt, const Trust& trust) : receipt_(receipt), trust_(trust) {}

  Result<VerifiedReceipt> Run() {
    const VerifierKey& operator_key = trust_.operator_key ? *trust_.operator_key : receipt_.operator_key;
    Result<SignedCheckpoint> opened = OpenCheckpoint(receipt_.checkpoint, operator_key);
    if (!opened) return At("checkpoint", std::move(opened).error());
    VerifiedReceipt verified{opened->checkpoint, operator_key, trust_.operator_key.has_value(), {}, {}, {}, {}};
    if (receipt_.operator_key != operator_key)
      verified.lacking.push_back("operator_key: the file says that it is " + Quoted(receipt_.operator_key.ToText()) +
                                 ", which is not the key that you gave");
    for (const VerifierKey& witness : trust_.witnesses) {
      Result<std::optional<Signed>> found = FindSignature(opened->note, witness);
      if (!found) return At("checkpoint", std::move(found).error());
      if (*found) {
        verified.witnessed.push_back({witness.name(), (*found)->seconds});
      } else {
        verified.not_witnessed_by.push_back(witness.name());
      }
    }
    const size_t witnesses_min = trust_.witnesses_min.value_or(trust_.witnesses.size());
    if (verified.witnessed.size() < witnesses_min)
      verified.lacking.push_back("checkpoint: " + std::to_string(verified.witnessed.size()) +
                                 " of the witnesses that you named signed it, and " + std::to_string(witnesses_min) +
                                 (witnesses_min == 1 ? " is to" : " are to"));
    for (size_t i = 0; i < receipt_.items.size(); ++i) {
      const ReceiptItem& item = receipt_.items[i];
      const std::string place = "items[" + std::to_string(i) + "]";
      const Hash leaf = LeafHash(BytesOf(Commitment(item.salt, item.event)));
      Result<void> included =
          VerifyInclusion(item.index, verified.checkpoint.size, leaf, item.proof, verified.checkpoint.root);
      if (!included) return At(place, std::move(included).error());
      Result<ProvenEvent> event = Read(item);
      if (!event) return At(place, std::move(event).error());
      if (event->notice && event->notice->acknowledged) {
        const std::string why = WhyUnproven(*event->notice->acknowledged);
        if (!why.empty()) {
          std::string reason = place + ": the acknowledgement of party ";
          reason.append(QuotedIn(event->event, "party")).append(": ").append(why);
          verified.lacking.push_back(std::move(reason));
        }
      }
      verified.events.push_back(*std::move(event));
    }
    for (size_t i = 0; i < receipt_.party_keys.size() && !trust_.party_keys.empty(); ++i) {
      const PartyKey& key = receipt_.party_keys[i];
      const bool given = std::find(trust_.party_keys.begin(), trust_.party_keys.end(), key) != trust_.party_keys.end();
      if (!given && !ever_registered_.contains({key.party, Sha256Hex(key.key)}))
        verified.lacking.push_back("party_keys[" + std::to_string(i) + "]: the file says that " + key.key.Thumbprint() +
                                   " is a key of party " + Quoted(key.party) +
                                   ", which is none that you gave, and none that an entry here registered");
    }
    for (const Signer& signer : signers_) {
      for (ProvenEvent& event : verified.events)
        if (event.index == signer.index) event.notice->acknowledged->gone_at = signer.gone_at;
    }
    return verified;
  }

 private:
  // "" if it is proven.
  static std::string WhyUnproven(const Acknowledgement& acknowledged) {
    const std::string key = Word(acknowledged.key_id);
    if (!acknowledged.verified_by && acknowledged.keys_given)
      return "it is signed with the key " + key + ", which is none that you gave for this party";
    if (!acknowledged.verified_by)
      return "its signature is not checked, for nothing here says whose key " + key + " is";
    if (*acknowledged.verified_by == KeySource::kReceipt) return "only this file says that " + key + " is its key";
    return "";
  }

  struct Made {
    std::string sha256;
    std::string party;
  };

  Result<ProvenEvent> Read(const ReceiptItem& item) {
    std::optional<json> event = crypto::UnambiguousObject(item.event);
    if (!event) return Error{Code::kInvalid, "the event is no JSON object of members with names of their own"};
    ProvenEvent proven{.index = item.index, .type = TextIn(*event, "type")};
    if (proven.type.empty()) return Error{Code::kInvalid, "the event has no type"};
    Result<TimeNs> at = ParseRfc3339(TextIn(*event, "at"));
    if (!at) return At("the event's time (at)", std::move(at).error());
    proven.at = *at;
    if (proven.type == "party.put") Register(item.index, *event);
    if (proven.type.starts_with("notice.")) {
      WB_TRY(proven.notice, ReadNotice(item, proven.type, *event));
    }
    proven.event = *std::move(event);
    return proven;
  }

  // Remembers which keys the party has from this entry on.
  void Register(uint64_t index, const json& event) {
    const std::string party = TextIn(event, "name");
    Registered& registered = registered_[party];
    const Registered before = std::exchange(registered, {});
    if (const auto keys = event.find("keys_sha256"); keys != event.end() && keys->is_array()) {
      for (const json& key : *keys) {
        if (!key.is_string()) continue;
        const auto had = before.find(key.get_ref<const std::string&>());
        registered.emplace(key.get<std::string>(), had == before.end() ? index : had->second);
        ever_registered_.insert({party, key.get<std::string>()});
      }
    }
    for (Signer& signer : signers_) {
      if (signer.party == party && !signer.gone_at && !registered.contains(signer.key_sha256)) signer.gone_at = index;
    }
  }

  Result<NoticeFacts> ReadNotice(const ReceiptItem& item, const std::string& type, const json& event) {
    const std::string party = TextIn(event, "party");
    const auto number = event.find("number");
    if (party.empty() || number == event.end() || !number->is_number_integer())
      return Error{Code::kInvalid, "the event about a notice has not its party and number"};
    NoticeFacts facts;
    if (type == "notice.made") {
      WB_TRY(const std::string_view text, NoticeTextIn(item.event, event));
      facts.text = crypto::UnambiguousObject(text);
      if (!facts.text) return Error{Code::kInvalid, "the notice is no JSON object"};
      facts.id = TextIn(*facts.text, "id");
      facts.sha256 = crypto::ToHex(crypto::Sha256::Of(text));
      if (facts.id.empty() || TextIn(*facts.text, "party") != party)
        return Error{Code::kInvalid, "the notice has no id or is to another party than the event says"};
      if (!made_.try_emplace(facts.id, Made{facts.sha256, party}).second)
        return Error{Code::kInvalid, "the same notice is made twice"};
      if (told_.contains(facts.id))
        return Error{Code::kInvalid, "the notice is made after an entry that tells what became of it"};
      return facts;
    }
    facts.id = TextIn(event, "notice_id");
    facts.sha256 = TextIn(event, "notice_sha256");
    if (facts.id.empty() || !IsSha256(facts.sha256))
      return Error{Code::kInvalid, "the event about a notice has not its id and hash"};
    told_.insert(facts.id);
    if (const auto made = made_.find(facts.id); made != made_.end()) {
      if (made->second.sha256 != facts.sha256)
        return Error{Code::kInvalid, "the event is about a notice with another text than the one in this receipt"};
      if (made->second.party != party)
        return Error{Code::kInvalid, "the event is about another party than the one that the notice is to"};
    }
    if (type == "notice.acknowledged") {
      WB_TRY(facts.acknowledged, CheckAcknowledgement(item.index, party, facts.sha256, TextIn(event, "jws")));
    }
    return facts;
  }

  Result<Acknowledgement> CheckAcknowledgement(uint64_t index, const std::string& party, const std::string& sha256,
                                               const std::string& jws) {
    Acknowledgement acknowledged;
    acknowledged.keys_given = !trust_.party_keys.empty();
    std::optional<FoundKey> found;
    const Result<std::string> signer =
        crypto::VerifyDetached(jws, BytesOfHex(sha256), [&](std::string_view id) -> std::optional<crypto::PublicKey> {
          acknowledged.key_id = id;
          found = Find(party, id);
          if (!found) return std::nullopt;
          return found->key;
        });
    if (found && signer) {
      acknowledged.verified_by = found->source;
      acknowledged.registered_at = found->registered_at;
      if (found->source == KeySource::kLedger) signers_.push_back({index, party, Sha256Hex(found->key), {}});
      return acknowledged;
    }
    if (!found && !acknowledged.key_id.empty()) return acknowledged;
    return At("the party's acknowledgement (jws)", signer.error());
  }

  std::optional<FoundKey> Find(const std::string& party, std::string_view id) const {
    const auto has = [&](const PartyKey& one) { return one.party == party && one.key.Thumbprint() == id; };
    const auto given = std::find_if(trust_.party_keys.begin(), trust_.party_keys.end(), has);
    if (given != trust_.party_keys.end()) return FoundKey{given->key, KeySource::kGiven};
    if (!trust_.party_keys.empty()) return std::nullopt;
    const auto named = std::find_if(receipt_.party_keys.begin(), receipt_.party_keys.end(), has);
    if (named == receipt_.party_keys.end()) return std::nullopt;
    const auto registered = registered_.find(party);
    if (registered != registered_.end()) {
      if (const auto since = registered->second.find(Sha256Hex(named->key)); since != registered->second.end())
        return FoundKey{named->key, KeySource::kLedger, since->second};
    }
    return FoundKey{named->key, KeySource::kReceipt};
  }

  static std::string BytesOfHex(std::string_view digits) {
    std::string bytes;
    const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    for (size_t i = 0; i < digits.size(); i += 2)
      bytes += static_cast<char>(value(digits[i]) * 16 + value(digits[i + 1]));
    return bytes;
  }

  using Registered = std::map<std::string, uint64_t>;  // SHA-256 of keys, and since which entry each is the party's

  // Of an acknowledgement with a registered key.
  struct Signer {
    uint64_t index = 0;
    std::string party;
    std::string key_sha256;
    std::optional<uint64_t> gone_at;
  };

  const Receipt& receipt_;
  const Trust& trust_;
  std::map<std::string, Made> made_;                               // notices, by id
  std::set<std::string> told_;                                     // ids of notices of which something else was read
  std::map<std::string, Registered> registered_;                   // the last one read, by party
  std::set<std::pair<std::string, std::string>> ever_registered_;  // parties, and the SHA-256 of their keys
  std::vector<Signer> signers_;
};

// ---- Plain words.

std::string Grouped(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string WordIn(const json& object, const char* name) { return Word(TextIn(object, name)); }

json MemberOf(const json& object, const char* name) {
  const auto at = object.find(name);
  return at == object.end() ? json() : *at;
}

std::string Described(const json& thing) {
  std::string kind = TextIn(thing, "type");
  std::replace(kind.begin(), kind.end(), '_', ' ');
  std::string text =
      (kind.find_first_not_of("abcdefghijklmnopqrstuvwxyz ") == std::string::npos ? kind : Quoted(kind)) + " " +
      WordIn(thing, "id");
  if (const json version = MemberOf(thing, "version"); version.is_number_integer())
    text += " (version " + version.dump() + ")";
  if (!TextIn(thing, "party").empty()) text += " of party " + QuotedIn(thing, "party");
  if (!TextIn(thing, "manager").empty()) text += " of provider " + QuotedIn(thing, "manager");
  return text;
}

std::string WhatANoticeSays(const json& notice) {
  const json own = MemberOf(notice, "own");
  const json other = MemberOf(notice, "other");
  if (!own.is_object() || !other.is_object()) return "kind " + WordIn(notice, "kind");
  const std::string kind = TextIn(notice, "kind");
  const json possible = MemberOf(other, "possible");
  std::string text = "its " + Described(own);
  if (kind == "conflict") {
    text += possible.is_boolean() && possible.get<bool>() ? " possibly meets " : " meets ";
  } else if (kind == "conflict_over") {
    text += " no longer meets ";
  } else {
    text += " and what follows are of concern (" + Word(kind) + "): ";
  }
  text += Described(other);
  const json meets = MemberOf(notice, "meets");
  if (meets.is_array() && !meets.empty() && meets[0].is_object()) {
    text += ", in " + Grouped(meets.size()) + (meets.size() == 1 ? " place" : " places") + ", the first from " +
            WordIn(meets[0], "time_start") + " to " + WordIn(meets[0], "time_end");
  }
  return text + " (because: " + WordIn(notice, "because") + ")";
}

std::string ExplainNotice(const ProvenEvent& event) {
  const NoticeFacts& notice = *event.notice;
  const std::string party = QuotedIn(event.event, "party");
  const std::string id = Word(notice.id);
  if (notice.text) return "a notice to party " + party + " (" + id + ") says that " + WhatANoticeSays(*notice.text);
  if (event.type == "notice.delivered")
    return "notice " + id + " was delivered to party " + party + " (" + WordIn(event.event, "channel") + ")";
  if (event.type == "notice.repeated") return "notice " + id + " was repeated to party " + party;
  if (!notice.acknowledged) return Word(event.type) + ": notice " + id + " to party " + party;
  std::string text = "party " + party + " acknowledged notice " + id + "; ";
  const std::string key = Word(notice.acknowledged->key_id);
  if (!notice.acknowledged->verified_by)
    return text + "its signature is NOT CHECKED, for its key " + key +
           (notice.acknowledged->keys_given ? " is none that you gave for this party" : " is not known here") +
           ": so far only the operator says so";
  text += "its signature with key " + key + " is good, and ";
  switch (*notice.acknowledged->verified_by) {
    case KeySource::kGiven:
      return text + "the key is one that you gave for this party";
    case KeySource::kLedger:
      text += "entry " + Grouped(notice.acknowledged->registered_at) +
              " registered the key for this party: that it is the party's is the operator's word";
      if (notice.acknowledged->gone_at)
        text += "; it was the party's then, and is not any more since entry " + Grouped(*notice.acknowledged->gone_at);
      return text;
    case KeySource::kReceipt:
      return text + "only this file says that the key is the party's: compare it with one from another source";
  }
  return text;
}

std::string ExplainEvent(const ProvenEvent& event) {
  if (event.notice) return ExplainNotice(event);
  std::string text = Word(event.type);
  for (const char* name : {"id", "name"})
    if (!TextIn(event.event, name).empty()) text += " " + WordIn(event.event, name);
  if (const json version = MemberOf(event.event, "version"); version.is_number_integer())
    text += " (version " + version.dump() + ")";
  if (!TextIn(event.event, "by").empty()) text += ", by " + QuotedIn(event.event, "by");
  if (const json conflicts = MemberOf(event.event, "conflicts"); conflicts.is_array() && !conflicts.empty()) {
    text += "; it was told of " + Grouped(conflicts.size()) + (conflicts.size() == 1 ? " conflict:" : " conflicts:");
    for (const json& conflict : conflicts)
      if (conflict.is_object()) text += " with " + Described(MemberOf(conflict, "other")) + ";";
    if (text.ends_with(';')) text.pop_back();
  }
  return text;
}

}  // namespace

Result<Receipt> ParseReceipt(std::string_view text) {
  if (text.size() > kReceiptBytesMax)
    return Error{Code::kTooLarge, "a receipt has more than " + std::to_string(kReceiptBytesMax) + " bytes"};
  const std::optional<json> object = crypto::UnambiguousObject(text);
  if (!object)
    return Error{Code::kInvalid, "a receipt is a JSON object of members with names of their own; this is none"};
  const std::string root = "the receipt";
  // First, so that a receipt of a later form is called so.
  if (TextIn(*object, "format") != kFormat) return Invalid("format", "not \"" + std::string(kFormat) + "\"");
  WB_TRY_OK(CheckMembers(*object, root, {"format", "operator_key", "party_keys", "items", "checkpoint"}));
  WB_TRY(const std::string key_text, TextOf(*object, "operator_key", root, kNoteBytesMax));
  Result<VerifierKey> operator_key = VerifierKey::Parse(key_text);
  if (!operator_key) return At("operator_key", std::move(operator_key).error());
  if (operator_key->type() != SignatureType::kEd25519) return Invalid("operator_key", "not of Ed25519 (type 1)");
  Receipt receipt{*std::move(operator_key), {}, {}, {}};
  WB_TRY(const json* party_keys, ListOf(*object, "party_keys", "", kReceiptPartyKeysMax));
  for (const json& value : *party_keys) {
    WB_TRY(PartyKey key, ParsePartyKey(value, "party_keys[" + std::to_string(receipt.party_keys.size()) + "]"));
    receipt.party_keys.push_back(std::move(key));
  }
  WB_TRY(const json* items, ListOf(*object, "items", "", kReceiptItemsMax));
  if (items->empty()) return Invalid("items", "empty");
  for (const json& value : *items) {
    const std::string place = "items[" + std::to_string(receipt.items.size()) + "]";
    WB_TRY(ReceiptItem item, ParseItem(value, place));
    if (!receipt.items.empty() && item.index <= receipt.items.back().index)
      return Invalid(place + ".index", "not above the one before");
    receipt.items.push_back(std::move(item));
  }
  WB_TRY(receipt.checkpoint, TextOf(*object, "checkpoint", root, kNoteBytesMax));
  return receipt;
}

std::string WriteReceipt(const Receipt& receipt) {
  JsonWriter to;
  to.Object([&] {
    to.Key("format").String(kFormat);
    to.Key("operator_key").String(receipt.operator_key.ToText());
    to.Key("party_keys").Array(receipt.party_keys, [&](const PartyKey& key) {
      to.Object([&] {
        to.Key("party").String(key.party);
        to.Key("key").String(key.key.ToBase64Url());
      });
    });
    to.Key("items").Array(receipt.items, [&](const ReceiptItem& item) {
      to.Object([&] {
        to.Key("index").Int(static_cast<int64_t>(item.index));
        to.Key("event").String(item.event);
        to.Key("salt").String(HashToBase64(item.salt));
        to.Key("proof").Array(item.proof, [&](const Hash& hash) { to.String(HashToBase64(hash)); });
      });
    });
    to.Key("checkpoint").String(receipt.checkpoint);
  });
  return to.Take() + "\n";
}

std::string AcknowledgedBytes(std::string_view notice_text) {
  return std::string(BytesOf(crypto::Sha256::Of(notice_text)));
}

Result<VerifiedReceipt> VerifyReceipt(const Receipt& receipt, const Trust& trust) {
  return Verifier(receipt, trust).Run();
}

std::string Explain(const VerifiedReceipt& verified) {
  std::string text;
  for (const std::string& reason : verified.lacking) text += "NOT PROVEN: " + reason + ".\n";
  if (!verified.lacking.empty()) text += "This much is proven:\n";
  for (const ProvenEvent& event : verified.events)
    text += "Entry " + Grouped(event.index) + ", at " + FormatRfc3339(event.at) + ": " + ExplainEvent(event) + ".\n";
  text += "All of this is in the ledger " + Quoted(verified.checkpoint.origin) + " of " +
          Grouped(verified.checkpoint.size) + (verified.checkpoint.size == 1 ? " entry" : " entries") +
          ", signed with the key " + Quoted(verified.operator_key.ToText()) + ", ";
  text += verified.operator_key_given
              ? "which you gave.\n"
              : "which ONLY THIS FILE says is the operator's: compare it with one from another source.\n";
  for (const Witnessed& witness : verified.witnessed)
    text += "Witness " + Quoted(witness.name) + " signed it, too, at " +
            FormatRfc3339({witness.seconds * kNsPerSecond}) + ".\n";
  for (const std::string& name : verified.not_witnessed_by) text += "Witness " + Quoted(name) + " did NOT sign it.\n";
  if (verified.witnessed.empty())
    text += "No witness that you named signed it: nothing here shows that others are shown the same ledger.\n";
  return text;
}

}  // namespace wideberth::ledger
