#include "base/number_text.h"

#include <array>
#include <charconv>

namespace ringmaster {

std::string format_number(double number) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  return {text.data(), end};
}

}  // namespace ringmaster
