#include "api/call.h"

#include <array>
#include <utility>

#include "api/f3548_json.h"

namespace wideberth::api {

using model::Outcome;
using model::Uuid;

http::Response Json(int status, std::string body) { return {status, "application/json", std::move(body), {}}; }

http::Response Failed(int status, const std::string& message) { return Json(status, RenderError(status, message)); }

http::Response Failed(const Error& error) {
  const int status = StatusOf(error.code);
  http::Response response = Failed(status, error.message);
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

http::Response Later(int status, std::function<http::Response()> render) {
  http::Response response;
  response.status = status;
  response.finish = [render = std::move(render)](http::Response& answer) {
    http::Response rendered = render();
    answer.status = rendered.status;
    answer.content_type = std::move(rendered.content_type);
    answer.body = std::move(rendered.body);
    for (auto& header : rendered.headers) answer.headers.push_back(std::move(header));
  };
  return response;
}

http::Response TooBusy(const Error& error) {
  http::Response response = Failed(error);
  response.headers.emplace_back("Retry-After", "1");
  response.hold_back = kRefusalHeldBack;
  return response;
}

Error PlainlyInvalid(Error error) {
  if (error.code == Code::kTooLarge) error.code = Code::kInvalid;
  return error;
}

Result<Uuid> Call::Id(size_t argument, const char* name) const {
  Result<Uuid> id = Uuid::Parse(arguments[argument]);
  if (!id) return Error{Code::kInvalid, std::string(name) + ": " + id.error().message};
  return id;
}

std::string Call::Chance() const {
  static constexpr char kDigits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._";
  std::array<std::byte, 32> bytes{};
  rng.Fill(bytes);
  std::string text;
  for (const std::byte b : bytes) text += kDigits[std::to_integer<size_t>(b) % 64];
  return text;
}

void Submit(const CallPtr& call, model::Command command, std::function<http::Response(const Outcome&)> render) {
  const Result<void> submitted = call->node.Submit(call->caller.subject, std::move(command),
                                                   [call, render = std::move(render)](const Outcome& outcome) {
                                                     if (const Error* error = std::get_if<Error>(&outcome)) {
                                                       call->Fail(*error);
                                                     } else {
                                                       call->respond(render(outcome));
                                                     }
                                                   });
  if (!submitted) call->respond(TooBusy(submitted.error()));
}

void Read(const CallPtr& call, const std::function<http::Response(const airspace::Airspace&, TimeNs)>& read) {
  const auto response = std::make_shared<http::Response>();
  call->node.Read([&](const airspace::Airspace& airspace, TimeNs now) { *response = read(airspace, now); },
                  [call, response] { call->respond(std::move(*response)); });
}

}  // namespace wideberth::api
