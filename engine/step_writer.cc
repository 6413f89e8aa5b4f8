#include "engine/step_writer.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace ringmaster::engine {
namespace {

struct Sizes {
  std::size_t tokens = 0;
  std::size_t blocks = 0;
  std::size_t rows = 0;
};

/// Whether the step computes the last token that the sequence has then.
bool is_sampled(const ScheduledSequence& part, bool is_ahead) {
  return is_ahead || part.query_tokens == part.sequence->uncomputed_tokens();
}

Sizes sizes_of(const StepPlan& plan, bool is_ahead) {
  Sizes sizes;
  for (const ScheduledSequence& part : plan.sequences) {
    sizes.tokens += static_cast<std::size_t>(part.query_tokens);
    sizes.blocks += part.sequence->blocks.size();
    sizes.rows += is_sampled(part, is_ahead) ? 1 : 0;
  }
  return sizes;
}

/// Appends by plain stores to arrays that have their size already: a step has one of these for each
/// sequence, and growing five arrays by one element each took longer than all else.
class Writer {
 public:
  Writer(bool is_ahead, StepInput& input)
      : is_ahead_(is_ahead),
        input_(input),
        sequence_(input.sequences.data()),
        token_(input.tokens.data()),
        position_(input.positions.data()),
        block_(input.block_tables.data()),
        row_(input.sampling.data()) {}

  void write(const ScheduledSequence& part) {
    const Sequence& sequence = *part.sequence;
    // Ahead, the one token to compute is not among the sequence's yet.
    const std::int32_t first = is_ahead_ ? sequence.total_tokens() : sequence.computed_tokens;
    *sequence_ = {
        .slot = sequence.slot,
        .query_start = static_cast<std::int32_t>(token_ - input_.tokens.data()),
        .query_tokens = part.query_tokens,
        .context_tokens = first + part.query_tokens,
        .block_table_start = static_cast<std::int32_t>(block_ - input_.block_tables.data()),
        .block_count = static_cast<std::int32_t>(sequence.blocks.size())};
    if (is_sampled(part, is_ahead_)) {
      sequence_->sample_row = static_cast<std::int32_t>(row_ - input_.sampling.data());
      *row_++ = {.options = sequence.sampling,
                 .output_index = sequence.output_tokens() + (is_ahead_ ? 1 : 0)};
    }
    ++sequence_;
    write_tokens(sequence, first, part.query_tokens);
    block_ = std::copy(sequence.blocks.begin(), sequence.blocks.end(), block_);
  }

 private:
  void write_tokens(const Sequence& sequence, std::int32_t first, std::int32_t count) {
    if (is_ahead_) {
      *token_++ = sample_of_slot(sequence.slot);
    } else {
      token_ = std::copy_n(sequence.tokens.begin() + first, count, token_);
    }
    std::iota(position_, position_ + count, first);
    position_ += count;
  }

  bool is_ahead_;
  const StepInput& input_;
  StepSequence* sequence_;
  TokenId* token_;
  std::int32_t* position_;
  BlockId* block_;
  SampleRow* row_;
};

}  // namespace

void write_step(const StepPlan& plan, bool is_ahead, StepInput& input) {
  const Sizes sizes = sizes_of(plan, is_ahead);
  // What stands there from the step before is written over.
  input.sequences.resize(plan.sequences.size());
  input.tokens.resize(sizes.tokens);
  input.positions.resize(sizes.tokens);
  input.block_tables.resize(sizes.blocks);
  input.sampling.resize(sizes.rows);
  input.decode_sequences = static_cast<std::int32_t>(
      std::ranges::count(plan.sequences, 1, &ScheduledSequence::query_tokens));
  Writer writer(is_ahead, input);
  for (const ScheduledSequence& part : plan.sequences) writer.write(part);
}

}  // namespace ringmaster::engine
