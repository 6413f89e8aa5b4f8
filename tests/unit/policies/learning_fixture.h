#pragma once

#include <cstdint>

#include "tests/unit/policies/policy_fixture.h"

namespace ringmaster {

/// A policy fixture that also tells the policy what becomes of requests.
class LearningFixture : public PolicyFixture {
 protected:
  RequestObserver& tell() { return *policy_->observer(); }

  [[nodiscard]] ObservedRequest seen(const RequestSpec& request, std::uint32_t slot,
                                     double seconds_since_arrival) const {
    return {.request = request,
            .instance = {slot},
            .now = now_,
            .since_arrival = from_seconds(seconds_since_arrival)};
  }

  /// The request is sent, has its first token after `ttft` seconds and ends with this output.
  void serve(const RequestSpec& request, std::uint32_t slot, double ttft = 1.0,
             std::uint32_t output_tokens = 10) {
    tell().dispatched(seen(request, slot, 0.0));
    tell().first_token(seen(request, slot, ttft));
    ObservedRequest end = seen(request, slot, ttft);
    end.output_tokens = output_tokens;
    tell().ended(end);
  }

  void wait(double seconds) { now_ += from_seconds(seconds); }

  /// Another prompt: `shared` blocks of the fixture's, then blocks of its own.
  void prompt(std::uint32_t shared, std::uint32_t blocks, std::uint64_t own) {
    PrefixChain chain(whole_.begin(), whole_.begin() + shared);
    for (std::uint64_t i = shared; i < blocks; ++i) {
      chain.push_back({.low = mix64(own * 1000 + i)});
    }
    request_.chain = std::move(chain);
    request_.prompt_tokens = blocks * 100;
    request_.id = {++last_id_};
  }

 private:
  PrefixChain whole_ = [this] {
    PrefixChain chain = request_.chain;
    for (std::uint64_t i = 10; i < 100; ++i) chain.push_back({.low = mix64(i + 1)});
    return chain;
  }();
  std::uint64_t last_id_ = 0;
};

}  // namespace ringmaster
