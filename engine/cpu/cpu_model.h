#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "engine/cpu/kernels.h"
#include "engine/cpu/kv_cache.h"
#include "engine/cpu/thread_pool.h"
#include "engine/executor.h"
#include "engine/loaders/model_folder.h"
#include "engine/rope.h"

namespace ringmaster::engine {

/// The forward pass of a decoder on the CPU: f32 activations, weights as stored.
///
/// Every row (token) of every product is computed from that row alone in a fixed order, so a
/// token's logits depend on its own sequence only: not on its batch, the chunks of its prefill, the
/// number of threads, or where its blocks lie. Working memory grows to the largest step and is
/// kept.
class CpuModel {
 public:
  /// `pool` must outlive this.
  CpuModel(std::shared_ptr<const LoadedModel> model, Isa isa, ThreadPool& pool);
  ~CpuModel();

  /// Writes the step's keys and values to `cache`; returns logits [sample rows, vocabulary], valid
  /// until the next call. Requires: `step` is consistent and inside the cache's and model's bounds.
  [[nodiscard]] std::span<const float> forward(const StepInput& step, KvCache& cache);

 private:
  struct Layer;
  struct Matrix;

  Matrix matrix(const TensorView& tensor);
  void resize(std::size_t tokens);
  void embed(const StepInput& step);
  void attention(const StepInput& step, const Layer& layer, std::int32_t index, KvCache& cache);
  void rotate_and_store(const StepInput& step, const Layer& layer, std::int32_t index,
                        KvCache& cache);
  void attend(const StepInput& step, std::int32_t index, const KvCache& cache);
  void mlp(const Layer& layer);
  std::span<const float> head(const StepInput& step);

  void normalise(const std::vector<float>& x, std::int32_t rows, const std::vector<float>& weight,
                 std::vector<float>& y);
  void normalise_row(const float* x, const std::vector<float>& weight, float* y) const;
  void multiply(const std::vector<float>& x, std::int32_t rows, const Matrix& w,
                const std::vector<float>& bias, std::vector<float>& y);
  void rotate(float* head, std::size_t token) const;
  void for_ranges(std::int32_t count, std::int64_t cost,
                  const std::function<void(std::int32_t, std::int32_t)>& work);

  std::shared_ptr<const LoadedModel> model_;
  const ModelConfig& config_;
  const Kernels& kernels_;
  ThreadPool& pool_;
  Rope rope_;
  std::vector<Layer> layers_;
  std::vector<float> final_norm_;
  std::unique_ptr<Matrix> embedding_;
  std::unique_ptr<Matrix> head_;
  std::vector<std::vector<float>>
      converted_;  // Matrices stored in a type that kernels do not read.

  // Of the step at hand; rows are its tokens.
  std::int32_t tokens_ = 0;
  std::vector<std::int32_t> sequence_of_;  // [tokens]
  std::vector<float> hidden_, normed_, projected_;
  std::vector<float> query_, key_, value_, attended_;
  std::vector<float> gate_, up_;
  std::vector<float> cosines_, sines_;  // [tokens, head_dim / 2]
  std::vector<float> logits_;           // [sample rows, vocabulary]
};

}  // namespace ringmaster::engine
