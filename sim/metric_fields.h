#pragma once

#include "sim/metrics.h"

namespace ringmaster::sim {

/// Calls visit(name, field) for every number of a RunMetrics, in the order in which results show
/// them. What is listed here is written, read back and compared.
template <class Metrics, class Visit>
void visit_metrics(Metrics& metrics, Visit&& visit) {
  visit("requests", metrics.requests);
  visit("slo_attainment", metrics.slo_attainment);
  visit("ttft_p50_s", metrics.ttft_p50_s);
  visit("ttft_p90_s", metrics.ttft_p90_s);
  visit("ttft_p99_s", metrics.ttft_p99_s);
  visit("ttft_mean_s", metrics.ttft_mean_s);
  visit("e2e_p90_s", metrics.e2e_p90_s);
  visit("tpot_p90_s", metrics.tpot_p90_s);
  visit("cached_token_share", metrics.cached_token_share);
  visit("pending_tokens_cv", metrics.pending_tokens_cv);
  visit("moves", metrics.moves);
  visit("rejected", metrics.rejected);
  visit("retried", metrics.retried);
  visit("lost", metrics.lost);
  visit("worst_length_bucket_attainment", metrics.worst_length_bucket_attainment);
  visit("instance_seconds", metrics.instance_seconds);
  visit("instances_most", metrics.instances_most);
}

}  // namespace ringmaster::sim
