// What the stand-in notices, without which the tests beside this one would say little.

#include <cstring>

#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include "tests/integration/cuda_module/module_on_host.h"

namespace ringmaster::engine {
namespace {

class StandInNotices : public MachineTest {
 protected:
  StandInNotices() {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EQ(cudaMalloc(reinterpret_cast<void**>(&on_gpu_), 100), cudaSuccess);
    EXPECT_EQ(cudaMallocHost(reinterpret_cast<void**>(&pinned_), 100), cudaSuccess);
    EXPECT_EQ(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), cudaSuccess);
  }
  ~StandInNotices() override {
    cudaStreamDestroy(stream_);
    cudaFree(on_gpu_);
    cudaFreeHost(pinned_);
  }

  unsigned char* on_gpu_ = nullptr;
  unsigned char* pinned_ = nullptr;
  cudaStream_t stream_ = nullptr;
};

TEST_F(StandInNotices, AHostThatReadsMemoryOfAGpu) {
  EXPECT_DEATH(
      {
        volatile unsigned char read = on_gpu_[0];
        static_cast<void>(read);
      },
      "");
}

TEST_F(StandInNotices, ACopyBeyondAnAllocation) {
  EXPECT_DEATH(cudaMemcpyAsync(on_gpu_, pinned_, 101, cudaMemcpyHostToDevice, stream_),
               "101 bytes lie in no allocation");
}

TEST_F(StandInNotices, PinnedMemoryThatIsOverwrittenBeforeItIsCopied) {
  pinned_[0] = 1;
  EXPECT_EQ(cudaMemcpyAsync(on_gpu_, pinned_, 1, cudaMemcpyHostToDevice, stream_), cudaSuccess);
  pinned_[0] = 2;
  EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  EXPECT_EQ(cudaMemcpy(pinned_, on_gpu_, 1, cudaMemcpyDeviceToHost), cudaSuccess);
  EXPECT_EQ(pinned_[0], 2);
}

TEST_F(StandInNotices, AResultThatIsReadBeforeItIsThere) {
  EXPECT_EQ(cudaMemset(on_gpu_, 7, 100), cudaSuccess);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(cudaMemcpyAsync(pinned_, on_gpu_, 1, cudaMemcpyDeviceToHost, stream_), cudaSuccess);
  EXPECT_EQ(pinned_[0], 0xff);
  EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  EXPECT_EQ(pinned_[0], 7);
}

TEST_F(StandInNotices, AStreamThatDoesNotWaitForTheDefaultOne) {
  EXPECT_EQ(cudaMemset(on_gpu_, 7, 100), cudaSuccess);
  EXPECT_EQ(cudaMemcpyAsync(pinned_, on_gpu_, 1, cudaMemcpyDeviceToHost, stream_), cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  EXPECT_EQ(pinned_[0], 0xff);
}

TEST_F(StandInNotices, WhatCannotBeRecorded) {
  EXPECT_EQ(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(stream_), cudaErrorStreamCaptureUnsupported);
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(stream_, &graph), cudaErrorStreamCaptureInvalidated);
}

TEST_F(StandInNotices, WorkOfAGpuThatIsNotTheCurrentOne) {
  EXPECT_EQ(cudaFree(on_gpu_), cudaSuccess);
  on_gpu_ = nullptr;
  machine_.gpus.push_back({.memory_bytes = kGib});
  EXPECT_EQ(cudaSetDevice(1), cudaSuccess);
  cudaEvent_t event = nullptr;
  EXPECT_EQ(cudaEventCreate(&event), cudaSuccess);
  EXPECT_EQ(cudaEventRecord(event, stream_), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaEventDestroy(event), cudaSuccess);
  EXPECT_EQ(cudaSetDevice(0), cudaSuccess);
}

TEST_F(StandInNotices, WhatIsLeftBehind) {
  EXPECT_EQ(machine_.left_over(), "1 of memory, 1 of pinned memory, 1 of streams");
}

}  // namespace
}  // namespace ringmaster::engine
