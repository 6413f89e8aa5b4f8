#include "engine/cuda/kernels/sample.cuh"
#include "engine/cuda/module/launch.cuh"

RINGMASTER_BUILD_KERNEL(ringmaster::engine::cuda::Sample);
