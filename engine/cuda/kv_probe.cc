#include "engine/cuda/kv_probe.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "engine/philox.h"

namespace ringmaster::engine {
namespace {

constexpr std::int32_t kBest = 20;
constexpr std::int32_t kDecodedTokens = 24;
constexpr std::int32_t kChunks = 8;

/// The sequence's tokens from `done` on, up to `end`; the next one is asked for.
StepInput step_of(const std::vector<TokenId>& text, std::int32_t done, std::int32_t end,
                  std::int32_t block_tokens) {
  StepInput step;
  for (std::int32_t p = done; p < end; ++p) {
    step.tokens.push_back(text[static_cast<std::size_t>(p)]);
    step.positions.push_back(p);
  }
  const std::int32_t blocks = (end + block_tokens - 1) / block_tokens;
  for (BlockId block = 0; block < blocks; ++block) step.block_tables.push_back(block);
  step.sequences.push_back({.slot = 0,
                            .query_start = 0,
                            .query_tokens = end - done,
                            .context_tokens = end,
                            .block_table_start = 0,
                            .block_count = blocks,
                            .sample_row = 0});
  step.decode_sequences = end - done == 1 ? 1 : 0;
  step.sampling.push_back({.options = {.temperature = 0.0F, .logprobs = kBest}});
  return step;
}

}  // namespace

Result<NextTokens> probe_next_tokens(Executor& device, std::int32_t chunk_tokens) {
  const std::int64_t room = std::int64_t{device.block_count()} * device.block_tokens();
  const auto length = static_cast<std::int32_t>(std::min<std::int64_t>(
      {kProbeTokens, room, std::int64_t{device.model().context_tokens_max}}));
  std::vector<TokenId> text;
  for (std::int32_t p = 0; p < length; ++p) {
    const double unit = philox_unit(1, static_cast<std::uint64_t>(p));
    text.push_back(static_cast<TokenId>(unit * device.model().vocabulary_size));
  }
  const std::int32_t prompt = length - std::min(kDecodedTokens, length / 2);
  const std::int32_t chunk_max = std::clamp(prompt / kChunks, 1, chunk_tokens);
  NextTokens next;
  for (std::int32_t done = 0; done < length;) {
    const std::int32_t chunk = std::max(1, std::min(chunk_max, prompt - done));
    const StepInput step = step_of(text, done, done + chunk, device.block_tokens());
    device.submit(step);
    StepOutput output;
    if (const Status waited = device.wait(output); !waited) return tl::unexpected(waited.error());
    next.push_back(std::move(output.sampled.front().best));
    done += chunk;
  }
  return next;
}

double mean_difference(const NextTokens& a, const NextTokens& b) {
  double sum = 0.0;
  int count = 0;
  for (std::size_t place = 0; place < std::min(a.size(), b.size()); ++place) {
    for (const TokenLogprob& one : a[place]) {
      const auto other = std::ranges::find(b[place], one.token, &TokenLogprob::token);
      if (other == b[place].end()) continue;
      sum += std::abs(static_cast<double>(one.logprob) - other->logprob);
      ++count;
    }
  }
  const double mean = count == 0 ? NAN : sum / count;
  return std::isfinite(mean) ? mean : std::numeric_limits<double>::infinity();
}

}  // namespace ringmaster::engine
