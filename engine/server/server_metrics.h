#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "engine/engine.h"

namespace ringmaster::engine {

/// What the engine tells Prometheus, under the names that vLLM uses, so that dashboards and
/// gateways that know those know this engine. docs/engine.md lists them. Any thread may call.
class ServerMetrics {
 public:
  /// `model_name` becomes the label of that name on every series.
  explicit ServerMetrics(const std::string& model_name);
  ~ServerMetrics();
  ServerMetrics(const ServerMetrics&) = delete;
  ServerMetrics& operator=(const ServerMetrics&) = delete;

  void observe_queue_time(Duration waited);
  void observe_first_token(Duration since_received);
  void observe_inter_token(Duration since_last);
  void observe_step(std::int32_t tokens);

  /// `reason` is stop, length, abort or error.
  void observe_end(std::string_view reason, Duration since_received, std::int32_t prompt_tokens,
                   std::int32_t output_tokens);

  /// The exposition, with the gauges and totals of `stats`.
  [[nodiscard]] std::string text(const EngineStats& stats);

 private:
  struct Series;
  std::unique_ptr<Series> series_;
};

}  // namespace ringmaster::engine
