#include "engine/cuda/kernels/gemv.cuh"
#include "engine/cuda/module/launch.cuh"

namespace kernels = ringmaster::engine::cuda;

RINGMASTER_BUILD_KERNEL(kernels::Gemv<1>);
RINGMASTER_BUILD_KERNEL(kernels::Gemv<2>);
RINGMASTER_BUILD_KERNEL(kernels::Gemv<3>);
RINGMASTER_BUILD_KERNEL(kernels::Gemv<4>);
