#include "sim/explanation_text.h"

#include <string_view>
#include <vector>

#include "policies/reason_text.h"
#include "sim/text_table.h"

namespace ringmaster::sim {
namespace {

using Row = std::vector<std::string>;

constexpr int kDecimals = 4;

std::string seconds(std::optional<double> value) {
  return fixed_decimals(value, kDecimals);
}

std::optional<double> age_of(TimePoint time, TimePoint now) {
  return time == TimePoint{} ? std::nullopt : std::optional(to_seconds(now - time));
}

std::string name_of_chosen(const Explanation& explanation, const DecisionLabels& labels) {
  const DecisionRecord& record = explanation.record;
  for (std::size_t i = 0; i < explanation.candidates.size(); ++i) {
    if (record.candidates[i].instance == record.chosen) return explanation.candidates[i].name;
  }
  return labels.name_of(record.chosen);
}

std::string heading(const Explanation& explanation, const DecisionLabels& labels) {
  const DecisionRecord& record = explanation.record;
  std::string text = "decision " + std::to_string(labels.fleet) + "-" + std::to_string(record.id) +
                     ": request " + std::to_string(record.request.value) + ", attempt " +
                     std::to_string(record.attempt) + ", at " +
                     seconds(to_seconds(record.time.time_since_epoch())) + " s\n";
  text += "  " + std::to_string(record.prompt_tokens) + " prompt tokens, " +
          std::to_string(explanation.blocks) + " blocks of " +
          std::to_string(explanation.block_tokens) + ", key of " +
          std::to_string(record.key_blocks) + " blocks, TTFT target " +
          seconds(to_seconds(explanation.ttft_slo)) + " s, waited " +
          seconds(to_seconds(record.time - explanation.arrived_at)) + " s\n";
  text += "  " + std::string(record.policy) + " chose " + name_of_chosen(explanation, labels) +
          (record.held ? ", to be held: " : ": ") + std::string(record.reason) + "\n";
  const std::string_view sentence = reason_sentence(record.reason);
  if (!sentence.empty()) text += "  " + std::string(sentence) + "\n";
  return text;
}

/// One row a candidate: what was known of it and how old that was.
std::string signals(const Explanation& explanation) {
  const DecisionRecord& record = explanation.record;
  std::vector<Row> rows{{"candidate", "known by", "home", "cached", "held", "sent", "running",
                         "report age", "cache age", "estimate s", "score"}};
  for (std::size_t i = 0; i < explanation.candidates.size(); ++i) {
    const ExplainedCandidate& candidate = explanation.candidates[i];
    const CandidateRecord& weighed = record.candidates[i];
    const bool is_chosen = weighed.instance == record.chosen;
    rows.push_back({(is_chosen ? "* " : "  ") + candidate.name,
                    std::string(name_of(candidate.residency)), candidate.is_home ? "home" : "",
                    std::to_string(weighed.cached_tokens), std::to_string(weighed.held_tokens),
                    std::to_string(weighed.sent_tokens), std::to_string(weighed.running_requests),
                    seconds(age_of(candidate.report.time, record.time)),
                    seconds(age_of(candidate.residency_time, record.time)),
                    seconds(weighed.estimated_ttft_seconds), seconds(weighed.score)});
  }
  std::string text = align_columns(rows, 3);
  if (record.candidates_considered > explanation.candidates.size()) {
    text += "  (" + std::to_string(record.candidates_considered) + " considered)\n";
  }
  return text;
}

/// One row a candidate: the parts of its score.
std::string terms(const Explanation& explanation) {
  if (explanation.candidates.empty()) return {};
  const ScoreTerms& first = explanation.candidates.front().terms;
  if (first.terms().empty()) return {};
  std::vector<Row> rows(1, Row{"score = " + std::string(first.formula())});
  for (const ScoreTerm& term : first.terms()) rows.front().emplace_back(term.name);
  for (const ExplainedCandidate& candidate : explanation.candidates) {
    Row row{"  " + candidate.name};
    for (const ScoreTerm& term : candidate.terms.terms()) row.push_back(seconds(term.value));
    row.resize(rows.front().size());
    rows.push_back(std::move(row));
  }
  return "\n" + align_columns(rows, 1);
}

std::string others(const Explanation& explanation) {
  if (explanation.others.empty()) return {};
  std::vector<Row> rows{{"other policies", "would choose", "", "because", "cached", "estimate s"}};
  for (const OtherPolicy& other : explanation.others) {
    const std::string policy = (other.is_shadow ? "  shadow " : "  ") + other.policy;
    if (!other.choice) {
      rows.push_back({policy, "-", "", std::string(other.absent), "", ""});
      continue;
    }
    const bool is_same = other.choice->instance == explanation.record.chosen;
    rows.push_back({policy, other.choice->is_refused ? "none" : other.instance,
                    is_same ? "same" : "", std::string(other.choice->reason),
                    std::to_string(other.choice->cached_tokens),
                    seconds(other.choice->estimated_ttft_seconds)});
  }
  return "\n" + align_columns(rows, 4);
}

std::string afterwards(const Explanation& explanation, const DecisionLabels& labels) {
  std::string text = "\nafterwards\n";
  for (const Happening& happening : explanation.happenings) {
    text += "  +" + seconds(to_seconds(happening.time - explanation.record.time)) + " s  " +
            std::string(name_of(happening.kind));
    if (!happening.from.empty()) text += " from " + happening.from;
    if (!happening.instance.empty()) text += " " + happening.instance;
    if (happening.decision != 0) {
      text +=
          ", decision " + std::to_string(labels.fleet) + "-" + std::to_string(happening.decision);
    }
    if (!happening.text.empty()) text += ": " + std::string(happening.text);
    text += "\n";
  }
  return text;
}

std::string tokens(std::optional<std::uint32_t> count) {
  return count ? std::to_string(*count) : "-";
}

std::string outcome(const Explanation& explanation) {
  const ExplainedOutcome outcome = outcome_of(explanation);
  return "outcome: " + std::string(outcome.state) + "; queued " + seconds(outcome.queue_seconds) +
         " s, first token after " + seconds(outcome.ttft_seconds) + " s, all after " +
         seconds(outcome.total_seconds) + " s; cached tokens " +
         tokens(outcome.expected_cached_tokens) + " expected, " +
         tokens(outcome.reported_cached_tokens) + " reported\n";
}

}  // namespace

std::string explanation_text(const Explanation& explanation, const DecisionLabels& labels) {
  return heading(explanation, labels) + "\n" + signals(explanation) + terms(explanation) +
         others(explanation) + afterwards(explanation, labels) + outcome(explanation);
}

}  // namespace ringmaster::sim
