#include "router/fleet_membership.h"

#include <utility>

#include <boost/asio/post.hpp>

#include "base/json_writer.h"
#include "engine_adapters/adapter_registry.h"
#include "settings/addresses.h"

namespace ringmaster {
namespace {

tl::unexpected<Error> no_such_instance(const std::string& name) {
  return fail(ErrorCode::kNotFound, ErrorOrigin::kClient, "there is no instance \"" + name + "\"");
}

/// What is said of a model while no instance has told its own.
std::string plain_card(const std::string& model) {
  JsonWriter json;
  json.begin_object().member("id", model).member("object", "model").member("created", 0);
  return json.member("owned_by", "ringmaster").end_object().take();
}

}  // namespace

FleetMembership::FleetMembership(Context context) : context_(std::move(context)) {}

PromptRules FleetMembership::rules_for(const std::string& model) const {
  PromptRules rules{.model = model};
  if (const auto* settings = context_.settings->model(model)) {
    rules.block_tokens = settings->block_tokens;
  } else {
    rules.block_tokens = kByteBlockTokens;
  }
  const auto encoder = context_.encoders.find(model);
  if (encoder != context_.encoders.end()) rules.encoder = encoder->second;
  return rules;
}

Status FleetMembership::add(const InstanceSettings& settings) {
  if (auto joined = join(settings); !joined) return joined;
  publish();
  return {};
}

Status FleetMembership::add_all(std::span<const InstanceSettings> instances) {
  Status added;
  for (const auto& instance : instances) {
    added = join(instance);
    if (added) continue;
    added = tl::unexpected(std::move(added.error()).while_doing("instance " + instance.spec.name));
    break;
  }
  publish();
  return added;
}

Status FleetMembership::join(const InstanceSettings& settings) {
  const auto& name = settings.spec.name;
  if (!is_instance_name(name)) {
    return invalid("an id must be 1 to 128 letters, digits and \".\", \"_\", \"-\", \":\"");
  }
  if (members_.contains(name)) return invalid("the id \"" + name + "\" is in use");
  const auto adapter = find_adapter(settings.adapter);
  if (!adapter) return tl::unexpected(adapter.error());
  if (auto endpoint = http::Endpoint::parse(settings.url); !endpoint) {
    return tl::unexpected(std::move(endpoint.error()));
  }
  if (auto fleet = context_.strand->fleet_for(settings.model); !fleet) {
    return tl::unexpected(std::move(fleet.error()));
  }
  members_.emplace(name, Member{.settings = settings, .monitor = nullptr});
  const auto capabilities = (*adapter)->capabilities();
  start(name, capabilities.streams_kv_events &&
                  (!capabilities.chains_as_we_do || rules_for(settings.model).encoder != nullptr));
  context_.log->write(LogLevel::kInfo, "instance=" + name + " added url=" + settings.url +
                                           " adapter=" + settings.adapter +
                                           " model=" + settings.model);
  return {};
}

/// Requires: its settings are checked and its model has a fleet.
void FleetMembership::start(const std::string& name, bool uses_kv_events) {
  auto& member = members_.at(name);
  auto* fleet = *context_.strand->fleet_for(member.settings.model);
  auto instance = std::make_shared<LiveInstance>();
  instance->id = fleet->free_place();
  instance->spec = member.settings.spec;
  instance->url = member.settings.url;
  instance->adapter = *find_adapter(member.settings.adapter);
  instance->link = {.client = context_.client,
                    .endpoint = *http::Endpoint::parse(member.settings.url),
                    .model = member.settings.model,
                    .block_tokens = rules_for(member.settings.model).block_tokens,
                    .timeout = context_.settings->health.timeout};
  instance->asks_usage = member.settings.asks_usage;
  const auto executor = context_.threads->executor(next_thread_++ % context_.threads->size());
  InstanceMonitor::Context watch{.strand = context_.strand,
                                 .clock = context_.clock,
                                 .log = context_.log,
                                 .settings = context_.settings->health,
                                 .follows_kv_events = uses_kv_events};
  const auto home = context_.strand->executor();
  watch.on_card = [this, home](const LiveInstancePtr& of, std::string card) {
    boost::asio::post(home, [this, of, card = std::move(card)] { note_card(of, card); });
  };
  watch.on_block_tokens = [this, home](const LiveInstancePtr& of, std::uint32_t block_tokens) {
    boost::asio::post(home, [this, of, block_tokens] { note_block_tokens(of, block_tokens); });
  };
  member.monitor = std::make_shared<InstanceMonitor>(instance, executor, std::move(watch));
  fleet->add(instance, uses_kv_events ? ResidencySource::kEvents : ResidencySource::kMirror);
  context_.peers->tell_owner(member.settings.model, name);
  member.monitor->start();
}

Status FleetMembership::drain(const std::string& name) {
  const auto found = members_.find(name);
  if (found == members_.end()) return no_such_instance(name);
  const auto& instance = found->second.monitor->instance();
  context_.strand->tell(instance->link.model, instance, InstanceDraining{.instance = instance->id});
  context_.log->write(LogLevel::kInfo, "instance=" + name + " draining");
  return {};
}

Status FleetMembership::remove(const std::string& name) {
  const auto found = members_.find(name);
  if (found == members_.end()) return no_such_instance(name);
  const auto monitor = found->second.monitor;
  const auto instance = monitor->instance();
  members_.erase(found);
  monitor->stop();
  (*context_.strand->fleet_for(instance->link.model))->remove(instance->id);
  publish();
  context_.log->write(LogLevel::kInfo, "instance=" + name + " removed");
  return {};
}

void FleetMembership::note_trouble(const LiveInstancePtr& instance, bool is_broken) {
  const auto found = members_.find(instance->spec.name);
  if (found == members_.end() || found->second.monitor->instance() != instance) return;
  if (is_broken) {
    found->second.monitor->request_failed();
  } else {
    found->second.monitor->request_timed_out();
  }
}

void FleetMembership::note_card(const LiveInstancePtr& instance, std::string card) {
  if (!members_.contains(instance->spec.name)) return;
  auto& known = cards_[instance->link.model];
  if (known == card) return;  // Publishing costs a pass over the fleet, and each of it says this.
  known = std::move(card);
  publish();
}

/// Chains are compared block by block: with another block size an engine's KV events name nothing
/// that the gateway knows, and the mirror is the better belief.
void FleetMembership::note_block_tokens(const LiveInstancePtr& instance,
                                        std::uint32_t block_tokens) {
  const auto name = instance->spec.name;
  const auto found = members_.find(name);
  if (found == members_.end() || found->second.monitor->instance() != instance) return;
  context_.log->write(LogLevel::kWarn, "instance=" + name + " has blocks of " +
                                           std::to_string(block_tokens) +
                                           " tokens, models.block_tokens says " +
                                           std::to_string(instance->link.block_tokens) +
                                           ": its KV events are not used");
  found->second.monitor->stop();
  (*context_.strand->fleet_for(instance->link.model))->remove(instance->id);
  start(name, false);
  publish();
}

void FleetMembership::stop() {
  for (const auto& [name, member] : members_) member.monitor->stop();
}

void FleetMembership::publish() {
  auto directory = std::make_shared<Directory>();
  std::map<std::string, std::vector<LiveInstancePtr>> by_model;
  for (const auto& [name, member] : members_) {
    if (member.monitor) by_model[member.settings.model].push_back(member.monitor->instance());
  }
  for (auto& [model, instances] : by_model) {
    const auto card = cards_.find(model);
    directory->models[model] = std::make_shared<const DirectoryModel>(
        DirectoryModel{.rules = rules_for(model),
                       .card = card == cards_.end() ? plain_card(model) : card->second,
                       .instances = std::move(instances)});
    const auto* settings = context_.settings->model(model);
    if (settings == nullptr) continue;
    for (const std::string& adapter : settings->adapters) {
      auto served = *directory->models[model];
      served.card = plain_card(adapter);
      directory->adapters[adapter] = std::make_shared<const DirectoryModel>(std::move(served));
    }
  }
  context_.directory->publish(directory);
}

}  // namespace ringmaster
