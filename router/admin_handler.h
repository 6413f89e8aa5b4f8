#pragma once

#include <functional>

#include "http/server.h"
#include "router/fleet_membership.h"
#include "router/scheduler_strand.h"

namespace ringmaster {

/// The admin listener: /admin/instances (list, add, drain, remove), /admin/peers (list, add,
/// remove), /admin/decisions, and a page, /admin/.
class AdminHandler final : public http::Handler {
 public:
  /// All of them outlive the handler.
  AdminHandler(SchedulerStrand& strand, FleetMembership& membership, PeerSet& peers)
      : strand_(&strand), membership_(&membership), peers_(&peers) {}

  [[nodiscard]] boost::asio::awaitable<void> handle(http::Request& request,
                                                    http::ResponseWriter& writer) override;

 private:
  /// The answer to a request, made on the strand.
  [[nodiscard]] http::Response answer(const http::Request& request);
  [[nodiscard]] http::Response on_instances(const http::Request& request);
  [[nodiscard]] http::Response on_instance(const http::Request& request, std::string_view rest);
  [[nodiscard]] http::Response on_peers(const http::Request& request);
  [[nodiscard]] http::Response on_decisions(const http::Request& request);

  SchedulerStrand* strand_;
  FleetMembership* membership_;
  PeerSet* peers_;
};

}  // namespace ringmaster
