#include "policies/policy_parts.h"

#include <algorithm>
#include <array>

namespace ringmaster {
namespace {

constexpr PolicyPart kQueueOnTime = {
    .name = "on-time queue",
    .what = "held requests go so that most are on time; without it by arrival",
    .queue = QueueDiscipline::kFcfs};
constexpr PolicyPart kHolding = {
    .name = "holding",
    .what =
        "one prefill in flight per instance, the rest waits in the gateway; without it all is "
        "sent at once",
    .window_requests = 0};

constexpr auto kRingmaster = std::to_array<PolicyPart>({
    {.name = "weight of load",
     .what = "uncached tokens weigh more the busier the fleet is",
     .option = "load_weight",
     .off = "0"},
    {.name = "weight of decodes",
     .what = "prompt tokens that are being decoded count as load",
     .option = "running_weight",
     .off = "0"},
    {.name = "looking past what is put aside",
     .what = "a pending token that a new request would go before weighs a tenth",
     .option = "put_aside_weight",
     .off = "1"},
    {.name = "escapes",
     .what = "instances beside the two homes are weighed",
     .option = "escapes",
     .off = "0"},
    {.name = "price of an escape",
     .what = "an instance that is no home must be cheaper by a price",
     .option = "escape_seconds",
     .off = "0"},
    {.name = "free escapes of long prompts",
     .what = "the longer a prompt's prefill the less leaving costs",
     .option = "long_seconds",
     .off = "3600"},
    {.name = "homes of sessions",
     .what = "a session that is named stays where it was answered, unless leaving pays",
     .option = "sessions_max",
     .off = "0"},
    {.name = "sessions without a name",
     .what = "a prompt that continues an earlier one goes as a session does",
     .option = "continuations",
     .off = "off"},
    kQueueOnTime,
    kHolding,
});

constexpr auto kDualMap = std::to_array<PolicyPart>({
    {.name = "moves",
     .what = "held requests move off an instance past the target",
     .option = "rebalance",
     .off = "off"},
    {.name = "longest keys",
     .what = "hot prefixes get longer keys; without it one block is the key",
     .option = "key_blocks_max",
     .off = "1"},
    kHolding,
});

struct Parts {
  std::string_view policy;
  std::span<const PolicyPart> parts;
};
constexpr auto kParts = std::to_array<Parts>({{"ringmaster", kRingmaster}, {"dualmap", kDualMap}});

constexpr auto kPolicies = [] {
  std::array<std::string_view, kParts.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kParts[i].policy;
  return names;
}();

}  // namespace

std::span<const PolicyPart> policy_parts(std::string_view policy) {
  const auto* const found = std::ranges::find(kParts, policy, &Parts::policy);
  return found == kParts.end() ? std::span<const PolicyPart>() : found->parts;
}

std::span<const std::string_view> policies_with_parts() {
  return kPolicies;
}

}  // namespace ringmaster
