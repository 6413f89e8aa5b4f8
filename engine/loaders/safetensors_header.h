#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/tensor.h"

namespace ringmaster::engine {

/// One tensor as a safetensors header describes it.
struct SafetensorsEntry {
  std::string name;
  DType dtype = DType::kOther;
  std::string_view type_name;  ///< As the format spells it; never freed.
  Shape shape;
  std::uint64_t begin = 0;  ///< First byte, from the start of the file.
  std::uint64_t end = 0;    ///< One past its last byte.
};

/// Reads the header of a safetensors file: 8 bytes little-endian length, JSON, then the data.
///
/// `bytes` is the whole file; only the header is touched. Everything is validated before use:
/// lengths against the file, offsets against shape and type, no overlap, no hole, no duplicate.
/// Fails with kInvalidArgument: one line that names `file` and, where there is one, the tensor.
[[nodiscard]] Result<std::vector<SafetensorsEntry>> parse_safetensors_header(
    std::span<const std::byte> bytes, std::string_view file);

}  // namespace ringmaster::engine
