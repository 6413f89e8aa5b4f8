#include "scheduler/explanation_json.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include "policies/reason_text.h"

namespace ringmaster {
namespace {

std::string decision_name(std::uint64_t id, const DecisionLabels& labels) {
  return std::to_string(labels.fleet) + "-" + std::to_string(id);
}

std::optional<std::string_view> unless_empty(std::string_view text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

void write_head(JsonWriter& json, const DecisionRecord& record, const DecisionLabels& labels) {
  json.member("id", decision_name(record.id, labels));
  json.member("model", labels.model);
  json.member("seconds", to_seconds(record.time.time_since_epoch()));
  json.member("request", record.request.value);
  json.member("attempt", record.attempt);
  json.member("policy", record.policy);
  json.member("reason", record.reason);
  json.member("sentence", unless_empty(reason_sentence(record.reason)));
  json.member("chosen", labels.name_of(record.chosen));
  json.member("shadow",
              record.has_shadow ? std::optional(labels.name_of(record.shadow)) : std::nullopt);
  json.member("held", record.held);
  json.member("prompt_tokens", record.prompt_tokens);
  json.member("key_blocks", record.key_blocks);
  json.member("explained", record.explained);
  json.member("candidates_considered", record.candidates_considered);
}

void write_weighed(JsonWriter& json, std::string_view name, const CandidateRecord& candidate) {
  json.member("instance", name);
  json.member("cached_tokens", candidate.cached_tokens);
  json.member("held_tokens", candidate.held_tokens);
  json.member("sent_tokens", candidate.sent_tokens);
  json.member("running_requests", candidate.running_requests);
  json.member("estimated_ttft_seconds", candidate.estimated_ttft_seconds);
  json.member("score", candidate.score);
}

void write_request(JsonWriter& json, const Explanation& explanation) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string key;
  for (int shift = 60; shift >= 0; shift -= 4) key += kDigits[explanation.key >> shift & 15U];
  json.key("asked").begin_object();
  json.member("key", explanation.record.key_blocks > 0 ? std::optional(key) : std::nullopt);
  json.member("blocks", explanation.blocks);
  json.member("block_tokens", explanation.block_tokens);
  json.member("ttft_slo_seconds", to_seconds(explanation.ttft_slo));
  json.member("waited_seconds", to_seconds(explanation.record.time - explanation.arrived_at));
  json.member("priority", explanation.priority);
  json.member("has_session", explanation.has_session);
  json.member("has_tenant", explanation.has_tenant);
  json.end_object();
}

void write_signals(JsonWriter& json, const ExplainedCandidate& candidate, TimePoint now) {
  const auto age_of = [now](TimePoint time) {
    return time == TimePoint{} ? std::nullopt : std::optional(to_seconds(now - time));
  };
  json.key("bookings").begin_object();
  json.member("age_seconds", 0);
  json.member("held_requests", candidate.held_requests);
  json.member("prefilling_requests", candidate.prefilling_requests);
  json.member("decoding_requests", candidate.decoding_requests);
  json.member("running_kv_blocks", candidate.running_kv_blocks);
  json.member("prefill_seconds_per_token", candidate.prefill_seconds_per_token);
  json.end_object();
  json.key("report").begin_object();
  json.member("age_seconds", age_of(candidate.report.time));
  json.member("running_requests", candidate.report.running_requests);
  json.member("waiting_requests", candidate.report.waiting_requests);
  json.member("queued_prefill_tokens", candidate.report.queued_prefill_tokens);
  json.member("kv_usage", candidate.report.kv_usage);
  json.end_object();
  json.key("residency").begin_object();
  json.member("source", name_of(candidate.residency));
  json.member("age_seconds", age_of(candidate.residency_time));
  json.member("blocks", candidate.residency_blocks);
  json.end_object();
}

void write_terms(JsonWriter& json, const ScoreTerms& terms) {
  json.member("formula", unless_empty(terms.formula()));
  json.key("terms").begin_object();
  for (const ScoreTerm& term : terms.terms()) json.member(term.name, term.value);
  json.end_object();
}

void write_other(JsonWriter& json, const OtherPolicy& other, InstanceId chosen) {
  json.begin_object();
  json.member("policy", other.policy);
  json.member("shadow", other.is_shadow);
  if (other.choice) {
    json.member("instance", other.instance);
    json.member("same", other.choice->instance == chosen);
    json.member("reason", other.choice->reason);
    json.member("refused", other.choice->is_refused);
    json.member("cached_tokens", other.choice->cached_tokens);
    json.member("estimated_ttft_seconds", other.choice->estimated_ttft_seconds);
  } else {
    json.member("absent", other.absent);
  }
  json.end_object();
}

void write_happening(JsonWriter& json, const Happening& happening, const Explanation& explanation,
                     const DecisionLabels& labels) {
  json.begin_object();
  json.member("after_seconds", to_seconds(happening.time - explanation.record.time));
  json.member("what", name_of(happening.kind));
  if (!happening.instance.empty()) json.member("instance", happening.instance);
  if (!happening.from.empty()) json.member("from", happening.from);
  if (happening.attempt != 0) json.member("attempt", happening.attempt);
  if (happening.decision != 0) {
    json.member("decision", decision_name(happening.decision, labels));
  }
  if (!happening.text.empty()) json.member("why", happening.text);
  json.end_object();
}

void write_outcome(JsonWriter& json, const ExplainedOutcome& outcome) {
  json.key("outcome").begin_object();
  json.member("state", outcome.state);
  json.member("queue_seconds", outcome.queue_seconds);
  json.member("ttft_seconds", outcome.ttft_seconds);
  json.member("total_seconds", outcome.total_seconds);
  json.member("expected_cached_tokens", outcome.expected_cached_tokens);
  json.member("reported_cached_tokens", outcome.reported_cached_tokens);
  json.end_object();
}

}  // namespace

void write_decision(JsonWriter& json, const DecisionRecord& record, const DecisionLabels& labels) {
  json.begin_object();
  write_head(json, record, labels);
  json.key("candidates").begin_array();
  const auto kept = std::min<std::size_t>(record.candidate_count, DecisionRecord::kCandidatesMax);
  for (const CandidateRecord& candidate : std::span(record.candidates).first(kept)) {
    json.begin_object();
    write_weighed(json, labels.name_of(candidate.instance), candidate);
    json.end_object();
  }
  json.end_array().end_object();
}

void write_explanation(JsonWriter& json, const Explanation& explanation,
                       const DecisionLabels& given) {
  const DecisionRecord& record = explanation.record;
  DecisionLabels labels = given;
  // As they were named then: an instance may have left since.
  labels.name_of = [&](InstanceId instance) {
    for (std::size_t i = 0; i < explanation.candidates.size(); ++i) {
      if (record.candidates[i].instance == instance) return explanation.candidates[i].name;
    }
    return given.name_of(instance);
  };
  json.begin_object();
  write_head(json, record, labels);
  write_request(json, explanation);
  json.key("candidates").begin_array();
  for (std::size_t i = 0; i < explanation.candidates.size(); ++i) {
    const ExplainedCandidate& candidate = explanation.candidates[i];
    json.begin_object();
    write_weighed(json, candidate.name, record.candidates[i]);
    json.member("home", candidate.is_home);
    write_signals(json, candidate, record.time);
    write_terms(json, candidate.terms);
    json.end_object();
  }
  json.end_array();
  json.key("others").begin_array();
  for (const OtherPolicy& other : explanation.others) write_other(json, other, record.chosen);
  json.end_array();
  json.key("afterwards").begin_array();
  for (const Happening& happening : explanation.happenings) {
    write_happening(json, happening, explanation, labels);
  }
  json.end_array();
  json.member("afterwards_left_out", explanation.happenings_left_out);
  write_outcome(json, outcome_of(explanation));
  json.end_object();
}

}  // namespace ringmaster
