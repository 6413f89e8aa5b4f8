#include "cli/engine_process.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <sys/prctl.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include <boost/json.hpp>

#include "cli/descriptor_limit.h"
#include "cli/spdlog_sink.h"
#include "cli/stop_signals.h"
#include "engine/server/engine_server.h"
#include "http/io_threads.h"
#include "http/server.h"
#include "http/steady_clock.h"

namespace ringmaster {
namespace {

constexpr std::chrono::milliseconds kDrainPoll{10};
/// For coroutines that were cancelled to end.
constexpr std::chrono::milliseconds kCloseTimeout{1'000};

int report(const Error& error, int exit_code) {
  std::fprintf(stderr, "ringmaster: %s\n", error.message.c_str());
  return exit_code;
}

std::string folder_name(std::string folder) {
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  return folder.substr(folder.rfind('/') + 1);
}

std::string served_name(const EngineSettings& settings) {
  if (!settings.served_name.empty()) return settings.served_name;
  return settings.model.empty() ? "sim" : folder_name(settings.model);
}

engine::EngineServerOptions server_options(const EngineProcessOptions& options) {
  const EngineSettings& settings = options.settings;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return {
      .model_name = served_name(settings),
      .version = RINGMASTER_VERSION,
      .engine =
          {.scheduler = {.step_tokens_max = settings.batch_tokens_max,
                         .sequences_max = settings.batch_requests_max,
                         .uses_prefix_cache = settings.prefix_cache},
           .waiting_max = static_cast<std::int32_t>(settings.waiting_requests_max),
           .context_tokens_max = settings.context_tokens_max,
           // Milliseconds: fits a double, as JSON readers want it, and grows from life to life.
           .kv_event_epoch = static_cast<std::uint64_t>(
               std::chrono::duration_cast<std::chrono::milliseconds>(now).count())},
      .seed = settings.seed,
      .output_tokens_default = options.output_tokens_default,
  };
}

http::ServerOptions http_options(const LimitSettings& limits) {
  return {.header_bytes_max = limits.header_bytes,
          .body_bytes_max = limits.body_bytes,
          .connections_max = limits.connections,
          .header_timeout = limits.header_timeout,
          .body_timeout = limits.body_timeout,
          .body_bytes_per_second_min = limits.body_rate,
          .idle_timeout = limits.keep_alive,
          .write_timeout = limits.write_timeout};
}

/// Returns when `condition` holds or the time is up.
template <class Condition>
void wait_until(std::chrono::steady_clock::time_point deadline, Condition condition) {
  while (!condition() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(kDrainPoll);
  }
}

/// Lets what runs end, then closes what never ends by itself, such as event streams.
void drain(engine::EngineServer& server, http::Server& listener, const DrainSettings& settings) {
  server.drain();
  std::this_thread::sleep_for(settings.wait);
  listener.drain();
  const auto begun = std::chrono::steady_clock::now();
  wait_until(begun + settings.grace, [&] { return server.answers_in_progress() == 0; });
  listener.close_all();
  wait_until(std::chrono::steady_clock::now() + kCloseTimeout,
             [&] { return listener.connection_count() == 0; });
}

void print_ready(const EngineProcessOptions& options, const std::string& model,
                 const engine::EngineStats& stats, std::uint16_t port) {
  const std::string& listen = options.settings.listen;
  const std::string url =
      "http://" + listen.substr(0, listen.rfind(':')) + ":" + std::to_string(port);
  if (options.is_json) {
    const boost::json::object line{{"url", url}, {"pid", getpid()}, {"model", model}};
    std::printf("%s\n", boost::json::serialize(line).c_str());
  } else {
    const std::string host =
        stats.host_block_count == 0
            ? ""
            : ", " + std::to_string(stats.host_block_count) + " more on the host";
    std::printf("engine: %s on %s (device %s, %d KV blocks of %d tokens%s)\n", model.c_str(),
                url.c_str(), options.settings.device.c_str(), stats.block_count, stats.block_tokens,
                host.c_str());
  }
  std::fflush(stdout);
}

bool follow_parent() {
  const pid_t parent = getppid();
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  return getppid() == parent;  // Else it ended before the call.
}

}  // namespace

int run_engine_process(const EngineProcessOptions& options) {
  StopSignals signals;  // Before any other thread.
  raise_descriptor_limit();
  if (options.ends_with_parent && !follow_parent()) return 1;
  auto device = open_engine_device(options.settings, options.device);
  if (!device) return report(device.error(), 2);
  SpdlogSink log(options.settings.log.level, options.settings.log.json);
  for (const std::string& note : device->notes) log.write(LogLevel::kInfo, note);
  const http::SteadyClock clock;
  http::IoThreads io_threads(options.io_threads);
  auto settings = server_options(options);
  const std::string model = settings.model_name;
  engine::EngineServer server(*device->executor, device->encoder, std::move(settings), io_threads,
                              clock, log);
  http::Server listener(io_threads, server, log, http_options(options.settings.limits));
  if (const Status listening = listener.listen(options.settings.listen); !listening) {
    return report(listening.error(), 1);
  }
  print_ready(options, model, server.stats(), listener.port());
  while (signals.wait() != StopSignals::Seen::kStop) {
  }
  signals.on_next([] { std::_Exit(1); });  // Who asks twice does not want to wait.
  drain(server, listener, options.settings.drain);
  io_threads.stop();
  return 0;
}

}  // namespace ringmaster
