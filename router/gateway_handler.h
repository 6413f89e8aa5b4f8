#pragma once

#include "http/server.h"
#include "router/request_context.h"
#include "router/service_state.h"

namespace ringmaster {

/// The main listener: /v1/*, /healthz, /readyz and /metrics.
class GatewayHandler final : public http::Handler {
 public:
  /// Both outlive the handler.
  GatewayHandler(const RequestContext& context, const ServiceState& state)
      : context_(&context), state_(&state) {}

  [[nodiscard]] boost::asio::awaitable<void> handle(http::Request& request,
                                                    http::ResponseWriter& writer) override;

 private:
  [[nodiscard]] bool is_allowed(const http::Request& request) const;
  [[nodiscard]] http::Response ready() const;
  [[nodiscard]] http::Response models() const;
  [[nodiscard]] http::Response model(std::string_view name) const;
  [[nodiscard]] boost::asio::awaitable<http::Response> metrics() const;
  [[nodiscard]] boost::asio::awaitable<http::Response> answer_here(
      const http::Request& request) const;

  const RequestContext* context_;
  const ServiceState* state_;
};

}  // namespace ringmaster
