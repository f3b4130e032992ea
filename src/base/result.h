#ifndef WIDEBERTH_BASE_RESULT_H_
#define WIDEBERTH_BASE_RESULT_H_

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/check.h"

namespace wideberth {

// What kind of thing went wrong in the world. A short closed list: whoever turns it into something else (an exit
// code, an HTTP status) uses a switch without default, so that a new code does not compile until it is mapped.
enum class Code {
  kInvalid,          // the input breaks a rule; the message names the field and the rule
  kUnauthenticated,  // nobody can tell who asks
  kForbidden,        // who asks is known, and may not
  kNotFound,         // the named thing does not exist
  kConflict,         // the named thing is not in the state, or not of the version, that the request assumes
  kPrecondition,     // a rule of the airspace forbids it for now
  kTooLarge,         // a named limit was reached; the message names it and its value
  kTooMany,          // the same, of how often or how many; trying later may help
  kUnavailable,      // not now: starting, stopping or overloaded
  kIo,               // reading or writing failed; the message names the file
};

struct Error {
  Code code;
  std::string message;

  friend bool operator==(const Error&, const Error&) = default;
};

// Either a value or an Error. A value. Dropping one does not compile.
template <typename T>
class [[nodiscard]] Result {
 public:
  // Implicit on purpose: `return value;` and `return Error{...};` read as they should.
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }

  // REQUIRES: bool(*this).
  const T& operator*() const& {
    WB_CHECK(state_.index() == 0);
    return *std::get_if<0>(&state_);
  }
  T& operator*() & {
    WB_CHECK(state_.index() == 0);
    return *std::get_if<0>(&state_);
  }
  T&& operator*() && {
    WB_CHECK(state_.index() == 0);
    return std::move(*std::get_if<0>(&state_));
  }
  const T* operator->() const { return &**this; }
  T* operator->() { return &**this; }

  // REQUIRES: !bool(*this).
  const Error& error() const& {
    WB_CHECK(state_.index() == 1);
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    WB_CHECK(state_.index() == 1);
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  explicit operator bool() const { return !error_.has_value(); }

  // REQUIRES: !bool(*this).
  const Error& error() const& {
    WB_CHECK(error_.has_value());
    return *error_;
  }
  Error&& error() && {
    WB_CHECK(error_.has_value());
    return std::move(*error_);
  }

 private:
  std::optional<Error> error_;
};

}  // namespace wideberth

#define WB_INTERNAL_JOIN_(a, b) a##b
#define WB_INTERNAL_JOIN(a, b) WB_INTERNAL_JOIN_(a, b)
#define WB_INTERNAL_TRY(result, declaration, ...)                                                                      \
  auto result = (__VA_ARGS__);                                                                                         \
  if (!result) return std::move(result).error();                                                                       \
  declaration = *std::move(result)

// Declares or assigns the value of a Result, or returns its Error from the enclosing function:
//   WB_TRY(const AltitudeBand band, AltitudeBand::Make(lower, upper));
#define WB_TRY(declaration, ...) WB_INTERNAL_TRY(WB_INTERNAL_JOIN(wb_try_, __LINE__), declaration, __VA_ARGS__)

// Returns the Error of a Result<void> from the enclosing function, if it is one.
#define WB_TRY_OK(...)                                                                                                 \
  do {                                                                                                                 \
    if (auto wb_try_ok = (__VA_ARGS__); !wb_try_ok) return std::move(wb_try_ok).error();                               \
  } while (false)

#endif  // WIDEBERTH_BASE_RESULT_H_
