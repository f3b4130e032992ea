#ifndef WIDEBERTH_HTTP_QUERY_H_
#define WIDEBERTH_HTTP_QUERY_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace wideberth::http {

// The parameters of a query string, "area=1%2C2&latest_time=", decoded: as forms are sent, a "+" stands for a space. A
// value.
class QueryParameters {
 public:
  // kInvalid for a "%" that is no escape. Reads any bytes.
  static Result<QueryParameters> Parse(std::string_view query);

  // The value of a parameter, "" if it has none; nothing if the parameter is not there. kInvalid, naming it, if it is
  // there more than once.
  Result<std::optional<std::string>> Find(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;  // as they come
};

}  // namespace wideberth::http

#endif  // WIDEBERTH_HTTP_QUERY_H_
