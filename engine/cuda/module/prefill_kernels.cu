#include "engine/cuda/kernels/prefill_attention.cuh"
#include "engine/cuda/module/launch.cuh"

namespace kernels = ringmaster::engine::cuda;

RINGMASTER_BUILD_KERNEL(kernels::PrefillAttention<16, 1>);
RINGMASTER_BUILD_KERNEL(kernels::PrefillAttention<16, 2>);
RINGMASTER_BUILD_KERNEL(kernels::PrefillAttention<32, 1>);
RINGMASTER_BUILD_KERNEL(kernels::PrefillAttention<32, 2>);
RINGMASTER_BUILD_KERNEL(kernels::PrefillAttention<64, 1>);
RINGMASTER_BUILD_KERNEL(kernels::PrefillAttention<64, 2>);
RINGMASTER_BUILD_KERNEL(kernels::PrefillAttention<128, 1>);
RINGMASTER_BUILD_KERNEL(kernels::PrefillAttention<128, 2>);
RINGMASTER_BUILD_KERNEL(kernels::PrefillAttention<16, 1, kernels::KvType::kE4m3>);
RINGMASTER_BUILD_KERNEL(kernels::PrefillAttention<16, 2, kernels::KvType::kE4m3>);
RINGMASTER_BUILD_KERNEL(kernels::PrefillAttention<32, 1, kernels::KvType::kE4m3>);
RINGMASTER_BUILD_KERNEL(kernels::PrefillAttention<32, 2, kernels::KvType::kE4m3>);
RINGMASTER_BUILD_KERNEL(kernels::PrefillAttention<64, 1, kernels::KvType::kE4m3>);
RINGMASTER_BUILD_KERNEL(kernels::PrefillAttention<64, 2, kernels::KvType::kE4m3>);
RINGMASTER_BUILD_KERNEL(kernels::PrefillAttention<128, 1, kernels::KvType::kE4m3>);
RINGMASTER_BUILD_KERNEL(kernels::PrefillAttention<128, 2, kernels::KvType::kE4m3>);
