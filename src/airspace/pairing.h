#ifndef WIDEBERTH_AIRSPACE_PAIRING_H_
#define WIDEBERTH_AIRSPACE_PAIRING_H_

#include <cstddef>
#include <cstdint>
#include <functional>

#include "base/units.h"
#include "geo/predicates.h"
#include "model/command.h"
#include "model/declaration.h"
#include "model/extents.h"

namespace wideberth::airspace {

// Finds which volumes of two declarations, or of one and a reference, meet, exactly, for one command or one answer,
// within bounds that nobody's shapes can break: everybody else waits for as long as it takes. What does not fit is
// never left out: two declarations that are not compared to the end are told as meeting `possible`, as those of which
// only covers are known are. The same questions in the same order have the same answers on every machine.
class Pairing {
 public:
  // Of comparing, in all (geo::Effort): about 20 ms.
  static constexpr int64_t kEffortMax = 20'000'000;
  // Of pairs that are told, in all; of each two declarations that meet at least one is told, at most
  // model::Declaration::kPairsMax.
  static constexpr size_t kPairsMax = 2'000;

  using Wanted = std::function<bool(const model::DeclaredVolume&)>;  // of one's own volumes; empty: all

  explicit Pairing(TimeNs now, Wanted wanted = {}) : now_(now), wanted_(std::move(wanted)) {}

  // The pairs that meet at `now` or later.
  model::Meets Meet(const model::Declaration& own, const model::Declaration& other);
  model::Meets Meet(const model::Declaration& own, const model::ToldVolumes& other);
  // Against what has no volumes: those of one's own that meet the extents. Not marked as possible: whoever asks knows.
  model::Meets Meet(const model::DeclaredVolumes& own, const model::Extents& other);

  // Nothing more is compared exactly.
  bool is_spent() const { return effort_.count >= kEffortMax; }

 private:
  // Volumes with the extents of all of them.
  struct Side {
    const model::DeclaredVolumes& volumes;
    const model::Extents& extents;
  };

  model::Meets MeetExactly(const Side& own, const Side& other);
  bool IsWanted(const model::DeclaredVolume& own) const;
  // Whether the covers meet, which costs something.
  bool CoversMeet(const model::Extents& a, const model::Extents& b);
  // How many pairs the next answer may have.
  size_t PairsLeft() const;

  const TimeNs now_;
  const Wanted wanted_;
  geo::Effort effort_;
  size_t pairs_ = 0;
};

}  // namespace wideberth::airspace

#endif  // WIDEBERTH_AIRSPACE_PAIRING_H_
