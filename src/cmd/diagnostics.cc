#include "cmd/diagnostics.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>

#include "base/rfc3339.h"
#include "os/system.h"

namespace wideberth::cmd::diagnostics {
namespace {

std::atomic<bool> as_json_now{false};

spdlog::logger& Logger() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto made = std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->flush_on(spdlog::level::debug);
    return made;
  }();
  return *logger;
}

void Write(spdlog::level::level_enum level, const char* name, const std::string& what,
           const nlohmann::ordered_json& fields) {
  if (!Logger().should_log(level)) return;
  using Json = nlohmann::ordered_json;
  const std::string time = FormatRfc3339({os::SystemClock().Now().value / 1'000'000 * 1'000'000});
  if (as_json_now) {
    Json line{{"time", time}, {"level", name}, {"message", what}};
    if (fields.is_object()) line.update(fields);
    Logger().log(level, "{}", line.dump(-1, ' ', false, Json::error_handler_t::replace));
    return;
  }
  std::string line = time + " " + name + " " + what;
  for (const auto& [key, value] : fields.items()) {
    // Strings with anything but plain characters are quoted as JSON has it: no line is forged by a name.
    line += " " + key + "=" + value.dump(-1, ' ', true, Json::error_handler_t::replace);
  }
  Logger().log(level, "{}", line);
}

}  // namespace

void Configure(bool as_json, const std::string& level) {
  as_json_now = as_json;
  Logger().set_level(spdlog::level::from_str(level));
}

bool DebugIsOn() { return Logger().should_log(spdlog::level::debug); }

void Debug(const std::string& what, const nlohmann::ordered_json& fields) {
  Write(spdlog::level::debug, "debug", what, fields);
}
void Info(const std::string& what, const nlohmann::ordered_json& fields) {
  Write(spdlog::level::info, "info", what, fields);
}
void Warn(const std::string& what, const nlohmann::ordered_json& fields) {
  Write(spdlog::level::warn, "warn", what, fields);
}
void Fatal(const std::string& what, const nlohmann::ordered_json& fields) {
  Write(spdlog::level::err, "error", what, fields);
}

}  // namespace wideberth::cmd::diagnostics
