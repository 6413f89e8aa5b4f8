#include "tests/stand_in/kernel_start.h"

#include <exception>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/stand_in/streams.h"

namespace ringmaster::engine::cuda {

// launch.cuh's name for what the emulator's threads ask the emulator for.
unsigned char shared[16];

}  // namespace ringmaster::engine::cuda

namespace ringmaster::stand_in {
namespace {

constexpr unsigned kThreadsMax = 1024;
constexpr unsigned kGridYMax = 65535;
constexpr unsigned kGridXMax = 0x7fffffff;
constexpr std::size_t kSharedBytesMax = 227 << 10;
constexpr std::size_t kPlainSharedBytes = 48 << 10;

GridEmulator::Lane* entering = nullptr;

/// Threads take time to make: those of kernels that have ended.
std::vector<std::unique_ptr<GridEmulator>>& idle_emulators() {
  static std::vector<std::unique_ptr<GridEmulator>> idle;
  return idle;
}

std::unique_ptr<GridEmulator> take_emulator() {
  auto& idle = idle_emulators();
  if (idle.empty()) return std::make_unique<GridEmulator>();
  std::unique_ptr<GridEmulator> emulator = std::move(idle.back());
  idle.pop_back();
  return emulator;
}

/// By GPU and kernel. As the module's own memory of it, of the process and not of a Machine.
std::map<std::pair<int, const void*>, std::size_t>& allowed_shared_bytes() {
  static std::map<std::pair<int, const void*>, std::size_t> allowed;
  return allowed;
}

bool is_allowed(const void* kernel, std::size_t shared_bytes) {
  if (shared_bytes <= kPlainSharedBytes) return true;
  const auto allowed = allowed_shared_bytes().find({Machine::current_gpu(), kernel});
  return allowed != allowed_shared_bytes().end() && shared_bytes <= allowed->second;
}

bool comes_early(const cudaLaunchConfig_t& config) {
  bool comes = false;
  for (unsigned i = 0; i < config.numAttrs; ++i) {
    const cudaLaunchAttribute& attribute = config.attrs[i];
    if (attribute.id != cudaLaunchAttributeProgrammaticStreamSerialization) {
      misuse("a launch has the attribute " + std::to_string(attribute.id));
    }
    comes = attribute.val.programmaticStreamSerializationAllowed == 1;
  }
  return comes;
}

/// What only a mistake in a kernel can lead to, as the grid emulator says it.
template <class Run>
void run_emulated(const Run& run) {
  try {
    run();
  } catch (const std::exception& exception) {
    misuse(std::string("a kernel: ") + exception.what());
  }
}

}  // namespace

GridEmulator::Lane& entering_lane() {
  return *entering;
}

cudaError_t start_kernel(const cudaLaunchConfig_t& config, const void* kernel,
                         std::function<void()> entry) {
  if (Machine::the().is_failing_call("cudaLaunchKernelEx")) return cudaErrorUnknown;
  const dim3 grid = config.gridDim;
  const dim3 block = config.blockDim;
  if (grid.x < 1 || grid.x > kGridXMax || grid.y < 1 || grid.y > kGridYMax || grid.z != 1 ||
      block.x < 1 || block.x > kThreadsMax || block.y != 1 || block.z != 1) {
    return cudaErrorInvalidConfiguration;
  }
  if (!is_allowed(kernel, config.dynamicSmemBytes)) return cudaErrorInvalidValue;
  const KernelStart start{.grid = {static_cast<int>(grid.x), static_cast<int>(grid.y)},
                          .threads = static_cast<int>(block.x),
                          .shared_bytes = static_cast<std::int32_t>(config.dynamicSmemBytes),
                          .entry = std::move(entry),
                          .comes_early = comes_early(config)};
  return stand_in::start(config.stream, {.kernel = std::make_shared<const KernelStart>(start)});
}

RunningKernel::RunningKernel(const KernelStart& start, GridEmulator::Pause pause)
    : start_(start), emulator_(take_emulator()) {
  run_emulated([this, pause] {
    emulator_->begin(start_.grid, start_.threads, start_.shared_bytes, pause,
                     [this](GridEmulator::Lane& lane) {
                       entering = &lane;
                       start_.entry();
                     });
  });
}

RunningKernel::~RunningKernel() {
  // What has not ended, of a GPU that has failed, has threads that stand somewhere.
  if (emulator_->has_ended()) idle_emulators().push_back(std::move(emulator_));
}

void RunningKernel::finish() {
  run_emulated([this] { emulator_->finish(); });
}

void run_kernel(cudaStream_t stream, const KernelStart& start) {
  if (!Machine::the().computes) return;
  std::shared_ptr<RunningKernel> running = std::move(stream->early);
  if (running == nullptr) {
    running = std::make_shared<RunningKernel>(start, GridEmulator::Pause::kAtTrigger);
  }
  if (running->lets_next_come() && !stream->operations.empty()) {
    const KernelStart* next = stream->operations.front().kernel.get();
    if (next != nullptr && next->comes_early) {
      stream->early = std::make_shared<RunningKernel>(*next, GridEmulator::Pause::kAtWait);
      ++Machine::the().early_kernels;
    }
  }
  running->finish();
}

}  // namespace ringmaster::stand_in

extern "C" cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute attribute,
                                            int value) {
  namespace stand_in = ringmaster::stand_in;
  if (stand_in::Machine::the().is_failing_call()) return cudaErrorUnknown;
  if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) {
    stand_in::misuse("a kernel gets the attribute " + std::to_string(attribute));
  }
  const auto bytes = static_cast<std::size_t>(value);
  if (value < 0 || bytes > stand_in::kSharedBytesMax) return cudaErrorInvalidValue;
  stand_in::allowed_shared_bytes()[{stand_in::Machine::current_gpu(), kernel}] = bytes;
  return cudaSuccess;
}
