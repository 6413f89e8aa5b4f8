#include "policies/policy_registry.h"

#include <array>
#include <utility>

#include "policies/aibrix_prefix.h"
#include "policies/cacheroute.h"
#include "policies/chwbl.h"
#include "policies/dual_map.h"
#include "policies/dynamo.h"
#include "policies/least_loaded.h"
#include "policies/least_work_left.h"
#include "policies/llm_d.h"
#include "policies/llumnix.h"
#include "policies/lmetric.h"
#include "policies/lora_affinity.h"
#include "policies/min_ttft.h"
#include "policies/mooncake.h"
#include "policies/named_makers.h"
#include "policies/pool_by_length.h"
#include "policies/power_of_two.h"
#include "policies/preble.h"
#include "policies/prefix_affinity.h"
#include "policies/priced_homes.h"
#include "policies/random_choice.h"
#include "policies/round_robin.h"
#include "policies/session_affinity.h"
#include "policies/sglang_cache_aware.h"
#include "policies/smetric.h"
#include "policies/sticky_until_saturated.h"
#include "policies/ttl_pin.h"
#include "policies/workflow.h"

namespace ringmaster {
namespace {

// The only list of policies. A new one is a line here, a name below and a page in docs/policies.md.
constexpr auto kPolicies = std::to_array<std::pair<std::string_view, MakePart<RoutingPolicy>>>({
    {"dualmap", make_dual_map},
    {"ringmaster", make_priced_homes},
    {"prefix_affinity", make_prefix_affinity},
    {"min_ttft", make_min_ttft},
    {"least_loaded", make_least_loaded},
    {"power_of_two", make_power_of_two},
    {"random", make_random_choice},
    {"round_robin", make_round_robin},
    {"lmetric", make_lmetric},
    {"least_work_left", make_least_work_left},
    {"chwbl", make_chwbl},
    {"sticky_until_saturated", make_sticky_until_saturated},
    {"session_affinity", make_session_affinity},
    {"dynamo", make_dynamo},
    {"llm_d", make_llm_d},
    {"sglang_cache_aware", make_sglang_cache_aware},
    {"aibrix_prefix", make_aibrix_prefix},
    {"llumnix", make_llumnix},
    {"mooncake", make_mooncake},
    {"cacheroute", make_cacheroute},
    {"smetric", make_smetric},
    {"preble", make_preble},
    {"lora_affinity", make_lora_affinity},
    {"ttl_pin", make_ttl_pin},
    {"workflow", make_workflow},
    {"pool_by_length", make_pool_by_length},
});

constexpr auto kNames = names_of(kPolicies);

}  // namespace

std::span<const std::string_view> policy_names() {
  return kNames;
}

Result<std::unique_ptr<RoutingPolicy>> make_policy(const PolicyConfig& config, std::uint64_t seed) {
  return make_named(kPolicies, "policy", config, seed);
}

}  // namespace ringmaster
