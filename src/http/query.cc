#include "http/query.h"

#include <algorithm>

#include "http/percent.h"

namespace wideberth::http {
namespace {

std::optional<std::string> FormDecoded(std::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  return PercentDecoded(spaced);
}

}  // namespace

Result<QueryParameters> QueryParameters::Parse(std::string_view query) {
  QueryParameters parsed;
  while (!query.empty()) {
    const size_t end = query.find('&');
    const std::string_view one = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (one.empty()) continue;
    const size_t equals = one.find('=');
    auto name = FormDecoded(one.substr(0, equals));
    auto value = FormDecoded(equals == std::string_view::npos ? std::string_view() : one.substr(equals + 1));
    if (!name || !value) return Error{Code::kInvalid, "query: a % has no two hexadecimal digits behind it"};
    parsed.parameters_.emplace_back(*std::move(name), *std::move(value));
  }
  return parsed;
}

Result<std::optional<std::string>> QueryParameters::Find(std::string_view name) const {
  std::optional<std::string> found;
  for (const auto& [key, value] : parameters_) {
    if (key != name) continue;
    if (found) return Error{Code::kInvalid, std::string(name) + ": is there more than once"};
    found = value;
  }
  return found;
}

}  // namespace wideberth::http
