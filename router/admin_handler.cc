#include "router/admin_handler.h"

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "charts/html_page.h"
#include "http/openai_error.h"
#include "http/percent_escapes.h"
#include "http/query_numbers.h"
#include "router/admin_json.h"

namespace ringmaster {
namespace {

namespace asio = boost::asio;

constexpr std::string_view kInstances = "/admin/instances";
constexpr std::string_view kPeers = "/admin/peers";
constexpr std::string_view kDecisions = "/admin/decisions";
constexpr std::string_view kShadow = "/admin/shadow";
constexpr std::string_view kDrain = "/drain";
constexpr std::size_t kDecisionsDefault = 50;
constexpr std::size_t kDecisionsMax = 1'000;

http::Response wrong_method(std::string_view allowed) {
  auto response = http::openai_error(405, "this route takes " + std::string(allowed));
  response.fields.set("allow", allowed);
  return response;
}

/// Where a person may look for a page.
bool is_page(std::string_view path) {
  return path == "/" || path == "/admin" || path == "/admin/";
}

/// Nobody may put it into a frame, where a click could be led astray.
http::Response page_response() {
  http::Response response{.body = fleet_page()};
  response.fields.set("content-type", "text/html; charset=utf-8");
  response.fields.set("cache-control", "no-store");
  response.fields.set("x-content-type-options", "nosniff");
  response.fields.set("content-security-policy", "frame-ancestors 'none'");
  return response;
}

/// Whether a page of another origin has its visitor's browser ask, who may stand where the admin
/// listener can be reached. Browsers name the origin with everything that changes something.
bool is_from_elsewhere(const http::Request& request) {
  const auto* const origin = request.fields.find("origin");
  if (origin == nullptr) return false;
  const auto* const host = request.fields.find("host");
  const auto scheme_end = origin->find("://");
  return host == nullptr || scheme_end == std::string::npos ||
         std::string_view(*origin).substr(scheme_end + 3) != *host;
}

http::Response status_response(const Status& status, std::string body) {
  return status ? http::json_response(200, std::move(body)) : http::openai_error(status.error());
}

}  // namespace

asio::awaitable<void> AdminHandler::handle(http::Request& request, http::ResponseWriter& writer) {
  std::function<http::Response(SchedulerStrand&)> question =
      [this, asked = &request](SchedulerStrand& /*strand*/) { return answer(*asked); };
  auto response = co_await strand_->ask(std::move(question));
  const auto sent = co_await writer.send(std::move(response));
  static_cast<void>(sent);  // A client that has gone misses nothing.
}

http::Response AdminHandler::answer(const http::Request& request) {
  const auto path = request.path();
  if (request.method != "GET" && is_from_elsewhere(request)) {
    return http::openai_error(403, "a page of another origin may not change the fleet");
  }
  if (is_page(path)) return request.method == "GET" ? page_response() : wrong_method("GET");
  if (path == kInstances) return on_instances(request);
  if (path.starts_with(std::string(kInstances) + "/")) {
    return on_instance(request, path.substr(kInstances.size() + 1));
  }
  if (path == kPeers || path.starts_with(std::string(kPeers) + "/")) return on_peers(request);
  if (path == kDecisions || path.starts_with(std::string(kDecisions) + "/")) {
    return on_decisions(request);
  }
  if (path == kShadow) {
    return request.method == "GET" ? http::json_response(200, shadows_json(*strand_))
                                   : wrong_method("GET");
  }
  return http::openai_error(
      404, "there is no " + std::string(path) +
               "; see /admin/, /admin/instances, /admin/peers, /admin/decisions and /admin/shadow");
}

http::Response AdminHandler::on_instances(const http::Request& request) {
  if (request.method == "GET") {
    return http::json_response(200, instances_json(*membership_, *strand_, *peers_));
  }
  if (request.method != "POST") return wrong_method("GET, POST");
  const auto settings = parse_new_instance(request.body);
  if (!settings) return http::openai_error(settings.error());
  const auto added = membership_->add(*settings);
  auto response = status_response(added, R"({"added":true})");
  if (added) response.status = 201;
  return response;
}

http::Response AdminHandler::on_instance(const http::Request& request, std::string_view rest) {
  const bool is_drain = rest.ends_with(kDrain);
  if (is_drain) rest.remove_suffix(kDrain.size());
  const std::string name = http::without_percent_escapes(rest);
  if (is_drain && request.method != "POST") return wrong_method("POST");
  if (is_drain) return status_response(membership_->drain(name), R"({"draining":true})");
  if (request.method == "GET") {
    auto found = instance_json(*membership_, *strand_, *peers_, name);
    return found ? http::json_response(200, std::move(*found))
                 : http::openai_error(404, "there is no instance \"" + name + '"');
  }
  if (request.method != "DELETE") return wrong_method("GET, DELETE");
  return status_response(membership_->remove(name), R"({"removed":true})");
}

http::Response AdminHandler::on_peers(const http::Request& request) {
  auto rest = request.path().substr(kPeers.size());
  if (!rest.empty()) {
    rest.remove_prefix(1);
    if (request.method != "DELETE") return wrong_method("DELETE");
    return status_response(peers_->remove(http::without_percent_escapes(rest)),
                           R"({"removed":true})");
  }
  if (request.method == "GET") return http::json_response(200, peers_json(*peers_));
  if (request.method != "POST") return wrong_method("GET, POST");
  const auto settings = parse_new_peer(request.body);
  if (!settings) return http::openai_error(settings.error());
  const auto added = peers_->add(*settings);
  auto response = status_response(added, R"({"added":true})");
  if (added) response.status = 201;
  return response;
}

http::Response AdminHandler::on_decisions(const http::Request& request) {
  if (request.method != "GET") return wrong_method("GET");
  auto rest = request.path().substr(kDecisions.size());
  if (rest.empty()) {
    std::array<http::QueryNumber, 1> numbers{{{.key = "limit", .least = 1, .most = kDecisionsMax}}};
    if (auto refusal = http::read_query(request.query(), numbers)) return *std::move(refusal);
    return http::json_response(
        200, decisions_json(*strand_, numbers.front().value.value_or(kDecisionsDefault)));
  }
  rest.remove_prefix(1);
  auto decision = decision_json(*strand_, rest);
  if (!decision) return http::openai_error(decision.error());
  return http::json_response(200, std::move(*decision));
}

}  // namespace ringmaster
