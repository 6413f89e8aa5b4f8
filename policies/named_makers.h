#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/known_names.h"
#include "base/result.h"
#include "policies/option_reader.h"
#include "policies/policy_config.h"

namespace ringmaster {

/// Makes a part from its options, which it reads. `seed` feeds its random choices.
template <class Part>
using MakePart = std::unique_ptr<Part> (*)(OptionReader&, std::uint64_t seed);

/// The parts of one kind by name.
template <class Part, std::size_t kCount>
using NamedMakers = std::array<std::pair<std::string_view, MakePart<Part>>, kCount>;

template <class Part, std::size_t kCount>
[[nodiscard]] constexpr std::array<std::string_view, kCount> names_of(
    const NamedMakers<Part, kCount>& makers) {
  std::array<std::string_view, kCount> names;
  for (std::size_t i = 0; i < kCount; ++i) names[i] = makers[i].first;
  return names;
}

/// Makes the part that the configuration names; `kind` ("policy", "veto") is for messages.
///
/// Fails with kInvalidArgument on an unknown name (the known ones and the nearest are listed), an
/// unknown option, or a value out of its range.
template <class Part, std::size_t kCount>
[[nodiscard]] Result<std::unique_ptr<Part>> make_named(const NamedMakers<Part, kCount>& makers,
                                                       std::string_view kind,
                                                       const PolicyConfig& config,
                                                       std::uint64_t seed) {
  const auto found =
      std::ranges::find(makers, config.name, &std::pair<std::string_view, MakePart<Part>>::first);
  if (found == makers.end()) {
    const auto names = names_of(makers);
    return invalid("unknown " + std::string(kind) + " '" + config.name + "'" +
                   hint_at(config.name, names) + "; known: " + join_names(names));
  }
  OptionReader options(config, kind);
  std::unique_ptr<Part> part = found->second(options, seed);
  if (const Status status = options.finish(); !status) return tl::unexpected(status.error());
  return part;
}

}  // namespace ringmaster
