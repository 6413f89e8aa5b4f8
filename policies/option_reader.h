#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policies/policy_config.h"

namespace ringmaster {

/// Reads the options of one policy (filter, veto, admission) from their texts and remembers every
/// problem.
///
/// Each read names an option that it knows; finish() then knows which ones it does not.
class OptionReader {
 public:
  /// Both outlive this. `kind`: what it is, for messages.
  explicit OptionReader(const PolicyConfig& config, std::string_view kind = "policy")
      : config_(config), kind_(kind) {}

  /// Index of the value in `choices`; 0 if the option is absent.
  [[nodiscard]] std::size_t choice(std::string_view key, std::span<const std::string_view> choices);

  /// "on" or "off".
  [[nodiscard]] bool flag(std::string_view key, bool fallback);

  [[nodiscard]] double number(std::string_view key, double fallback, double min, double max);

  [[nodiscard]] std::uint32_t count(std::string_view key, std::uint32_t fallback, std::uint32_t min,
                                    std::uint32_t max);

  /// Fails with kInvalidArgument if a value was refused or an option is unknown; the message lists
  /// the known ones and the nearest name.
  [[nodiscard]] Status finish() const;

 private:
  [[nodiscard]] const std::string* find(std::string_view key);
  void refuse(std::string_view key, std::string_view value, const std::string& expected);

  const PolicyConfig& config_;
  std::string_view kind_;
  std::vector<std::string_view> known_;
  std::vector<std::string> problems_;
};

}  // namespace ringmaster
