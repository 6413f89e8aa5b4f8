#include "tests/stand_in/machine.h"

#include <cstdio>
#include <cstdlib>

#include "tests/stand_in/streams.h"

namespace ringmaster::stand_in {

Machine& Machine::the() {
  static Machine machine;
  return machine;
}

int& Machine::current_gpu() {
  thread_local int gpu = 0;
  return gpu;
}

void Machine::restart(const std::vector<std::int64_t>& memory_bytes, Pace wanted) {
  if (const std::string rest = left_over(); !rest.empty()) misuse("restarted with " + rest);
  forget_default_streams();
  *this = Machine();
  pace = wanted;
  for (const std::int64_t bytes : memory_bytes) gpus.push_back({.memory_bytes = bytes});
  current_gpu() = 0;
}

std::string Machine::left_over() const {
  std::string text;
  for (const auto& [what, count] : alive) {
    if (count == 0) continue;
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " of " + what;
  }
  return text;
}

bool Machine::is_failing_call(const char* function) {
  const std::int64_t call = calls++;
  if (failing_function == function) return true;
  if (failing_call < 0 || call < failing_call) return false;
  if (failed_function.empty()) failed_function = function;
  if (!fails_on) return call == failing_call;
  for (Gpu& gpu : gpus) gpu.is_failed = true;
  return true;
}

void misuse(const std::string& what) {
  std::fprintf(stderr, "stand-in for CUDA: %s\n", what.c_str());
  std::abort();
}

}  // namespace ringmaster::stand_in
