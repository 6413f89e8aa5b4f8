#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "router/fleet_membership.h"
#include "router/scheduler_strand.h"
#include "settings/gateway_settings.h"

namespace ringmaster {

// The bodies of the admin listener. Names, not numbers, wherever an instance is meant.

/// {"instances":[...]} with state, load and counts of each. Strand only.
[[nodiscard]] std::string instances_json(const FleetMembership& membership,
                                         const SchedulerStrand& strand, const PeerSet& peers);

/// The object of one of them, or nothing where there is no such instance. Strand only.
[[nodiscard]] std::optional<std::string> instance_json(const FleetMembership& membership,
                                                       const SchedulerStrand& strand,
                                                       const PeerSet& peers,
                                                       const std::string& name);

/// {"peers":[...]}: id, URL, whether it is up and if not, its problem. Strand only.
[[nodiscard]] std::string peers_json(const PeerSet& peers);

/// {"decisions":[...]}, newest first over all models, at most `limit`. Strand only.
[[nodiscard]] std::string decisions_json(const SchedulerStrand& strand, std::size_t limit);

/// One decision by "<fleet>-<id>", as in x-ringmaster-decision, with its explanation where there is
/// one. Fails with kInvalidArgument or kNotFound. Strand only.
[[nodiscard]] Result<std::string> decision_json(const SchedulerStrand& strand,
                                                std::string_view name);

/// {"shadows":[...]}: how the shadow policy of each model compares. Strand only.
[[nodiscard]] std::string shadows_json(const SchedulerStrand& strand);

/// Reads the keys of an entry of `instances` in the configuration; all but id, url and model may be
/// left out. Fails with kInvalidArgument and every field that is at fault.
[[nodiscard]] Result<InstanceSettings> parse_new_instance(std::string_view json);

/// Reads {"id","url"} of a gateway. Fails as parse_new_instance() does.
[[nodiscard]] Result<PeerSettings> parse_new_peer(std::string_view json);

}  // namespace ringmaster
