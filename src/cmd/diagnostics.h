#ifndef WIDEBERTH_CMD_DIAGNOSTICS_H_
#define WIDEBERTH_CMD_DIAGNOSTICS_H_

#include <nlohmann/json.hpp>
#include <string>

namespace wideberth::cmd {

// What the operator reads on stderr: a line for each event, as text or as JSON. Never a token or a body. Thread-safe.
namespace diagnostics {

// `level` is debug, info, warn or error; nothing below it is written.
void Configure(bool as_json, const std::string& level);
bool DebugIsOn();

// `what` is a short phrase, the same for every event of its kind; `fields` say the rest.
void Debug(const std::string& what, const nlohmann::ordered_json& fields = {});
void Info(const std::string& what, const nlohmann::ordered_json& fields = {});
void Warn(const std::string& what, const nlohmann::ordered_json& fields = {});
void Fatal(const std::string& what, const nlohmann::ordered_json& fields = {});

}  // namespace diagnostics
}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_DIAGNOSTICS_H_
