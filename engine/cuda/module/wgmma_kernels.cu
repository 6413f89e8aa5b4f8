#include "engine/cuda/kernels/wgmma_attention.cuh"
#include "engine/cuda/module/launch.cuh"

namespace kernels = ringmaster::engine::cuda;

RINGMASTER_BUILD_KERNEL(kernels::WgmmaAttention<64, 1>);
RINGMASTER_BUILD_KERNEL(kernels::WgmmaAttention<64, 2>);
RINGMASTER_BUILD_KERNEL(kernels::WgmmaAttention<128, 1>);
RINGMASTER_BUILD_KERNEL(kernels::WgmmaAttention<128, 2>);
