#ifndef WIDEBERTH_INDEX_HUGE_ARRAY_H_
#define WIDEBERTH_INDEX_HUGE_ARRAY_H_

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace wideberth::index {

// An array whose elements begin without a value, in memory that the system may back with huge pages: for hundreds of
// megabytes that are written once and then read at random, where clearing pages one by one and missing the translation
// cache cost more than the work itself. It moves, but is not copied. Throws nothing; without memory the process ends.
template <typename T>
class HugeArray {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  HugeArray() = default;
  explicit HugeArray(size_t size) : size_(size) {
    const size_t bytes = size * sizeof(T);
    const bool huge = bytes >= 2 * kHugePage;
    alignment_ = huge ? kHugePage : kLine;
    if (bytes == 0) return;
    void* const memory = ::operator new(bytes, std::align_val_t{alignment_});
#ifdef __linux__
    if (huge) (void)::madvise(memory, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);  // a wish: failing is no fault
#endif
    elements_ = new (memory) T[size];
  }
  HugeArray(HugeArray&& other) noexcept { swap(other); }
  HugeArray& operator=(HugeArray&& other) noexcept {
    swap(other);
    return *this;
  }
  ~HugeArray() {
    if (elements_ != nullptr) ::operator delete(elements_, std::align_val_t{alignment_});
  }

  void swap(HugeArray& other) noexcept {
    std::swap(elements_, other.elements_);
    std::swap(size_, other.size_);
    std::swap(alignment_, other.alignment_);
  }

  size_t size() const { return size_; }
  T* data() { return elements_; }
  const T* data() const { return elements_; }
  T& operator[](size_t i) { return elements_[i]; }
  const T& operator[](size_t i) const { return elements_[i]; }
  T* begin() { return elements_; }
  T* end() { return elements_ + size_; }
  const T* begin() const { return elements_; }
  const T* end() const { return elements_ + size_; }

 private:
  static constexpr size_t kHugePage = size_t{1} << 21;
  static constexpr size_t kLine = 64;
  static_assert(alignof(T) <= kLine);

  T* elements_ = nullptr;
  size_t size_ = 0;
  size_t alignment_ = kLine;
};

}  // namespace wideberth::index

#endif  // WIDEBERTH_INDEX_HUGE_ARRAY_H_
