#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "policies/option_reader.h"
#include "policies/output_history.h"
#include "policies/placement_veto.h"

namespace ringmaster {

struct PredictedPeakOptions {
  double reserve = 0.05;         ///< Share of the KV memory that stays free.
  std::uint32_t kv_tokens = 0;   ///< KV memory of an instance; 0: its kv_cache_tokens.
  std::uint32_t samples = 1000;  ///< Output lengths remembered.
};

/// Forbids an instance whose KV memory would overflow at the worst moment to come, with the
/// request:
///
///     peak = max over k of  sum over j <= k of (prompt_j + generated_j)  +  k * remaining_k
///
/// over the requests that run there, those with most left to generate first: k of them are still
/// there when the k-th ends. Forbidden if peak > (1 - reserve) * kv_tokens.
///
/// How long an output will be is drawn from the lengths of the last ones, for one that runs from
/// those longer than what it has generated; how much it has generated follows from the time since
/// its first token and the mean time per token of what has finished there. Whole prompts count,
/// shared blocks too. O(1) where even the sum of all ends fits, else O(r log r) for r running ones.
/// Options: reserve in [0, 0.9] (0.05), kv_tokens in [0, 1000000000] (0), samples in [20, 65536]
/// (1000).
/// Source: Past-Future (arXiv 2507.10150), there the admission of an engine; here a veto before
/// routing. The window is its order of size.
class PredictedPeak final : public PlacementVeto, private RequestObserver {
 public:
  PredictedPeak(const PredictedPeakOptions& options, std::uint64_t seed)
      : options_(options), seed_(seed), history_(options.samples) {}

  [[nodiscard]] std::string_view name() const override { return "predicted_peak"; }
  [[nodiscard]] bool forbids(const RequestSpec& request, InstanceId instance,
                             const FleetState& fleet, TimePoint now) override;
  [[nodiscard]] RequestObserver* observer() override { return this; }

  /// In tokens of KV, with this request; of what runs there if it is null.
  [[nodiscard]] double peak_tokens(InstanceId instance, const RequestSpec* request, TimePoint now);

 private:
  struct Running {
    RequestId id;
    std::uint64_t kind = 0;
    std::uint32_t prompt_tokens = 0;
    std::uint32_t output_tokens_max = 0;
    std::uint32_t output_tokens = 0;  ///< As drawn; redrawn once it has generated more.
    bool has_first_token = false;
    TimePoint first_token_at{};
  };
  /// Time between output tokens, as finished requests took it.
  struct Pace {
    double seconds = 0.0;  ///< 0: none has finished.
    void observe(double newest);
  };
  struct Place {
    std::vector<Running> running;
    std::uint64_t end_tokens = 0;  ///< Prompts and drawn outputs of all.
    Pace pace;
  };
  struct Demand {
    double held_tokens = 0.0;
    double remaining_tokens = 0.0;
  };

  void dispatched(const ObservedRequest& seen) override;
  void first_token(const ObservedRequest& seen) override;
  void ended(const ObservedRequest& seen) override;
  void instance_left(InstanceId instance) override;

  [[nodiscard]] Place& place(InstanceId instance);
  [[nodiscard]] Running* find(InstanceId instance, RequestId request);
  [[nodiscard]] Running running_of(const RequestSpec& request);
  /// Drawn from the history, the same for equal arguments.
  [[nodiscard]] std::uint32_t draw(const Running& running, std::uint32_t longer_than);
  void add_demand(Running& running, Place& at, TimePoint now);

  PredictedPeakOptions options_;
  std::uint64_t seed_;
  OutputHistory history_;
  Pace pace_;                    ///< Of all, for instances where nothing has finished.
  std::vector<Place> places_;    ///< By slot.
  std::vector<Demand> demands_;  ///< Scratch.
};

[[nodiscard]] std::unique_ptr<PlacementVeto> make_predicted_peak(OptionReader& options,
                                                                 std::uint64_t seed);

}  // namespace ringmaster
