#ifndef WIDEBERTH_CMD_DEMO_STORY_H_
#define WIDEBERTH_CMD_DEMO_STORY_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/token_maker.h"
#include "base/result.h"
#include "cmd/client.h"
#include "cmd/demo_party.h"
#include "cmd/progress.h"
#include "conflict/plan_set.h"
#include "geo/volume4d.h"

namespace wideberth::cmd {

inline constexpr const char* kDemoOperator = "chief";
inline constexpr size_t kDemoPartiesCount = 3;

// Which of the file's parties, here aircraft, fly when: everything in the order of first instants.
struct Schedule {
  std::vector<std::vector<const geo::Volume4D*>> volumes_of;  // by intent
  std::vector<uint32_t> intents;                              // in order
  std::vector<size_t> dealt;                                  // for each aircraft, which party has it
  int64_t shift_ns = 0;                                       // by which it is declared later than recorded
};

// REQUIRES: there are volumes.
Schedule ScheduleOf(const conflict::PlanSet& plans, TimeNs now);

// The story of the demonstration, step by step; each prints what it did. The folder has the operator's key (chief.key)
// and gets the parties'; the service is at `url`. Thread-compatible.
class Story {
 public:
  Story(const conflict::PlanSet& plans, Schedule schedule, std::string folder, std::string url, Progress& progress);
  ~Story();
  Story(const Story&) = delete;
  Story& operator=(const Story&) = delete;

  Result<void> RegisterParties();
  Result<void> DeclareAll();
  Result<void> CompareWithExact();
  Result<void> LetAProviderIn(const api::KeyPair& keys);
  Result<void> AcknowledgeAndProve(const std::string& receipt_file);

 private:
  DemoParty& OwnerOf(uint32_t intent) { return *parties_[schedule_.dealt[plans_.intents()[intent].party]]; }
  std::string FlightOf(const ToldNotice& told) const;
  void ShowFirstRefusal(const DemoParty& party, uint32_t intent, const DemoDeclared& declared);
  Result<void> ShowWhatCame();
  Result<void> WaitForNotices();

  const conflict::PlanSet& plans_;
  const Schedule schedule_;
  const std::string folder_;
  Progress& progress_;
  ClientOptions service_;

  std::vector<std::unique_ptr<DemoParty>> parties_;
  std::map<std::string, uint32_t> intent_of_id_;  // of the parties' own ids
  std::vector<size_t> named_;                     // for each intent, how many others its acceptance named
  size_t meetings_ = 0;                           // of volumes, of all that was named
  size_t refused_ = 0;
  bool refusal_shown_ = false;

  size_t notices_wanted_ = 0;
  size_t notices_shown_ = 0;
  std::map<std::string, size_t> notices_counted_;  // those that are not shown, by party
  std::vector<ToldNotice> told_;
};

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_DEMO_STORY_H_
