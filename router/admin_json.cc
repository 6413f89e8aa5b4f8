#include "router/admin_json.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <tuple>
#include <utility>

#include <boost/json.hpp>

namespace ringmaster {
namespace {

namespace json = boost::json;

std::string_view word(Health health) {
  switch (health) {
    case Health::kHealthy:
      return "healthy";
    case Health::kSuspect:
      return "suspect";
    case Health::kDead:
      return "dead";
  }
  return "unknown";
}

json::value or_null(const auto& optional) {
  if (!optional) return nullptr;
  return json::value(*optional);
}

json::object report_object(const InstanceReport& report) {
  return {{"running_requests", or_null(report.running_requests)},
          {"waiting_requests", or_null(report.waiting_requests)},
          {"queued_prefill_tokens", or_null(report.queued_prefill_tokens)},
          {"kv_usage", or_null(report.kv_usage)}};
}

json::object instance_object(const InstanceSettings& settings, const LiveInstance& instance,
                             const InstanceStatus& status) {
  return {{"id", settings.spec.name},
          {"url", settings.url},
          {"adapter", settings.adapter},
          {"model", settings.model},
          {"capacity", settings.spec.capacity},
          {"health", word(status.health)},
          {"draining", status.is_draining},
          {"held_requests", status.held_requests},
          {"prefilling_requests", status.prefilling_requests},
          {"decoding_requests", status.decoding_requests},
          {"held_tokens", status.held_tokens},
          {"sent_tokens", status.sent_tokens},
          {"expected_cached_tokens", status.expected_cached_tokens_total},
          {"actual_cached_tokens", status.actual_cached_tokens_total},
          {"attempts", instance.live.attempts.load(std::memory_order_relaxed)},
          {"failures", instance.live.failures.load(std::memory_order_relaxed)},
          {"report", report_object(status.report)}};
}

/// An instance that has left is named by its place.
std::string name_of(const ModelFleet& fleet, InstanceId id) {
  const auto instance = fleet.find(id);
  return instance ? instance->spec.name : "(removed, place " + std::to_string(id.value) + ")";
}

json::object decision_object(const ModelFleet& fleet, const DecisionRecord& record) {
  json::array candidates;
  const auto kept = std::min<std::size_t>(record.candidate_count, DecisionRecord::kCandidatesMax);
  for (std::size_t i = 0; i < kept; ++i) {
    const auto& candidate = record.candidates[i];
    candidates.push_back(json::object{{"instance", name_of(fleet, candidate.instance)},
                                      {"cached_tokens", candidate.cached_tokens},
                                      {"held_tokens", candidate.held_tokens},
                                      {"sent_tokens", candidate.sent_tokens},
                                      {"running_requests", candidate.running_requests},
                                      {"estimated_ttft_seconds", candidate.estimated_ttft_seconds},
                                      {"score", candidate.score}});
  }
  return {{"id", std::to_string(fleet.number()) + "-" + std::to_string(record.id)},
          {"model", fleet.model()},
          {"seconds", to_seconds(record.time.time_since_epoch())},
          {"request", record.request.value},
          {"attempt", record.attempt},
          {"policy", record.policy},
          {"reason", record.reason},
          {"chosen", name_of(fleet, record.chosen)},
          {"held", record.held},
          {"prompt_tokens", record.prompt_tokens},
          {"key_blocks", record.key_blocks},
          {"candidates_considered", record.candidates_considered},
          {"candidates", std::move(candidates)}};
}

std::optional<std::uint64_t> number_from(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Takes the text under `key`, or notes what is wrong with it.
std::string take_text(json::object& object, std::string_view key, std::string_view otherwise,
                      std::string& problems) {
  const auto found = object.find(key);
  std::string text(otherwise);
  if (found != object.end()) {
    if (found->value().is_string()) {
      text = std::string(found->value().as_string());
    } else {
      problems += "\"" + std::string(key) + "\" must be a string; ";
    }
    object.erase(found);
  }
  if (text.empty()) problems += "\"" + std::string(key) + "\" is missing; ";
  return text;
}

double take_capacity(json::object& object, std::string& problems) {
  const auto found = object.find("capacity");
  if (found == object.end()) return 1.0;
  json::error_code error;
  const auto capacity = found->value().to_number<double>(error);
  object.erase(found);
  if (!error && capacity >= 0.01 && capacity <= 100.0) return capacity;
  problems += "\"capacity\" must be a number in [0.01, 100]; ";
  return 1.0;
}

}  // namespace

std::string instances_json(const FleetMembership& membership, const SchedulerStrand& strand) {
  json::array list;
  for (const auto& [model, fleet] : strand.fleets()) {
    for (const auto& status : fleet->scheduler().instances()) {
      const auto member = membership.members().find(status.name);
      const auto instance = fleet->find(status.id);
      if (member == membership.members().end() || !instance) continue;
      list.push_back(instance_object(member->second.settings, *instance, status));
    }
  }
  return json::serialize(json::object{{"instances", std::move(list)}});
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
  json::array list;
  for (const auto& [fleet, record] : entries) list.push_back(decision_object(*fleet, *record));
  return json::serialize(json::object{{"decisions", std::move(list)}});
}

Result<std::string> decision_json(const SchedulerStrand& strand, std::string_view name) {
  const auto dash = name.find('-');
  const auto number = number_from(name.substr(0, dash));
  const auto id =
      dash == std::string_view::npos ? std::nullopt : number_from(name.substr(dash + 1));
  if (!number || !id) {
    return invalid("a decision is named <fleet>-<number>, as in x-ringmaster-decision");
  }
  for (const auto& [model, fleet] : strand.fleets()) {
    if (fleet->number() != *number) continue;
    const auto* record = fleet->scheduler().decisions().find(*id);
    if (record != nullptr) return json::serialize(decision_object(*fleet, *record));
  }
  return fail(ErrorCode::kNotFound, ErrorOrigin::kClient,
              "decision " + std::string(name.substr(0, 64)) +
                  " is not kept (any more); see /admin/decisions");
}

Result<InstanceSettings> parse_new_instance(std::string_view text) {
  json::error_code error;
  auto value = json::parse(text, error);
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
  settings.spec.capacity = take_capacity(object, problems);
  for (const auto& field : object) {
    problems += "\"" + std::string(field.key()).substr(0, 64) + "\" is not known; ";
  }
  if (problems.empty()) return settings;
  problems.resize(problems.size() - 2);
  return invalid(std::move(problems));
}

}  // namespace ringmaster
