#include "policies/part_registry.h"

#include "policies/adapter_filter.h"
#include "policies/early_rejection.h"
#include "policies/load_gap_filter.h"
#include "policies/named_makers.h"
#include "policies/predicted_peak.h"
#include "policies/shed_low_priority.h"
#include "policies/utilization_filter.h"
#include "policies/within_slo_filter.h"

namespace ringmaster {
namespace {

// The only lists of these parts. A new one is a line here and a row in docs/policies.md.
constexpr NamedMakers<CandidateFilter, 4> kFilters{{
    {"utilization", make_utilization_filter},
    {"load_gap", make_load_gap_filter},
    {"within_slo", make_within_slo_filter},
    {"adapter", make_adapter_filter},
}};
constexpr NamedMakers<PlacementVeto, 1> kVetoes{{{"predicted_peak", make_predicted_peak}}};
constexpr NamedMakers<Admission, 2> kAdmissions{{
    {"early_rejection", make_early_rejection},
    {"shed_low_priority", make_shed_low_priority},
}};

constexpr auto kFilterNames = names_of(kFilters);
constexpr auto kVetoNames = names_of(kVetoes);
constexpr auto kAdmissionNames = names_of(kAdmissions);

}  // namespace

Result<std::unique_ptr<CandidateFilter>> make_filter(const PolicyConfig& config,
                                                     std::uint64_t seed) {
  return make_named(kFilters, "filter", config, seed);
}

Result<std::unique_ptr<PlacementVeto>> make_veto(const PolicyConfig& config, std::uint64_t seed) {
  return make_named(kVetoes, "veto", config, seed);
}

Result<std::unique_ptr<Admission>> make_admission(const PolicyConfig& config, std::uint64_t seed) {
  return make_named(kAdmissions, "admission", config, seed);
}

std::span<const std::string_view> filter_names() {
  return kFilterNames;
}
std::span<const std::string_view> veto_names() {
  return kVetoNames;
}
std::span<const std::string_view> admission_names() {
  return kAdmissionNames;
}

}  // namespace ringmaster
