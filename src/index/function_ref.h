#ifndef WIDEBERTH_INDEX_FUNCTION_REF_H_
#define WIDEBERTH_INDEX_FUNCTION_REF_H_

#include <memory>
#include <type_traits>
#include <utility>

namespace wideberth::index {

template <typename Signature>
class FunctionRef;

// Refers to something callable for the length of one call: no allocation, no copy. The callable outlives the
// FunctionRef, which holds for a lambda written in an argument list. A value.
template <typename R, typename... Args>
class FunctionRef<R(Args...)> {
 public:
  // Implicit on purpose: callers pass a lambda.
  template <typename F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, FunctionRef> && std::is_object_v<std::remove_reference_t<F>> &&
             std::is_invocable_r_v<R, F&, Args...>)
  FunctionRef(F&& callable)
      : callable_(const_cast<void*>(static_cast<const void*>(std::addressof(callable)))),
        call_([](void* object, Args... args) -> R {
          return (*static_cast<std::remove_reference_t<F>*>(object))(std::forward<Args>(args)...);
        }) {}

  R operator()(Args... args) const { return call_(callable_, std::forward<Args>(args)...); }

 private:
  void* callable_;
  R (*call_)(void*, Args...);
};

}  // namespace wideberth::index

#endif  // WIDEBERTH_INDEX_FUNCTION_REF_H_
