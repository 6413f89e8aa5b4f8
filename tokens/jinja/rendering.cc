#include "tokens/jinja/rendering.h"

namespace ringmaster::jinja {
namespace {

/// Bytes of a new text that cost as much as evaluating a node.
constexpr std::size_t kBytesPerStep = 64;

}  // namespace

void Rendering::fail(int line, std::string_view problem) {
  if (problem_) return;
  problem_ = std::string(name_) + ':' + std::to_string(line) + ": " + std::string(problem);
}

bool Rendering::charge(std::uint64_t steps, int line) {
  if (has_failed()) return false;
  if (steps > limits_.steps_max - steps_) {
    fail(line, "must take at most " + std::to_string(limits_.steps_max) + " steps");
    return false;
  }
  steps_ += steps;
  return true;
}

bool Rendering::charge_text(std::size_t bytes, int line) {
  if (bytes > limits_.output_bytes_max) {
    fail(line, "must make texts of at most " + std::to_string(limits_.output_bytes_max) + " bytes");
    return false;
  }
  return charge(bytes / kBytesPerStep, line);
}

const Value* CallArguments::find(std::size_t position, std::string_view name) const {
  if (position < positional.size()) return &positional[position];
  for (const auto& [key, value] : named) {
    if (key == name) return &value;
  }
  return nullptr;
}

}  // namespace ringmaster::jinja
