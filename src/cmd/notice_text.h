#ifndef WIDEBERTH_CMD_NOTICE_TEXT_H_
#define WIDEBERTH_CMD_NOTICE_TEXT_H_

#include <nlohmann/json.hpp>
#include <string_view>

#include "base/result.h"

namespace wideberth::cmd {

// That a text of a notice is of the form in which a service writes it (docs/formats/notice.md), with nothing more: what
// a party signs is to say one thing to everybody. kInvalid with the member.
Result<void> CheckNoticeText(const nlohmann::ordered_json& text);

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_NOTICE_TEXT_H_
