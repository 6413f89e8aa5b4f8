#include <algorithm>
#include <cstdio>
#include <map>
#include <utility>

#include "tests/engine_check/engine_checks.h"
#include "tests/support/equality_suite.h"

namespace ringmaster::engine {
namespace {

// Without the deterministic mode another batch or chunk may round otherwise in bfloat16: by some
// 1 % of logits whose deviation is about 4 in the tiny models.
constexpr double kLogprobErrorMax = 0.15;
// Two tokens may swap places if their logits are nearer than two such errors.
constexpr double kMarginMax = 2 * kLogprobErrorMax;

/// What the runs of one case showed.
struct CaseReport {
  int unequal = 0;  ///< Requests whose output is not bit by bit the one alone.
  int parted = 0;
  int wrong = 0;  ///< Further off than the device may be.
  double logprob_error = 0.0;
  std::uint64_t cached_tokens = 0;
  std::uint64_t preemptions = 0;
  std::string error;
};

bool is_wrong(const Deviation& deviation, bool is_exact, bool is_greedy) {
  if (is_exact) return !deviation.is_equal;
  // A drawn token changes with any share of the distribution before it: only its way there is
  // judged.
  const bool is_far = is_greedy && deviation.is_parted && deviation.margin > kMarginMax;
  return is_far || !(deviation.logprob_error <= kLogprobErrorMax);
}

CaseReport run_case(const EqualitySuite& suite, const Circumstances& circumstances, bool is_exact) {
  CaseReport report;
  for (const std::int32_t blocks : circumstances.block_counts) {
    const auto served = suite.serve(circumstances, blocks);
    report.cached_tokens += served.stats.cached_tokens;
    report.preemptions += served.stats.preemptions;
    if (report.error.empty()) report.error = served.error;
    for (std::size_t i = 0; i < suite.requests().size(); ++i) {
      const auto deviation = deviation_of(served.outputs[i], suite.alone().outputs[i]);
      const bool is_greedy = suite.requests()[i].sampling.temperature == 0.0F;
      report.unequal += deviation.is_equal ? 0 : 1;
      report.parted += deviation.is_parted ? 1 : 0;
      report.wrong += is_wrong(deviation, is_exact, is_greedy) ? 1 : 0;
      report.logprob_error = std::max(report.logprob_error, deviation.logprob_error);
    }
  }
  return report;
}

}  // namespace

int check_equality(const DeviceChoice& choice, std::size_t requests) {
  std::map<std::int32_t, std::shared_ptr<Executor>> devices;  // By the size of their blocks.
  for (const std::int32_t block_tokens : {4, 5, 16, 128}) {
    auto device = open_tiny(choice, {.block_tokens = block_tokens, .blocks = 1024});
    if (!device) return refuse(device.error());
    devices[block_tokens] = std::move(*device);
  }
  const auto open = [&](std::int32_t block_tokens, std::int32_t blocks) {
    return with_blocks(devices.at(block_tokens), blocks);
  };
  const EqualitySuite suite(open, requests);
  int failed = 0;
  for (const Circumstances& circumstances : equality_circumstances()) {
    const CaseReport report = run_case(suite, circumstances, choice.is_exact());
    const bool is_whole = requests == kEqualityRequests;
    const bool shows_it = !is_whole || (report.cached_tokens >= circumstances.cached_tokens_min &&
                                        report.preemptions >= circumstances.preemptions_min);
    const bool passed = report.wrong == 0 && report.error.empty() && shows_it;
    std::printf(
        "%-4s holds %s: %d unequal, %d parted, log-probabilities off by %.4f at most; %llu tokens "
        "cached, %llu preemptions%s%s\n",
        passed ? "ok" : "FAIL", circumstances.name.c_str(), report.unequal, report.parted,
        report.logprob_error, static_cast<unsigned long long>(report.cached_tokens),
        static_cast<unsigned long long>(report.preemptions), report.error.empty() ? "" : "; ",
        report.error.c_str());
    std::fflush(stdout);
    failed += passed ? 0 : 1;
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace ringmaster::engine
