#ifndef WIDEBERTH_API_JSON_MEMBER_H_
#define WIDEBERTH_API_JSON_MEMBER_H_

#include <simdjson.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "model/uuid.h"

namespace wideberth::api {

using JsonElement = simdjson::dom::element;

// A member and where it stands, for messages.
class Member {
 public:
  Member(JsonElement element, std::string path) : element_(element), path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  Error Wrong(const std::string& reason) const { return {Code::kInvalid, path_ + ": " + reason}; }
  JsonElement element() const { return element_; }

  bool is_object() const { return element_.is_object(); }

  // A member of this object; nothing if it is absent or null.
  Result<std::optional<Member>> Optional(std::string_view name) const {
    simdjson::dom::object object;
    if (element_.get_object().get(object) != simdjson::SUCCESS) return Wrong("is not an object");
    JsonElement found;
    if (object.at_key(name).get(found) != simdjson::SUCCESS || found.is_null()) return std::optional<Member>();
    return std::optional<Member>(Member(found, PathOf(name)));
  }
  Result<Member> Required(std::string_view name) const {
    WB_TRY(std::optional<Member> found, Optional(name));
    if (!found) return Error{Code::kInvalid, PathOf(name) + ": is missing"};
    return *std::move(found);
  }
  Result<std::string> String() const {
    std::string_view text;
    if (element_.get_string().get(text) != simdjson::SUCCESS) return Wrong("is not a string");
    return std::string(text);
  }
  Result<double> Number() const {
    double number = 0;
    if (!element_.is_number() || element_.get_double().get(number) != simdjson::SUCCESS)
      return Wrong("is not a number");
    return number;
  }
  Result<bool> Bool() const {
    bool value = false;
    if (element_.get_bool().get(value) != simdjson::SUCCESS) return Wrong("is not true or false");
    return value;
  }
  Result<simdjson::dom::array> Array() const {
    simdjson::dom::array array;
    if (element_.get_array().get(array) != simdjson::SUCCESS) return Wrong("is not an array");
    return array;
  }
  Result<model::Uuid> Id(int version = 4) const {
    WB_TRY(const std::string text, String());
    Result<model::Uuid> id = model::Uuid::Parse(text, version);
    if (!id) return Wrong(id.error().message);
    return id;
  }
  // One of an array's.
  Member At(JsonElement element, size_t index) const { return {element, path_ + "[" + std::to_string(index) + "]"}; }

 private:
  std::string PathOf(std::string_view name) const {
    return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
  }

  JsonElement element_;
  std::string path_;
};

// Parses a body and gives its root to `use`; the JSON lives as long as that.
template <typename T, typename Use>
Result<T> WithBody(std::string_view body, Use use) {
  thread_local simdjson::dom::parser parser;
  JsonElement root;
  const auto error = parser.parse(body.data(), body.size()).get(root);
  if (error != simdjson::SUCCESS)
    return Error{Code::kInvalid, std::string("body: is not JSON: ") + simdjson::error_message(error)};
  if (!root.is_object()) return Error{Code::kInvalid, "body: is not an object"};
  return use(Member(root, ""));
}

}  // namespace wideberth::api

#endif  // WIDEBERTH_API_JSON_MEMBER_H_
