#include "tests/stand_in/kernel_start.h"

#include <exception>
#include <string>
#include <utility>

#include "tests/stand_in/streams.h"

namespace ringmaster::stand_in {
namespace {

constexpr int kThreadsMax = 1024;
constexpr int kGridYMax = 65535;
constexpr std::int32_t kSharedBytesMax = 227 << 10;

}  // namespace

cudaError_t start_kernel(cudaStream_t stream, const LaunchSize& size, std::function<void()> run) {
  if (Machine::the().is_failing_call()) return cudaErrorUnknown;
  if (size.x < 1 || size.y < 1 || size.y > kGridYMax || size.threads > kThreadsMax ||
      size.shared_bytes > kSharedBytesMax) {
    return cudaErrorInvalidConfiguration;
  }
  return start(stream, {.run = [run = std::move(run)] {
                 if (!Machine::the().computes) return;
                 try {
                   run();
                 } catch (const std::exception& exception) {  // Of the grid emulator.
                   misuse(std::string("a kernel: ") + exception.what());
                 }
               }});
}

}  // namespace ringmaster::stand_in
