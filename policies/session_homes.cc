#include "policies/session_homes.h"

#include <algorithm>

namespace ringmaster {

std::optional<InstanceId> SessionHomes::find(const RoutingQuery& query, const FleetState& fleet) {
  const std::uint64_t session = query.request.session;
  const Home* home = session != 0 ? sessions_.find(session) : nullptr;
  if (home == nullptr || query.now - home->used_at > idle_max_) return std::nullopt;
  if (!std::ranges::binary_search(query.candidates, home->instance)) return std::nullopt;
  if (fleet[home->instance].spec.name != home->name) return std::nullopt;
  return home->instance;
}

void SessionHomes::note(const RoutingQuery& query, const FleetState& fleet, InstanceId instance) {
  const std::uint64_t session = query.request.session;
  if (session == 0) return;
  if (Home* home = sessions_.use(session);
      home != nullptr && home->instance == instance && home->name == fleet[instance].spec.name) {
    home->used_at = query.now;
    return;
  }
  sessions_.put(session,
                {.instance = instance, .name = fleet[instance].spec.name, .used_at = query.now});
}

}  // namespace ringmaster
