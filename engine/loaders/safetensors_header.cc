#include "engine/loaders/safetensors_header.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include <simdjson.h>

namespace ringmaster::engine {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::size_t kLengthBytes = 8;
// The reference implementation's own limit; a header of 100 MB would name a million tensors.
constexpr std::uint64_t kHeaderBytesMax = 100'000'000;
constexpr std::size_t kDimensionsMax = 8;

struct ElementType {
  std::string_view name;
  DType dtype = DType::kOther;
  std::uint64_t bytes = 0;
};

constexpr std::array<ElementType, 15> kElementTypes{{{"F32", DType::kF32, 4},
                                                     {"BF16", DType::kBf16, 2},
                                                     {"F16", DType::kF16, 2},
                                                     {"F64", DType::kOther, 8},
                                                     {"I64", DType::kOther, 8},
                                                     {"U64", DType::kOther, 8},
                                                     {"I32", DType::kOther, 4},
                                                     {"U32", DType::kOther, 4},
                                                     {"I16", DType::kOther, 2},
                                                     {"U16", DType::kOther, 2},
                                                     {"I8", DType::kOther, 1},
                                                     {"U8", DType::kOther, 1},
                                                     {"BOOL", DType::kOther, 1},
                                                     {"F8_E4M3", DType::kOther, 1},
                                                     {"F8_E5M2", DType::kOther, 1}}};

/// `a` * `b`, or nothing if that exceeds 63 bits.
std::optional<std::uint64_t> product(std::uint64_t a, std::uint64_t b) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  if (a != 0 && b > kMax / a) return std::nullopt;
  return a * b;
}

/// One entry, or what is wrong with it.
tl::expected<SafetensorsEntry, std::string> parse_entry(object fields, std::uint64_t data_start,
                                                        std::uint64_t file_bytes) {
  SafetensorsEntry entry;
  std::string_view type_name;
  if (fields["dtype"].get(type_name) != simdjson::SUCCESS) {
    return tl::unexpected(std::string("dtype: expected a string"));
  }
  const auto* type = std::ranges::find(kElementTypes, type_name, &ElementType::name);
  if (type == kElementTypes.end()) {
    return tl::unexpected("dtype: unknown type '" + std::string(type_name.substr(0, 32)) + "'");
  }
  entry.dtype = type->dtype;
  entry.type_name = type->name;

  array sizes;
  if (fields["shape"].get(sizes) != simdjson::SUCCESS || sizes.size() > kDimensionsMax) {
    return tl::unexpected("shape: expected a list of at most " + std::to_string(kDimensionsMax) +
                          " sizes");
  }
  std::optional<std::uint64_t> bytes = type->bytes;
  for (const element item : sizes) {
    std::int64_t size = -1;
    if (item.get(size) != simdjson::SUCCESS || size < 0) {
      return tl::unexpected(std::string("shape: expected sizes of at least 0"));
    }
    entry.shape.push_back(size);
    if (bytes) bytes = product(*bytes, static_cast<std::uint64_t>(size));
  }
  if (!bytes) return tl::unexpected(std::string("shape: more than 2^63 bytes"));

  array offsets;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  if (fields["data_offsets"].get(offsets) != simdjson::SUCCESS || offsets.size() != 2 ||
      offsets.at(0).get(begin) != simdjson::SUCCESS ||
      offsets.at(1).get(end) != simdjson::SUCCESS) {
    return tl::unexpected(std::string("data_offsets: expected [begin, end]"));
  }
  const std::uint64_t data_bytes = file_bytes - data_start;
  if (begin > end || end > data_bytes) {
    return tl::unexpected("data_offsets: [" + std::to_string(begin) + ", " + std::to_string(end) +
                          "] lies outside the file's " + std::to_string(data_bytes) +
                          " bytes of data (truncated file?)");
  }
  if (end - begin != *bytes) {
    return tl::unexpected("data_offsets: " + std::to_string(end - begin) + " bytes, but " +
                          std::string(type_name) + " " + shape_text(entry.shape) + " takes " +
                          std::to_string(*bytes));
  }
  entry.begin = data_start + begin;
  entry.end = data_start + end;
  return entry;
}

/// The format wants every byte of data to belong to exactly one tensor.
std::optional<std::string> find_overlap_or_hole(std::vector<SafetensorsEntry> entries,
                                                std::uint64_t data_start,
                                                std::uint64_t file_bytes) {
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t covered = data_start;
  for (const SafetensorsEntry& entry : entries) {
    if (entry.begin < covered) return "tensor " + entry.name + ": overlaps the tensor before it";
    if (entry.begin > covered) {
      return "tensor " + entry.name + ": " + std::to_string(entry.begin - covered) +
             " bytes before it belong to no tensor";
    }
    covered = entry.end;
  }
  if (covered != file_bytes)
    return std::to_string(file_bytes - covered) + " bytes after the last tensor";
  return std::nullopt;
}

std::optional<std::string> find_duplicate(const std::vector<SafetensorsEntry>& entries) {
  std::vector<std::string_view> names;
  for (const SafetensorsEntry& entry : entries) names.push_back(entry.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return std::nullopt;
  return "tensor " + std::string(*twice) + ": named twice";
}

std::uint64_t little_endian_64(std::span<const std::byte> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    value |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
  }
  return value;
}

}  // namespace

Result<std::vector<SafetensorsEntry>> parse_safetensors_header(std::span<const std::byte> bytes,
                                                               std::string_view file) {
  const auto fault = [&](const std::string& what) {
    return invalid(std::string(file) + ": " + what);
  };
  if (bytes.size() < kLengthBytes) {
    return fault("expected a safetensors file, is only " + std::to_string(bytes.size()) +
                 " bytes long");
  }
  const std::uint64_t header_bytes = little_endian_64(bytes);
  if (header_bytes > kHeaderBytesMax || header_bytes > bytes.size() - kLengthBytes) {
    return fault("header of " + std::to_string(header_bytes) +
                 " bytes exceeds the file (truncated, or not safetensors)");
  }
  const std::uint64_t data_start = kLengthBytes + header_bytes;
  simdjson::dom::parser parser;
  object header;
  const auto code =
      parser.parse(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, header_bytes)
          .get(header);
  if (code != simdjson::SUCCESS) {
    return fault(std::string("header: expected a JSON object: ") + simdjson::error_message(code));
  }
  std::vector<SafetensorsEntry> entries;
  for (const auto [key, value] : header) {
    if (key == "__metadata__") continue;
    object fields;
    if (value.get(fields) != simdjson::SUCCESS)
      return fault("tensor " + std::string(key) + ": expected an object");
    auto entry = parse_entry(fields, data_start, bytes.size());
    if (!entry) return fault("tensor " + std::string(key) + ": " + entry.error());
    entry->name = key;
    entries.push_back(*std::move(entry));
  }
  if (const auto problem = find_duplicate(entries)) return fault(*problem);
  if (const auto problem = find_overlap_or_hole(entries, data_start, bytes.size()))
    return fault(*problem);
  return entries;
}

}  // namespace ringmaster::engine
