#include "sim/run_details.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <span>
#include <utility>

#include "base/check.h"
#include "sim/length_buckets.h"
#include "sim/quantiles.h"

namespace ringmaster::sim {
namespace {

double ttft_s(const RequestOutcome& outcome) {
  return outcome.is_rejected ? std::numeric_limits<double>::infinity()
                             : to_seconds(outcome.first_token - outcome.arrival);
}

/// Makes the parts of the details, each from the counted requests.
class Describer {
 public:
  Describer(const Workload& workload, const SimulationOutcome& outcome, std::size_t first_counted,
            const SimulationOptions& options, const RunHistory& history)
      : asked_(workload.requests().subspan(first_counted)),
        got_(std::span(outcome.requests).subspan(first_counted)),
        first_(first_counted),
        options_(options),
        history_(history) {}

  [[nodiscard]] RunDetails describe() const {
    RunDetails details{.period_s = history_.period_seconds()};
    std::vector<double> ttft;
    for (const RequestOutcome& outcome : got_) ttft.push_back(ttft_s(outcome));
    details.sampled_every =
        static_cast<std::uint32_t>(1 + (ttft.size() - 1) / RunDetails::kSampledMax);
    for (std::size_t i = 0; i < ttft.size(); i += details.sampled_every) {
      details.sampled_ttft_s.push_back(static_cast<float>(ttft[i]));
    }
    details.lengths = lengths(ttft);
    details.worst = worst(ttft);
    details.load = load();
    const Quantiles quantiles(std::move(ttft));
    for (const double share : RunDetails::quantile_shares()) {
      details.ttft_quantiles_s.push_back(quantiles.at(share));
    }
    return details;
  }

 private:
  [[nodiscard]] std::vector<RunDetails::Length> lengths(const std::vector<double>& ttft) const {
    LengthBuckets buckets;
    const double slo_s = to_seconds(options_.scheduler.ttft_slo);
    std::vector<std::vector<double>> by_bucket(buckets.buckets().size());
    for (std::size_t i = 0; i < asked_.size(); ++i) {
      buckets.add(asked_[i].prompt_tokens, ttft[i] < slo_s);
      by_bucket[LengthBuckets::bucket_of(asked_[i].prompt_tokens)].push_back(ttft[i]);
    }
    std::vector<RunDetails::Length> lengths;
    for (std::size_t k = 0; k < by_bucket.size(); ++k) {
      const LengthBuckets::Bucket& bucket = buckets.buckets()[k];
      if (bucket.requests == 0) continue;
      lengths.push_back(
          {.tokens_from = LengthBuckets::first_tokens(k),
           .requests = bucket.requests,
           .attainment = static_cast<double>(bucket.met) / static_cast<double>(bucket.requests),
           .ttft_p90_s = Quantiles(std::move(by_bucket[k])).at(0.90)});
    }
    return lengths;
  }

  [[nodiscard]] std::vector<RunDetails::Worst> worst(const std::vector<double>& ttft) const {
    std::vector<std::size_t> order(ttft.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto count = std::min(RunDetails::kWorstMax, order.size());
    const auto end = order.begin() + static_cast<std::ptrdiff_t>(count);
    std::ranges::partial_sort(order, end, [&](std::size_t a, std::size_t b) {
      return std::pair(ttft[b], a) < std::pair(ttft[a], b);
    });
    std::vector<RunDetails::Worst> worst;
    for (const std::size_t i : std::span(order).first(count)) {
      const auto request = static_cast<std::uint32_t>(first_ + i);
      worst.push_back({.request = request,
                       .arrival_s = to_seconds(got_[i].arrival - got_.front().arrival),
                       .prompt_tokens = asked_[i].prompt_tokens,
                       .outcome = got_[i],
                       .choice = history_.choice_of(request)});
    }
    return worst;
  }

  [[nodiscard]] std::vector<RunDetails::LoadRow> load() const {
    const auto instances =
        std::max(options_.instances, static_cast<std::uint32_t>(history_.instances()));
    constexpr auto kRowsMax = static_cast<std::uint32_t>(RunDetails::kLoadRowsMax);
    const std::uint32_t per_row = (instances + kRowsMax - 1) / kRowsMax;
    std::vector<RunDetails::LoadRow> rows;
    for (std::uint32_t first = 0; first < instances; first += per_row) {
      rows.push_back({.first = first, .last = std::min(instances, first + per_row) - 1});
      add_pending(rows.back());
    }
    add_requests(rows, per_row);
    return rows;
  }

  void add_pending(RunDetails::LoadRow& row) const {
    const double scale = options_.profile.prefill_seconds_per_token / (row.last - row.first + 1.0);
    for (std::uint32_t i = row.first; i <= row.last && i < history_.instances(); ++i) {
      const auto tokens = history_.mean_pending_tokens(i);
      for (std::size_t k = 0; k < tokens.size(); ++k) row.pending_s[k] += tokens[k] * scale;
    }
  }

  void add_requests(std::vector<RunDetails::LoadRow>& rows, std::uint32_t per_row) const {
    std::vector<std::uint64_t> prompt_tokens(rows.size());
    std::vector<std::uint64_t> cached_tokens(rows.size());
    for (std::size_t i = 0; i < got_.size(); ++i) {
      if (got_[i].is_rejected) continue;
      const std::size_t row = got_[i].instance / per_row;
      RINGMASTER_CHECK(row < rows.size());
      ++rows[row].requests;
      prompt_tokens[row] += asked_[i].prompt_tokens;
      cached_tokens[row] += got_[i].cached_tokens;
    }
    for (std::size_t row = 0; row < rows.size(); ++row) {
      if (prompt_tokens[row] == 0) continue;
      rows[row].cached_token_share =
          static_cast<double>(cached_tokens[row]) / static_cast<double>(prompt_tokens[row]);
    }
  }

  const std::span<const WorkloadRequest> asked_;
  const std::span<const RequestOutcome> got_;
  const std::size_t first_;
  const SimulationOptions& options_;
  const RunHistory& history_;
};

}  // namespace

const std::vector<double>& RunDetails::quantile_shares() {
  static const std::vector<double> shares = [] {
    std::vector<double> made;
    for (int percent = 1; percent < 100; ++percent) made.push_back(percent / 100.0);
    made.insert(made.end(), {0.995, 0.999, 1.0});
    return made;
  }();
  return shares;
}

RunDetails describe(const Workload& workload, const SimulationOutcome& outcome,
                    std::size_t first_counted, const SimulationOptions& options,
                    const RunHistory& history) {
  RINGMASTER_CHECK(first_counted < outcome.requests.size());
  return Describer(workload, outcome, first_counted, options, history).describe();
}

}  // namespace ringmaster::sim
