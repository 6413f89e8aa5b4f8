#include "sim/slo_targets.h"

namespace ringmaster::sim {

bool SloTargets::met(const RequestOutcome& outcome, std::uint32_t output_tokens) const {
  if (outcome.is_rejected || outcome.is_lost) return false;
  const bool has_class = !classes.empty();
  const Duration ttft_slo = has_class ? classes[outcome.request_class].ttft_slo : ttft;
  const Duration tpot_slo = has_class ? classes[outcome.request_class].tpot_slo : tpot;
  if (outcome.first_token - outcome.arrival >= ttft_slo) return false;
  if (tpot_slo == Duration::zero() || output_tokens < 2) return true;
  return (outcome.finished - outcome.first_token) / (output_tokens - 1) < tpot_slo;
}

std::vector<ClassMetrics> summarise_classes(const Workload& workload,
                                            const SimulationOutcome& outcome,
                                            std::size_t first_counted, const SloTargets& targets) {
  std::vector<ClassMetrics> all;
  std::vector<std::size_t> met(targets.classes.size());
  for (const RequestClass& one : targets.classes) all.push_back({.name = one.name});
  if (all.empty()) return all;
  for (std::size_t i = first_counted; i < outcome.requests.size(); ++i) {
    const RequestOutcome& request = outcome.requests[i];
    ++all[request.request_class].requests;
    if (targets.met(request, workload.requests()[i].output_tokens)) ++met[request.request_class];
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].requests == 0) continue;
    all[i].slo_attainment = static_cast<double>(met[i]) / static_cast<double>(all[i].requests);
  }
  return all;
}

}  // namespace ringmaster::sim
