#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "fleet/instance.h"

namespace ringmaster {

/// What the gateway that owns an instance says of it to its peers.
struct OwnedLoad {
  std::string id;     ///< Of the instance.
  std::string model;  ///< That it serves.
  InstanceReport report;
};

/// What a gateway says to its peers.
struct PeerReport {
  std::string gateway;  ///< Its peers.id: what the others must call it to agree on owners.
  std::vector<OwnedLoad> loads;
};

/// {"gateway","instances":[{"id","model","running","waiting","queued_prefill_tokens",
/// "put_aside_tokens"}]}.
[[nodiscard]] std::string peer_report_json(const PeerReport& report);

/// Reads peer_report_json() of another gateway; reports are marked as the owner's, their time is
/// left to the caller. Fails with kInvalidArgument and the field that is missing or no count.
[[nodiscard]] Result<PeerReport> parse_peer_report(std::string_view json);

}  // namespace ringmaster
