#pragma once

#include <cmath>
#include <cstdint>

#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/kernels/reduce.cuh"
#include "engine/cuda/sample_output.h"
#include "engine/cuda/step_layout.h"
#include "engine/philox.h"

namespace ringmaster::engine::cuda {

/// Chooses a token per row of logits, as engine/sampler.h does: same filters, same order, same
/// draw. Weights are added as integers (units of 2^-40 of the highest), so that no order of
/// additions matters. Grid: a block per row.
///
/// What the filters keep is a run of the ranking (logit descending, token ascending), so it is
/// described by where it ends: a key and how many tokens with that very key belong to it. The end
/// is found by a radix search over the 32-bit keys, eight bits at a time, without sorting.
struct Sample {
  struct Args {
    const float* logits;         ///< [rows, vocabulary]
    const PackedRow* rows;       ///< [rows]
    SampleOutput* out;           ///< [rows]
    std::int32_t* last_samples;  ///< [slots]
    std::int32_t vocabulary;
  };
  static constexpr int kThreads = 1024;
  static constexpr int kWarps = kThreads / kWarp;
  static constexpr int kBins = 256;

  /// Everything in shared memory.
  struct Shared {
    std::uint64_t bins[kBins];
    std::uint64_t sums[kWarps];
    double reals[kWarps];
    std::uint64_t chosen;  // What one thread found for all.
    std::uint64_t above;
    std::int32_t token;
  };
  static constexpr std::int32_t shared_bytes() { return static_cast<std::int32_t>(sizeof(Shared)); }

  template <class Lane>
  static RINGMASTER_KERNEL void run(Lane& lane, const Args& args) {
    const PackedRow row = args.rows[lane.block_x()];
    SampleOutput& out = args.out[lane.block_x()];
    Row<Lane> work{lane, args.logits + std::int64_t{lane.block_x()} * args.vocabulary,
                   args.vocabulary, *reinterpret_cast<Shared*>(lane.shared()), row};
    const bool is_finite = work.find_highest();
    std::int32_t token = work.best_token;
    if (is_finite && row.temperature > 0.0F && row.top_k != 1) {
      work.filter();
      token = work.draw();
    }
    if (lane.thread() == 0) {
      out.token = token;
      out.is_finite = is_finite ? 1 : 0;
      out.logprob = 0.0F;
      out.best_count = 0;
      if (row.slot >= 0) args.last_samples[row.slot] = token;
    }
    if (is_finite && row.logprobs >= 0) work.add_logprobs(token, out);
  }

 private:
  /// A token's place in the ranking: higher is better, no two are equal.
  static RINGMASTER_KERNEL std::uint64_t rank_of(std::uint32_t key, std::int32_t token) {
    return std::uint64_t{key} << 32U | (0xffffffffU - static_cast<std::uint32_t>(token));
  }
  static RINGMASTER_KERNEL std::int32_t token_of(std::uint64_t rank) {
    return static_cast<std::int32_t>(0xffffffffU - static_cast<std::uint32_t>(rank));
  }

  /// The bits of a float in an order that integers have too.
  static RINGMASTER_KERNEL std::uint32_t key_of(float logit) {
    logit = logit == 0.0F ? 0.0F : logit;  // -0 and 0 are equal logits.
    const std::uint32_t bits = bits_of(logit);
    return (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
  }
  static RINGMASTER_KERNEL std::uint32_t bits_of(float value) {
#if defined(__CUDACC__)
    return __float_as_uint(value);
#else
    return std::bit_cast<std::uint32_t>(value);
#endif
  }

  template <class Lane>
  struct Row {
    Lane& lane;
    const float* logits;
    std::int32_t vocabulary;
    Shared& shared;
    PackedRow options;
    float highest = 0.0F;
    std::int32_t best_token = 0;
    // The filters keep every key above `end_key`, and tokens up to `end_token` that have it.
    std::uint32_t end_key = 0;
    std::int32_t end_token = 0x7fffffff;

    /// False if a logit is not finite.
    RINGMASTER_KERNEL bool find_highest() {
      std::uint64_t best = 0;
      std::uint64_t odd = 0;
      for (std::int32_t i = lane.thread(); i < vocabulary; i += kThreads) {
        const float logit = logits[i];
        if (!(logit - logit == 0.0F)) odd = 1;  // Infinite, or no number.
        const std::uint64_t rank = rank_of(key_of(logit), i);
        if (rank > best) best = rank;
      }
      best = block_reduce(lane, best, shared.sums, Higher{});
      best_token = token_of(best);
      lane.sync();
      odd = block_reduce(lane, odd, shared.sums, Higher{});
      lane.sync();
      if (odd != 0) best_token = 0;
      highest = logits[best_token];
      return odd == 0;
    }

    /// As the CPU's sampler has it, so that the two agree on what min_p keeps.
    RINGMASTER_KERNEL double weight(std::int32_t token) const {
      return exp((static_cast<double>(logits[token]) - static_cast<double>(highest)) /
                 static_cast<double>(options.temperature));
    }
    static RINGMASTER_KERNEL std::uint64_t units(double weight) {
      return static_cast<std::uint64_t>(weight * 0x1.0p40);
    }
    RINGMASTER_KERNEL bool is_kept(std::int32_t token) const {
      const std::uint32_t key = key_of(logits[token]);
      return key > end_key || (key == end_key && token <= end_token);
    }

    RINGMASTER_KERNEL void filter() {
      if (options.top_k > 0 && options.top_k < vocabulary) {
        cut(static_cast<std::uint64_t>(options.top_k),
            [](std::int32_t) { return std::uint64_t{1}; });
      }
      if (options.top_p < 1.0F) {
        const auto mass = [this](std::int32_t token) { return units(weight(token)); };
        const double share = static_cast<double>(options.top_p) * static_cast<double>(total(mass));
        const auto wanted = static_cast<std::uint64_t>(ceil(share));
        cut(wanted > 0 ? wanted : 1, mass);
      }
    }

    /// Sum over what is kept so far.
    template <class Measure>
    RINGMASTER_KERNEL std::uint64_t total(Measure measure) {
      std::uint64_t sum = 0;
      for (std::int32_t i = lane.thread(); i < vocabulary; i += kThreads) {
        if (is_kept(i)) sum += measure(i);
      }
      sum = block_reduce(lane, sum, shared.sums, Add{});
      lane.sync();
      return sum;
    }

    /// Ends the kept run where its measures, from the best token down, first reach `wanted`.
    template <class Measure>
    RINGMASTER_KERNEL void cut(std::uint64_t wanted, Measure measure) {
      std::uint32_t prefix = 0;
      std::uint32_t mask = 0;
      for (int shift = 24; shift >= 0; shift -= 8) {
        for (int i = lane.thread(); i < kBins; i += kThreads) shared.bins[i] = 0;
        lane.sync();
        for (std::int32_t i = lane.thread(); i < vocabulary; i += kThreads) {
          const std::uint32_t key = key_of(logits[i]);
          if ((key & mask) != prefix || !is_kept(i)) continue;
          const std::uint64_t measured = measure(i);
          if (measured > 0) lane.atomic_add(&shared.bins[key >> shift & 0xffU], measured);
        }
        lane.sync();
        if (lane.thread() == 0) find_bin(wanted);
        lane.sync();
        if (shared.chosen == kBins) return;  // All of it is less than wanted: nothing is cut.
        prefix |= static_cast<std::uint32_t>(shared.chosen) << shift;
        mask |= 0xffU << shift;
        wanted -= shared.above;
        lane.sync();
      }
      // Tokens with the last key measure the same; as many of them as it takes, in token order.
      const auto is_last = [&](std::int32_t i) {
        return key_of(logits[i]) == prefix && is_kept(i);
      };
      const std::int32_t last = find_in_order(
          wanted - 1, [&](std::int32_t i) { return is_last(i) ? measure(i) : std::uint64_t{0}; });
      end_key = prefix;
      end_token = last;
    }

    /// The bin, from the highest down, in which the sum reaches `wanted`; kBins: none.
    RINGMASTER_KERNEL void find_bin(std::uint64_t wanted) {
      std::uint64_t above = 0;
      int bin = kBins - 1;
      while (bin >= 0 && above + shared.bins[bin] < wanted) above += shared.bins[bin--];
      shared.chosen = bin < 0 ? kBins : static_cast<std::uint64_t>(bin);
      shared.above = above;
    }

    /// The first token, ascending, up to and with which the measures exceed `before`.
    /// Requires: the sum of all does.
    template <class Measure>
    RINGMASTER_KERNEL std::int32_t find_in_order(std::uint64_t before, Measure measure) {
      const std::int32_t span = (vocabulary + kThreads - 1) / kThreads * kWarp;
      const int warp = lane.thread() / kWarp;
      const int lane_index = lane.thread() % kWarp;
      const std::int32_t end = (warp + 1) * span < vocabulary ? (warp + 1) * span : vocabulary;
      std::uint64_t sum = 0;
      for (std::int32_t i = warp * span + lane_index; i < end; i += kWarp) sum += measure(i);
      sum = warp_reduce(lane, sum, Add{});
      if (lane_index == 0) shared.sums[warp] = sum;
      lane.sync();
      std::uint64_t reached = 0;
      int home = 0;
      while (home < kWarps - 1 && reached + shared.sums[home] <= before) {
        reached += shared.sums[home++];
      }
      if (warp == home) {  // One warp goes through its span again, 32 tokens at a time.
        for (std::int32_t i = warp * span; i < end; i += kWarp) {
          const std::int32_t token = i + lane_index;
          const std::uint64_t own = token < end ? measure(token) : 0;
          const std::uint64_t tile = warp_reduce(lane, own, Add{});
          if (reached + tile <= before && i + kWarp < end) {
            reached += tile;
            continue;
          }
          std::uint64_t until = reached;  // Up to and with this lane's token.
          for (int k = 0; k < kWarp; ++k) {
            const std::uint64_t other = lane.shuffle(own, k);
            if (k <= lane_index) until += other;
          }
          if (own > 0 && until > before && until - own <= before) shared.token = token;
          break;
        }
      }
      lane.sync();
      const std::int32_t found = shared.token;
      lane.sync();
      return found;
    }

    RINGMASTER_KERNEL std::int32_t draw() {
      const double least = options.min_p < 1.0F ? static_cast<double>(options.min_p) : 1.0;
      const auto mass = [this, least](std::int32_t token) {
        if (!is_kept(token)) return std::uint64_t{0};
        const double own = weight(token);
        return own < least ? std::uint64_t{0} : units(own);
      };
      const double unit =
          philox_unit(options.seed, static_cast<std::uint64_t>(options.output_index));
      const std::uint64_t all = total(mass);
      const auto target = static_cast<std::uint64_t>(unit * static_cast<double>(all));
      return find_in_order(target < all ? target : all - 1, mass);
    }

    RINGMASTER_KERNEL void add_logprobs(std::int32_t token, SampleOutput& out) {
      double sum = 0.0;
      for (std::int32_t i = lane.thread(); i < vocabulary; i += kThreads) {
        sum += exp(static_cast<double>(logits[i] - highest));
      }
      sum = block_reduce(lane, sum, shared.reals, Add{});
      const double normaliser = static_cast<double>(highest) + log(sum);
      const auto logprob = [&](std::int32_t of) {
        return static_cast<float>(static_cast<double>(logits[of]) - normaliser);
      };
      if (lane.thread() == 0) out.logprob = logprob(token);
      std::int32_t count = options.logprobs < kBestMax ? options.logprobs : kBestMax;
      if (count > vocabulary) count = vocabulary;
      std::uint64_t below = ~std::uint64_t{0};
      for (std::int32_t n = 0; n < count; ++n) {
        lane.sync();
        std::uint64_t best = 0;
        for (std::int32_t i = lane.thread(); i < vocabulary; i += kThreads) {
          const std::uint64_t rank = rank_of(key_of(logits[i]), i);
          if (rank < below && rank > best) best = rank;
        }
        best = block_reduce(lane, best, shared.sums, Higher{});
        below = best;
        if (lane.thread() != 0) continue;
        out.best_tokens[n] = token_of(best);
        out.best_logprobs[n] = logprob(token_of(best));
        out.best_count = n + 1;
      }
    }
  };
};

}  // namespace ringmaster::engine::cuda
