#include "cmd/notice_text.h"

#include <algorithm>
#include <initializer_list>
#include <string>

#include "base/rfc3339.h"
#include "cmd/plain_text.h"
#include "model/uuid.h"

namespace wideberth::cmd {
namespace {

using Json = nlohmann::ordered_json;
using Names = std::initializer_list<std::string_view>;

Error Wrong(const std::string& place, const std::string& reason) {
  return {Code::kInvalid, (place.empty() ? "" : place + ": ") + reason};
}

bool Has(Names names, std::string_view name) { return std::find(names.begin(), names.end(), name) != names.end(); }

Result<void> CheckMembers(const Json& object, const std::string& place, Names required, Names optional) {
  if (!object.is_object()) return Wrong(place, "is no object");
  for (const std::string_view name : required)
    if (!object.contains(name)) return Wrong(place, "has no member " + std::string(name));
  for (const auto& [name, value] : object.items())
    if (!Has(required, name) && !Has(optional, name))
      return Wrong(place, "has a member that no notice has, " + Plain(name));
  return {};
}

Result<void> CheckText(const Json& object, const std::string& place, const char* name) {
  if (!object[name].is_string() || object[name].get_ref<const std::string&>().empty())
    return Wrong(place + name, "is no text, or empty");
  return {};
}

Result<void> CheckOneOf(const Json& object, const char* name, Names values) {
  WB_TRY_OK(CheckText(object, "", name));
  if (!Has(values, object[name].get_ref<const std::string&>())) return Wrong(name, "is none that a notice has");
  return {};
}

Result<void> CheckTime(const Json& object, const std::string& place, const char* name) {
  WB_TRY_OK(CheckText(object, place, name));
  if (const auto time = ParseRfc3339(object[name].get_ref<const std::string&>()); !time)
    return Wrong(place + name, time.error().message);
  return {};
}

Result<void> CheckOwn(const Json& own) {
  WB_TRY_OK(CheckMembers(own, "own", {"type", "id", "ovn", "version"}, {}));
  for (const char* name : {"type", "id", "ovn"}) WB_TRY_OK(CheckText(own, "own.", name));
  if (!own["version"].is_number_integer()) return Wrong("own.version", "is no whole number");
  return {};
}

Result<void> CheckOther(const Json& other) {
  WB_TRY_OK(CheckMembers(other, "other", {"type", "id", "possible"},
                         {"ovn", "disclosure", "priority", "party", "state", "version", "manager", "uss_base_url"}));
  for (const char* name : {"type", "id"}) WB_TRY_OK(CheckText(other, "other.", name));
  for (const char* name : {"ovn", "disclosure", "party", "state", "manager", "uss_base_url"})
    if (other.contains(name) && !other[name].is_string()) return Wrong(std::string("other.") + name, "is no text");
  for (const char* name : {"priority", "version"})
    if (other.contains(name) && !other[name].is_number_integer())
      return Wrong(std::string("other.") + name, "is no whole number");
  if (!other["possible"].is_boolean()) return Wrong("other.possible", "is neither true nor false");
  return {};
}

Result<void> CheckMeeting(const Json& meeting, const std::string& place) {
  WB_TRY_OK(CheckMembers(meeting, place, {"volume", "time_start", "time_end", "bbox_deg"},
                         {"other_volume", "altitude_lower_m", "altitude_upper_m"}));
  for (const char* name : {"volume", "other_volume"})
    if (meeting.contains(name) && !meeting[name].is_number_unsigned())
      return Wrong(place + "." + name, "is no place in a list");
  for (const char* name : {"altitude_lower_m", "altitude_upper_m"})
    if (meeting.contains(name) && !meeting[name].is_number()) return Wrong(place + "." + name, "is no number");
  WB_TRY_OK(CheckTime(meeting, place + ".", "time_start"));
  WB_TRY_OK(CheckTime(meeting, place + ".", "time_end"));
  const Json& box = meeting["bbox_deg"];
  if (!box.is_array() || box.size() != 4 ||
      !std::all_of(box.begin(), box.end(), [](const Json& one) { return one.is_number(); }))
    return Wrong(place + ".bbox_deg", "is not four numbers");
  return {};
}

}  // namespace

Result<void> CheckNoticeText(const Json& text) {
  WB_TRY_OK(
      CheckMembers(text, "", {"id", "party", "made_at", "kind", "because", "own", "other", "meets"}, {"more_meets"}));
  WB_TRY_OK(CheckText(text, "", "id"));
  if (const auto id = model::Uuid::Parse(text["id"].get_ref<const std::string&>()); !id)
    return Wrong("id", id.error().message);
  WB_TRY_OK(CheckText(text, "", "party"));
  WB_TRY_OK(CheckTime(text, "", "made_at"));
  WB_TRY_OK(CheckOneOf(text, "kind", {"conflict", "conflict_over"}));
  WB_TRY_OK(
      CheckOneOf(text, "because", {"declared", "changed", "activated", "withdrawn", "ended", "told_by_provider"}));
  WB_TRY_OK(CheckOwn(text["own"]));
  WB_TRY_OK(CheckOther(text["other"]));
  if (text.contains("more_meets") && text["more_meets"] != true) return Wrong("more_meets", "is not true");
  if (!text["meets"].is_array()) return Wrong("meets", "is no list");
  for (size_t i = 0; i < text["meets"].size(); ++i)
    WB_TRY_OK(CheckMeeting(text["meets"][i], "meets[" + std::to_string(i) + "]"));
  return {};
}

}  // namespace wideberth::cmd
