#include "engine_adapters/openai_adapter.h"

#include <utility>

#include "engine_adapters/error_body.h"
#include "engine_adapters/openai_answer.h"
#include "engine_adapters/probe_request.h"

namespace ringmaster {
namespace {

ProbeOutcome outcome_of(const Result<ProbeAnswer>& answer, std::string_view target) {
  if (!answer) {
    // A gateway that has no connection to spare has learnt nothing of the engine.
    const bool silent = answer.error().code == ErrorCode::kDeadlineExceeded ||
                        answer.error().origin == ErrorOrigin::kRouter;
    return {.verdict = silent ? ProbeVerdict::kSilent : ProbeVerdict::kFailed,
            .detail = answer.error().message};
  }
  if (answer->status / 100 == 2) return {.verdict = ProbeVerdict::kAlive};
  return {.verdict = ProbeVerdict::kFailed,
          .detail = "GET " + std::string(target) + " answered " + std::to_string(answer->status)};
}

/// The route is not there, which says nothing of the engine's health.
bool lacks_route(const Result<ProbeAnswer>& answer) {
  return answer && (answer->status == 404 || answer->status == 405 || answer->status == 501);
}

tl::unexpected<Error> not_told(const EngineLink& link, std::string_view what) {
  return fail(
      ErrorCode::kNotFound, ErrorOrigin::kInstance,
      "the engine at " + link.endpoint.authority() + " does not tell its " + std::string(what));
}

}  // namespace

asio::awaitable<ProbeOutcome> OpenAiAdapter::probe(const EngineLink& link) const {
  const auto health = co_await probe_request(link, "/health");
  if (!lacks_route(health)) co_return outcome_of(health, "/health");
  const auto models = co_await probe_request(link, "/v1/models");
  // A server that wants a key of the client's answers 401 here, and is alive.
  if (models && (models->status == 401 || models->status == 403)) {
    ProbeOutcome alive;
    alive.verdict = ProbeVerdict::kAlive;
    co_return alive;
  }
  co_return outcome_of(models, "/v1/models");
}

asio::awaitable<Result<std::string>> OpenAiAdapter::read_models(const EngineLink& link) const {
  auto answer = co_await probe_request(link, "/v1/models");
  if (!answer) co_return tl::unexpected(std::move(answer.error()));
  if (answer->status != 200) co_return not_told(link, "models");
  co_return std::move(answer->body);
}

asio::awaitable<Result<EngineReport>> OpenAiAdapter::read_report(const EngineLink& link) const {
  co_return not_told(link, "load");
}

asio::awaitable<Status> OpenAiAdapter::follow_kv_events(const EngineLink& link,
                                                        KvEventSink& /*sink*/) const {
  co_return not_told(link, "prefix cache");
}

void OpenAiAdapter::prepare(const EngineLink& /*link*/, http::Fields& /*fields*/) const {}

std::optional<InstanceReport> OpenAiAdapter::report_in(const http::ResponseHead& /*head*/) const {
  return std::nullopt;
}

std::unique_ptr<AnswerReader> OpenAiAdapter::read_answer() const {
  return std::make_unique<OpenAiAnswer>();
}

std::string OpenAiAdapter::openai_error(int status, std::string body) const {
  return openai_error_from(status, std::move(body));
}

}  // namespace ringmaster
