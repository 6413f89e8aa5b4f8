#include "engine/cuda/module/gpu_session.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "engine/cuda/batch_buckets.h"
#include "engine/cuda/block_moves.h"
#include "engine/cuda/buffer_plan.h"
#include "engine/cuda/module/random_fill.cuh"

namespace ringmaster::engine::cuda {
namespace {

constexpr std::int64_t kStagingElements = std::int64_t{32} << 20U;  // 64 MiB of pinned memory.
/// Left alone for the driver, the graphs and what other programs take meanwhile.
constexpr std::int64_t kReserveBytes = std::int64_t{256} << 20U;
constexpr std::int32_t kBlocksMax = std::numeric_limits<std::int32_t>::max() / 1024;
/// Blocks of decode attention that one multiprocessor holds at once (100 KiB of shared memory
/// each).
constexpr std::int32_t kDecodeBlocksPerProcessor = 2;

}  // namespace

GpuSession::GpuSession(const CudaOpenRequest& request) : request_(request) {
  open_device();
  if (status_.ok()) upload_weights();
  if (status_.ok()) take_buffers();
  // Copies and fills went through the default stream, which ours does not wait for.
  status_.note(cudaDeviceSynchronize(), "upload");
  request_.layers = nullptr;  // The host's weights are not ours any more.
  request_.cosines = request_.sines = nullptr;
}

void GpuSession::warm_up(std::int32_t blocks) {
  if (!make_current()) return;
  take_cache(blocks);
  if (status_.ok()) take_host_tier();
  if (!status_.ok()) return;
  forward_.emplace(*this, request_.shape, weights_, buffers_, kv_);
  tune_products();
  if (status_.ok() && request_.uses_graphs != 0) record_graphs();
  status_.note(cudaStreamSynchronize(stream_), "warm-up");
  info_.graphs = static_cast<std::int32_t>(graphs_.size());
}

bool GpuSession::make_current() {
  return status_.ok() && status_.note(cudaSetDevice(request_.ordinal), "choice of the GPU");
}

GpuSession::~GpuSession() {
  if (stream_ != nullptr) cudaStreamSynchronize(stream_);
  for (const auto& [batch, graph] : graphs_) cudaGraphExecDestroy(graph);
  for (const Ring& ring : ring_) {
    if (ring.begin != nullptr) cudaEventDestroy(ring.begin);
    if (ring.end != nullptr) cudaEventDestroy(ring.end);
  }
  gemm_.reset();
  if (stream_ != nullptr) cudaStreamDestroy(stream_);
}

void GpuSession::open_device() {
  status_.note(cudaSetDevice(request_.ordinal), "choice of the GPU");
  cudaDeviceProp properties{};
  status_.note(cudaGetDeviceProperties(&properties, request_.ordinal), "properties of the GPU");
  std::size_t free_bytes = 0;
  std::size_t total_bytes = 0;
  status_.note(cudaMemGetInfo(&free_bytes, &total_bytes), "memory of the GPU");
  status_.note(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "stream");
  if (!status_.ok()) return;
  std::string(properties.name).copy(info_.name, sizeof info_.name - 1);
  if (!check_code(properties)) return;
  info_.memory_bytes = static_cast<std::int64_t>(total_bytes);
  free_at_start_ = static_cast<std::int64_t>(free_bytes);
  processors_ = properties.multiProcessorCount;
  const std::string device =
      std::string(properties.name) + ", cuBLASLt " + std::to_string(cublasLtGetVersion());
  tuning_ = std::make_unique<TuningFile>(
      request_.tuning_file == nullptr ? "" : request_.tuning_file, device);
  gemm_ = std::make_unique<Gemm>(status_, memory_, *tuning_,
                                 GemmOptions{.is_deterministic = request_.is_deterministic != 0,
                                             .few_rows_kernel = request_.few_rows_kernel,
                                             .overlaps_launches = request_.overlaps_launches != 0});
}

bool GpuSession::check_code(const cudaDeviceProp& properties) {
  const KernelCode code = kernel_code();
  const std::string capability = "compute capability " + std::to_string(properties.major) + "." +
                                 std::to_string(properties.minor);
  if (code.status != cudaSuccess) {
    return status_.fail("the module was built for " RINGMASTER_CUDA_ARCHITECTURES ", not for " +
                        capability +
                        " (-DRINGMASTER_CUDA_ARCHITECTURES): " + cudaGetErrorString(code.status));
  }
  if (request_.overlaps_launches != 0 && !code.can_overlap_launches) {
    return status_.fail("launches overlap from compute capability 9.0 on, this is " + capability +
                        " and the module was built for " RINGMASTER_CUDA_ARCHITECTURES);
  }
  if (request_.prefill_kernel == PrefillKernel::kWgmma && !code.has_wgmma) {
    return status_.fail("the prefill kernel wgmma wants compute capability 9.0, this is " +
                        capability + ", and a module built for 90a-real, this one is for " +
                        RINGMASTER_CUDA_ARCHITECTURES);
  }
  return true;
}

void GpuSession::upload_weights() {
  const auto measured = place_weights(request_, [](std::int64_t) { return nullptr; });
  info_.weight_bytes = 2 * measured.elements;
  const auto allowed = static_cast<std::int64_t>(request_.memory_utilization *
                                                 static_cast<double>(info_.memory_bytes));
  if (info_.weight_bytes > std::min(allowed, free_at_start_)) {
    status_.fail("the weights need " + gib(info_.weight_bytes) + ", the GPU has " +
                 gib(free_at_start_) + " free of " + gib(info_.memory_bytes) + " and may use " +
                 gib(allowed) + " (--memory-utilization)");
    return;
  }
  const auto placed = place_weights(
      request_, [this](std::int64_t count) { return memory_.take<Bf16>(count, "weights"); });
  weights_ = placed.weights;
  Bf16* staging = nullptr;
  if (!status_.note(cudaMallocHost(reinterpret_cast<void**>(&staging), 2 * kStagingElements),
                    "pinned memory for weights")) {
    return;
  }
  for (const WeightPart& part : placed.parts) upload(part, staging, kStagingElements);
  cudaFreeHost(staging);
  const std::int64_t angles =
      std::int64_t{request_.shape.context_tokens_max} * (request_.shape.head_dim / 2);
  for (auto [from, to] : {std::pair{request_.cosines, &weights_.cosines},
                          std::pair{request_.sines, &weights_.sines}}) {
    float* at = memory_.take<float>(angles, "rotation angles");
    if (at == nullptr) return;
    status_.note(cudaMemcpy(at, from, static_cast<std::size_t>(angles) * 4, cudaMemcpyHostToDevice),
                 "copy of rotation angles");
    *to = at;
  }
}

void GpuSession::upload(const WeightPart& part, void* staging, std::int64_t staging_elements) {
  if (!status_.ok()) return;
  if (part.from.data == nullptr) {
    // Variance 1 / inputs keeps activations in range; a vector is a norm (around 1) or a bias.
    const bool is_vector = part.elements <= 4 * request_.shape.hidden;
    const float size =
        is_vector ? 0.1F : std::sqrt(3.0F / static_cast<float>(request_.shape.hidden));
    launch<RandomFill>({4 * processors_, 1}, 0,
                       {.to = part.to,
                        .count = part.elements,
                        .size = size,
                        .offset = is_vector ? 1.0F : 0.0F,
                        .seed = ++random_parts_});
    return;
  }
  for (std::int64_t first = 0; first < part.elements && status_.ok(); first += staging_elements) {
    const std::int64_t count = std::min(staging_elements, part.elements - first);
    convert_to_bf16(part.from, first, count, static_cast<Bf16*>(staging));
    status_.note(cudaMemcpy(part.to + first, staging, static_cast<std::size_t>(count) * 2,
                            cudaMemcpyHostToDevice),
                 "copy of weights");
  }
}

/// Products are timed on it before anything has been computed.
template <class T>
void GpuSession::take_zeros(T*& buffer, std::int64_t count) {
  buffer = memory_.take<T>(count, "working memory");
  if (buffer == nullptr) return;
  status_.note(cudaMemset(buffer, 0, static_cast<std::size_t>(count) * sizeof(T)),
               "working memory");
}

void GpuSession::take_buffers() {
  const BufferPlan plan = plan_buffers(request_);
  words_max_ = plan.words;
  take_zeros(buffers_.words, plan.words);
  for (Bf16** buffer : {&buffers_.hidden, &buffers_.normed, &buffers_.projected}) {
    take_zeros(*buffer, plan.hidden);
  }
  take_zeros(buffers_.qkv, plan.qkv);
  take_zeros(buffers_.attended, plan.attended);
  take_zeros(buffers_.gate_up, plan.gate_up);
  take_zeros(buffers_.activation, plan.activation);
  take_zeros(buffers_.logits, plan.logits);
  take_zeros(buffers_.partials, plan.partials);
  take_zeros(buffers_.stats, plan.stats);
  take_zeros(buffers_.samples, plan.rows);
  take_zeros(buffers_.last_samples, plan.rows);
  info_.workspace_bytes = plan.bytes() + static_cast<std::int64_t>(Gemm::kWorkspaceBytes);
  for (Ring& ring : ring_) {
    ring.words = memory_.take_pinned<std::int32_t>(plan.words, "pinned memory of a step");
    ring.samples = memory_.take_pinned<SampleOutput>(plan.rows, "pinned memory of samples");
    status_.note(cudaEventCreate(&ring.begin), "event");
    status_.note(cudaEventCreate(&ring.end), "event");
  }
}

std::int32_t GpuSession::fitting_blocks() {
  if (!make_current()) return 0;
  std::size_t free_now = 0;
  std::size_t total = 0;
  status_.note(cudaMemGetInfo(&free_now, &total), "memory of the GPU");
  const auto free_bytes = static_cast<std::int64_t>(free_now);
  // Not by what is less free than before: other engines may share the GPU, and start right now.
  const std::int64_t own = memory_.bytes();
  const auto allowed =
      static_cast<std::int64_t>(request_.memory_utilization * static_cast<double>(total));
  const std::int64_t room = std::min(allowed - own, free_bytes) - kReserveBytes;
  const std::int64_t bytes = block_bytes(request_);
  std::int64_t blocks = std::min<std::int64_t>(std::max<std::int64_t>(room, 0) / bytes, kBlocksMax);
  if (request_.block_count > 0) {
    if (request_.block_count > blocks) {
      status_.fail("a KV cache of " + std::to_string(request_.block_count) + " blocks needs " +
                   gib(request_.block_count * bytes) + ", " + gib(std::max<std::int64_t>(room, 0)) +
                   " are left of " + gib(info_.memory_bytes));
    }
    blocks = request_.block_count;
  }
  if (blocks < 1) {
    status_.fail("no room for a KV cache: weights and working memory take " + gib(own) + ", " +
                 gib(allowed) + " of " + gib(info_.memory_bytes) +
                 " may be used (--memory-utilization), " + gib(free_bytes) + " are free");
  }
  return static_cast<std::int32_t>(blocks);
}

void GpuSession::take_cache(std::int32_t blocks) {
  kv_ = kv_layout(request_, blocks);
  buffers_.cache = memory_.take<Bf16>(kv_.units(), "KV cache");
  info_.block_count = kv_.blocks;
  info_.kv_bytes = 2 * kv_.units();
}

void GpuSession::take_host_tier() {
  if (request_.host_block_count == 0 && request_.host_kv_bytes == 0) return;
  const std::int64_t bytes = block_bytes(request_);
  const std::int64_t blocks =
      request_.host_block_count > 0
          ? request_.host_block_count
          : std::min<std::int64_t>(request_.host_kv_bytes / bytes, kBlocksMax);
  if (blocks < 1) {
    status_.fail("host tier: " + std::to_string(request_.host_kv_bytes) +
                 " bytes hold no block of " + std::to_string(bytes) + " bytes");
    return;
  }
  const std::string what = "pinned memory for a host tier of " + gib(blocks * bytes);
  buffers_.host_cache = memory_.take_pinned<Bf16>(blocks * bytes / 2, what.c_str());
  info_.host_block_count = static_cast<std::int32_t>(blocks);
}

void GpuSession::tune_products() {
  const CudaModelShape& shape = request_.shape;
  const DeviceLayer& layer = weights_.layers.front();
  const std::int32_t width = shape.heads * shape.head_dim;
  const std::int32_t tokens = std::max(request_.step_tokens_max, request_.sequences_max);
  const std::int32_t qkv = width + 2 * shape.kv_heads * shape.head_dim;
  const auto tune = [&](Product product, const Bf16* DeviceLayer::*weight) {
    std::vector<const Bf16*> weights;
    for (const DeviceLayer& each : weights_.layers) weights.push_back(each.*weight);
    product.weight = weights.front();
    gemm_->tune(stream_, product, tokens, weights);
  };
  tune({.x = buffers_.normed,
        .bias = layer.qkv_bias,
        .y = buffers_.qkv,
        .inputs = shape.hidden,
        .outputs = qkv},
       &DeviceLayer::qkv);
  tune({.x = buffers_.attended, .y = buffers_.projected, .inputs = width, .outputs = shape.hidden},
       &DeviceLayer::attention_out);
  tune({.x = buffers_.normed,
        .y = buffers_.gate_up,
        .inputs = shape.hidden,
        .outputs = 2 * shape.feed_forward},
       &DeviceLayer::gate_up);
  tune({.x = buffers_.activation,
        .y = buffers_.projected,
        .inputs = shape.feed_forward,
        .outputs = shape.hidden},
       &DeviceLayer::down);
  if (weights_.head != nullptr) {
    gemm_->tune(stream_,
                {.x = buffers_.normed,
                 .weight = weights_.head,
                 .y = buffers_.logits,
                 .inputs = shape.hidden,
                 .outputs = shape.vocabulary,
                 .is_f32 = true},
                request_.sequences_max);
  }
  info_.few_rows_products = gemm_->few_rows_products();
  // A file that cannot be written costs the next start some seconds, no more.
  if (status_.ok()) static_cast<void>(tuning_->save());
}

void GpuSession::record_graphs() {
  for (const std::int32_t batch : kBatchBuckets) {
    if (batch > request_.sequences_max) break;
    const CudaStep step{
        .counts = {.tokens = batch, .sequences = batch, .decode_sequences = batch, .rows = batch}};
    // A batch of padding: contexts of 0, nothing stored, rows without a slot. Runs once for what
    // the library and the driver do at a first call, which must not happen while recording.
    const StepLayout layout = step_layout(step.counts);
    std::memset(ring_[0].words, 0, layout.bytes());
    std::fill_n(ring_[0].words + layout.kv_slots, batch, -1);
    auto* rows = reinterpret_cast<PackedRow*>(ring_[0].words + layout.rows);
    std::fill_n(rows, batch, PackedRow{.slot = -1});
    status_.note(cudaMemcpy(buffers_.words, ring_[0].words, layout.bytes(), cudaMemcpyHostToDevice),
                 "copy of a step");
    forward_->run(step);
    status_.note(cudaStreamSynchronize(stream_), "warm-up of a batch");
    if (!status_.ok()) return;

    cudaGraph_t graph = nullptr;
    status_.note(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), "recording");
    forward_->run(step);
    status_.note(cudaStreamEndCapture(stream_, &graph), "recording");
    cudaGraphExec_t executable = nullptr;
    if (status_.ok()) {
      status_.note(cudaGraphInstantiate(&executable, graph, 0), "recording of a batch");
    }
    if (graph != nullptr) cudaGraphDestroy(graph);
    if (!status_.ok()) return;
    graphs_[batch] = executable;
  }
}

std::int32_t GpuSession::decode_blocks(std::int32_t grid_y) const {
  return std::max(1, processors_ * kDecodeBlocksPerProcessor / grid_y);
}

void GpuSession::run(const CudaStep& step) {
  const StepCounts& counts = step.counts;
  const bool is_decode = counts.decode_sequences == counts.sequences &&
                         counts.rows == counts.sequences && counts.tokens == counts.sequences;
  const auto graph = is_decode ? graphs_.find(counts.sequences) : graphs_.end();
  if (graph != graphs_.end()) {
    status_.note(cudaGraphLaunch(graph->second, stream_), "decode step");
  } else {
    forward_->run(step);
  }
}

void GpuSession::upload(const CudaStep& step) {
  if (!make_current()) return;
  if (submitted_ - waited_ >= kStepsMax) {
    status_.fail("more than two steps in flight");
    return;
  }
  const StepLayout layout = step_layout(step.counts);
  if (layout.words > words_max_) {
    status_.fail("a step of " + std::to_string(step.counts.tokens) + " tokens and " +
                 std::to_string(step.counts.table_entries) + " blocks is larger than allowed");
    return;
  }
  const Ring& ring = ring_[submitted_++ % kStepsMax];
  std::memcpy(ring.words, step.words, layout.bytes());
  status_.note(cudaEventRecord(ring.begin, stream_), "step");
  status_.note(
      cudaMemcpyAsync(buffers_.words, ring.words, layout.bytes(), cudaMemcpyHostToDevice, stream_),
      "copy of the step");
  move_blocks(*this, buffers_, kv_, step);
}

void GpuSession::download(std::int32_t rows) {
  if (!make_current()) return;
  const Ring& ring = ring_[(submitted_ - 1) % kStepsMax];
  const auto bytes = static_cast<std::size_t>(rows) * sizeof(SampleOutput);
  status_.note(
      cudaMemcpyAsync(ring.samples, buffers_.samples, bytes, cudaMemcpyDeviceToHost, stream_),
      "copy of the samples");
  status_.note(cudaEventRecord(ring.end, stream_), "step");
}

bool GpuSession::has_ended(cudaError_t asked) {
  if (asked == cudaErrorNotReady) return false;
  status_.note(asked, "step");
  return true;
}

bool GpuSession::is_done() {
  return !make_current() || has_ended(cudaEventQuery(ring_[waited_ % kStepsMax].end));
}

bool GpuSession::is_idle() {
  return !make_current() || has_ended(cudaStreamQuery(stream_));
}

double GpuSession::wait(SampleOutput* samples, std::int32_t rows) {
  if (!make_current()) return 0.0;
  if (waited_ == submitted_) {
    status_.fail("no step is in flight");
    return 0.0;
  }
  const Ring& ring = ring_[waited_++ % kStepsMax];
  status_.note(cudaEventSynchronize(ring.end), "step");
  float milliseconds = 0.0F;
  if (status_.ok()) {
    status_.note(cudaEventElapsedTime(&milliseconds, ring.begin, ring.end), "step");
  }
  std::copy_n(ring.samples, rows, samples);
  return static_cast<double>(milliseconds) * 1e-3;
}

void GpuSession::read_logits(float* logits, std::int32_t rows) {
  const std::size_t bytes =
      static_cast<std::size_t>(rows) * static_cast<std::size_t>(request_.shape.vocabulary) * 4;
  status_.note(cudaStreamSynchronize(stream_), "step");
  status_.note(cudaMemcpy(logits, buffers_.logits, bytes, cudaMemcpyDeviceToHost),
               "copy of logits");
}

}  // namespace ringmaster::engine::cuda
