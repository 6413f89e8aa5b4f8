#include "router/admin_json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#include <boost/json.hpp>

#include "base/json_writer.h"
#include "base/known_names.h"
#include "base/number_text.h"
#include "fleet/health_tracker.h"
#include "scheduler/explanation_json.h"
#include "scheduler/shadow_policy.h"

namespace ringmaster {
namespace {

void write_report(JsonWriter& json, const InstanceReport& report) {
  json.key("report").begin_object();
  json.member("running_requests", report.running_requests);
  json.member("waiting_requests", report.waiting_requests);
  json.member("queued_prefill_tokens", report.queued_prefill_tokens);
  json.member("kv_usage", report.kv_usage);
  json.end_object();
}

void write_instance(JsonWriter& json, const InstanceSettings& settings,
                    const LiveInstance& instance, const InstanceStatus& status,
                    const PeerSet& peers) {
  json.begin_object();
  json.member("id", settings.spec.name);
  json.member("url", settings.url);
  json.member("adapter", settings.adapter);
  json.member("model", settings.model);
  json.member("capacity", settings.spec.capacity);
  json.member("health", health_word(status.health));
  json.member("draining", status.is_draining);
  json.member("held_requests", status.held_requests);
  json.member("prefilling_requests", status.prefilling_requests);
  json.member("decoding_requests", status.decoding_requests);
  json.member("held_tokens", status.held_tokens);
  json.member("sent_tokens", status.sent_tokens);
  json.member("foreign_requests", status.foreign_requests);
  json.member("foreign_tokens", status.foreign_tokens);
  json.member("expected_cached_tokens", status.expected_cached_tokens_total);
  json.member("actual_cached_tokens", status.actual_cached_tokens_total);
  json.member("attempts", instance.live.attempts.load(std::memory_order_relaxed));
  json.member("failures", instance.live.failures.load(std::memory_order_relaxed));
  if (const auto owner = peers.owner_of(settings.spec.name)) json.member("owner", owner->id);
  write_report(json, status.report);
  json.end_object();
}

/// An instance that has left is named by its place.
std::string name_of(const ModelFleet& fleet, InstanceId id) {
  const auto instance = fleet.find(id);
  return instance ? instance->spec.name : "(removed, place " + std::to_string(id.value) + ")";
}

DecisionLabels labels_of(const ModelFleet& fleet) {
  return {.model = fleet.model(), .fleet = fleet.number(), .name_of = [&fleet](InstanceId id) {
            return name_of(fleet, id);
          }};
}

void write_shadow(JsonWriter& json, const ModelFleet& fleet, const ShadowFigures& figures) {
  // Means over the decisions; null before the first one.
  const auto mean = [&](auto sum) {
    return figures.decisions == 0
               ? std::nullopt
               : std::optional(static_cast<double>(sum) / static_cast<double>(figures.decisions));
  };
  json.begin_object();
  json.member("model", fleet.model());
  json.member("policy", policy_text(fleet.scheduler().options().policy));
  json.member("shadow", figures.policy);
  json.member("failed", figures.has_failed);
  if (figures.has_failed) json.member("failure", figures.failure);
  json.member("decisions", figures.decisions);
  json.member("differing", figures.differing);
  json.member("differing_share", mean(figures.differing));
  json.key("mean_expected_cached_tokens").begin_object();
  json.member("acting", mean(figures.acting_cached_tokens));
  json.member("shadow", mean(figures.shadow_cached_tokens));
  json.end_object();
  json.key("mean_expected_ttft_seconds").begin_object();
  json.member("acting", mean(figures.acting_ttft_seconds));
  json.member("shadow", mean(figures.shadow_ttft_seconds));
  json.end_object();
  json.end_object();
}

std::optional<std::uint64_t> number_from(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Fleet and number of a decision's name.
std::optional<std::pair<std::uint64_t, std::uint64_t>> decision_from(std::string_view name) {
  const auto dash = name.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto fleet = number_from(name.substr(0, dash));
  const auto number = number_from(name.substr(dash + 1));
  if (!fleet || !number) return std::nullopt;
  return std::pair(*fleet, *number);
}

/// Takes the text under `key`, or notes what is wrong with it.
std::string take_text(boost::json::object& object, std::string_view key, std::string_view otherwise,
                      std::string& problems) {
  std::string text(otherwise);
  if (const auto found = object.find(key); found != object.end()) {
    const bool is_text = found->value().is_string();
    if (is_text) text = std::string(found->value().as_string());
    object.erase(found);
    if (!is_text) {
      problems += json_string(key) + " must be a string; ";
      return text;
    }
  }
  if (text.empty()) problems += json_string(key) + " is missing; ";
  return text;
}

/// A number in [min, max] into `number`, which stays as it is without the key. A `Number` of whole
/// numbers takes no other.
template <class Number>
void take_number(boost::json::object& object, std::string_view key, Number min, Number max,
                 Number& number, std::string& problems) {
  const auto found = object.find(key);
  if (found == object.end()) return;
  boost::json::error_code error;
  const auto given = found->value().to_number<Number>(error);
  object.erase(found);
  if (!error && given >= min && given <= max) {
    number = given;
    return;
  }
  problems +=
      json_string(key) +
      (std::is_integral_v<Number> ? " must be a whole number in [" : " must be a number in [") +
      format_number(static_cast<double>(min)) + ", " + format_number(static_cast<double>(max)) +
      "]; ";
}

void take_bool(boost::json::object& object, std::string_view key, bool& into,
               std::string& problems) {
  const auto found = object.find(key);
  if (found == object.end()) return;
  if (found->value().is_bool()) {
    into = found->value().as_bool();
  } else {
    problems += json_string(key) + " must be true or false; ";
  }
  object.erase(found);
}

/// What is left in the object is not known.
Status all_taken(const boost::json::object& object, std::string problems,
                 std::span<const std::string_view> known) {
  for (const auto& field : object) {
    const auto name = std::string_view(field.key()).substr(0, 64);
    problems += '"' + std::string(name) + "\" is not known" + hint_at(name, known) + "; ";
  }
  if (problems.empty()) return {};
  problems.resize(problems.size() - 2);
  return invalid(std::move(problems));
}

}  // namespace

std::optional<std::string> instance_json(const FleetMembership& membership,
                                         const SchedulerStrand& strand, const PeerSet& peers,
                                         const std::string& name) {
  const auto member = membership.members().find(name);
  if (member == membership.members().end()) return std::nullopt;
  for (const auto& [model, fleet] : strand.fleets()) {
    for (const auto& status : fleet->scheduler().instances()) {
      const auto instance = fleet->find(status.id);
      if (status.name != name || !instance) continue;
      JsonWriter json;
      write_instance(json, member->second.settings, *instance, status, peers);
      return json.take();
    }
  }
  return std::nullopt;
}

std::string instances_json(const FleetMembership& membership, const SchedulerStrand& strand,
                           const PeerSet& peers) {
  JsonWriter json;
  json.begin_object().key("instances").begin_array();
  for (const auto& [model, fleet] : strand.fleets()) {
    for (const auto& status : fleet->scheduler().instances()) {
      const auto member = membership.members().find(status.name);
      const auto instance = fleet->find(status.id);
      if (member == membership.members().end() || !instance) continue;
      write_instance(json, member->second.settings, *instance, status, peers);
    }
  }
  return json.end_array().end_object().take();
}

std::string peers_json(const PeerSet& peers) {
  JsonWriter json;
  json.begin_object().key("peers").begin_array();
  for (const auto& [peer, why_not_up] : peers.peers()) {
    json.begin_object().member("id", peer->id).member("url", peer->url);
    json.member("up", why_not_up.empty());
    if (!why_not_up.empty()) json.member("problem", why_not_up);
    json.end_object();
  }
  return json.end_array().end_object().take();
}

std::string decisions_json(const SchedulerStrand& strand, std::size_t limit) {
  using Entry = std::pair<const ModelFleet*, const DecisionRecord*>;
  std::vector<Entry> entries;
  for (const auto& [model, fleet] : strand.fleets()) {
    for (const auto* record : fleet->scheduler().decisions().recent(limit)) {
      entries.emplace_back(fleet.get(), record);
    }
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.second->time > b.second->time; });
  if (entries.size() > limit) entries.resize(limit);
  JsonWriter json;
  json.begin_object().key("decisions").begin_array();
  for (const auto& [fleet, record] : entries) {
    write_decision(json, *record, labels_of(*fleet));
  }
  return json.end_array().end_object().take();
}

Result<std::string> decision_json(const SchedulerStrand& strand, std::string_view name) {
  const auto decision = decision_from(name);
  if (!decision) {
    return invalid("a decision is named <fleet>-<number>, as in x-ringmaster-decision");
  }
  const auto [number, id] = *decision;
  for (const auto& [model, fleet] : strand.fleets()) {
    if (fleet->number() != number) continue;
    JsonWriter json;
    if (const auto* explanation = fleet->scheduler().explanation(id)) {
      write_explanation(json, *explanation, labels_of(*fleet));
      return json.take();
    }
    const auto* record = fleet->scheduler().decisions().find(id);
    if (record == nullptr) continue;
    DecisionRecord plain = *record;
    plain.explained = false;  // Not any more.
    write_decision(json, plain, labels_of(*fleet));
    return json.take();
  }
  return fail(ErrorCode::kNotFound, ErrorOrigin::kClient,
              "decision " + std::string(name.substr(0, 64)) +
                  " is not kept (any more); see /admin/decisions");
}

std::string shadows_json(const SchedulerStrand& strand) {
  JsonWriter json;
  json.begin_object().key("shadows").begin_array();
  for (const auto& [model, fleet] : strand.fleets()) {
    const auto* shadow = fleet->scheduler().shadow();
    if (shadow != nullptr) write_shadow(json, *fleet, *shadow);
  }
  return json.end_array().end_object().take();
}

Result<InstanceSettings> parse_new_instance(std::string_view text) {
  boost::json::error_code error;
  auto value = boost::json::parse(text, error);
  if (error || !value.is_object()) {
    return invalid("the body must be a JSON object with \"id\", \"url\" and \"model\"");
  }
  auto& object = value.as_object();
  std::string problems;
  InstanceSettings settings;
  settings.spec.name = take_text(object, "id", "", problems);
  settings.url = take_text(object, "url", "", problems);
  settings.model = take_text(object, "model", "", problems);
  settings.adapter = take_text(object, "adapter", "openai", problems);
  // The ranges are those of settings/gateway_settings.cc.
  take_number(object, "capacity", 0.01, 100.0, settings.spec.capacity, problems);
  take_number<std::uint64_t>(object, "kv_cache_tokens", 0, 1'000'000'000'000,
                             settings.spec.kv_cache_tokens, problems);
  take_number(object, "prefill_seconds_per_token", 1e-9, 10.0,
              settings.spec.prefill_seconds_per_token, problems);
  take_bool(object, "ask_usage", settings.asks_usage, problems);
  constexpr std::array<std::string_view, 8> kKnown{
      "id",        "url",      "adapter",         "model",
      "ask_usage", "capacity", "kv_cache_tokens", "prefill_seconds_per_token"};
  if (auto status = all_taken(object, std::move(problems), kKnown); !status) {
    return tl::unexpected(std::move(status.error()));
  }
  return settings;
}

Result<PeerSettings> parse_new_peer(std::string_view text) {
  boost::json::error_code error;
  auto value = boost::json::parse(text, error);
  if (error || !value.is_object()) {
    return invalid("the body must be a JSON object with \"id\" and \"url\"");
  }
  auto& object = value.as_object();
  std::string problems;
  PeerSettings settings;
  settings.id = take_text(object, "id", "", problems);
  settings.url = take_text(object, "url", "", problems);
  constexpr std::array<std::string_view, 2> kKnown{"id", "url"};
  if (auto status = all_taken(object, std::move(problems), kKnown); !status) {
    return tl::unexpected(std::move(status.error()));
  }
  return settings;
}

}  // namespace ringmaster
