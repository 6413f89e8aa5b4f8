#include "cli/up_command.h"

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
constexpr double kGpuMemoryShare = 0.9;  // Of all engines together.

struct UpOptions {
  std::size_t engines = 4;
  std::uint16_t port = 8080;
  std::uint16_t admin_port = 8081;
  std::string device = "cpu";
  std::string policy{kDefaultPolicy};
  std::string shadow;
  std::string model;
  std::string sim_profile;  ///< Empty: the engines' own default.
  double sim_speed = 1.0;
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
  InstanceSpec spec;  ///< What the gateway should know of each engine; its name is still to come.
};

/// On the gateway's own clock, which is not dilated.
InstanceSpec spec_of(const engine::InstanceProfile& profile, double sim_speed) {
  return {.prefill_seconds_per_token = profile.prefill_seconds_per_token / sim_speed,
          .kv_cache_tokens = profile.device_kv_tokens};
}

Result<InstanceSpec> checked_spec(const UpOptions& options) {
  const bool is_default = options.sim_profile.empty() && options.sim_speed == 1.0;
  if (options.device != "sim" && !is_default) {
    return invalid("--sim-profile, --sim-speed: expected --device sim beside them");
  }
  if (options.sim_profile.empty()) return InstanceSpec{};
  const auto profile = load_profile(options.sim_profile);
  if (!profile) return tl::unexpected(profile.error());
  return spec_of(*profile, options.sim_speed);
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
  auto spec = checked_spec(options);
  if (!spec) return tl::unexpected(std::move(spec).error());
  plan.spec = std::move(*spec);
  return plan;
}

std::vector<std::string> engine_flags(const UpOptions& options) {
  if (options.device == "cuda") {
    // All engines share one GPU.
    const double share = kGpuMemoryShare / static_cast<double>(options.engines);
    return {"--memory-utilization", std::to_string(share)};
  }
  if (options.device != "sim") return {};
  std::vector<std::string> flags = {"--sim-speed", std::to_string(options.sim_speed)};
  if (!options.sim_profile.empty()) {
    flags.insert(flags.end(), {"--sim-profile", options.sim_profile});
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
  settings.models.push_back({.name = model, .tokenizer = model_folder});
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
                                     .flags = engine_flags(options),
                                     .log_folder = folder->path()});
  if (!engines) return tl::unexpected(engines.error());

  GatewayParts parts{.settings = settings_of(options, std::move(*plan), model_folder, *engines)};
  auto encodings = load_prompt_encodings(parts.settings);
  if (!encodings) return tl::unexpected(encodings.error());
  parts.encoders = std::move(*encodings);
  SpdlogSink log(LogLevel::kWarn, false);
  parts.log = &log;
  auto gateway = Gateway::start(std::move(parts));
  if (!gateway) return tl::unexpected(gateway.error());
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
  up->add_option("--sim-profile", options->sim_profile,
                 "With --device sim: model and device, or a file that ends in .json; "
                 "`ringmaster profile list`");
  up->add_option("--sim-speed", options->sim_speed,
                 "With --device sim: simulated seconds in a real one")
      ->check(CLI::Range(0.001, 1e6))
      ->capture_default_str();
  up->add_flag("--json", options->is_json, "Print one JSON object when the fleet is ready");
  up->footer(
      "Examples:\n  ringmaster up\n  ringmaster up --engines 8 --device sim --policy "
      "round_robin\n  ringmaster up --device sim --sim-profile qwen2.5-7b@910b4 --sim-speed 10\n"
      "  ringmaster up --port 0 --admin-port 0 --json");
  up->callback([options, &exit_code] {
    const auto result = run_fleet(*options);
    exit_code = result ? *result : report_failure(result.error());
  });
}

}  // namespace ringmaster
