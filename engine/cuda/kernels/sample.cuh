#pragma once

#include <cmath>
#include <cstdint>

#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/kernels/kept_run.cuh"
#include "engine/cuda/kernels/logit_row.cuh"
#include "engine/cuda/kernels/token_search.cuh"
#include "engine/cuda/sample_output.h"
#include "engine/cuda/step_layout.h"
#include "engine/philox.h"

namespace ringmaster::engine::cuda {

/// Chooses a token per row of logits, as engine/sampler.h does: same filters, same order, same
/// draw. Weights are added as integers, in units of 2^-40 of the highest. Grid: a block per row.
struct Sample {
  struct Args {
    const float* logits;         ///< [rows, vocabulary]
    const PackedRow* rows;       ///< [rows]
    SampleOutput* out;           ///< [rows]
    std::int32_t* last_samples;  ///< [slots]
    std::int32_t vocabulary;
  };
  static constexpr int kThreads = 1024;

  static constexpr std::int32_t shared_bytes() { return sizeof(LogitMemory<kThreads>); }

  template <class Lane>
  static RINGMASTER_KERNEL void run(Lane& lane, const Args& args) {
    const PackedRow& row = args.rows[lane.block_x()];  // Registers are scarce.
    SampleOutput& out = args.out[lane.block_x()];
    const LogitRow<kThreads, Lane> logits{
        lane, args.logits + std::int64_t{lane.block_x()} * args.vocabulary, args.vocabulary,
        *reinterpret_cast<LogitMemory<kThreads>*>(lane.shared())};
    const std::uint64_t highest = logits.best();
    const bool is_finite = highest != kNotFinite;
    const std::int32_t best = is_finite ? token_of_rank(highest) : 0;
    std::int32_t token = best;
    if (is_finite && row.temperature > 0.0F && row.top_k != 1) {
      token = Draw<Lane>{logits, row, logits.logits[best]}.run();
    }
    if (lane.thread() == 0) {
      out.token = token;
      out.is_finite = is_finite ? 1 : 0;
      out.logprob = 0.0F;
      out.best_count = 0;
      if (row.slot >= 0) args.last_samples[row.slot] = token;
    }
    if (is_finite && row.logprobs >= 0) add_logprobs(logits, row, logits.logits[best], token, out);
  }

 private:
  template <class Lane>
  struct Draw {
    const LogitRow<kThreads, Lane>& row;
    const PackedRow& options;
    float highest;

    RINGMASTER_KERNEL std::int32_t run() const {
      KeptRun<kThreads, Lane> kept(row, highest);
      filter(kept);
      const double least = options.min_p < 1.0F ? static_cast<double>(options.min_p) : 1.0;
      const auto mass = [&](std::int32_t token) {
        if (!kept.has(token)) return std::uint64_t{0};
        const double own = weight(token);
        return own < least ? std::uint64_t{0} : units(own);
      };
      const double unit =
          philox_unit(options.seed, static_cast<std::uint64_t>(options.output_index));
      TokenSearch<kThreads, Lane> search(row);
      const std::uint64_t all = search.sum(mass);
      const auto target = static_cast<std::uint64_t>(unit * static_cast<double>(all));
      return search.find(target < all ? target : all - 1, mass);
    }

    RINGMASTER_KERNEL void filter(KeptRun<kThreads, Lane>& kept) const {
      if (options.top_k > 0 && options.top_k < row.vocabulary) {
        const auto count = static_cast<std::uint64_t>(options.top_k);
        kept.cut([count](std::uint64_t) { return count; },
                 [](std::int32_t) { return std::uint64_t{1}; });
      }
      if (options.top_p < 1.0F) {
        const auto wanted = [this](std::uint64_t all) {
          const double share = static_cast<double>(options.top_p) * static_cast<double>(all);
          return share > 1.0 ? static_cast<std::uint64_t>(ceil(share)) : std::uint64_t{1};
        };
        kept.cut(wanted, [this](std::int32_t token) { return units(weight(token)); });
      }
    }

    /// As the CPU's sampler has it, so that the two agree on what min_p keeps.
    [[nodiscard]] RINGMASTER_KERNEL double weight(std::int32_t token) const {
      return exp((static_cast<double>(row.logits[token]) - static_cast<double>(highest)) /
                 static_cast<double>(options.temperature));
    }
    static RINGMASTER_KERNEL std::uint64_t units(double weight) {
      return static_cast<std::uint64_t>(weight * 0x1.0p40);
    }
  };

  template <class Lane>
  static RINGMASTER_KERNEL void add_logprobs(const LogitRow<kThreads, Lane>& row,
                                             const PackedRow& options, float highest,
                                             std::int32_t token, SampleOutput& out) {
    const double normaliser = row.normaliser(highest);
    const auto logprob = [&](std::int32_t of) {
      return static_cast<float>(static_cast<double>(row.logits[of]) - normaliser);
    };
    if (row.lane.thread() == 0) out.logprob = logprob(token);
    std::int32_t count = options.logprobs < kBestMax ? options.logprobs : kBestMax;
    if (count > row.vocabulary) count = row.vocabulary;
    std::uint64_t below = kNotFinite;
    for (std::int32_t n = 0; n < count; ++n) {
      below = row.best_below(below);
      if (row.lane.thread() != 0) continue;
      out.best_tokens[n] = token_of_rank(below);
      out.best_logprobs[n] = logprob(token_of_rank(below));
      out.best_count = n + 1;
    }
  }
};

}  // namespace ringmaster::engine::cuda
