#pragma once

#include <cstdint>

#include "tests/engine_check/check_device.h"

// The parts of engine_check; each prints what it found and returns the exit code: 0 passed, 1
// failed, 2 a device that cannot be opened.

namespace ringmaster::engine {

/// The equality suite on a device: bit by bit where the device promises that, else within what
/// rounding explains. `requests`: only the first so many of the suite's.
int check_equality(const DeviceChoice& choice, std::size_t requests);

/// How far a KV cache of e4m3 moves log-probabilities, with a tiny model or the Qwen2.5-7B shape;
/// beside it, how far bfloat16 is from the cpu. Only on cuda.
int check_kv_cache(const DeviceChoice& choice, bool is_large);

struct SoakOptions {
  double seconds = 30.0;
  std::uint64_t seed = 1;
};

/// Requests that come, leave and preempt each other on far too little KV; then whether blocks or
/// memory were lost, and whether those that stayed got what they get alone.
int check_soak(const DeviceChoice& choice, const SoakOptions& options);

struct ServingOptions {
  std::int32_t batch = 64;
  std::int32_t prompt_tokens = 1000;
  std::int32_t output_tokens = 256;
  int rounds = 3;  ///< The median counts.
  double ratio_min = 0.93;
};

/// Tokens per second of a decoding batch, through the server by HTTP and by the engine's loop
/// alone. A missed bar is a figure, not a fault.
int measure_serving(const DeviceChoice& choice, const ServingOptions& options);

/// Time to plan, pack and retire a step of 256 decoding sequences; needs no device.
int measure_scheduling();

/// The steps that `gpu_check steps` measures, with the times of the simulated device and up to
/// `noise` of each off, in the same format.
int write_steps(double noise);

}  // namespace ringmaster::engine
