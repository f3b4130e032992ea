#include "cmd/demo_story.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <numeric>
#include <thread>
#include <utility>

#include "cmd/conflict_words.h"
#include "cmd/demo_provider.h"
#include "cmd/demo_words.h"
#include "cmd/output.h"
#include "cmd/party_key.h"
#include "cmd/verify.h"
#include "conflict/meetings.h"
#include "files/conflict_report.h"
#include "ledger/checkpoint.h"

namespace wideberth::cmd {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kGroup = "crew";
constexpr size_t kNoticesShown = 24;  // in full; more are counted for each party
constexpr std::chrono::seconds kNoticesLateMax{20};

std::string Counted(size_t count, const std::string& of) {
  return fmt::format("{} {}{}", count, of, count == 1 ? "" : "s");
}

// Who is not told is another party, too.
bool IsOfAnother(const Json& conflict, const DemoParty& party) {
  return conflict.at("other").value("party", "") != party.name();
}

}  // namespace

Schedule ScheduleOf(const conflict::PlanSet& plans, TimeNs now) {
  Schedule schedule;
  schedule.volumes_of.resize(plans.intents().size());
  std::vector<TimeNs> first(plans.intents().size(), geo::TimeInterval::kTimeMax);
  for (size_t i = 0; i < plans.volumes().size(); ++i) {
    const uint32_t intent = plans.intent_of()[i];
    schedule.volumes_of[intent].push_back(&plans.volumes()[i]);
    first[intent] = std::min(first[intent], plans.volumes()[i].times.start());
  }
  schedule.intents.resize(plans.intents().size());
  std::iota(schedule.intents.begin(), schedule.intents.end(), 0u);
  std::stable_sort(schedule.intents.begin(), schedule.intents.end(),
                   [&](uint32_t a, uint32_t b) { return first[a] < first[b]; });
  schedule.dealt.assign(plans.parties().size(), kDemoPartiesCount);
  size_t next = 0;
  for (const uint32_t intent : schedule.intents) {
    size_t& party = schedule.dealt[plans.intents()[intent].party];
    if (party == kDemoPartiesCount) party = next++ % kDemoPartiesCount;
  }
  // A recording lies in the past, and nobody may declare the past: it is declared as many whole days later as it takes.
  constexpr int64_t kDayNs = 86'400 * kNsPerSecond;
  const TimeNs earliest = first[schedule.intents[0]];
  if (earliest < now) schedule.shift_ns = ((now.value - earliest.value) / kDayNs + 1) * kDayNs;
  return schedule;
}

Story::Story(const conflict::PlanSet& plans, Schedule schedule, std::string folder, std::string url, Progress& progress)
    : plans_(plans), schedule_(std::move(schedule)), folder_(std::move(folder)), progress_(progress) {
  service_.url = std::move(url);
  service_.audiences = {kDemoAudience};
}

Story::~Story() {
  for (const auto& party : parties_) party->listener().Stop();
}

Result<void> Story::RegisterParties() {
  ClientOptions as_operator = service_;
  as_operator.party = kDemoOperator;
  as_operator.key_file = folder_ + "/" + kDemoOperator + ".key";
  WB_TRY(const Client chief, Client::Make(as_operator));
  const std::array<DemoChoices, kDemoPartiesCount> choices{
      {{"amber", "full", {}}, {"birch", "volume", {kGroup}}, {"cedar", "volume", {}}}};
  for (const DemoChoices& choice : choices) {
    WB_TRY(parties_.emplace_back(), DemoParty::Register(chief, folder_, service_, choice));
    parties_.back()->Listen();
  }
  const std::string path = std::string("/api/v1/groups/") + kGroup;
  WB_TRY_OK(Expect(chief.Send("PUT", path, Json{{"members", {"amber", "birch"}}}.dump()), 200, "PUT " + path));

  static constexpr std::array kShows{"disclosure full: all see its name",
                                     "volume: group crew sees its name, others a pseudonym",
                                     "volume, outside the group: others see a pseudonym"};
  fmt::print(
      "Three parties that share one sky and no plans; the {} aircraft are dealt to them in turn, in the order\n"
      "of their first flights. What they show of their intents:\n\n",
      plans_.parties().size());
  for (size_t i = 0; i < parties_.size(); ++i) {
    const auto aircraft = std::count(schedule_.dealt.begin(), schedule_.dealt.end(), i);
    const auto intents = std::count_if(plans_.intents().begin(), plans_.intents().end(),
                                       [&](const auto& intent) { return schedule_.dealt[intent.party] == i; });
    fmt::print("  {}  {:>3} aircraft  {:>4} intents  {}\n", parties_[i]->name(), aircraft, intents, kShows[i]);
  }
  std::fflush(stdout);
  return {};
}

std::string Story::FlightOf(const ToldNotice& told) const {
  const auto found = intent_of_id_.find(told.text.at("own").at("id").get<std::string>());
  return found == intent_of_id_.end() ? "" : plans_.intents()[found->second].name;
}

void Story::ShowFirstRefusal(const DemoParty& party, uint32_t intent, const DemoDeclared& declared) {
  refusal_shown_ = true;
  progress_.Clear();
  const Json& conflict = *std::find_if(declared.refused->begin(), declared.refused->end(),
                                       [&](const Json& one) { return IsOfAnother(one, party); });
  const std::string clear_by = ClearBy(conflict);
  fmt::print(
      "\n{}\n{}",
      Wrapped(fmt::format("The first refusal for what is another's: 409 to {}, whose {} meets {}.{} It accepts that "
                          "with the OVN of the other in its key, and gets 201. The other is told: notices over "
                          "Server-Sent Events, as they come:",
                          party.name(), plans_.intents()[intent].name, DemoOther(conflict.at("other")),
                          clear_by.empty() ? "" : " All of it would be clear " + clear_by + "."),
              0),
      DemoNoticeHeadings());
}

Result<void> Story::ShowWhatCame() {
  for (const auto& party : parties_) {
    WB_TRY(std::vector<ToldNotice> came, party->listener().Take());
    for (ToldNotice& told : came) {
      if (told.notice.value("repeated", 0) > 0) continue;  // it was shown already
      if (notices_shown_ < kNoticesShown) {
        ++notices_shown_;
        progress_.Clear();
        fmt::print("{}", DemoNoticeRow(told.text, FlightOf(told), schedule_.shift_ns));
        std::fflush(stdout);
      } else {
        ++notices_counted_[party->name()];
      }
      told_.push_back(std::move(told));
    }
  }
  return {};
}

Result<void> Story::WaitForNotices() {
  const auto until = std::chrono::steady_clock::now() + kNoticesLateMax;
  for (;;) {
    WB_TRY_OK(ShowWhatCame());
    if (told_.size() >= notices_wanted_) break;
    if (std::chrono::steady_clock::now() > until)
      return Error{Code::kUnavailable, fmt::format("of {} notices, {} came in time", notices_wanted_, told_.size())};
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  for (const auto& [name, count] : std::exchange(notices_counted_, {})) fmt::print("{:<6}  and {} more\n", name, count);
  return {};
}

Result<void> Story::DeclareAll() {
  named_.resize(plans_.intents().size());
  for (size_t i = 0; i < schedule_.intents.size(); ++i) {
    const uint32_t intent = schedule_.intents[i];
    DemoParty& party = OwnerOf(intent);
    Result<DemoDeclared> declared = party.Declare(schedule_.volumes_of[intent], schedule_.shift_ns);
    if (!declared)
      return Error{declared.error().code,
                   plans_.intents()[intent].name + " of " + party.name() + ": " + declared.error().message};
    intent_of_id_[declared->id] = intent;
    named_[intent] = declared->conflicts.size();
    if (declared->refused) ++refused_;
    bool of_others = false;
    for (const Json& conflict : declared->conflicts) {
      meetings_ += conflict.at("meets").size();
      if (!IsOfAnother(conflict, party)) continue;
      // The other is told; who declared knows from the answer.
      of_others = true;
      ++notices_wanted_;
    }
    if (of_others && declared->refused && !refusal_shown_) ShowFirstRefusal(party, intent, *declared);
    WB_TRY_OK(ShowWhatCame());
    progress_.Share("declaring", static_cast<double>(i + 1) / static_cast<double>(schedule_.intents.size()));
  }
  WB_TRY_OK(WaitForNotices());
  progress_.Clear();
  fmt::print(
      "\n{}\n",
      Wrapped(fmt::format("{} declared, {} of them after a 409; {} told whom a conflict with another party "
                          "concerns. Who meets whom, computed apart from the service:",
                          Counted(schedule_.intents.size(), "intent"), refused_, Counted(told_.size(), "notice")),
              0));
  return {};
}

Result<void> Story::CompareWithExact() {
  WB_TRY(conflict::Meetings found, conflict::FindMeetings(plans_, {.within_party = true}));
  std::vector<conflict::Meeting> apart;  // of different aircraft
  for (const conflict::Meeting& meeting : found.meetings) {
    if (plans_.party_of_volume(meeting.a) != plans_.party_of_volume(meeting.b)) apart.push_back(meeting);
  }
  std::vector<size_t> place(plans_.intents().size());
  for (size_t i = 0; i < schedule_.intents.size(); ++i) place[schedule_.intents[i]] = i;
  std::vector<size_t> exact(plans_.intents().size());
  const std::vector<conflict::Conflict> all = conflict::GroupByIntents(plans_, found.meetings);
  for (const conflict::Conflict& one : all)
    ++exact[place[one.intent_a] > place[one.intent_b] ? one.intent_a : one.intent_b];

  const std::vector<conflict::Conflict> conflicts = conflict::GroupByIntents(plans_, apart);
  WB_TRY(Output output, Output::Open("-"));
  WB_TRY_OK(files::WriteConflictReport({plans_, apart, conflicts}, files::ReportFormat::kTable, output.sink(), {}));
  if (exact != named_ || meetings_ != found.meetings.size())
    return Error{Code::kIo, fmt::format("the service named {} pairs and {} meetings of volumes, not exactly the {} and "
                                        "{} that there are: this must never be",
                                        std::accumulate(named_.begin(), named_.end(), size_t{0}), meetings_, all.size(),
                                        found.meetings.size())};
  const size_t itself = all.size() - conflicts.size();
  const auto own = std::count_if(conflicts.begin(), conflicts.end(), [&](const conflict::Conflict& one) {
    return &OwnerOf(one.intent_a) == &OwnerOf(one.intent_b);
  });
  fmt::print(
      "{}", Wrapped(fmt::format(
                        "The service named these {} exactly, volume by volume{}. Of {} both flights are "
                        "one party's, which knows from the answer and gets no notice.",
                        conflicts.size(),
                        itself == 0 ? std::string() : fmt::format(", and {} of one aircraft with itself", itself), own),
                    0));
  std::fflush(stdout);
  return {};
}

Result<void> Story::LetAProviderIn(const api::KeyPair& keys) {
  std::map<std::string, int64_t> last;
  for (const auto& party : parties_) last[party->name()] = 0;
  for (const ToldNotice& told : told_) {
    int64_t& number = last[told.text.at("party").get<std::string>()];
    number = std::max(number, told.notice.at("number").get<int64_t>());
  }
  const uint32_t intent = schedule_.intents.back();
  WB_TRY(const DemoVisit visit,
         VisitAsProvider(service_, keys, *schedule_.volumes_of[intent].front(), schedule_.shift_ns));
  std::string named;
  for (const DemoVisit::Named& one : visit.named)
    named += fmt::format("{}{} of {} ({})", named.empty() ? "" : ", ", one.id.substr(0, 8), one.manager,
                         Counted(one.volumes, "volume"));
  fmt::print("\n{}\n{}",
             Wrapped(fmt::format("A provider of ASTM F3548-21, \"{}\", wants the place of {}'s {}: 409 from the DSS, "
                                 "which names {}. It asks that USS, the service itself, for volumes and OVN, and is "
                                 "accepted: 201. Whom it concerns is told:",
                                 kDemoProvider, OwnerOf(intent).name(), plans_.intents()[intent].name, named),
                     0),
             DemoNoticeHeadings());
  for (const auto& party : parties_) {
    WB_TRY(const size_t more, party->CountNewNotices(last[party->name()]));
    notices_wanted_ += more;
  }
  notices_shown_ = 0;
  return WaitForNotices();
}

Result<void> Story::AcknowledgeAndProve(const std::string& receipt_file) {
  if (told_.empty()) return Error{Code::kInvalid, "nobody was told of anything, so there is nothing to acknowledge"};
  // One that tells a name to a member of the group, if there is one.
  auto chosen = std::find_if(told_.begin(), told_.end(), [](const ToldNotice& told) {
    return told.text.at("other").value("party", "") == "birch" && told.text.at("party") == "amber";
  });
  if (chosen == told_.end()) chosen = told_.begin();
  const std::string id = chosen->notice.at("id").get<std::string>();
  const std::string name = chosen->text.at("party").get<std::string>();
  const DemoParty& party =
      **std::find_if(parties_.begin(), parties_.end(), [&](const auto& p) { return p->name() == name; });
  WB_TRY_OK(party.Acknowledge(*chosen));
  fmt::print("\n{}",
             Wrapped(fmt::format("{} acknowledges its notice {} ({}): it signs the SHA-256 of the notice's text with "
                                 "its key {}.",
                                 name, id, FlightOf(*chosen), party.client().key().public_key().Thumbprint()),
                     0));

  const std::string path = "/api/v1/notices/" + PathSegment(id) + "/receipt";
  const Result<Answer> answer = party.client().Send("GET", path, std::nullopt);
  WB_TRY_OK(Expect(answer, 200, "GET " + path));
  WB_TRY(Output output, Output::Open(receipt_file));
  WB_TRY_OK(output.sink()(answer->body));
  WB_TRY_OK(output.Close());
  TrustOptions trust;
  WB_TRY(trust.operator_key, ReadWholeFile(folder_ + "/ledger.pub", ledger::kNoteBytesMax));
  trust.operator_key.erase(trust.operator_key.find_last_not_of('\n') + 1);
  trust.party_keys = {name + "=" + folder_ + "/" + name + ".key.pub"};
  WB_TRY(const Verdict verdict, VerifyReceiptFile(receipt_file, trust));
  fmt::print("The ledger's receipt is {}; `wideberth verify` says of it:\n\n{}", receipt_file,
             Wrapped(verdict.words, 2));
  std::fflush(stdout);
  if (!verdict.proven) return Error{Code::kIo, "a receipt of the service proves nothing: this must never be"};
  return {};
}

}  // namespace wideberth::cmd
