#include "settings/engine_settings.h"

#include <chrono>
#include <cstddef>
#include <limits>
#include <utility>

#include "settings/addresses.h"
#include "settings/settings_keys.h"
#include "settings/yaml_reader.h"

namespace ringmaster {

void visit_keys(SettingsVisitor& visitor, EngineSettings& engine) {
  constexpr std::int32_t kTokensMax = 1'000'000'000;
  visitor.checked_text("listen", engine.listen, false, "host:port or [address]:port",
                       is_listen_address, "address of the engine; port 0 takes a free one");
  visitor.text("model", engine.model, true, "folder with config.json and *.safetensors");
  visitor.text("served_name", engine.served_name, false,
               "name by which clients ask for the model; left out: the name of the folder");
  visitor.choice<std::string>("device", engine.device,
                              {{"cpu", "cpu"}, {"cuda", "cuda"}, {"sim", "sim"}}, "cpu",
                              "where steps run: cpu and cuda (a GPU) compute them, sim only takes "
                              "their time");
  visitor.integer("threads", engine.threads, 0, 1024,
                  "threads of the cpu device; 0: all cores but one");
  visitor.integer("block_tokens", engine.block_tokens, 1, 1024,
                  "tokens of a KV block, the unit of prefix caching");
  visitor.integer("kv_cache_tokens", engine.kv_cache_tokens, 16, kTokensMax,
                  "size of the KV cache in tokens");
  visitor.integer("context_tokens_max", engine.context_tokens_max, 0, kTokensMax,
                  "longest prompt and output together; 0: as the model says");
  visitor.boolean("prefix_cache", engine.prefix_cache, "whether KV blocks are re-used by prefix");
  visitor.integer("waiting_requests_max", engine.waiting_requests_max, 1, 1'000'000,
                  "requests that wait for a place in the batch; beyond it 429");
  visitor.integer("seed", engine.seed, 0, std::numeric_limits<std::int64_t>::max(),
                  "of requests that bring no seed");
  visitor.section("batch", "What one step may hold.", [&](SettingsVisitor& section) {
    section.integer("requests", engine.batch_requests_max, 1, 65'536, "sequences of one step");
    section.integer("tokens", engine.batch_tokens_max, 1, 1'000'000,
                    "tokens of one step, prefill and decode together");
  });
  visitor.section("sim", "Time of a step of device: sim.", [&](SettingsVisitor& section) {
    SimDeviceSettings& sim = engine.sim;
    section.number("step_base_seconds", sim.step_base_seconds, 0, 10, "fixed time of a step");
    section.number("prefill_seconds_per_token", sim.prefill_seconds_per_token, 0, 1,
                   "more for each prompt token computed");
    section.number("decode_seconds_per_sequence", sim.decode_seconds_per_sequence, 0, 1,
                   "more for each sequence that generates a token");
    section.number("context_seconds_per_token", sim.context_seconds_per_token, 0, 1,
                   "more for each token of context read");
  });
  visitor.section("limits", "Bounds on what clients may send and hold.",
                  [&](SettingsVisitor& section) { visit_keys(section, engine.limits); });
  visitor.section("drain", "What SIGTERM does.",
                  [&](SettingsVisitor& section) { visit_keys(section, engine.drain); });
  visitor.section("log", "Lines on standard error.",
                  [&](SettingsVisitor& section) { visit_keys(section, engine.log); });
}

tl::expected<EngineSettings, SettingsProblems> parse_engine_settings(std::string_view text,
                                                                     std::string_view file) {
  EngineSettings settings;
  SettingsProblems problems =
      read_yaml(text, file, [&](SettingsVisitor& visitor) { visit_keys(visitor, settings); });
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  return settings;
}

}  // namespace ringmaster
