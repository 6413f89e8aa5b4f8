#include "policies/session_homes.h"

namespace ringmaster {

std::optional<InstanceId> SessionHomes::find(const RoutingQuery& query,
                                             const FleetState& fleet) const {
  const std::uint64_t session = query.request.session;
  const LastInstance* home = session != 0 ? sessions_.find(session) : nullptr;
  return home != nullptr ? home->find(query, fleet, idle_max_) : std::nullopt;
}

void SessionHomes::note(const RoutingQuery& query, const FleetState& fleet, InstanceId instance) {
  const std::uint64_t session = query.request.session;
  if (session == 0) return;
  if (LastInstance* home = sessions_.use(session)) return home->use(query, fleet, instance);
  sessions_.put(session, {query, fleet, instance});
}

}  // namespace ringmaster
