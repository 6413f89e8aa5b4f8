// In programs that are no test of their own the stand-in has GPUs from the beginning: STAND_IN_GPUS
// of them (1), with STAND_IN_MEMORY_MIB each (4096). STAND_IN_FAULT=N lets the last one fault at
// its operation N, counted from 0; with STAND_IN_COMPUTES=0 kernels and products do nothing.

#include <cstdlib>
#include <vector>

#include "tests/stand_in/machine.h"

namespace ringmaster::stand_in {
namespace {

std::int64_t number(const char* name, std::int64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoll(text);
}

struct StartMachine {
  StartMachine() {
    const auto gpus = static_cast<std::size_t>(number("STAND_IN_GPUS", 1));
    const std::int64_t bytes = number("STAND_IN_MEMORY_MIB", 4096) << 20U;
    Machine::the().restart(std::vector<std::int64_t>(gpus, bytes), Pace::kLate);
    Machine::the().computes = number("STAND_IN_COMPUTES", 1) != 0;
    if (gpus > 0) Machine::the().gpus.back().fault_at = number("STAND_IN_FAULT", -1);
  }
} const start_machine;

}  // namespace
}  // namespace ringmaster::stand_in
