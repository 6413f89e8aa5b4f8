#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ringmaster::stand_in {

/// When a GPU does what was started on it: at the last moment that waits allow, so that whoever
/// lacks one reads too early or overwrites too early, or at once.
enum class Pace { kLate, kAtOnce };

struct Gpu {
  std::int64_t memory_bytes = 0;
  std::int64_t taken_bytes = 0;
  std::int64_t operations = 0;     ///< Kernels, products, copies and sums, so far.
  std::int64_t fault_at = -1;      ///< The operation that faults; -1: none.
  bool is_failed = false;          ///< Since then, for good.
  double milliseconds = 0.0;       ///< Of its own clock: a hundredth for each operation.
  std::int32_t ptx_version = 90;   ///< What the module's code was compiled from.
  std::int32_t code_version = 90;  ///< What it was compiled to.
  std::int32_t code_status = 0;    ///< A cudaError_t: whether there is code for this GPU.
};

/// A stand-in for the CUDA runtime, cuBLASLt and NCCL on the host, with which the code of
/// engine/cuda/module runs where there is no GPU. It keeps the rules that a driver keeps, and more
/// strictly: memory of a GPU begins as NaNs and cannot be touched by the host, streams run when
/// they have to, what a function was given is checked, and what can only be a mistake (a copy
/// outside of an allocation, a sum that a GPU never comes to) ends the program with one line.
/// Not thread-safe, as the module's functions.
class Machine {
 public:
  /// The one of this process.
  static Machine& the();

  /// So many GPUs with so much memory each, no faults. Requires: left_over() is empty.
  void restart(const std::vector<std::int64_t>& memory_bytes, Pace pace);

  std::vector<Gpu> gpus;
  Pace pace = Pace::kLate;
  /// False: kernels and products do nothing, in no time, and memory begins as anything.
  bool computes = true;
  std::int64_t calls = 0;          ///< Of functions that may fail, so far.
  std::int64_t failing_call = -1;  ///< Counted from 0; -1: none.
  bool fails_on = false;           ///< Whether every call after that fails too, as after a fault.
  std::string failing_function;    ///< Of which every call fails; empty: of none.
  std::int64_t takes = 0;          ///< Of memory, so far.
  std::int64_t early_kernels = 0;  ///< Begun before the one ahead of them had ended, so far.
  std::int32_t driver_version = 13000;
  std::int32_t collective_error = 0;  ///< An ncclResult_t that connections report on being asked.

  /// What is alive of each kind: "memory", "pinned memory", "stream", "event", "graph", ...
  std::map<std::string, std::int64_t> alive;
  [[nodiscard]] std::string left_over() const;  ///< As text; empty: nothing.

  /// Every function that may fail begins with it: whether this call is one that fails.
  bool is_failing_call(const char* function = __builtin_FUNCTION());
  std::string failed_function;  ///< The first one that did; empty: none.

  /// The calling thread's.
  static int& current_gpu();
  [[nodiscard]] Gpu& gpu(int ordinal) { return gpus[static_cast<std::size_t>(ordinal)]; }
};

/// What no program may do: ends this one with one line.
[[noreturn]] void misuse(const std::string& what);

}  // namespace ringmaster::stand_in
