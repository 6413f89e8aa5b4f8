#pragma once

#include <cstdio>

namespace ringmaster::engine {

/// A line of the table that scripts/gpu-check ends with: what, figure, bar, whether it is met.
/// Higher figures are better.
inline void print_figure(const char* what, double value, double bar, const char* note) {
  std::printf("speed | %-36s | %8.3f | %6.2f | %s | %s\n", what, value, bar,
              value >= bar ? "met" : "MISSED", note);
}

}  // namespace ringmaster::engine
