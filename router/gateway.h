#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "router/line_sink.h"
#include "router/prompt_prefix.h"
#include "settings/gateway_settings.h"

namespace ringmaster {

/// What a gateway is made of besides its settings. Pointers outlive the gateway.
struct GatewayParts {
  GatewaySettings settings;
  LogSink* log = nullptr;
  /// By model name; models without an entry are hashed by bytes.
  std::map<std::string, std::shared_ptr<const PromptEncoding>, std::less<>> encoders;
  /// Where the inputs of the scheduler of the number-th model go; may be empty or return null.
  std::function<LineSink*(const std::string& model, std::uint32_t number)> event_recording;
  LineSink* trace_recording = nullptr;  ///< Where trace records go; null: nowhere.
  std::string version = "unknown";      ///< Of the program, for /metrics.
};

/// The whole gateway: listeners, threads, scheduler strand, instances and their monitors.
class Gateway {
 public:
  /// Starts to serve. Fails with one line that says what is wrong: an address that cannot be bound,
  /// a policy or an instance that cannot be used.
  [[nodiscard]] static Result<std::unique_ptr<Gateway>> start(GatewayParts parts);

  /// Cuts what still runs.
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::uint16_t admin_port() const;

  /// Shuts down in good order: not ready for drain.wait while still serving, then no new
  /// connections and up to drain.grace for what has begun, then an error frame for the rest.
  /// Returns when the last connection is closed. Requires: not called on one of its threads.
  void drain();

  /// Ends a running drain()'s patience: it cuts off what is left at once. Any thread.
  void hurry();

 private:
  class Impl;
  explicit Gateway(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringmaster
