#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/cuda/block_moves.h"
#include "engine/cuda/buffer_plan.h"
#include "engine/cuda/cuda_api.h"
#include "engine/cuda/few_rows.h"
#include "engine/cuda/forward_pass.h"
#include "engine/cuda/lockstep.h"
#include "engine/cuda/weight_placement.h"
#include "tests/support/emulated_device.h"

namespace ringmaster::engine::cuda {

/// The CUDA module's functions with the grid emulator for a GPU: the same placement of weights, the
/// same order of kernels, and the kernels themselves; only matrix products are plain loops.
/// Working memory and cache begin as NaNs. Several GPUs of one request compute in turns, between
/// which loops add what NCCL would.
class EmulatedCuda {
 public:
  /// One GPU's part; the first one opens the others.
  explicit EmulatedCuda(const CudaOpenRequest& request) : request_(request) {
    for (std::int32_t rank = 1; request.rank == 0 && rank < request.ranks; ++rank) {
      others_.push_back(std::make_unique<EmulatedCuda>(request_of_rank(request, rank)));
    }
    auto placed = place_weights(request, [this](std::int64_t count) { return take<Bf16>(count); });
    for (const WeightPart& part : placed.parts) {
      convert_to_bf16(part.from, 0, part.elements, part.to);
    }
    weights_ = std::move(placed.weights);
    const auto angles = static_cast<std::size_t>(request.shape.context_tokens_max) *
                        static_cast<std::size_t>(request.shape.head_dim / 2);
    weights_.cosines =
        device_.upload(std::vector<float>(request.cosines, request.cosines + angles));
    weights_.sines = device_.upload(std::vector<float>(request.sines, request.sines + angles));
    take_buffers();
    forward_.emplace(*this, request_.shape, weights_, buffers_, kv_);
  }

  static const CudaApi& api() {
    static const CudaApi functions{.version = kCudaApiVersion,
                                   .device_count = [](char*, std::int32_t) { return gpus; },
                                   .open = &EmulatedCuda::open,
                                   .submit = &EmulatedCuda::submit,
                                   .wait = &EmulatedCuda::wait,
                                   .read_logits = &EmulatedCuda::read_logits,
                                   .close = [](CudaDevice* device) { delete self(device); },
                                   .free_memory = [](std::int32_t) { return free_bytes; }};
    return functions;
  }

  ~EmulatedCuda() {
    free_bytes += taken_;
    if (newest == this) newest = nullptr;
  }
  EmulatedCuda(const EmulatedCuda&) = delete;
  EmulatedCuda& operator=(const EmulatedCuda&) = delete;

  static inline std::int32_t gpus = 1;  ///< That a request may name; all share one memory.
  /// Of an imagined GPU that all share.
  static inline std::int64_t free_bytes = std::int64_t{1} << 36U;
  /// The newest one that was opened, null once that is closed; for tests that look inside.
  static inline EmulatedCuda* newest = nullptr;
  /// The step, counted from 0, that fails and all after it; -1: none.
  std::int32_t failing_step = -1;
  std::int32_t steps = 0;
  std::int32_t wgmma_launches = 0;     ///< So far.
  std::int32_t few_rows_products = 0;  ///< So far, by the kernel for few rows.
  std::vector<std::int32_t> batches;   ///< Tokens of each step, padding included.
  std::int32_t decode_steps = 0;       ///< Steps with a sequence that decoded apart.

  /// A GPU of the same request. Requires: rank < request.ranks; this is the first one.
  EmulatedCuda& gpu(std::int32_t rank) {
    return rank == 0 ? *this : *others_[static_cast<std::size_t>(rank - 1)];
  }
  std::int32_t sums = 0;  ///< So far, over GPUs.

  // What run_in_lockstep() asks of several devices.
  template <class F>
  void each(const F& f) {
    for (std::int32_t rank = 0; rank < request_.ranks; ++rank) f(*gpu(rank).forward_);
  }
  void add_up(std::int32_t tokens) {
    ++sums;
    for (std::int64_t i = 0; i < std::int64_t{tokens} * request_.shape.hidden; ++i) {
      float sum = 0.0F;
      for (std::int32_t rank = 0; rank < request_.ranks; ++rank) {
        sum += to_float(gpu(rank).buffers_.projected[i]);
      }
      for (std::int32_t rank = 0; rank < request_.ranks; ++rank) {
        gpu(rank).buffers_.projected[i] = to_bf16(sum);
      }
    }
  }
  void share_samples() {
    for (const auto& other : others_) {
      std::copy_n(buffers_.last_samples, request_.sequences_max, other->buffers_.last_samples);
    }
  }

  // What ForwardPass asks of a device.
  template <class Kernel>
  void launch(GridSize grid, std::int32_t shared_bytes, const typename Kernel::Args& args) {
    if constexpr (requires { Kernel::kGroupRows; }) ++wgmma_launches;
    device_.launch<Kernel>(grid, shared_bytes, args);
  }
  [[nodiscard]] PrefillKernel prefill_kernel() const { return request_.prefill_kernel; }
  [[nodiscard]] std::int32_t decode_blocks(std::int32_t /*grid_y*/) const { return 3; }

  void multiply(const Product& product) {
    if (request_.few_rows_kernel == FewRowsKernel::kAlways && product.rows <= kFewRowsMax) {
      ++few_rows_products;
      return multiply_few_rows(*this, product);
    }
    std::vector<float> inputs(static_cast<std::size_t>(product.rows * product.inputs));
    std::transform(product.x, product.x + inputs.size(), inputs.begin(), to_float);
    std::vector<float> weights(static_cast<std::size_t>(product.inputs));
    for (std::int64_t o = 0; o < product.outputs; ++o) {
      const Bf16* w = product.weight + o * product.inputs;
      std::transform(w, w + product.inputs, weights.begin(), to_float);
      for (std::int64_t r = 0; r < product.rows; ++r) {
        float sum = add_up(inputs.data() + r * product.inputs, weights);
        if (product.bias != nullptr) sum += to_float(product.bias[o]);
        const std::int64_t at = r * product.outputs + o;
        if (product.is_f32) {
          static_cast<float*>(product.y)[at] = sum;
        } else {
          static_cast<Bf16*>(product.y)[at] = to_bf16(sum);
        }
      }
    }
  }

 private:
  static constexpr std::int32_t kBlocks = 64;

  struct Finished {
    std::vector<SampleOutput> samples;
    std::int32_t failed_rank;  // -1: none has.
  };

  /// The loop that most of the time goes to. What it reads is a vector's, so nothing to check.
  __attribute__((no_sanitize("address", "undefined"))) static float add_up(
      const float* x, const std::vector<float>& weights) {
    const float* w = weights.data();
    const std::size_t size = weights.size();
    float sum = 0.0F;
    for (std::size_t i = 0; i < size; ++i) sum += x[i] * w[i];
    return sum;
  }

  static EmulatedCuda* self(CudaDevice* device) { return reinterpret_cast<EmulatedCuda*>(device); }

  static std::int32_t open(const CudaOpenRequest* request, CudaDevice** device,
                           CudaDeviceInfo* info, char*, std::int32_t) {
    newest = new EmulatedCuda(*request);
    info->block_count = newest->kv_.blocks;
    info->host_block_count = newest->host_blocks();
    *device = reinterpret_cast<CudaDevice*>(newest);
    return 0;
  }

  static std::int32_t submit(CudaDevice* device, const CudaStep* step, char*, std::int32_t) {
    EmulatedCuda& cuda = *self(device);
    if (cuda.finished_.size() == 2) std::abort();
    std::int32_t failed_rank = -1;
    for (std::int32_t rank = cuda.request_.ranks - 1; rank >= 0; --rank) {
      if (!cuda.gpu(rank).upload(*step)) failed_rank = rank;
    }
    if (failed_rank < 0 && cuda.request_.ranks == 1) cuda.forward_->run(*step);
    if (failed_rank < 0 && cuda.request_.ranks > 1) {
      run_in_lockstep(cuda, cuda.request_.shape.layers, *step);
    }
    const SampleOutput* samples = cuda.buffers_.samples;
    cuda.finished_.push_back({{samples, samples + step->counts.rows}, failed_rank});
    return 0;
  }

  /// This GPU's side of a step before anything is computed. False if it fails.
  bool upload(const CudaStep& step) {
    const bool is_failed = failing_step >= 0 && steps >= failing_step;
    ++steps;
    batches.push_back(step.counts.tokens);
    decode_steps += step.counts.decode_sequences > 0 ? 1 : 0;
    const StepLayout layout = step_layout(step.counts);
    if (layout.words > words_max_) std::abort();
    std::copy_n(step.words, layout.words, buffers_.words);
    if (!is_failed) move_blocks(*this, buffers_, kv_, step);
    return !is_failed;
  }

  static std::int32_t wait(CudaDevice* device, SampleOutput* samples, std::int32_t rows,
                           double* seconds, char* error, std::int32_t error_size) {
    EmulatedCuda& cuda = *self(device);
    const Finished finished = std::move(cuda.finished_.front());
    cuda.finished_.pop_front();
    *seconds = 0.001;
    std::copy_n(finished.samples.begin(), rows, samples);
    if (finished.failed_rank < 0) return 0;
    const std::string gpu =
        cuda.request_.ranks == 1 ? "" : "GPU " + std::to_string(finished.failed_rank) + ": ";
    std::snprintf(error, static_cast<std::size_t>(error_size), "%sstep: an emulated fault",
                  gpu.c_str());
    return 1;
  }

  static std::int32_t read_logits(CudaDevice* device, float* logits, std::int32_t rows, char*,
                                  std::int32_t) {
    const EmulatedCuda& cuda = *self(device);
    std::copy_n(cuda.buffers_.logits, std::int64_t{rows} * cuda.request_.shape.vocabulary, logits);
    return 0;
  }

  /// Every byte 0xff: NaNs, and numbers that are out of any range.
  template <class T>
  T* take(std::int64_t count) {
    T value;
    std::memset(static_cast<void*>(&value), 0xff, sizeof value);
    taken_ += count * static_cast<std::int64_t>(sizeof value);
    free_bytes -= count * static_cast<std::int64_t>(sizeof value);
    return device_.upload(std::vector<T>(static_cast<std::size_t>(count), value));
  }

  /// What the request asks for by number; memory in bytes is for a card to divide.
  [[nodiscard]] std::int32_t host_blocks() const { return request_.host_block_count; }

  void take_buffers() {
    const BufferPlan plan = plan_buffers(request_);
    words_max_ = plan.words;
    kv_ = kv_layout(request_, request_.block_count > 0 ? request_.block_count : kBlocks);
    buffers_ = {.words = take<std::int32_t>(plan.words),
                .hidden = take<Bf16>(plan.hidden),
                .normed = take<Bf16>(plan.hidden),
                .qkv = take<Bf16>(plan.qkv),
                .attended = take<Bf16>(plan.attended),
                .projected = take<Bf16>(plan.hidden),
                .gate_up = take<Bf16>(plan.gate_up),
                .activation = take<Bf16>(plan.activation),
                .logits = take<float>(plan.logits),
                .partials = take<float>(plan.partials),
                .stats = take<float>(plan.stats),
                .samples = take<SampleOutput>(plan.rows),
                .last_samples = take<std::int32_t>(plan.rows),
                .cache = take<Bf16>(kv_.units()),
                .host_cache = take<Bf16>(host_blocks() * CopyBlocks::block_elements(kv_))};
  }

  CudaOpenRequest request_;
  EmulatedDevice device_;
  DeviceWeights weights_;
  DeviceBuffers buffers_;
  KvLayout kv_;
  std::int64_t words_max_ = 0;
  std::int64_t taken_ = 0;
  std::deque<Finished> finished_;
  std::optional<ForwardPass<EmulatedCuda>> forward_;
  std::vector<std::unique_ptr<EmulatedCuda>> others_;  // Of the first one.
};

}  // namespace ringmaster::engine::cuda
