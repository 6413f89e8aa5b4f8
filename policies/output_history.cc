#include "policies/output_history.h"

#include <algorithm>
#include <vector>

#include "base/random.h"

namespace ringmaster {

std::uint64_t OutputHistory::kind_of(const RequestSpec& request) {
  const std::uint64_t first_block = request.chain.empty() ? 0 : request.chain.front().low;
  return mix64(mix64(request.tenant) ^ request.adapter) ^ first_block;
}

void OutputHistory::finished(const RequestSpec& request, std::uint32_t output_tokens) {
  all_.add(output_tokens);
  const std::uint64_t kind = kind_of(request);
  if (Window* window = kinds_.use(kind)) return window->add(output_tokens);
  Window fresh(kKindSamplesMax);
  fresh.add(output_tokens);
  kinds_.put(kind, std::move(fresh));
}

std::optional<std::uint32_t> OutputHistory::at_share(std::uint64_t kind, double share,
                                                     std::uint32_t longer_than) {
  const Window* own = kinds_.use(kind);
  const bool has_own = own != nullptr && own->sorted().size() >= kKindSamplesMin;
  const std::vector<std::uint32_t>& lengths = has_own ? own->sorted() : all_.sorted();
  const auto first = std::ranges::upper_bound(lengths, longer_than);
  const auto count = lengths.end() - first;
  if (count == 0) return std::nullopt;
  const auto place = static_cast<std::ptrdiff_t>(share * static_cast<double>(count));
  return *(first + std::min(place, count - 1));
}

}  // namespace ringmaster
