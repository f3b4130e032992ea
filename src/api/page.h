#ifndef WIDEBERTH_API_PAGE_H_
#define WIDEBERTH_API_PAGE_H_

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include "base/json_writer.h"
#include "base/result.h"
#include "crypto/base64.h"
#include "http/query.h"

namespace wideberth::api {

// The part of a list that a caller asks for: at most `limit`, after the one that the cursor names. Nothing that stays
// in the list is left out or comes twice from page to page, whatever else changes.
class Page {
 public:
  static constexpr size_t kLimitMax = 1'000;
  static constexpr size_t kLimitDefault = 100;

  static Result<Page> Parse(const http::QueryParameters& parameters) {
    Page page;
    WB_TRY(const std::optional<std::string> limit, parameters.Find("limit"));
    if (limit) {
      const auto [end, error] = std::from_chars(limit->data(), limit->data() + limit->size(), page.limit_);
      if (error != std::errc() || end != limit->data() + limit->size() || page.limit_ < 1 || page.limit_ > kLimitMax)
        return Error{Code::kInvalid, "limit: is not a whole number within 1 to 1000"};
    }
    WB_TRY(const std::optional<std::string> cursor, parameters.Find("cursor"));
    if (cursor) {
      page.after_ = crypto::FromBase64Url(*cursor);
      if (!page.after_ || page.after_->empty()) return WrongCursor();
    }
    return page;
  }

  size_t limit() const { return limit_; }
  // What `next` of the page before was.
  const std::optional<std::string>& after() const { return after_; }

  static Error WrongCursor() { return {Code::kInvalid, "cursor: is not the next_cursor of a page before"}; }

  // {name: [...], "next_cursor": ...}: what belongs on the page, and, if there are more, what says where to go on.
  template <typename T, typename Write>
  static std::string Render(const char* name, const std::vector<T>& list, const std::optional<std::string>& next,
                            Write write) {
    JsonWriter to;
    to.Object([&] {
      to.Key(name).Array(list, [&](const T& one) { write(to, one); });
      if (next) to.Key("next_cursor").String(crypto::ToBase64Url(*next));
    });
    return to.Take();
  }

 private:
  size_t limit_ = kLimitDefault;
  std::optional<std::string> after_;
};

}  // namespace wideberth::api

#endif  // WIDEBERTH_API_PAGE_H_
