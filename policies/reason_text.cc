#include "policies/reason_text.h"

#include <algorithm>
#include <array>
#include <utility>

namespace ringmaster {
namespace {

constexpr auto kSentences = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"adapter_loaded",
     "The smallest learned time to the first token; the adapter is loaded there."},
    {"adapter_to_be_loaded",
     "The smallest learned time to the first token, though the adapter must be loaded."},
    {"all_late_session_cache",
     "Every instance would be late, so it goes where the session's context is cached."},
    {"announced_prefix",
     "The prefix that its workflow has announced is kept there, and nothing is cheaper."},
    {"cheaper_home", "Of the two homes and the others weighed, this home has the lowest price."},
    {"continued_prompt_home", "The instance that the prompt which this one continues went to."},
    {"drawn_by_cost", "Drawn at random, cheaper instances with a better chance."},
    {"equal_cache_fewer_kv_blocks",
     "Both homes have as much of the prompt cached; this one decodes for fewer KV blocks."},
    {"equal_cache_less_load",
     "Both homes have as much of the prompt cached; this one has less work pending."},
    {"equal_load", "The two instances drawn have the same load; the first one drawn was taken."},
    {"escape_from_homes",
     "Another instance is cheaper than both homes even with the price of leaving them."},
    {"evicted_least_load",
     "The session's context is cached nowhere any more, so the smallest estimate decides."},
    {"exploit_shared",
     "Most of the prompt is shared: the cheapest of those that are meant to have it."},
    {"explore_cheapest", "Most of the prompt is its own, so the cheapest instance of all."},
    {"first_home", "The first home of the prompt's key on the ring."},
    {"first_turn_least_load",
     "A session's first turn: the smallest estimated time to first token."},
    {"hot_spot_avoided",
     "The best instance holds a prefix that is too popular for its holders, so it was passed "
     "over."},
    {"least_cost", "The smallest sum of prefill and decode work."},
    {"least_estimated_ttft", "The smallest estimated time to the first token."},
    {"least_learned_ttft", "The smallest learned time to the first token."},
    {"least_load", "The smallest load of all instances."},
    {"least_loaded_planned_home", "The least loaded of the homes that the plan gives this key."},
    {"least_price", "The smallest estimate, with what it would push out of the cache."},
    {"least_product", "The smallest product of prefill work and batch size."},
    {"least_work_left", "The fewest tokens left to compute."},
    {"left_continued_prompt_home",
     "Another instance is cheaper than that of the prompt it continues, even with the price of "
     "leaving it."},
    {"left_session_home",
     "Another instance is cheaper than the session's own even with the price of leaving it."},
    {"less_load_of_two", "The less loaded of two instances drawn at random."},
    {"long_pool", "It is long: the smallest estimate in the pool of long requests."},
    {"low_priority_while_busy",
     "No instance is idle or could answer within the target, and its priority is low, so it was "
     "refused."},
    {"more_cached",
     "The home with more of the prompt cached, and its pending work is within the target."},
    {"most_cached", "The most of the prompt cached, and the fleet is in balance."},
    {"most_cached_not_busy", "The most of the prompt cached among those not busier than most."},
    {"most_free", "The most free KV memory per running request."},
    {"most_points", "The most points of the weighted scorers."},
    {"most_points_cold", "The most points of the weighted scorers; no instance has the prompt."},
    {"new_home_least_load", "The session has no instance yet: it gets the least loaded one."},
    {"next_in_turn", "Its turn."},
    {"next_with_room", "The key's first home is full; the next one clockwise has room."},
    {"no_match_least_load", "No instance has enough of the prompt, so the least loaded one."},
    {"no_session_least_load", "The request names no session, so the least loaded instance."},
    {"nobody_warm", "No instance is warm for this prompt, so the least backlog decides."},
    {"not_planned_two_choices",
     "The plan has no home for this key: the less loaded of two instances drawn at random."},
    {"only_candidate", "The only instance that may take it."},
    {"only_home", "The only instance that may take it."},
    {"out_of_balance_least_load", "The fleet is out of balance, so the least loaded instance."},
    {"past_slo_everywhere", "No instance could answer within the target, so it was refused."},
    {"past_slo_least_load",
     "The instance with its cache is past the target, so the smallest estimate decides."},
    {"past_slo_least_ttft",
     "The preferred home is past its limit: the home with the smaller estimate."},
    {"past_slo_less_load",
     "The home with more of the prompt cached is past the target: the less loaded home."},
    {"pinned_home", "The session's context is pinned there, and it is within the target."},
    {"pinned_home_past_slo",
     "The instance where the session's context is pinned is past the target: the smallest price "
     "decides."},
    {"planned_home", "The home that the plan gives this key."},
    {"random", "Drawn at random."},
    {"session_cache", "The session's context is cached there, and it is within the target."},
    {"session_home", "The instance that the session used last."},
    {"short_pool", "It is short: the smallest estimate in the pool of short requests."},
    {"short_spills_to_long",
     "It is short, but the pool of short requests is past the target, so it goes to the other."},
    {"sooner_at_freer_instance",
     "While it waited, an instance with more free memory became the sooner one."},
    {"sooner_at_other_home", "While it waited, its other home became the sooner one."},
    {"warm", "The least backlog among the instances that are warm for this prompt."},
    {"warm_saturated",
     "The warm instances are too far behind the others, so the least backlog of all decides."},
});

static_assert(std::ranges::is_sorted(kSentences, {},
                                     [](const auto& entry) { return entry.first; }));

}  // namespace

std::string_view reason_sentence(std::string_view reason) {
  const auto found = std::ranges::lower_bound(kSentences, reason, {},
                                              [](const auto& entry) { return entry.first; });
  return found != kSentences.end() && found->first == reason ? found->second : std::string_view();
}

}  // namespace ringmaster
