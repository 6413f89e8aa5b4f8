#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "http/client.h"
#include "http/io_threads.h"
#include "router/directory.h"
#include "router/instance_monitor.h"
#include "router/peer_set.h"
#include "router/per_thread.h"
#include "router/scheduler_strand.h"
#include "settings/gateway_settings.h"

namespace ringmaster {

/// Which instances there are: adds, drains and removes them, has each one watched, and publishes
/// the directory. Strand only, but for the constructor.
class FleetMembership {
 public:
  struct Context {
    http::IoThreads* threads = nullptr;
    http::Client* client = nullptr;
    SchedulerStrand* strand = nullptr;
    PerThread<Directory>* directory = nullptr;
    const Clock* clock = nullptr;
    LogSink* log = nullptr;
    const GatewaySettings* settings = nullptr;
    PeerSet* peers = nullptr;
    /// By model name; models without an entry are hashed by bytes.
    std::map<std::string, std::shared_ptr<const PromptEncoding>, std::less<>> encoders;
  };

  /// What `context` points to outlives the threads' work.
  explicit FleetMembership(Context context);

  /// Fails with kInvalidArgument: an id in use, an unknown adapter or a URL that is none.
  [[nodiscard]] Status add(const InstanceSettings& settings);
  /// Those of a configuration: the directory, which costs a pass over the fleet, is published once.
  /// Fails as add() does, with the name before it; those before that one are then in the fleet.
  [[nodiscard]] Status add_all(std::span<const InstanceSettings> instances);
  /// Takes nothing new and finishes what it has. Fails with kNotFound.
  [[nodiscard]] Status drain(const std::string& name);
  /// Gone at once: requests without an answer are retried elsewhere. Fails with kNotFound.
  [[nodiscard]] Status remove(const std::string& name);

  /// An attempt found the instance broken, or waited in vain for it.
  void note_trouble(const LiveInstancePtr& instance, bool is_broken);

  /// Stops watching all of them.
  void stop();

  struct Member {
    InstanceSettings settings;
    std::shared_ptr<InstanceMonitor> monitor;
  };
  [[nodiscard]] const std::map<std::string, Member>& members() const { return members_; }

 private:
  /// Adds without publishing.
  [[nodiscard]] Status join(const InstanceSettings& settings);
  void start(const std::string& name, bool uses_kv_events);
  void note_card(const LiveInstancePtr& instance, std::string card);
  void note_block_tokens(const LiveInstancePtr& instance, std::uint32_t block_tokens);
  void publish();
  [[nodiscard]] PromptRules rules_for(const std::string& model) const;

  Context context_;
  std::map<std::string, Member> members_;     // By id.
  std::map<std::string, std::string> cards_;  // By model, as an instance wrote it.
  std::size_t next_thread_ = 0;
};

}  // namespace ringmaster
