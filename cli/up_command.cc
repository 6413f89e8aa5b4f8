#include "cli/up_command.h"

#include <cmath>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "cli/descriptor_limit.h"
#include "cli/engine_flags.h"
#include "cli/engine_group.h"
#include "cli/model_folder_writer.h"
#include "cli/profile_file.h"
#include "cli/prompt_encodings.h"
#include "cli/spdlog_sink.h"
#include "cli/stop_signals.h"
#include "cli/temporary_folder.h"
#include "engine/tiny_model.h"
#include "policies/policy_registry.h"
#include "router/gateway.h"
#include "settings/gateway_settings.h"

namespace ringmaster {
namespace {

constexpr auto kDemoModel = "demo";
constexpr double kGpuMemoryShare = 0.9;      // Of all engines together.
constexpr double kGpuMemoryShareMin = 0.01;  // Of each; what --memory-utilization takes.

struct UpOptions {
  std::size_t engines = 4;
  std::uint16_t port = 8080;
  std::uint16_t admin_port = 8081;
  std::string device = "cpu";
  std::string policy{kDefaultPolicy};
  std::string shadow;
  std::string model;
  EngineFlags engine;  ///< Of each of them.
  bool is_json = false;
};

int report_failure(const Error& error) {
  std::fprintf(stderr, "ringmaster: %s\n", error.message.c_str());
  return error.code == ErrorCode::kInvalidArgument ? 2 : 1;
}

Result<PolicyConfig> checked_policy(const std::string& text) {
  auto config = parse_policy_config(text);
  if (!config) return config;
  const auto made = make_policy(*config, SchedulerOptions{}.seed);
  if (!made) return tl::unexpected(made.error());
  return config;
}

// "/models/tiny/" and "/models/tiny" are both served as "tiny".
std::string name_of_folder(std::string folder) {
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  return folder.substr(folder.rfind('/') + 1);
}

/// Everything that can be wrong with the options, found before a process is started.
struct UpPlan {
  PolicyConfig policy;
  std::optional<PolicyConfig> shadow;
  EngineProcessOptions engine;  ///< Of each; where it listens and its model are still to come.
  InstanceSpec spec;  ///< What the gateway should know of each engine; its name is still to come.
};

/// Each engine's share of the GPU's memory.
Status share_gpu(const EngineFlags& flags, std::size_t engines, DeviceOptions& device) {
  const auto count = static_cast<double>(engines);
  const double wanted = flags.memory_utilization.value_or(kGpuMemoryShare / count);
  char text[128];
  if (wanted < kGpuMemoryShareMin) {
    std::snprintf(
        text, sizeof text,
        "--engines: expected at most %.0f on one GPU, each with at least %g of its memory",
        std::floor(kGpuMemoryShare / kGpuMemoryShareMin), kGpuMemoryShareMin);
    return invalid(text);
  }
  if (wanted * count > 1.0) {
    std::snprintf(text, sizeof text,
                  "--memory-utilization: %zu engines share the GPU: expected at most %.3f", engines,
                  std::floor(1000.0 / count) / 1000.0);
    return invalid(text);
  }
  device.memory_utilization = wanted;
  return {};
}

Result<EngineProcessOptions> checked_engine(const UpOptions& options) {
  EngineProcessOptions engine;
  engine.settings.device = options.device;
  Status checked = apply_engine_flags(options.engine, engine);
  if (checked && options.device == "cuda") {
    checked = share_gpu(options.engine, options.engines, engine.device);
  }
  if (!checked) return tl::unexpected(std::move(checked).error());
  return engine;
}

Result<InstanceSpec> checked_spec(const EngineProcessOptions& engine) {
  InstanceSpec spec;
  if (!engine.device.sim_profile.empty()) {
    auto profile = load_profile(engine.device.sim_profile);
    if (!profile) return tl::unexpected(std::move(profile.error()).while_doing("--sim-profile"));
    // On the gateway's own clock, which is not dilated.
    spec.prefill_seconds_per_token = profile->prefill_seconds_per_token / engine.device.sim_speed;
    spec.kv_cache_tokens = profile->device_kv_tokens;
  }
  if (engine.device.kv_blocks > 0) {
    spec.kv_cache_tokens = static_cast<std::uint64_t>(engine.device.kv_blocks) *
                           static_cast<std::uint64_t>(engine.settings.block_tokens);
  }
  return spec;
}

Result<UpPlan> plan_of(const UpOptions& options) {
  UpPlan plan;
  auto policy = checked_policy(options.policy);
  if (!policy) return tl::unexpected(policy.error());
  plan.policy = std::move(*policy);
  if (!options.shadow.empty()) {
    auto shadow = checked_policy(options.shadow);
    if (!shadow) return tl::unexpected(std::move(shadow.error()).while_doing("--shadow"));
    plan.shadow = std::move(*shadow);
  }
  auto engine = checked_engine(options);
  if (!engine) return tl::unexpected(std::move(engine).error());
  plan.engine = std::move(*engine);
  auto spec = checked_spec(plan.engine);
  if (!spec) return tl::unexpected(std::move(spec).error());
  plan.spec = std::move(*spec);
  return plan;
}

std::vector<std::string> engine_flags(const UpOptions& options, const UpPlan& plan) {
  auto flags = given_engine_flags(options.engine);
  if (options.device == "cuda" && !options.engine.memory_utilization) {
    const double share = plan.engine.device.memory_utilization;
    flags.push_back("--memory-utilization=" + std::to_string(share));
  }
  return flags;
}

GatewaySettings settings_of(const UpOptions& options, UpPlan plan, const std::string& model_folder,
                            const EngineGroup& engines) {
  const std::string model = name_of_folder(model_folder);
  GatewaySettings settings;
  settings.listen = "127.0.0.1:" + std::to_string(options.port);
  settings.admin_listen = "127.0.0.1:" + std::to_string(options.admin_port);
  settings.scheduler.policy = std::move(plan.policy);
  settings.scheduler.shadow = std::move(plan.shadow);
  // All engines share this machine: one that dies is seen at once, by its closed connections.
  settings.health.interval = std::chrono::milliseconds(500);
  settings.models.push_back(
      {.name = model,
       .tokenizer = model_folder,
       .block_tokens = static_cast<std::uint32_t>(plan.engine.settings.block_tokens)});
  for (const auto& member : engines.members()) {
    InstanceSettings instance{
        .spec = plan.spec, .url = member.url, .adapter = "ringmaster", .model = model};
    instance.spec.name = member.id;
    settings.instances.push_back(std::move(instance));
  }
  return settings;
}

void print_ready_json(const Gateway& gateway, const EngineGroup& engines) {
  boost::json::array list;
  for (const auto& member : engines.members()) {
    list.push_back({{"id", member.id}, {"url", member.url}, {"pid", member.process.pid()}});
  }
  const boost::json::object ready{
      {"gateway", "http://127.0.0.1:" + std::to_string(gateway.port())},
      {"admin", "http://127.0.0.1:" + std::to_string(gateway.admin_port())},
      {"engines", std::move(list)}};
  std::printf("%s\n", boost::json::serialize(ready).c_str());
  std::fflush(stdout);
}

void print_ready_text(const Gateway& gateway, const EngineGroup& engines,
                      const std::string& model) {
  std::printf("gateway  http://127.0.0.1:%d\n", gateway.port());
  std::printf("admin    http://127.0.0.1:%d  (a page; /admin/instances, /admin/decisions)\n",
              gateway.admin_port());
  for (const auto& member : engines.members()) {
    std::printf("%s %s  (process %d)\n", member.id.c_str(), member.url.c_str(),
                member.process.pid());
  }
  std::printf(
      "\nTry it:\n  curl -N http://127.0.0.1:%d/v1/chat/completions -H 'content-type: "
      "application/json' \\\n    -d '{\"model\": \"%s\", \"stream\": true, \"max_tokens\": "
      "32, \"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}]}'\n\n"
      "Ctrl-C stops all of it.\n",
      gateway.port(), model.c_str());
  std::fflush(stdout);
}

Status write_demo_model(const std::string& folder) {
  const auto files = engine::make_tiny_model({});
  return write_model_folder(folder, files, false);
}

// Watches over the fleet until it is asked to stop.
void serve_until_stopped(StopSignals& signals, std::shared_ptr<Gateway> gateway,
                         EngineGroup& engines, LogSink& log) {
  while (signals.wait() == StopSignals::Seen::kChildEnded) engines.report_endings(log);
  signals.on_next([weak = std::weak_ptr<Gateway>(gateway)] {
    if (const auto running = weak.lock()) running->hurry();
  });
  gateway->drain();
  gateway.reset();  // before the engines, whose end it would report
  engines.stop();
}

Result<int> run_fleet(const UpOptions& options) {
  auto plan = plan_of(options);
  if (!plan) return tl::unexpected(plan.error());
  StopSignals signals;  // before any thread or process is made
  raise_descriptor_limit();
  auto folder = TemporaryFolder::make();
  if (!folder) return tl::unexpected(folder.error());
  std::string model_folder = options.model;
  if (model_folder.empty()) {
    model_folder = folder->path() + "/" + kDemoModel;
    if (auto made = write_demo_model(model_folder); !made) return tl::unexpected(made.error());
  }
  auto engines = EngineGroup::start({.engines = options.engines,
                                     .device = options.device,
                                     .model = model_folder,
                                     .flags = engine_flags(options, *plan),
                                     .log_folder = folder->path()});
  if (!engines) return tl::unexpected(engines.error());

  GatewayParts parts{.settings = settings_of(options, std::move(*plan), model_folder, *engines)};
  auto encodings = load_prompt_encodings(parts.settings);
  if (!encodings) return tl::unexpected(encodings.error());
  parts.encoders = std::move(*encodings);
  SpdlogSink log(LogLevel::kWarn, false);
  parts.log = &log;
  parts.version = RINGMASTER_VERSION;
  auto gateway = Gateway::start(std::move(parts));
  if (!gateway) {
    Error error = gateway.error();
    if (error.code == ErrorCode::kUnavailable) error.message += "; --port 0 takes a free one";
    return tl::unexpected(std::move(error));
  }
  if (options.is_json) {
    print_ready_json(**gateway, *engines);
  } else {
    print_ready_text(**gateway, *engines, name_of_folder(model_folder));
  }
  serve_until_stopped(signals, std::move(*gateway), *engines, log);
  return 0;
}

}  // namespace

void add_up_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<UpOptions>();
  auto* up = app.add_subcommand("up", "Start a gateway and bundled engines on this machine");
  up->add_option("--engines", options->engines, "How many engine processes")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  up->add_option("--port", options->port, "For clients; 0 takes a free one")->capture_default_str();
  up->add_option("--admin-port", options->admin_port, "For operators; 0 takes a free one")
      ->capture_default_str();
  up->add_option("--device", options->device,
                 "cpu computes, cuda on one GPU that all share; sim only takes the time")
      ->check(CLI::IsMember({"cpu", "cuda", "sim"}))
      ->capture_default_str();
  up->add_option("--policy", options->policy, "name or name:option=value,...")
      ->capture_default_str();
  up->add_option("--shadow", options->shadow,
                 "Policy that decides beside it and acts on nothing; see /admin/shadow");
  up->add_option("--model", options->model, "Model folder; left out: a tiny demo model");
  up->add_flag("--json", options->is_json, "Print one JSON object when the fleet is ready");
  add_engine_flags(*up, options->engine);
  up->footer(
      "What stands from \"Engine\" on holds for each engine, as it does for `ringmaster "
      "engine`.\n\n"
      "Examples:\n  ringmaster up\n  ringmaster up --engines 8 --device sim --policy "
      "round_robin\n  ringmaster up --device sim --sim-profile qwen2.5-7b@910b4 --sim-speed 10\n"
      "  ringmaster up --device cuda --engines 1 --model /models/tiny --kv-cache-type e4m3\n"
      "  ringmaster up --port 0 --admin-port 0 --json");
  up->callback([options, &exit_code] {
    const auto result = run_fleet(*options);
    exit_code = result ? *result : report_failure(result.error());
  });
}

}  // namespace ringmaster
