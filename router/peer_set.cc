#include "router/peer_set.h"

#include <utility>

#include <boost/asio/post.hpp>

#include "fleet/instance_owner.h"
#include "router/peer_monitor.h"
#include "router/scheduler_strand.h"
#include "settings/addresses.h"

namespace ringmaster {

PeerSet::PeerSet(Context context)
    : context_(std::move(context)), owners_{nullptr}, names_{context_.settings->peers.id} {}

PeerSet::~PeerSet() = default;

Status PeerSet::add(const PeerSettings& settings) {
  const auto& own = context_.settings->peers;
  if (own.id.empty() || own.key.empty()) {
    return invalid("this gateway has no peers.id and peers.key: peers would not know it");
  }
  if (!is_instance_name(settings.id)) {
    return invalid("an id must be 1 to 128 letters, digits and \".\", \"_\", \"-\", \":\"");
  }
  if (settings.id == own.id) return invalid("\"" + settings.id + "\" is this gateway's own id");
  if (watched_.contains(settings.id)) {
    return invalid("the id \"" + settings.id + "\" is in use");
  }
  if (watched_.size() >= kPeersMax) {
    return invalid("there are " + std::to_string(kPeersMax) + " peers, which is the limit");
  }
  auto endpoint = http::Endpoint::parse(settings.url);
  if (!endpoint) return tl::unexpected(std::move(endpoint.error()));
  auto peer = std::make_shared<Peer>();
  peer->id = settings.id;
  peer->url = settings.url;
  peer->endpoint = std::move(*endpoint);
  const auto home = context_.strand->executor();
  PeerMonitor::Context watch{.client = context_.client,
                             .clock = context_.clock,
                             .log = context_.log,
                             .health = context_.settings->health,
                             .key = own.key,
                             .on_up = {},
                             .on_report = {},
                             .on_lost = context_.on_lost};
  watch.on_up = [this, home](const PeerPtr& of, const std::string& why_not) {
    boost::asio::post(home, [this, of, why_not] { note_up(of, why_not); });
  };
  watch.on_report = [this, home](const PeerPtr& of, std::vector<OwnedLoad> loads) {
    boost::asio::post(home, [this, of, loads = std::move(loads)] { hear(of, loads); });
  };
  const auto executor = context_.threads->executor(watched_.size() % context_.threads->size());
  auto monitor = std::make_shared<PeerMonitor>(std::move(peer), executor, std::move(watch));
  watched_.emplace(settings.id, Watched{.monitor = monitor});
  monitor->start();
  context_.log->write(LogLevel::kInfo, "peer=" + settings.id + " added url=" + settings.url);
  return {};
}

Status PeerSet::remove(const std::string& id) {
  const auto found = watched_.find(id);
  if (found == watched_.end()) {
    return fail(ErrorCode::kNotFound, ErrorOrigin::kClient, "there is no peer \"" + id + "\"");
  }
  found->second.monitor->stop();
  watched_.erase(found);
  find_owners();
  context_.log->write(LogLevel::kInfo, "peer=" + id + " removed");
  return {};
}

std::vector<KnownPeer> PeerSet::peers() const {
  std::vector<KnownPeer> all;
  for (const auto& [id, watched] : watched_) {
    all.push_back({.peer = watched.monitor->peer(), .why_not_up = watched.why_not_up});
  }
  return all;
}

PeerPtr PeerSet::owner_of(std::string_view instance) const {
  return owners_.size() == 1 ? nullptr : owners_[ringmaster::owner_of(instance, names_)];
}

void PeerSet::tell_owner(const std::string& model, std::string_view instance) {
  const auto fleet = context_.strand->fleets().find(model);
  if (fleet == context_.strand->fleets().end()) return;
  if (const auto found = fleet->second->find(instance)) {
    fleet->second->apply(
        OwnerChanged{.instance = found->id, .is_ours = owner_of(instance) == nullptr});
  }
}

PeerReport PeerSet::own_report() const {
  PeerReport own{.gateway = context_.settings->peers.id, .loads = {}};
  for (const auto& [model, fleet] : context_.strand->fleets()) {
    for (const auto& instance : fleet->instances()) {
      if (owner_of(instance->spec.name) != nullptr) continue;
      const auto report = fleet->scheduler().report_of(instance->id);
      if (report) own.loads.push_back({instance->spec.name, model, *report});
    }
  }
  return own;
}

PeerSet::Watched* PeerSet::find(const PeerPtr& peer) {
  const auto found = watched_.find(peer->id);
  const bool is_known = found != watched_.end() && found->second.monitor->peer() == peer;
  return is_known ? &found->second : nullptr;
}

void PeerSet::note_trouble(const PeerPtr& peer) {
  if (const auto* watched = find(peer)) watched->monitor->request_failed();
}

void PeerSet::note_up(const PeerPtr& peer, const std::string& why_not) {
  auto* const watched = find(peer);
  if (watched == nullptr) return;
  const bool was_up = std::exchange(watched->why_not_up, why_not).empty();
  if (was_up != why_not.empty()) find_owners();
}

void PeerSet::hear(const PeerPtr& peer, const std::vector<OwnedLoad>& loads) {
  for (const OwnedLoad& load : loads) {
    const auto fleet = context_.strand->fleets().find(load.model);
    // An owner that we do not take for one yet, or no more, is not believed.
    if (fleet == context_.strand->fleets().end() || owner_of(load.id) != peer) continue;
    if (const auto instance = fleet->second->find(load.id)) {
      fleet->second->apply(InstanceReported{.instance = instance->id, .report = load.report});
    }
  }
}

void PeerSet::find_owners() {
  owners_ = {nullptr};
  names_ = {context_.settings->peers.id};
  for (const auto& [id, watched] : watched_) {
    if (!watched.why_not_up.empty()) continue;
    owners_.push_back(watched.monitor->peer());
    names_.push_back(id);
  }
  for (const auto& [model, fleet] : context_.strand->fleets()) {
    for (const auto& instance : fleet->instances()) tell_owner(model, instance->spec.name);
  }
}

}  // namespace ringmaster
