#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include "base/random.h"
#include "tests/engine_check/engine_checks.h"
#include "tests/support/equality_suite.h"

namespace ringmaster::engine {
namespace {

constexpr std::int32_t kBlocks = 48;  // Of 16 tokens: room for three of the longest requests.
constexpr std::int32_t kSequencesMax = 16;
constexpr std::int32_t kWaitingMax = 40;
/// Memory may vary by that much: allocators keep what was freed, and a driver loads kernels late.
constexpr std::int64_t kGrowthMax = std::int64_t{16} << 20U;

std::int64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::int64_t pages = 0;
  std::int64_t resident = 0;
  statm >> pages >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

class Soak {
 public:
  Soak(Executor& device, const EqualitySuite* reference, std::uint64_t seed)
      : reference_(reference),
        random_(seed),
        list_(equality_requests()),
        engine_(device, {.scheduler = {.step_tokens_max = 256,
                                       .sequences_max = kSequencesMax,
                                       .watermark = 0.0},
                         .kv_event_batches = 64}) {}

  /// One step, with what comes and goes before it. False if the device failed.
  bool turn() {
    if (engine_.stats().waiting < kWaitingMax && random_.below(2) == 0) submit_one();
    if (random_.below(9) == 0) abort_one();
    return !engine_.has_work() || step();
  }

  bool finish() {
    while (engine_.has_work()) {
      if (!step()) return false;
    }
    return true;
  }

  [[nodiscard]] EngineStats stats() const { return engine_.stats(); }

  std::uint64_t submitted = 0;
  std::uint64_t aborted = 0;
  std::uint64_t finished = 0;
  std::uint64_t compared = 0;  ///< Outputs that should be those alone.
  std::uint64_t unequal = 0;
  std::string error;

 private:
  static constexpr std::size_t kNotOfSuite = kEqualityRequests;

  struct Live {
    std::size_t index = kNotOfSuite;
    SeenOutput output;
  };

  void submit_one() {
    Live live{.index = random_.below(2 * kEqualityRequests)};
    GenerateRequest request{.prompt = random_tokens(random_, 1 + random_.below(150)),
                            .sampling = {.seed = random_.next()},
                            .output_tokens_max = static_cast<std::int32_t>(1 + random_.below(80)),
                            .priority = static_cast<std::int32_t>(random_.below(2))};
    if (live.index < kEqualityRequests) {
      request = list_[live.index];
    } else {
      live.index = kNotOfSuite;
    }
    const auto id = engine_.submit(std::move(request));
    if (!id) return;  // The queue is full.
    ++submitted;
    live_.emplace(*id, std::move(live));
  }

  void abort_one() {
    if (live_.empty()) return;
    auto victim = live_.lower_bound(live_.begin()->first + random_.below(2 * kWaitingMax));
    if (victim == live_.end()) victim = live_.begin();
    aborted += engine_.abort(victim->first) ? 1 : 0;
    live_.erase(victim);
  }

  bool step() {
    if (engine_.steps_in_flight() == 0) engine_.begin_step();
    engine_.begin_step_ahead();
    if (random_.below(16) == 0) abort_one();  // While the device is at it.
    engine_.end_step(result_);
    if (!result_.error.empty()) error = result_.error;
    for (const OutputEvent& event : result_.outputs) {
      const auto live = live_.find(event.request);
      if (live == live_.end()) continue;
      live->second.output.push_back(seen_token(event.token));
      if (event.finish == FinishReason::kNone) continue;
      ++finished;
      compare(live->second);
      live_.erase(live);
    }
    return error.empty();
  }

  void compare(const Live& live) {
    if (reference_ == nullptr || live.index == kNotOfSuite) return;
    ++compared;
    unequal += live.output == reference_->alone().outputs[live.index] ? 0 : 1;
  }

  const EqualitySuite* reference_;
  Random random_;
  std::vector<GenerateRequest> list_;
  Engine engine_;
  std::map<RequestId, Live> live_;
  StepResult result_;
};

int report(const Soak& soak, std::int64_t resident_growth, std::int64_t device_growth) {
  const EngineStats stats = soak.stats();
  std::printf(
      "%llu requests (%llu aborted, %llu ended), %llu steps, %llu preemptions\n"
      "%llu outputs compared with those alone, %llu unequal\n"
      "left behind: %d blocks held, %d requests, %+.1f MiB of memory, %+.1f MiB on the device\n",
      static_cast<unsigned long long>(soak.submitted),
      static_cast<unsigned long long>(soak.aborted), static_cast<unsigned long long>(soak.finished),
      static_cast<unsigned long long>(stats.steps),
      static_cast<unsigned long long>(stats.preemptions),
      static_cast<unsigned long long>(soak.compared), static_cast<unsigned long long>(soak.unequal),
      stats.held_blocks, stats.running + stats.waiting,
      static_cast<double>(resident_growth) * 0x1.0p-20,
      static_cast<double>(device_growth) * 0x1.0p-20);
  if (!soak.error.empty()) std::printf("FAIL a step failed: %s\n", soak.error.c_str());
  const bool has_pressure = stats.preemptions > 0 && soak.aborted > 0 && soak.finished > 0;
  if (!has_pressure) std::printf("FAIL nothing was preempted, aborted or finished: too short\n");
  const bool is_clean = stats.held_blocks == 0 && stats.running + stats.waiting == 0 &&
                        resident_growth <= kGrowthMax && device_growth <= kGrowthMax;
  if (!is_clean) std::printf("FAIL something was left behind\n");
  return soak.error.empty() && has_pressure && is_clean && soak.unequal == 0 ? 0 : 1;
}

}  // namespace

int check_soak(const DeviceChoice& choice, const SoakOptions& options) {
  const auto api = load_module(choice);
  if (!api) return refuse(api.error());
  const auto free_on_device = [&] {
    return *api == nullptr ? std::int64_t{0} : (*api)->free_memory(0);
  };
  const DeviceSize size{.blocks = 512, .step_tokens_max = 256, .sequences_max = kSequencesMax};
  auto device = open_tiny(choice, size);
  if (!device) return refuse(device.error());
  device->reset();  // What the driver and the library keep for good, they have now.
  const std::int64_t free_before = free_on_device();
  device = open_tiny(choice, size);
  if (!device) return refuse(device.error());
  const bool compares = choice.is_exact() && choice.name != "sim";
  std::optional<EqualitySuite> reference;
  if (compares) reference.emplace([&](std::int32_t, std::int32_t) { return *device; });
  auto pool = with_blocks(*device, kBlocks);
  auto soak = std::make_unique<Soak>(*pool, compares ? &*reference : nullptr, options.seed);
  const auto begin = std::chrono::steady_clock::now();
  const auto elapsed = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  while (elapsed() < options.seconds / 5 && soak->turn()) {
  }
  const std::int64_t resident = resident_bytes();
  const std::int64_t free_when_warm = free_on_device();
  while (elapsed() < options.seconds && soak->turn()) {
  }
  if (soak->error.empty()) soak->finish();
  const std::int64_t growth = resident_bytes() - resident;
  std::int64_t device_growth = free_when_warm - free_on_device();
  const int code = report(*soak, growth, device_growth);
  soak.reset();
  reference.reset();
  pool.reset();
  device->reset();
  device_growth = free_before - free_on_device();
  if (device_growth <= kGrowthMax) return code;
  std::printf("FAIL closing the device left %lld bytes on it\n",
              static_cast<long long>(device_growth));
  return 1;
}

}  // namespace ringmaster::engine
