#pragma once

#include <functional>
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

/// A peer, and what it is at.
struct KnownPeer {
  PeerPtr peer;
  std::string why_not_up;  ///< Empty: it is up, and may own instances.
};

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
    /// A peer does not answer any more. Any thread.
    std::function<void(const PeerPtr&)> on_lost;
  };

  /// Each asks all others at every interval, and each decision may ask for an owner among them.
  static constexpr std::size_t kPeersMax = 64;

  /// What `context` points to outlives the threads' work.
  explicit PeerSet(Context context);
  ~PeerSet();
  PeerSet(const PeerSet&) = delete;
  PeerSet& operator=(const PeerSet&) = delete;

  /// Watches it from now on; it owns nothing before it answers. Fails with kInvalidArgument: this
  /// gateway has no id or key, the id is in use or none, the URL is none, there are kPeersMax.
  [[nodiscard]] Status add(const PeerSettings& peer);
  /// Fails with kNotFound.
  [[nodiscard]] Status remove(const std::string& id);
  [[nodiscard]] std::vector<KnownPeer> peers() const;

  /// The peer that owns the instance of this name; null: we do. O(peers).
  [[nodiscard]] PeerPtr owner_of(std::string_view instance) const;
  /// Tells the scheduler of a model who owns the instance, which it has just been given.
  void tell_owner(const std::string& model, std::string_view instance);
  /// What we say of the instances that we own.
  [[nodiscard]] PeerReport own_report() const;

  /// An attempt found the peer broken.
  void note_trouble(const PeerPtr& peer);

 private:
  struct Watched {
    std::shared_ptr<PeerMonitor> monitor;
    std::string why_not_up = "not asked yet";
  };

  /// Null if it has been removed, whoever is called so now.
  [[nodiscard]] Watched* find(const PeerPtr& peer);
  void note_up(const PeerPtr& peer, const std::string& why_not);
  void hear(const PeerPtr& peer, const std::vector<OwnedLoad>& loads);
  void find_owners();

  Context context_;
  std::map<std::string, Watched, std::less<>> watched_;  // By id.
  std::vector<PeerPtr> owners_;     // Who may own: null for us, then the peers that are up.
  std::vector<std::string> names_;  // Theirs, in the same order.
};

}  // namespace ringmaster
