#include "engine/cuda/cuda_api.h"

#include <cstddef>

#include <gtest/gtest.h>

namespace ringmaster::engine::cuda {
namespace {

// tests/gpu/cuda_module.py mirrors these; who changes one changes the other and kCudaApiVersion.
TEST(CudaApi, HasTheLayoutThatOtherLanguagesMirror) {
  EXPECT_EQ(sizeof(HostTensor), 16U);
  EXPECT_EQ(sizeof(HostLayer), 224U);
  EXPECT_EQ(sizeof(CudaModelShape), 48U);
  EXPECT_EQ(offsetof(CudaOpenRequest, layers), 96U);
  EXPECT_EQ(offsetof(CudaOpenRequest, memory_utilization), 136U);
  EXPECT_EQ(offsetof(CudaOpenRequest, tuning_file), 168U);
  EXPECT_EQ(offsetof(CudaOpenRequest, host_kv_bytes), 192U);
  EXPECT_EQ(offsetof(CudaOpenRequest, overlaps_launches), 200U);
  EXPECT_EQ(offsetof(CudaOpenRequest, ranks), 204U);
  EXPECT_EQ(offsetof(CudaOpenRequest, prefill_kernel), 212U);
  EXPECT_EQ(sizeof(CudaOpenRequest), 216U);
  EXPECT_EQ(sizeof(CudaDeviceInfo), 184U);
  EXPECT_EQ(sizeof(StepCounts), 20U);
  EXPECT_EQ(sizeof(CudaStep), 64U);
  EXPECT_EQ(sizeof(CudaApi), 64U);
}

}  // namespace
}  // namespace ringmaster::engine::cuda
