#include "base/known_names.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

namespace ringmaster {
namespace {

// Longer than any name; bounds the work, and what a message repeats.
constexpr std::size_t kLettersMax = 64;

// Letters changed, left out, put in or swapped with their neighbour.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before;  // The row for one letter of a less than `above`.
  std::vector<std::size_t> above(b.size() + 1);
  std::iota(above.begin(), above.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::vector<std::size_t> row(b.size() + 1, i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({change, above[j] + 1, row[j - 1] + 1});
      const bool is_swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (is_swap) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = std::exchange(above, std::move(row));
  }
  return above[b.size()];
}

}  // namespace

std::string_view nearest_name(std::string_view name, std::span<const std::string_view> known) {
  std::string_view best;
  std::size_t best_distance = kLettersMax;
  for (const std::string_view candidate : known) {
    // A third of the letters may be wrong: beyond that the guess would only confuse.
    const std::size_t distance_max = std::min(name.size(), candidate.size()) / 3;
    const std::size_t distance = edit_distance(name.substr(0, kLettersMax), candidate);
    if (distance > distance_max || distance >= best_distance) continue;
    best = candidate;
    best_distance = distance;
  }
  return best;
}

std::string hint_at(std::string_view name, std::span<const std::string_view> known) {
  const std::string_view near = nearest_name(name, known);
  return near.empty() ? std::string() : " (did you mean '" + std::string(near) + "'?)";
}

std::string join_names(std::span<const std::string_view> names) {
  std::string text;
  for (const std::string_view name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

std::string expected_one_of(std::span<const std::string_view> known, std::string_view found) {
  return "expected one of " + join_names(known) + ", found \"" +
         std::string(found.substr(0, kLettersMax)) + '"' + hint_at(found, known);
}

}  // namespace ringmaster
