#pragma once

#include <cstdint>

#include "engine/cuda/cuda_api.h"

namespace ringmaster::engine::cuda {

/// One step on several devices, each with its part of every layer (tensor parallelism), in the
/// order in which one thread starts the parts: what a device computes of a layer is added up over
/// all of them before it goes on. `Devices` has
///   each(f)               calls f with every device's ForwardPass, the first device's first
///   add_up(tokens)        makes so many rows of every DeviceBuffers::projected their sum
///   share_samples()       gives every device the first one's DeviceBuffers::last_samples
template <class Devices>
void run_in_lockstep(Devices& devices, std::int32_t layers, const CudaStep& step) {
  devices.each([&](auto& pass) { pass.begin(step); });
  for (std::int32_t layer = 0; layer < layers; ++layer) {
    devices.each([&](auto& pass) { pass.attend(layer, step); });
    devices.add_up(step.counts.tokens);
    devices.each([&](auto& pass) { pass.feed_forward(layer); });
    devices.add_up(step.counts.tokens);
  }
  devices.each([](auto& pass) { pass.sample(); });
  if (step.counts.rows > 0) devices.share_samples();
}

}  // namespace ringmaster::engine::cuda
