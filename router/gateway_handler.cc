#include "router/gateway_handler.h"

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "http/openai_error.h"
#include "http/percent_escapes.h"
#include "router/fleet_figures.h"
#include "router/forwarding.h"
#include "router/header_rules.h"
#include "router/process_usage.h"
#include "router/request_session.h"

namespace ringmaster {
namespace {

namespace asio = boost::asio;

constexpr std::string_view kApi = "/v1/";
constexpr std::string_view kModels = "/v1/models";

bool is_model_route(const http::Request& request) {
  const auto path = request.path();
  return (request.method == "GET" || request.method == "HEAD") &&
         (path == kModels || path.starts_with(std::string(kModels) + "/"));
}

bool takes_requests(const LiveInstance& instance) {
  return instance.live.was_alive.load(std::memory_order_relaxed) &&
         instance.live.health.load(std::memory_order_relaxed) != Health::kDead;
}

/// Whether a segment of the path is "." or "..", escaped or not: an instance, or a proxy before it,
/// could take the path for one outside of /v1/.
bool has_dot_segment(std::string_view path) {
  if (path.find_first_of(".%") == std::string_view::npos) return false;
  std::string plain;
  for (; !path.empty(); path.remove_prefix(1)) {
    const auto escape = path.substr(0, 3);
    const bool is_dot = escape == "%2e" || escape == "%2E";
    const bool is_slash = escape == "%2f" || escape == "%2F" || escape == "%5c" || escape == "%5C";
    plain += is_dot ? '.' : is_slash || path.front() == '\\' ? '/' : path.front();
    if (is_dot || is_slash) path.remove_prefix(2);
  }
  plain += '/';
  return plain.find("/../") != std::string::npos || plain.find("/./") != std::string::npos;
}

}  // namespace

asio::awaitable<void> GatewayHandler::handle(http::Request& request, http::ResponseWriter& writer) {
  const auto path = request.path();
  const bool is_api = path.starts_with(kApi);
  if (is_api && !is_allowed(request)) {
    auto refusal = http::openai_error(401, "the API key is missing or wrong", "invalid_api_key");
    const auto sent = co_await writer.send(std::move(refusal));
    static_cast<void>(sent);  // A client that has gone misses nothing.
    co_return;
  }
  if (is_api && has_dot_segment(path)) {
    auto refusal = http::openai_error(400, "the path must not have \".\" or \"..\" as a segment");
    const auto sent = co_await writer.send(std::move(refusal));
    static_cast<void>(sent);
    co_return;
  }
  if (is_api && !is_model_route(request)) {
    RequestSession session(*context_, request, writer);
    co_await session.run();
    co_return;
  }
  auto response = co_await answer_here(request);
  const auto sent = co_await writer.send(std::move(response));
  static_cast<void>(sent);
}

bool GatewayHandler::is_allowed(const http::Request& request) const {
  const auto& keys = context_->settings->api_keys;
  if (keys.empty()) return true;
  // Its own gateway has asked for the key before it forwarded.
  if (is_from_peer(request.fields, context_->settings->peers.key)) return true;
  // Every key is compared, so that the time does not tell which one matched.
  return std::count_if(keys.begin(), keys.end(),
                       [&](const auto& key) { return has_bearer(request.fields, key); }) != 0;
}

asio::awaitable<http::Response> GatewayHandler::answer_here(const http::Request& request) const {
  const auto path = request.path();
  if (is_model_route(request)) {
    if (path == kModels) co_return models();
    co_return model(http::without_percent_escapes(path.substr(kModels.size() + 1)));
  }
  if (path == kPeerLoadPath) co_return co_await peer_load(request);
  const bool is_ours = path == "/healthz" || path == "/readyz" || path == "/metrics";
  if (!is_ours) {
    co_return http::openai_error(
        404,
        "there is no " + std::string(path) +
            "; the API is under /v1/, and there are /healthz, /readyz and /metrics",
        "not_found");
  }
  if (request.method != "GET" && request.method != "HEAD") {
    auto refusal = http::openai_error(405, "this route takes GET");
    refusal.fields.set("allow", "GET, HEAD");
    co_return refusal;
  }
  if (path == "/metrics") co_return co_await metrics();
  if (path == "/readyz") co_return ready();
  co_return http::json_response(200, R"({"status":"ok"})");
}

asio::awaitable<http::Response> GatewayHandler::peer_load(const http::Request& request) const {
  if (!is_from_peer(request.fields, context_->settings->peers.key)) {
    co_return http::openai_error(401, "this route is for peers, which show peers.key",
                                 "invalid_peer_key");
  }
  // One that ends gives up what it owns: what it holds it still sends.
  if (state_->is_draining.load(std::memory_order_relaxed)) {
    co_return http::openai_error(503, "draining");
  }
  std::function<std::string(SchedulerStrand&)> question = [this](SchedulerStrand& /*strand*/) {
    return peer_report_json(peers_->own_report());
  };
  co_return http::json_response(200, co_await context_->strand->ask(std::move(question)));
}

http::Response GatewayHandler::ready() const {
  if (state_->is_draining.load(std::memory_order_relaxed)) {
    return http::json_response(503, R"({"ready":false,"reason":"draining"})");
  }
  for (const auto& [name, model] : context_->directory->local()->models) {
    for (const auto& instance : model->instances) {
      if (takes_requests(*instance)) return http::json_response(200, R"({"ready":true})");
    }
  }
  return http::json_response(503, R"({"ready":false,"reason":"no instance takes requests"})");
}

http::Response GatewayHandler::models() const {
  std::string body = R"({"object":"list","data":[)";
  const char* separator = "";
  const auto directory = context_->directory->local();
  for (const auto* served : {&directory->models, &directory->adapters}) {
    for (const auto& [name, model] : *served) {
      (body += separator) += model->card;
      separator = ",";
    }
  }
  return http::json_response(200, body + "]}");
}

http::Response GatewayHandler::model(std::string_view name) const {
  const auto directory = context_->directory->local();
  auto found = directory->find(name);
  if (!found) found = directory->find_adapter(name);
  if (found) return http::json_response(200, found->card);
  return http::openai_error(404, "the model \"" + std::string(name) + "\" does not exist",
                            "model_not_found", "model");
}

asio::awaitable<http::Response> GatewayHandler::metrics() const {
  std::function<std::vector<FleetFigures>(SchedulerStrand&)> question =
      [](SchedulerStrand& strand) { return fleet_figures(strand); };
  const auto fleets = co_await context_->strand->ask(std::move(question));
  std::function<std::vector<KnownPeer>(SchedulerStrand&)> who =
      [this](SchedulerStrand& /*strand*/) { return peers_->peers(); };
  const auto peers = co_await context_->strand->ask(std::move(who));
  ProcessFigures process{.buffered_bytes = state_->buffered_bytes.load(std::memory_order_relaxed),
                         .buffered_bytes_max = context_->settings->limits.buffer_bytes,
                         .connections = state_->connection_count ? state_->connection_count() : 0,
                         .is_draining = state_->is_draining.load(std::memory_order_relaxed)};
  process.usage = process_usage();
  process.version = state_->version;
  for (const auto& [peer, why_not_up] : peers) {
    process.peers.emplace_back(peer->id, why_not_up.empty());
  }
  http::Response response;
  response.fields.add("content-type", "text/plain; version=0.0.4; charset=utf-8");
  response.body = metrics_text(*context_->metrics, fleets, process);
  co_return response;
}

}  // namespace ringmaster
