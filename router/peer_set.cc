#include "router/peer_set.h"

#include <utility>

#include <boost/asio/post.hpp>

#include "fleet/instance_owner.h"
#include "router/peer_monitor.h"
#include "router/scheduler_strand.h"
#include "settings/addresses.h"

namespace ringmaster {

PeerSet::PeerSet(Context context)
    : context_(context), owners_{nullptr}, names_{context.settings->peers.id} {}

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
  if (monitors_.contains(settings.id)) {
    return invalid("the id \"" + settings.id + "\" is in use");
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
                             .key = own.key};
  watch.on_up = [this, home](const PeerPtr& of, bool is_up) {
    boost::asio::post(home, [this, of, is_up] { note_up(of, is_up); });
  };
  watch.on_report = [this, home](const PeerPtr& of, std::vector<OwnedLoad> loads) {
    boost::asio::post(home, [this, of, loads = std::move(loads)] { hear(of, loads); });
  };
  const auto executor = context_.threads->executor(monitors_.size() % context_.threads->size());
  auto monitor = std::make_shared<PeerMonitor>(std::move(peer), executor, std::move(watch));
  monitors_.emplace(settings.id, monitor);
  monitor->start();
  context_.log->write(LogLevel::kInfo, "peer=" + settings.id + " added url=" + settings.url);
  return {};
}

Status PeerSet::remove(const std::string& id) {
  const auto found = monitors_.find(id);
  if (found == monitors_.end()) {
    return fail(ErrorCode::kNotFound, ErrorOrigin::kClient, "there is no peer \"" + id + "\"");
  }
  found->second->stop();
  found->second->peer()->is_up.store(false, std::memory_order_relaxed);
  monitors_.erase(found);
  find_owners();
  context_.log->write(LogLevel::kInfo, "peer=" + id + " removed");
  return {};
}

std::vector<PeerPtr> PeerSet::peers() const {
  std::vector<PeerPtr> all;
  for (const auto& [id, monitor] : monitors_) all.push_back(monitor->peer());
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

std::vector<OwnedLoad> PeerSet::own_loads() const {
  std::vector<OwnedLoad> loads;
  for (const auto& [model, fleet] : context_.strand->fleets()) {
    for (const auto& instance : fleet->instances()) {
      if (owner_of(instance->spec.name) != nullptr) continue;
      const auto report = fleet->scheduler().report_of(instance->id);
      if (report) loads.push_back({instance->spec.name, model, *report});
    }
  }
  return loads;
}

void PeerSet::note_trouble(const PeerPtr& peer) {
  const auto found = monitors_.find(peer->id);
  if (found == monitors_.end() || found->second->peer() != peer) return;
  found->second->request_failed();
}

void PeerSet::stop() {
  for (const auto& [id, monitor] : monitors_) monitor->stop();
}

void PeerSet::note_up(const PeerPtr& peer, bool is_up) {
  const auto found = monitors_.find(peer->id);
  if (found == monitors_.end() || found->second->peer() != peer) return;
  peer->is_up.store(is_up, std::memory_order_relaxed);
  find_owners();
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
  for (const auto& [id, monitor] : monitors_) {
    if (!monitor->peer()->is_up.load(std::memory_order_relaxed)) continue;
    owners_.push_back(monitor->peer());
    names_.push_back(id);
  }
  for (const auto& [model, fleet] : context_.strand->fleets()) {
    for (const auto& instance : fleet->instances()) tell_owner(model, instance->spec.name);
  }
}

}  // namespace ringmaster
