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

#include "cli/descriptor_limit.h"
#include "cli/engine_flags.h"
#include "cli/engine_group.h"
#include "cli/gpu_shares.h"
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
  EngineProcessOptions engine;    ///< Of each; where it listens and its model are still to come.
  std::optional<GpuShares> gpus;  ///< Only of --device cuda.
  InstanceSpec spec;  ///< What the gateway should know of each engine; its name is still to come.
};

Result<EngineProcessOptions> checked_engine(const UpOptions& options) {
  EngineProcessOptions engine;
  engine.settings.device = options.device;
  Status applied = apply_engine_flags(options.engine, engine);
  if (!applied) return tl::unexpected(std::move(applied).error());
  return engine;
}

/// Divides the GPUs among the engines.
Status add_gpus(const UpOptions& options, UpPlan& plan) {
  DeviceOptions& device = plan.engine.device;
  const auto visible = count_gpus();
  if (!visible) return tl::unexpected(visible.error());
  plan.gpus = GpuShares(options.engines, device.gpus, device.gpu, *visible);
  const auto memory = plan.gpus->memory_of_each(options.engine.memory_utilization);
  if (!memory) return tl::unexpected(memory.error());
  device.memory_utilization = *memory;
  return {};
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
  if (options.device == "cuda") {
    if (auto added = add_gpus(options, plan); !added) return tl::unexpected(added.error());
  }
  auto spec = checked_spec(plan.engine);
  if (!spec) return tl::unexpected(std::move(spec).error());
  plan.spec = std::move(*spec);
  return plan;
}

/// What only each engine for itself can be given.
std::vector<std::vector<std::string>> own_flags(const UpOptions& options, const UpPlan& plan) {
  std::vector<std::vector<std::string>> flags;
  if (!plan.gpus) return flags;
  for (std::size_t i = 0; i < options.engines; ++i) {
    flags.push_back(
        {"--gpu=" + std::to_string(plan.gpus->gpus_of(i).front()),
         "--memory-utilization=" + std::to_string(plan.engine.device.memory_utilization)});
  }
  return flags;
}

std::vector<std::string> common_flags(const UpOptions& options) {
  auto flags = given_engine_flags(options.engine);
  std::erase_if(flags, [](const std::string& flag) {
    return flag.starts_with("--gpu=") || flag.starts_with("--memory-utilization=");
  });
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

void print_ready_json(const Gateway& gateway, const EngineGroup& engines,
                      const std::optional<GpuShares>& gpus) {
  boost::json::array list;
  for (const auto& member : engines.members()) {
    boost::json::object engine{
        {"id", member.id}, {"url", member.url}, {"pid", member.process.pid()}};
    if (gpus) engine["gpus"] = boost::json::value_from(gpus->gpus_of(list.size()));
    list.push_back(std::move(engine));
  }
  const boost::json::object ready{
      {"gateway", "http://127.0.0.1:" + std::to_string(gateway.port())},
      {"admin", "http://127.0.0.1:" + std::to_string(gateway.admin_port())},
      {"engines", std::move(list)}};
  std::printf("%s\n", boost::json::serialize(ready).c_str());
  std::fflush(stdout);
}

void print_ready_text(const Gateway& gateway, const EngineGroup& engines,
                      const std::optional<GpuShares>& gpus, double gpu_memory,
                      const std::string& model) {
  std::printf("gateway  http://127.0.0.1:%d\n", gateway.port());
  std::printf("admin    http://127.0.0.1:%d  (a page; /admin/instances, /admin/decisions)\n",
              gateway.admin_port());
  for (std::size_t i = 0; i < engines.members().size(); ++i) {
    const auto& member = engines.members()[i];
    const std::string on = gpus ? ", " + gpus->name_of(i) : "";
    std::printf("%s %s  (process %d%s)\n", member.id.c_str(), member.url.c_str(),
                member.process.pid(), on.c_str());
  }
  if (gpus) std::printf("%s\n", gpus->text(gpu_memory).c_str());
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
  StopSignals signals;  // before any thread or process is made, also a GPU's driver's
  auto plan = plan_of(options);
  if (!plan) return tl::unexpected(plan.error());
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
                                     .flags = common_flags(options),
                                     .own_flags = own_flags(options, *plan),
                                     .log_folder = folder->path()});
  if (!engines) return tl::unexpected(engines.error());

  const auto gpus = plan->gpus;
  const double gpu_memory = plan->engine.device.memory_utilization;
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
    print_ready_json(**gateway, *engines, gpus);
  } else {
    print_ready_text(**gateway, *engines, gpus, gpu_memory, name_of_folder(model_folder));
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
  up->add_option(
        "--device", options->device,
        "cpu computes, cuda on GPUs that are shared if there are too few, and has never run on "
        "a card; sim only takes the time")
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
