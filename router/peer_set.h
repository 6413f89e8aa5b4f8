#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "http/client.h"
#include "http/io_threads.h"
#include "router/peer.h"
#include "router/peer_report.h"
#include "settings/gateway_settings.h"

namespace ringmaster {

class PeerMonitor;
class SchedulerStrand;

/// The other gateways before the same instances, and which of us owns which instance
/// (fleet/instance_owner.h): one that is down owns nothing. Strand only, but for the constructor.
class PeerSet {
 public:
  struct Context {
    http::IoThreads* threads = nullptr;
    http::Client* client = nullptr;
    SchedulerStrand* strand = nullptr;
    const Clock* clock = nullptr;
    LogSink* log = nullptr;
    const GatewaySettings* settings = nullptr;
  };

  /// What `context` points to outlives the threads' work.
  explicit PeerSet(Context context);
  ~PeerSet();
  PeerSet(const PeerSet&) = delete;
  PeerSet& operator=(const PeerSet&) = delete;

  /// Watches it from now on; it owns nothing before it answers. Fails with kInvalidArgument: this
  /// gateway has no id or key, the id is in use or none, the URL is none.
  [[nodiscard]] Status add(const PeerSettings& peer);
  /// Fails with kNotFound.
  [[nodiscard]] Status remove(const std::string& id);
  [[nodiscard]] std::vector<PeerPtr> peers() const;

  /// The peer that owns the instance of this name; null: we do. O(peers).
  [[nodiscard]] PeerPtr owner_of(std::string_view instance) const;
  /// Tells the scheduler of a model who owns the instance, which it has just been given.
  void tell_owner(const std::string& model, std::string_view instance);
  /// What we say of the instances that we own.
  [[nodiscard]] std::vector<OwnedLoad> own_loads() const;

  /// An attempt found the peer broken.
  void note_trouble(const PeerPtr& peer);
  /// Stops watching all of them.
  void stop();

 private:
  void note_up(const PeerPtr& peer, bool is_up);
  void hear(const PeerPtr& peer, const std::vector<OwnedLoad>& loads);
  void find_owners();

  Context context_;
  std::map<std::string, std::shared_ptr<PeerMonitor>, std::less<>> monitors_;  // By id.
  std::vector<PeerPtr> owners_;     // Who may own: null for us, then the peers that are up.
  std::vector<std::string> names_;  // Theirs, in the same order.
};

}  // namespace ringmaster
