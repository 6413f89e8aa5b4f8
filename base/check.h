#pragma once

#include <string_view>

namespace ringmaster::internal {
[[noreturn]] void check_failed(std::string_view condition, std::string_view file, int line);
}

/// An assertion that stays on in release builds: for what only a bug can cause.
#define RINGMASTER_CHECK(condition)                                         \
  do {                                                                      \
    if (!(condition)) [[unlikely]] {                                        \
      ::ringmaster::internal::check_failed(#condition, __FILE__, __LINE__); \
    }                                                                       \
  } while (false)
