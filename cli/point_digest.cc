#include "cli/point_digest.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string_view>
#include <type_traits>
#include <vector>

#include <CLI/CLI.hpp>
#include <xxhash.h>

#include "cli/text_file.h"
#include "engine/simulated/profile_json.h"
#include "scheduler/event_codec.h"

namespace ringmaster {
namespace {

constexpr std::array<std::string_view, 11> kNotInputs = {"help",   "help-all", "json",   "report",
                                                         "jobs",   "no-wall",  "resume", "trace",
                                                         "policy", "qps",      "seed"};

/// Numbers and texts in their order, each with its length, so that no two sequences are alike.
class Digest {
 public:
  Digest() : state_(XXH3_createState()) { XXH3_128bits_reset(state_.get()); }

  template <class Number>
  requires(std::is_arithmetic_v<Number>) Digest& add(Number number) {
    XXH3_128bits_update(state_.get(), &number, sizeof number);
    return *this;
  }
  Digest& add(std::string_view text) {
    add(text.size());
    XXH3_128bits_update(state_.get(), text.data(), text.size());
    return *this;
  }

  [[nodiscard]] std::string hex() const {
    const XXH128_hash_t hash = XXH3_128bits_digest(state_.get());
    std::array<char, 33> digits{};
    std::snprintf(digits.data(), digits.size(), "%016llx%016llx",
                  static_cast<unsigned long long>(hash.high64),
                  static_cast<unsigned long long>(hash.low64));
    return digits.data();
  }

 private:
  struct Free {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };
  std::unique_ptr<XXH3_state_t, Free> state_;
};

/// Another build may decide otherwise, even under the same version.
const Result<std::string>& this_program() {
  static const Result<std::string> digest = [] {
    return read_text_file("/proc/self/exe").map([](const std::string& bytes) {
      return Digest().add(bytes).hex();
    });
  }();
  return digest;
}

void add_workload(Digest& digest, const sim::Workload& workload) {
  digest.add(workload.block_tokens());
  for (const sim::WorkloadRequest& request : workload.requests()) {
    const sim::RequestLabels& labels = request.labels;
    digest.add(request.timestamp.count()).add(request.prompt_tokens).add(request.output_tokens);
    digest.add(labels.session).add(labels.tenant).add(labels.adapter);
    digest.add(labels.priority).add(labels.steps_to_execution).add(request.block_count);
    for (const BlockHash& hash : workload.chain_of(request)) digest.add(hash.high).add(hash.low);
  }
}

/// Those that stand in files which the command line names within a value, or another file does.
void add_profiles(Digest& digest, const sim::SimulationOptions& options) {
  for (const sim::FleetMember& member : options.fleet) {
    digest.add(engine::to_json(member.profile));
  }
  for (const sim::FleetChange& change : options.changes.given) {
    if (change.profile) digest.add(engine::to_json(*change.profile));
  }
}

}  // namespace

Result<std::string> inputs_of(const CLI::App& command) {
  std::string inputs = command.get_name();
  for (const CLI::Option* option : command.get_options()) {
    const std::string& name = option->get_single_name();
    if (std::ranges::find(kNotInputs, name) != kNotInputs.end()) continue;
    if (option->count() == 0 || option->results() == std::vector{option->get_default_str()}) {
      continue;
    }
    inputs += "\n" + name;
    for (const std::string& value : option->results()) {
      inputs += "\n " + value;
      std::error_code ignored;
      if (!std::filesystem::is_regular_file(value, ignored)) continue;
      const auto text = read_text_file(value);
      if (!text) return tl::unexpected(text.error());
      inputs += " " + Digest().add(*text).hex();
    }
  }
  return inputs;
}

Result<std::string> digest_of(const SimSweep::Point& point, const std::string& inputs) {
  const auto& program = this_program();
  if (!program) return program;
  const sim::RunOptions& options = point.options;
  std::string scheduler;
  append_header_line(scheduler, options.simulation.scheduler);
  Digest digest;
  digest.add(*program).add(inputs).add(options.trace).add(options.policy).add(scheduler);
  digest.add(options.arrivals.qps).add(options.arrivals.warmup_qps).add(options.arrivals.seed);
  digest.add(options.arrivals.warmup_requests).add(options.simulation.instances);
  add_profiles(digest, options.simulation);
  add_workload(digest, *point.workload);
  return digest.hex();
}

}  // namespace ringmaster
