#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "api/token_maker.h"
#include "cmd/demo_party.h"
#include "cmd/demo_provider.h"
#include "cmd/demo_story.h"
#include "cmd/diagnostics.h"
#include "cmd/exit_status.h"
#include "cmd/inputs.h"
#include "cmd/progress.h"
#include "cmd/service.h"
#include "cmd/subcommands.h"
#include "os/system.h"

namespace wideberth::cmd {
namespace {

struct DemoOptions {
  InputOptions inputs;
  std::string listen = "127.0.0.1:8082";
  std::string data;
  std::string receipt = "demo-receipt.json";
  bool once = false;
};

// A folder of its own, which goes with it.
class Folder {
 public:
  static Result<std::unique_ptr<Folder>> Make(const std::string& given) {
    std::unique_ptr<Folder> made(new Folder);
    made->path_ = given;
    if (given.empty()) {
      std::string pattern = (std::filesystem::temp_directory_path() / "wideberth-demo-XXXXXX").string();
      if (mkdtemp(pattern.data()) == nullptr) return Error{Code::kIo, pattern + ": cannot make a folder"};
      made->path_ = pattern;
      made->own_ = true;
    } else {
      std::error_code failed;
      std::filesystem::create_directories(given, failed);
      if (failed) return Error{Code::kIo, given + ": cannot make this folder: " + failed.message()};
      if (!std::filesystem::is_empty(given, failed))
        return Error{Code::kInvalid, "--data: " + given + " is not empty; the story begins with nothing declared"};
    }
    return made;
  }
  ~Folder() {
    std::error_code ignored;
    if (own_) std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  Folder() = default;
  std::string path_;
  bool own_ = false;
};

Result<void> TellStory(const DemoOptions& options, const conflict::PlanSet& plans, Progress& progress,
                       const sigset_t& signals) {
  WB_TRY(const std::unique_ptr<Folder> folder, Folder::Make(options.data));
  WB_TRY_OK(MakeDemoKey(folder->path() + "/" + kDemoOperator + ".key"));
  WB_TRY(const api::KeyPair provider_keys, api::MakeKeyPair());
  ServiceOptions service_options;
  service_options.listen = options.listen;
  service_options.data = folder->path();
  service_options.public_key_pem = provider_keys.public_pem;
  service_options.audiences = {kDemoAudience, "127.0.0.1", "localhost"};
  service_options.operators = {std::string(kDemoOperator) + "=" + folder->path() + "/" + kDemoOperator + ".key.pub"};
  WB_TRY(const std::unique_ptr<Service> service, Service::Start(service_options));
  {
    Story story(plans, ScheduleOf(plans, os::SystemClock().Now()), folder->path(), service->url(), progress);
    WB_TRY_OK(story.RegisterParties());
    WB_TRY_OK(story.DeclareAll());
    WB_TRY_OK(story.CompareWithExact());
    WB_TRY_OK(story.LetAProviderIn(provider_keys));
    WB_TRY_OK(story.AcknowledgeAndProve(options.receipt));
  }
  if (!options.once) {
    fmt::print(
        "\nThe service goes on at {} until Ctrl-C. As one of the parties:\n"
        "  wideberth listen --url {} --key {}/amber.key --party amber\n",
        service->url(), service->url(), folder->path());
    std::fflush(stdout);
    int signal = 0;
    sigwait(&signals, &signal);
  }
  service->Stop();
  return {};
}

int RunDemo(const DemoOptions& options) {
  diagnostics::Configure(false, "warn");
  std::signal(SIGPIPE, SIG_IGN);
  Progress progress(options.inputs.progress);
  const Result<conflict::PlanSet> plans = ReadPlans(options.inputs, progress);
  progress.Clear();
  if (!plans) return Fail(plans.error(), kExitBadInput);
  if (plans->volumes().empty())
    return Fail({Code::kInvalid, "there is nothing to declare in the input"}, kExitBadInput);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // inherited by the service's threads
  Result<void> told;
  try {
    told = TellStory(options, *plans, progress, signals);
  } catch (const nlohmann::json::exception& error) {
    told = Error{Code::kIo, std::string("the service's answer has another form than it should: ") + error.what()};
  }
  progress.Clear();
  return told ? kExitDone : Fail(told.error(), kExitCannotWrite);
}

}  // namespace

void AddDemo(CLI::App& app, int& status) {
  CLI::App* demo = app.add_subcommand(
      "demo",
      "Three parties declare recorded flights to a service of its own: who meets whom, who is told what, who signs");
  const auto options = std::make_shared<DemoOptions>();
  AddInputOptions(*demo, options->inputs);
  demo->add_option("--listen", options->listen, "HOST:PORT where the service answers")->capture_default_str();
  demo->add_option(
      "--data", options->data,
      "An empty folder for its store and the parties' keys; without it a temporary one, removed at the end");
  demo->add_option("--receipt", options->receipt, "Where the ledger's receipt goes")->capture_default_str();
  demo->add_flag("--once", options->once, "End after the story instead of serving until Ctrl-C");
  demo->footer(
      R"(All goes through the service's public interface: the parties that the files name (aircraft) are dealt to three parties, which
declare each flight as an intent in the order of time, listen to their notices, and acknowledge one; a provider of ASTM F3548-21
meets what they declared; a receipt of the ledger is written and verified. A recording is declared as many whole days later as it
takes to lie in the future; tables show the recorded times.

Examples:
  wideberth demo tracks.csv
  wideberth demo plans.geojson --once --listen 127.0.0.1:0 --receipt receipt.json)");
  demo->callback([options, &status] { status = RunDemo(*options); });
}

}  // namespace wideberth::cmd
