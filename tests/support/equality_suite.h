#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "tests/support/equality_cases.h"

namespace ringmaster::engine {

/// Everything a client could see of one output token.
struct SeenToken {
  TokenId token = 0;
  float logprob = 0.0F;
  std::vector<std::pair<TokenId, float>> best;
  bool operator==(const SeenToken&) const = default;
};

using SeenOutput = std::vector<SeenToken>;

inline SeenToken seen_token(const SampledToken& sampled) {
  SeenToken seen{.token = sampled.token, .logprob = sampled.logprob};
  for (const TokenLogprob& best : sampled.best) seen.best.emplace_back(best.token, best.logprob);
  return seen;
}

/// How far an output is from the one that the request got alone.
struct Deviation {
  bool is_equal = true;        ///< Bit by bit.
  bool is_parted = false;      ///< Another token was chosen somewhere.
  double logprob_error = 0.0;  ///< Largest difference up to there, the token there included.
  /// What the chosen token was less likely than the other, there; infinite if not among the best.
  double margin = 0.0;
};

inline Deviation deviation_of(const SeenOutput& got, const SeenOutput& want) {
  Deviation deviation{.is_equal = got == want};
  for (std::size_t i = 0; i < std::max(got.size(), want.size()); ++i) {
    if (i >= got.size() || i >= want.size())
      return {.is_equal = false, .is_parted = true, .logprob_error = INFINITY};
    if (got[i].token == want[i].token) {
      const double error = std::abs(double{got[i].logprob} - double{want[i].logprob});
      deviation.logprob_error = std::max(deviation.logprob_error, error);
      continue;
    }
    deviation.is_parted = true;
    deviation.margin = std::numeric_limits<double>::infinity();
    for (const auto& [token, logprob] : want[i].best) {
      if (token == got[i].token) deviation.margin = double{want[i].logprob} - double{logprob};
    }
    break;
  }
  return deviation;
}

/// Serves the requests of the suite under given circumstances, each run by an engine of its own.
class EqualitySuite {
 public:
  /// A device of so many blocks of so many tokens; lives as long as the suite uses it.
  using OpenDevice =
      std::function<std::shared_ptr<Executor>(std::int32_t block_tokens, std::int32_t blocks)>;

  struct Served {
    std::vector<SeenOutput> outputs;  ///< One for each request.
    EngineStats stats;
    std::string error;  ///< Of the first step that failed.
  };

  /// Serves each request alone; only the first `count` of them.
  explicit EqualitySuite(OpenDevice open, std::size_t count = kEqualityRequests)
      : open_(std::move(open)), requests_(equality_requests()) {
    requests_.resize(std::min(count, kEqualityRequests));
    alone_.outputs.resize(requests_.size());
    const auto device = open_(16, 512);
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      Engine engine(*device, {.scheduler = {.uses_prefix_cache = false}});
      const std::map<RequestId, std::size_t> ids{{*engine.submit(requests_[i]), i}};
      while (engine.has_work() && alone_.error.empty()) step(engine, ids, alone_);
    }
  }

  [[nodiscard]] const std::vector<GenerateRequest>& requests() const { return requests_; }
  [[nodiscard]] const Served& alone() const { return alone_; }

  [[nodiscard]] Served serve(const Circumstances& circumstances, std::int32_t blocks) const {
    const auto device = open_(circumstances.block_tokens, blocks);
    Engine engine(*device, {.scheduler = circumstances.scheduler});
    Served served;
    for (int round = 0; round < circumstances.rounds && served.error.empty(); ++round) {
      served.outputs.assign(requests_.size(), {});
      serve_round(engine, circumstances, served);
    }
    served.stats = engine.stats();
    return served;
  }

 private:
  static void step(Engine& engine, const std::map<RequestId, std::size_t>& ids, Served& served) {
    StepResult result;
    if (engine.steps_in_flight() == 0) engine.begin_step();
    engine.begin_step_ahead();
    engine.end_step(result);
    for (const OutputEvent& event : result.outputs) {
      if (served.error.empty()) served.error = result.error;
      const auto id = ids.find(event.request);
      if (id == ids.end()) continue;
      served.outputs[id->second].push_back(seen_token(event.token));
    }
  }

  void serve_round(Engine& engine, const Circumstances& circumstances, Served& served) const {
    std::map<RequestId, std::size_t> ids;
    std::vector<RequestId> neighbours;
    Random random(11);
    std::size_t next = 0;
    for (std::int64_t steps = 0; next < requests_.size() || engine.has_work(); ++steps) {
      const bool all_at_once = circumstances.arrive_every_steps == 0;
      while (next < requests_.size() &&
             (all_at_once ||
              steps >= circumstances.arrive_every_steps * static_cast<std::int64_t>(next))) {
        ids.emplace(*engine.submit(requests_[next]), next);
        ++next;
        for (std::int32_t i = 0; i < circumstances.neighbours; ++i) {
          neighbours.push_back(
              *engine.submit({.prompt = random_tokens(random, 10 + random.below(90)),
                              .sampling = {.seed = random.next()}}));
        }
      }
      if (!neighbours.empty() && random.below(2) == 0) {
        engine.abort(neighbours.back());
        neighbours.pop_back();
      }
      if (engine.has_work()) step(engine, ids, served);
      if (!served.error.empty()) return;
      if (next == requests_.size() && is_done(served)) {
        for (const RequestId id : neighbours) engine.abort(id);
        neighbours.clear();
      }
    }
  }

  [[nodiscard]] bool is_done(const Served& served) const {
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      if (static_cast<std::int32_t>(served.outputs[i].size()) < requests_[i].output_tokens_max) {
        return false;
      }
    }
    return true;
  }

  OpenDevice open_;
  std::vector<GenerateRequest> requests_;
  Served alone_;
};

}  // namespace ringmaster::engine
