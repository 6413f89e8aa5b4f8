#pragma once

#include "engine_adapters/engine_adapter.h"

namespace ringmaster {

/// Any OpenAI-compatible server of which nothing more is known: alive if GET /health answers with
/// 2xx, or, where there is no such route, GET /v1/models; load by the gateway's own accounting,
/// residency by its mirror, cached tokens where an answer's usage carries them.
///
/// The adapters of engines that tell more derive from it.
class OpenAiAdapter : public EngineAdapter {
 public:
  [[nodiscard]] std::string_view name() const override { return "openai"; }
  [[nodiscard]] AdapterCapabilities capabilities() const override { return {}; }
  [[nodiscard]] asio::awaitable<ProbeOutcome> probe(const EngineLink& link) const override;
  [[nodiscard]] asio::awaitable<Result<std::string>> read_models(
      const EngineLink& link) const override;
  [[nodiscard]] asio::awaitable<Result<EngineReport>> read_report(
      const EngineLink& link) const override;
  [[nodiscard]] asio::awaitable<Status> follow_kv_events(const EngineLink& link,
                                                         KvEventSink& sink) const override;
  void prepare(const EngineLink& link, http::Fields& fields) const override;
  [[nodiscard]] std::optional<InstanceReport> report_in(
      const http::ResponseHead& head) const override;
  [[nodiscard]] std::unique_ptr<AnswerReader> read_answer() const override;
  [[nodiscard]] std::string openai_error(int status, std::string body) const override;
};

}  // namespace ringmaster
