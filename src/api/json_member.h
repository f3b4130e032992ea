#ifndef WIDEBERTH_API_JSON_MEMBER_H_
#define WIDEBERTH_API_JSON_MEMBER_H_

#include <simdjson.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/result.h"
#include "model/uuid.h"

namespace wideberth::api {

using JsonElement = simdjson::dom::element;

// A member and where it stands, for messages. A value that lives as long as the JSON and the names it was asked for by,
// which are literals.
class Member {
 public:
  // The root of a body.
  explicit Member(JsonElement element) : element_(element) {}

  // "extents[0].volume".
  std::string path() const {
    std::string path;
    for (size_t i = 0; i < depth_; ++i) {
      const Step& step = steps_[i];
      if (step.name.data() == nullptr) {
        path += "[" + std::to_string(step.index) + "]";
      } else {
        if (!path.empty()) path += '.';
        path += step.name;
      }
    }
    return path;
  }
  Error Wrong(const std::string& reason) const { return {Code::kInvalid, path() + ": " + reason}; }
  JsonElement element() const { return element_; }

  bool is_object() const { return element_.is_object(); }

  // A member of this object; nothing if it is absent or null. O(members).
  Result<std::optional<Member>> Optional(std::string_view name) const {
    simdjson::dom::object object;
    if (element_.get_object().get(object) != simdjson::SUCCESS) return Wrong("is not an object");
    std::optional<JsonElement> found;
    for (const simdjson::dom::key_value_pair field : object) {
      if (field.key != name) continue;
      if (found) return Below(*found, {name, 0}).Wrong("stands there twice");  // who reads it might take either
      found = field.value;
    }
    if (!found || found->is_null()) return std::optional<Member>();
    return std::optional<Member>(Below(*found, {name, 0}));
  }
  Result<Member> Required(std::string_view name) const {
    WB_TRY(const std::optional<Member> found, Optional(name));
    if (!found) return Missing(name);
    return *found;
  }
  Error Missing(std::string_view name) const { return Below(element_, {name, 0}).Wrong("is missing"); }
  Result<std::string> String() const {
    WB_TRY(const std::string_view text, Text());
    return std::string(text);
  }
  // The same, without a copy.
  Result<std::string_view> Text() const {
    std::string_view text;
    if (element_.get_string().get(text) != simdjson::SUCCESS) return Wrong("is not a string");
    return text;
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
    WB_TRY(const std::string_view text, Text());
    Result<model::Uuid> id = model::Uuid::Parse(text, version);
    if (!id) return Wrong(id.error().message);
    return id;
  }
  // One of this array's.
  Member At(JsonElement element, size_t index) const { return Below(element, {{}, index}); }

 private:
  static constexpr size_t kDepthMax = 12;  // of what any interface asks for

  struct Step {
    std::string_view name;  // or, without one, an element of an array
    size_t index;
  };

  Member Below(JsonElement element, Step step) const {
    WB_CHECK(depth_ < kDepthMax);
    Member below(*this);
    below.element_ = element;
    below.steps_[below.depth_++] = step;
    return below;
  }

  JsonElement element_;
  std::array<Step, kDepthMax> steps_{};
  size_t depth_ = 0;
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
  return use(Member(root));
}

}  // namespace wideberth::api

#endif  // WIDEBERTH_API_JSON_MEMBER_H_
