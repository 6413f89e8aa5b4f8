#pragma once

#include "http/server.h"
#include "router/peer_set.h"
#include "router/request_context.h"
#include "router/service_state.h"

namespace ringmaster {

/// The main listener: /v1/*, /healthz, /readyz, /metrics, and /peer/load for peers.
class GatewayHandler final : public http::Handler {
 public:
  /// All of them outlive the handler.
  GatewayHandler(const RequestContext& context, const ServiceState& state, const PeerSet& peers)
      : context_(&context), state_(&state), peers_(&peers) {}

  [[nodiscard]] boost::asio::awaitable<void> handle(http::Request& request,
                                                    http::ResponseWriter& writer) override;

 private:
  [[nodiscard]] bool is_allowed(const http::Request& request) const;
  [[nodiscard]] http::Response ready() const;
  [[nodiscard]] http::Response models() const;
  [[nodiscard]] http::Response model(std::string_view name) const;
  [[nodiscard]] boost::asio::awaitable<http::Response> metrics() const;
  [[nodiscard]] boost::asio::awaitable<http::Response> peer_load(
      const http::Request& request) const;
  [[nodiscard]] boost::asio::awaitable<http::Response> answer_here(
      const http::Request& request) const;

  const RequestContext* context_;
  const ServiceState* state_;
  const PeerSet* peers_;
};

}  // namespace ringmaster
