#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "base/log.h"
#include "fleet/instance.h"
#include "scheduler/scheduler.h"
#include "settings/problems.h"

namespace ringmaster {

/// One instance of `instances:`.
struct InstanceSettings {
  InstanceSpec spec;               ///< spec.name is the key `id`.
  std::string url;                 ///< http://host[:port][/path], checked.
  std::string adapter = "openai";  ///< "openai" or "ringmaster".
  std::string model;               ///< Name by which clients ask for it.
  bool asks_usage = false;  ///< Ask for the usage of streams, and keep it from who did not ask.
};

/// What is known of a model beyond its name.
struct ModelSettings {
  std::string name;
  std::string tokenizer;              ///< Folder with tokenizer.json, as written; empty: none.
  std::uint32_t block_tokens = 16;    ///< Tokens a block of a prefix chain; as in the engines.
  std::vector<std::string> adapters;  ///< LoRA adapters that its engines have, by model name.
};

/// Bounds on everything that grows.
struct LimitSettings {
  std::size_t body_bytes = 32 * 1024 * 1024;
  std::size_t header_bytes = 64 * 1024;
  std::size_t connections = 16'384;
  std::size_t event_bytes = 1024 * 1024;             ///< One server-sent event of an instance.
  std::size_t buffer_bytes = 1024 * 1024 * 1024;     ///< Bodies of all requests together.
  std::chrono::milliseconds header_timeout{10'000};  ///< Whole head of a request.
  std::chrono::milliseconds body_timeout{30'000};    ///< Between two reads of a request's body.
  std::size_t body_rate = 1024;                  ///< Least bytes/s of a body, on average; 0: any.
  std::chrono::milliseconds keep_alive{75'000};  ///< Between requests of a connection.
  std::chrono::milliseconds write_timeout{30'000};  ///< A client that reads nothing.
};

/// How long each phase of one attempt may take; zero: no limit.
struct DeadlineSettings {
  std::chrono::milliseconds connect{2'000};
  std::chrono::milliseconds first_byte{600'000};  ///< A whole answer, where it is not streamed.
  std::chrono::milliseconds idle{120'000};        ///< Between two pieces of an answer.
  std::chrono::milliseconds total{3'600'000};     ///< Of the request, its retries included.
};

/// When an instance is taken out and back in.
struct HealthSettings {
  std::chrono::milliseconds interval{2'000};  ///< Between two probes, and between load reports.
  std::chrono::milliseconds timeout{1'000};
  std::uint32_t unhealthy_after = 3;  ///< Failures in a row, probes and requests alike.
  std::uint32_t healthy_after = 2;    ///< Successful probes in a row; suspect until then.
};

/// What SIGTERM does: not ready for `wait` and still serving, then up to `grace` to finish.
struct DrainSettings {
  std::chrono::milliseconds wait{0};
  std::chrono::milliseconds grace{30'000};
};

/// Request headers that the gateway believes; empty: none. Name tenant and priority only where a
/// proxy in front sets them.
struct HeaderSettings {
  std::string session = "x-session-id";
  std::string tenant;
  std::string priority;
  std::string adapter;
  std::string steps_to_execution = "x-steps-to-execution";
};

/// Another gateway before the same instances.
struct PeerSettings {
  std::string id;
  std::string url;  ///< Of its listener for clients, checked.
};

/// Gateways that know each other: each instance has an owner among them, which holds and orders
/// what the others forward to it.
struct PeersSettings {
  std::string id;   ///< Of this gateway; empty: it knows no others.
  std::string key;  ///< Secret that all of them share.
  std::vector<PeerSettings> gateways;
};

struct LogSettings {
  LogLevel level = LogLevel::kInfo;
  bool json = false;
};

/// All of ringmaster.yaml. Every default is the one documented in docs/configuration.md.
struct GatewaySettings {
  std::string listen = "127.0.0.1:8080";
  std::string admin_listen = "127.0.0.1:8081";
  std::size_t threads = 0;  ///< 0: one per core.
  /// policy, shadow, explain, slo.ttft, scheduler, retry, limits of the queue.
  SchedulerOptions scheduler{.explain = {.kept = 256}};
  std::vector<InstanceSettings> instances;
  std::vector<ModelSettings> models;  ///< Only those that have an entry.
  PeersSettings peers;
  LimitSettings limits;
  DeadlineSettings deadlines;
  HealthSettings health;
  DrainSettings drain;
  HeaderSettings headers;
  std::vector<std::string> api_keys;  ///< Empty: no key is asked for.
  LogSettings log;

  /// The entry of a model, or null.
  [[nodiscard]] const ModelSettings* model(std::string_view name) const;
};

/// Reads and checks the text of a configuration file; `file` is its name in messages.
/// On failure returns every problem found, in file order.
[[nodiscard]] tl::expected<GatewaySettings, SettingsProblems> parse_gateway_settings(
    std::string_view text, std::string_view file);

}  // namespace ringmaster
