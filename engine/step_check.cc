#include "engine/step_check.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace ringmaster::engine {
namespace {

Status internal_error(std::string message) {
  return fail(ErrorCode::kInternal, ErrorOrigin::kInstance, std::move(message));
}

std::optional<std::string> find_fault(const StepInput& step, const StepSequence& sequence,
                                      const StepLimits& limits) {
  const std::int64_t query_end = std::int64_t{sequence.query_start} + sequence.query_tokens;
  const std::int64_t table_end = std::int64_t{sequence.block_table_start} + sequence.block_count;
  if (sequence.query_start < 0 || sequence.query_tokens < 1 ||
      query_end > static_cast<std::int64_t>(step.tokens.size())) {
    return "query range";
  }
  if (sequence.block_table_start < 0 || sequence.block_count < 0 ||
      table_end > static_cast<std::int64_t>(step.block_tables.size())) {
    return "block table range";
  }
  if (std::int64_t{sequence.block_count} * limits.block_tokens < sequence.context_tokens)
    return "too few blocks";
  if (sequence.sample_row >= static_cast<std::int32_t>(step.sampling.size())) return "sample row";
  for (std::int32_t i = 0; i < sequence.block_count; ++i) {
    const BlockId block =
        step.block_tables[static_cast<std::size_t>(sequence.block_table_start + i)];
    if (block < 0 || block >= limits.block_count) return "block " + std::to_string(block);
  }
  for (std::int32_t i = 0; i < sequence.query_tokens; ++i) {
    const std::int32_t expected = sequence.context_tokens - sequence.query_tokens + i;
    const std::int32_t position =
        step.positions[static_cast<std::size_t>(sequence.query_start + i)];
    if (position != expected || position < 0) return "position " + std::to_string(position);
  }
  return std::nullopt;
}

bool is_inside(const std::vector<BlockCopy>& copies, const StepLimits& limits) {
  return std::ranges::all_of(copies, [&](const BlockCopy& copy) {
    return copy.device >= 0 && copy.device < limits.block_count && copy.host >= 0 &&
           copy.host < limits.host_block_count;
  });
}

}  // namespace

Status check_step(const StepInput& step, const StepLimits& limits) {
  if (step.positions.size() != step.tokens.size())
    return internal_error("step: tokens and positions differ in number");
  for (const TokenId token : step.tokens) {
    if (token < -limits.slots || token >= limits.vocabulary_size) {
      return internal_error("step: token " + std::to_string(token) + ": expected less than " +
                            std::to_string(limits.vocabulary_size));
    }
  }
  if (!is_inside(step.saves, limits) || !is_inside(step.loads, limits))
    return internal_error("step: a copy of a block that is not there");
  std::size_t tokens = 0;
  for (const StepSequence& sequence : step.sequences) {
    tokens += static_cast<std::size_t>(std::max(sequence.query_tokens, 0));
    if (const auto fault = find_fault(step, sequence, limits)) {
      return internal_error("step: sequence in slot " + std::to_string(sequence.slot) + ": " +
                            *fault);
    }
  }
  if (tokens != step.tokens.size())
    return internal_error("step: tokens that belong to no sequence");
  return {};
}

}  // namespace ringmaster::engine
