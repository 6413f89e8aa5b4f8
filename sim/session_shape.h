#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ringmaster::sim {

/// What the sessions of a synthesized workload are like. Lengths are means in tokens; each is drawn
/// log-normal with `length_cv` (what is shared keeps the length it got).
///
/// A prompt is: a shared prefix, documents, the text of its own of all turns so far with the
/// answers between them. A session has one such prompt that grows, or several that take turns.
struct SessionShape {
  std::string_view name;
  double turns = 1;            ///< Mean, geometric; 1: single requests, which name no session.
  double pause_s = 0;          ///< Mean from one turn's arrival to the next's, in seconds.
  double pause_cv = 1;         ///< The pauses are gamma.
  std::uint32_t contexts = 1;  ///< Prompts that take turns: the agents of a workflow.

  std::uint32_t prefixes = 0;  ///< System prompts or tools to choose from; 0: no shared prefix.
  double prefix_tokens = 0;
  std::uint32_t documents = 0;  ///< Documents to choose from; 0: none are put in.
  double document_tokens = 0;
  std::uint32_t documents_per_prompt = 0;
  double skew = 1;  ///< Of Zipf's law, by which prefixes and documents are chosen; 0: all alike.

  double first_tokens = 0;  ///< Text of its own in the first turn.
  double turn_tokens = 0;   ///< Added by each further turn, next to the answer before it.
  double output_tokens = 0;
  double length_cv = 1;
};

/// The shapes by name: conversation, tool, rag, agent, workflow, no-reuse.
[[nodiscard]] std::span<const SessionShape> session_shapes();

/// A shape and its share of the requests.
struct ShapeShare {
  SessionShape shape;
  double share = 1;
};

/// Reads "conversation" or "conversation:3,rag:1", shares relative to their sum. Fails with
/// kInvalidArgument on an unknown name (the known ones are listed) or a share out of (0, 1e6].
[[nodiscard]] Result<std::vector<ShapeShare>> parse_shape_mix(std::string_view text);

/// Fails with kInvalidArgument, naming the first number that is out of its range, and the range.
[[nodiscard]] Status check(const SessionShape& shape);

}  // namespace ringmaster::sim
