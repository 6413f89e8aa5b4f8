#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "policies/policy_config.h"

namespace ringmaster {

/// Reads `name:key=value,key=value` of a command line, and remembers the first problem.
///
/// Each read names a key that is known; finish() then knows which ones are not.
class NamedValues {
 public:
  /// `flag` is how errors begin. `config` outlives the object.
  NamedValues(std::string_view flag, const PolicyConfig& config) : flag_(flag), config_(config) {}

  // Absent: the fallback. Not in [min, max] or not of the kind: a problem, and the fallback.
  [[nodiscard]] double number(std::string_view key, double fallback, double min, double max);
  [[nodiscard]] std::int64_t whole(std::string_view key, std::int64_t fallback, std::int64_t min,
                                   std::int64_t max);
  [[nodiscard]] Duration duration(std::string_view key, Duration fallback);

  /// Fails with kInvalidArgument: the first problem, or a key that is not known.
  [[nodiscard]] Status finish() const;

 private:
  [[nodiscard]] const std::string* find(std::string_view key);
  void refuse(std::string_view key, std::string_view value, const std::string& expected);

  std::string_view flag_;
  const PolicyConfig& config_;
  std::vector<std::string_view> known_;
  std::string problem_;
};

}  // namespace ringmaster
