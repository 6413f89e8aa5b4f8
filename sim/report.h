#pragma once

#include <span>
#include <string>

#include "sim/run.h"

namespace ringmaster::sim {

/// A JSON array with one object a line, in the order given. Keys and their order:
///
///   trace policy qps instances gateways [peers] setting profile model seed [arrivals] requests
///   slo_attainment ttft_p50_s ttft_p90_s ttft_p99_s ttft_mean_s e2e_p90_s tpot_p90_s
///   cached_token_share pending_tokens_cv moves rejected retried worst_length_bucket_attainment
///   [goodput_qps bound_qps] [shadow shadow_decisions shadow_differing_share
///   acting_expected_cached_tokens shadow_expected_cached_tokens acting_expected_ttft_s
///   shadow_expected_ttft_s] wall_s requests_per_wall_s
///
/// Absent values are null. All but the last two keys depend on the inputs only, to the byte.
[[nodiscard]] std::string to_json(std::span<const RunReport> reports);

/// One of those objects.
[[nodiscard]] std::string to_json_object(const RunReport& report);

/// The same for people: one row a point, aligned columns, a heading. Durations in seconds.
[[nodiscard]] std::string to_table(std::span<const RunReport> reports);

}  // namespace ringmaster::sim
