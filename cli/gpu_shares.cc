#include "cli/gpu_shares.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

namespace ringmaster {
namespace {

constexpr double kMemory = 0.9;      // Of all engines on a GPU together.
constexpr double kMemoryMin = 0.01;  // Of each; what --memory-utilization takes.

}  // namespace

GpuShares::GpuShares(std::size_t engines, std::int32_t gpus, std::int32_t first,
                     std::int32_t visible)
    : engines_(engines),
      gpus_(gpus),
      first_(first),
      groups_(std::clamp<std::size_t>(static_cast<std::size_t>(std::max(0, visible - first) / gpus),
                                      1, engines)) {}

std::vector<std::int32_t> GpuShares::gpus_of(std::size_t engine) const {
  std::vector<std::int32_t> gpus(static_cast<std::size_t>(gpus_));
  std::iota(gpus.begin(), gpus.end(), first_ + static_cast<std::int32_t>(engine % groups_) * gpus_);
  return gpus;
}

std::size_t GpuShares::engines_of_a_group() const {
  return (engines_ + groups_ - 1) / groups_;
}

Result<double> GpuShares::memory_of_each(std::optional<double> wanted) const {
  const auto count = static_cast<double>(engines_of_a_group());
  const double most = std::floor((wanted ? 1.0 : kMemory) / kMemoryMin);
  char text[160];
  if (count > most) {
    std::snprintf(
        text, sizeof text,
        "--engines: expected at most %.0f on one GPU, each with at least %g of its memory", most,
        kMemoryMin);
    return invalid(text);
  }
  const double share = wanted.value_or(kMemory / count);
  if (share * count > 1.0) {
    std::snprintf(text, sizeof text,
                  "--memory-utilization: %zu engines share a GPU: expected at most %.3f",
                  engines_of_a_group(), std::floor(1000.0 / count) / 1000.0);
    return invalid(text);
  }
  return share;
}

std::string GpuShares::name_of(std::size_t engine) const {
  const auto gpus = gpus_of(engine);
  const std::string first = std::to_string(gpus.front());
  return gpus.size() == 1 ? "GPU " + first : "GPUs " + first + " to " + std::to_string(gpus.back());
}

std::string GpuShares::text(double memory) const {
  char text[160];
  if (engines_of_a_group() == 1) {
    std::snprintf(text, sizeof text, "No GPU is shared; an engine takes %.3f of the memory.",
                  memory);
  } else {
    std::snprintf(text, sizeof text,
                  "GPUs are shared, each by up to %zu engines that take %.3f of its memory each.",
                  engines_of_a_group(), memory);
  }
  return text;
}

}  // namespace ringmaster
