#include "cli/serve_command.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/descriptor_limit.h"
#include "cli/line_file.h"
#include "cli/prompt_encodings.h"
#include "cli/spdlog_sink.h"
#include "cli/stop_signals.h"
#include "cli/text_file.h"
#include "router/gateway.h"
#include "settings/gateway_settings.h"

namespace ringmaster {
namespace {

constexpr int kOk = 0;
constexpr int kFailure = 1;
constexpr int kUsage = 2;

struct ServeFlags {
  std::string config = "ringmaster.yaml";
  std::string record;
  std::string record_events;
  bool json = false;
};

int report(int exit_code, const std::string& problem) {
  std::fprintf(stderr, "ringmaster serve: %s\n", problem.c_str());
  return exit_code;
}

/// The files that the flags ask for. Recordings of a second and further model get its number.
struct Recordings {
  std::unique_ptr<LineFile> trace;
  std::vector<std::unique_ptr<LineFile>> events;
};

Status open_recordings(const ServeFlags& flags, std::size_t model_count, Recordings& recordings) {
  if (!flags.record.empty()) {
    auto file = LineFile::create(flags.record);
    if (!file) return tl::unexpected(file.error());
    recordings.trace = std::move(*file);
  }
  for (std::size_t i = 1; !flags.record_events.empty() && i <= model_count; ++i) {
    auto file = LineFile::create(i == 1 ? flags.record_events
                                        : flags.record_events + "." + std::to_string(i));
    if (!file) return tl::unexpected(file.error());
    recordings.events.push_back(std::move(*file));
  }
  return {};
}

std::size_t model_count(const GatewaySettings& settings) {
  std::vector<std::string> models;
  for (const auto& instance : settings.instances) models.push_back(instance.model);
  std::sort(models.begin(), models.end());
  return static_cast<std::size_t>(std::unique(models.begin(), models.end()) - models.begin());
}

std::string listening_line(const Gateway& gateway, const GatewaySettings& settings, bool json) {
  const auto host = [](const std::string& address) {
    return address.substr(0, address.rfind(':'));
  };
  const auto main = "http://" + host(settings.listen) + ":" + std::to_string(gateway.port());
  const auto admin =
      "http://" + host(settings.admin_listen) + ":" + std::to_string(gateway.admin_port());
  if (json) return R"({"gateway":")" + main + R"(","admin":")" + admin + "\"}";
  return "gateway " + main + "  admin " + admin;
}

/// Each client has one, and each of their requests another one to an instance.
void check_descriptors(const GatewaySettings& settings, LogSink& log) {
  const std::uint64_t needed = 2 * std::uint64_t{settings.limits.connections};
  const std::uint64_t limit = raise_descriptor_limit();
  if (limit >= needed) return;
  log.write(LogLevel::kWarn, "limits.connections may need " + std::to_string(needed) +
                                 " open files, this process may have " + std::to_string(limit) +
                                 " (ulimit -Hn)");
}

int serve(const ServeFlags& flags) {
  const auto text = read_text_file(flags.config);
  if (!text) return report(kUsage, text.error().message);
  auto settings = parse_gateway_settings(*text, flags.config);
  if (!settings) {
    for (const auto& problem : settings.error()) std::fprintf(stderr, "%s\n", problem.c_str());
    return kUsage;
  }
  Recordings recordings;
  if (auto opened = open_recordings(flags, model_count(*settings), recordings); !opened) {
    return report(kUsage, opened.error().message);
  }
  StopSignals signals;
  SpdlogSink log(settings->log.level, settings->log.json);
  check_descriptors(*settings, log);
  GatewayParts parts;
  parts.settings = *settings;
  parts.log = &log;
  parts.version = RINGMASTER_VERSION;
  auto encodings = load_prompt_encodings(*settings);
  if (!encodings) return report(kUsage, encodings.error().message);
  parts.encoders = std::move(*encodings);
  parts.trace_recording = recordings.trace.get();
  parts.event_recording = [&recordings](const std::string& /*model*/, std::uint32_t number) {
    return number <= recordings.events.size() ? recordings.events[number - 1].get() : nullptr;
  };
  auto started = Gateway::start(std::move(parts));
  if (!started) return report(kFailure, started.error().message);
  const std::shared_ptr<Gateway> gateway = std::move(*started);
  std::printf("%s\n", listening_line(*gateway, *settings, flags.json).c_str());
  std::fflush(stdout);
  while (signals.wait() != StopSignals::Seen::kStop) {
  }
  // Whoever sends a second one does not want to wait.
  signals.on_next([weak = std::weak_ptr<Gateway>(gateway)] {
    if (const auto running = weak.lock()) running->hurry();
  });
  gateway->drain();
  return kOk;
}

}  // namespace

void add_serve_command(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("serve", "Run the gateway");
  const auto flags = std::make_shared<ServeFlags>();
  command->add_option("-c,--config", flags->config, "Configuration file; - is standard input")
      ->capture_default_str();
  command->add_option("--record", flags->record,
                      "Write one trace record per request to this file (never text)");
  command->add_option("--record-events", flags->record_events,
                      "Write the scheduler's inputs and actions to this file");
  command->add_flag("--json", flags->json, "Print where it listens as one JSON line");
  command->footer(
      "Examples:\n"
      "  ringmaster serve -c ringmaster.yaml\n"
      "  ringmaster serve -c ringmaster.yaml --record trace.jsonl   # replay: ringmaster sim "
      "--trace\n"
      "SIGTERM or Ctrl-C drains: not ready, finish, close, exit 0. A second one cuts what is "
      "left.");
  command->callback([flags, &exit_code] { exit_code = serve(*flags); });
}

}  // namespace ringmaster
