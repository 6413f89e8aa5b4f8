#include "engine/step_writer.h"

#include <algorithm>
#include <cstddef>

namespace ringmaster::engine {
namespace {

/// Makes the arrays as large as the plan needs, one row for each sequence. What stands there from
/// the step before is written over.
void resize(StepInput& input, const StepPlan& plan) {
  std::size_t tokens = 0;
  std::size_t blocks = 0;
  input.decode_sequences = 0;
  for (const ScheduledSequence& part : plan.sequences) {
    tokens += static_cast<std::size_t>(part.query_tokens);
    blocks += part.sequence->blocks.size();
    input.decode_sequences += part.query_tokens == 1 ? 1 : 0;
  }
  input.sequences.resize(plan.sequences.size());
  input.tokens.resize(tokens);
  input.positions.resize(tokens);
  input.block_tables.resize(blocks);
  input.sampling.resize(plan.sequences.size());
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
    // The step computes the last token that the sequence has then.
    if (is_ahead_ || part.query_tokens == sequence.uncomputed_tokens()) {
      sequence_->sample_row = static_cast<std::int32_t>(rows());
      *row_++ = {.options = sequence.sampling,
                 .output_index = sequence.output_tokens() + (is_ahead_ ? 1 : 0)};
    }
    ++sequence_;
    const TokenId ahead = sample_of_slot(sequence.slot);
    const TokenId* const tokens = is_ahead_ ? &ahead : sequence.tokens.data() + first;
    for (std::int32_t i = 0; i < part.query_tokens; ++i) {
      *token_++ = tokens[i];
      *position_++ = first + i;
    }
    block_ = std::copy(sequence.blocks.begin(), sequence.blocks.end(), block_);
  }

  [[nodiscard]] std::size_t rows() const {
    return static_cast<std::size_t>(row_ - input_.sampling.data());
  }

 private:
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
  resize(input, plan);
  Writer writer(is_ahead, input);
  for (const ScheduledSequence& part : plan.sequences) writer.write(part);
  input.sampling.resize(writer.rows());
}

}  // namespace ringmaster::engine
