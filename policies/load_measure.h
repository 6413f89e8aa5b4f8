#pragma once

#include <cstdint>

#include "fleet/fleet_state.h"
#include "policies/option_reader.h"
#include "policies/score_terms.h"

namespace ringmaster {

/// What counts as load for the policies that compare nothing else.
enum class LoadMeasure : std::uint8_t {
  kRequests,       ///< Held, in prefill or decoding.
  kPendingTokens,  ///< Uncached prompt tokens held or sent, without a first token yet.
};

/// Option `load=requests|pending_tokens`.
[[nodiscard]] LoadMeasure read_load_measure(OptionReader& options);

[[nodiscard]] inline double load_of(const InstanceState& instance, LoadMeasure measure) {
  return measure == LoadMeasure::kRequests ? static_cast<double>(instance.load.requests())
                                           : static_cast<double>(instance.load.pending_tokens());
}

/// The one part of a score that is a load.
void describe_load(const InstanceState& instance, LoadMeasure measure, ScoreTerms& terms);

}  // namespace ringmaster
