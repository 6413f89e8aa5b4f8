#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace ringmaster::sim {

/// Rows of cells with aligned columns: the first `text_columns` to the left, the others to the
/// right, two spaces apart. Requires: all rows have as many cells as the first.
[[nodiscard]] std::string align_columns(const std::vector<std::vector<std::string>>& rows,
                                        std::size_t text_columns);

/// The value with that many decimals; "-" if absent.
[[nodiscard]] std::string fixed_decimals(std::optional<double> value, int decimals);

}  // namespace ringmaster::sim
