#pragma once

#include "engine_adapters/openai_adapter.h"

namespace ringmaster {

/// The bundled engine: load from GET /load, residency from the stream GET /kv_events?from=N.
class RingmasterAdapter final : public OpenAiAdapter {
 public:
  [[nodiscard]] std::string_view name() const override { return "ringmaster"; }
  [[nodiscard]] AdapterCapabilities capabilities() const override;
  [[nodiscard]] asio::awaitable<Result<EngineReport>> read_report(
      const EngineLink& link) const override;
  [[nodiscard]] asio::awaitable<Status> follow_kv_events(const EngineLink& link,
                                                         KvEventSink& sink) const override;
};

}  // namespace ringmaster
