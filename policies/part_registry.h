#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "policies/admission.h"
#include "policies/candidate_filter.h"
#include "policies/placement_veto.h"
#include "policies/policy_config.h"

namespace ringmaster {

// The parts that stand beside any policy, by name. Each fails as make_policy() does.

[[nodiscard]] Result<std::unique_ptr<CandidateFilter>> make_filter(const PolicyConfig& config,
                                                                   std::uint64_t seed);
[[nodiscard]] Result<std::unique_ptr<PlacementVeto>> make_veto(const PolicyConfig& config,
                                                               std::uint64_t seed);
[[nodiscard]] Result<std::unique_ptr<Admission>> make_admission(const PolicyConfig& config,
                                                                std::uint64_t seed);

// The names that they know, in the order in which they are documented.
[[nodiscard]] std::span<const std::string_view> filter_names();
[[nodiscard]] std::span<const std::string_view> veto_names();
[[nodiscard]] std::span<const std::string_view> admission_names();

}  // namespace ringmaster
