#include "engine/safetensors_writer.h"

#include <bit>
#include <cstdint>

#include "base/check.h"

namespace ringmaster::engine {
namespace {

template <class Integer>
void append_little_endian(std::string& out, Integer value) {
  for (std::size_t i = 0; i < sizeof value; ++i)
    out += static_cast<char>((value >> (8 * i)) & 0xffU);
}

}  // namespace

std::string write_safetensors(std::span<const NamedTensor> tensors, DType dtype) {
  RINGMASTER_CHECK(dtype == DType::kF32 || dtype == DType::kBf16);
  const std::size_t element_bytes = dtype == DType::kF32 ? 4 : 2;
  std::string header = R"({"__metadata__":{"format":"pt"})";
  std::size_t offset = 0;
  for (const NamedTensor& tensor : tensors) {
    const std::size_t end = offset + tensor.values.size() * element_bytes;
    header += ",\"" + tensor.name + "\":{\"dtype\":\"" + std::string(dtype_name(dtype)) +
              "\",\"shape\":" + shape_text(tensor.shape) + ",\"data_offsets\":[" +
              std::to_string(offset) + "," + std::to_string(end) + "]}";
    offset = end;
  }
  header += '}';
  header.resize((header.size() + 7) / 8 * 8, ' ');

  std::string file;
  file.reserve(8 + header.size() + offset);
  append_little_endian(file, std::uint64_t{header.size()});
  file += header;
  for (const NamedTensor& tensor : tensors) {
    for (const float value : tensor.values) {
      if (dtype == DType::kF32) {
        append_little_endian(file, std::bit_cast<std::uint32_t>(value));
      } else {
        append_little_endian(file, bf16_of_float(value));
      }
    }
  }
  return file;
}

}  // namespace ringmaster::engine
