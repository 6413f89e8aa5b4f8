// Keys that the gateway's and the engine's files have in common.

#include <chrono>

#include "settings/settings_keys.h"

namespace ringmaster {

using namespace std::chrono_literals;

void visit_keys(SettingsVisitor& visitor, LimitSettings& limits) {
  constexpr std::size_t kKibibyte = 1024;
  constexpr std::size_t kMebibyte = 1024 * kKibibyte;
  constexpr std::size_t kGibibyte = 1024 * kMebibyte;
  visitor.bytes("body_bytes", limits.body_bytes, kKibibyte, kGibibyte,
                "longest body of a request; beyond it 413");
  visitor.bytes("header_bytes", limits.header_bytes, kKibibyte, kMebibyte,
                "longest head of a request; beyond it 431");
  visitor.integer("connections", limits.connections, 1, 1'000'000,
                  "open client connections; further ones are closed with 503");
  visitor.duration("header_timeout", limits.header_timeout, 100ms, 1h,
                   "longest time for the head of a request; then 408");
  visitor.duration("body_timeout", limits.body_timeout, 100ms, 1h,
                   "longest pause inside the body of a request; then 408");
  visitor.bytes(
      "body_rate", limits.body_rate, 0, kGibibyte,
      "least bytes a second of a body, on average after the first body_timeout; then 408; "
      "0: any");
  visitor.duration("keep_alive", limits.keep_alive, 100ms, 24h,
                   "longest pause between two requests of a connection; then it is closed");
  visitor.duration("write_timeout", limits.write_timeout, 100ms, 1h,
                   "how long a client may read nothing before it is cut off");
}

void visit_keys(SettingsVisitor& visitor, DrainSettings& drain) {
  visitor.duration("wait", drain.wait, 0s, 10min,
                   "after SIGTERM: time not ready but still serving, for load balancers to notice");
  visitor.duration("grace", drain.grace, 0s, 24h,
                   "then: longest time to finish what is under way before it is cut off");
}

void visit_keys(SettingsVisitor& visitor, LogSettings& log) {
  visitor.choice<LogLevel>("level", log.level,
                           {{"debug", LogLevel::kDebug},
                            {"info", LogLevel::kInfo},
                            {"warn", LogLevel::kWarn},
                            {"error", LogLevel::kError}},
                           "info", "least important lines that are written");
  visitor.choice<bool>("format", log.json, {{"text", false}, {"json", true}}, "text",
                       "form of a line on standard error");
}

}  // namespace ringmaster
