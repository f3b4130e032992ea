#ifndef WIDEBERTH_STORE_STORE_H_
#define WIDEBERTH_STORE_STORE_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string_view>

#include "base/result.h"
#include "base/units.h"
#include "model/record.h"

namespace wideberth::store {

// How far a store is: the number of its last batch, 0 for none, and the time stamped on it.
struct Position {
  uint64_t batch = 0;
  TimeNs time{std::numeric_limits<int64_t>::min()};

  friend bool operator==(const Position&, const Position&) = default;
};

// What an airspace keeps durable: records by key, changed a batch at a time. Thread-compatible.
class Store {
 public:
  virtual ~Store() = default;

  using RecordVisitor = std::function<Result<void>(const model::RecordKey& key, std::string_view record)>;
  // Calls `visit` with every record, in the order of keys; ends with its first Error. kIo, naming the file, for what
  // cannot be read or was damaged.
  virtual Result<void> Load(const RecordVisitor& visit) = 0;

  virtual Result<Position> position() = 0;

  // Makes a batch durable, all of it or nothing: when it returns, a crash loses none of it. Later changes of a key
  // replace earlier ones. After an Error the store is not to be used again: nobody knows what of the batch is durable.
  // REQUIRES: to.batch is one more than the last.
  virtual Result<void> Commit(const Position& to, std::span<const model::RecordChange> changes) = 0;
};

}  // namespace wideberth::store

#endif  // WIDEBERTH_STORE_STORE_H_
