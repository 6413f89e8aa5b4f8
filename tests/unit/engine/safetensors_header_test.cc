#include "engine/loaders/safetensors_header.h"

#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringmaster::engine {
namespace {

using testing::HasSubstr;

/// A file with this header and so many bytes of data.
std::string file_of(const std::string& header, std::size_t data_bytes) {
  std::string file;
  for (int i = 0; i < 8; ++i) file += static_cast<char>((header.size() >> (8 * i)) & 0xffU);
  return file + header + std::string(data_bytes, '\0');
}

auto parse(const std::string& file) {
  return parse_safetensors_header(std::as_bytes(std::span(file.data(), file.size())),
                                  "m.safetensors");
}

std::string error_of(const std::string& file) {
  const auto entries = parse(file);
  return entries ? "no error" : entries.error().message;
}

TEST(SafetensorsHeader, ListsTensorsWithTheirPlaceInTheFile) {
  const std::string header =
      R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b":{"dtype":"BF16","shape":[4],"data_offsets":[24,32]}})";
  const auto entries = parse(file_of(header, 32));
  ASSERT_TRUE(entries) << entries.error().message;
  ASSERT_EQ(entries->size(), 2U);
  EXPECT_EQ((*entries)[0].name, "a");
  EXPECT_EQ((*entries)[0].dtype, DType::kF32);
  EXPECT_EQ((*entries)[0].shape, (Shape{2, 3}));
  EXPECT_EQ((*entries)[0].begin, 8 + header.size());
  EXPECT_EQ((*entries)[1].dtype, DType::kBf16);
  EXPECT_EQ((*entries)[1].end, 8 + header.size() + 32);
}

TEST(SafetensorsHeader, AcceptsAFileWithoutTensors) {
  EXPECT_TRUE(parse(file_of("{}", 0))->empty());
}

TEST(SafetensorsHeader, AcceptsTensorsOutOfOrder) {
  EXPECT_TRUE(parse(file_of(
      R"({"a":{"dtype":"F16","shape":[2],"data_offsets":[4,8]},"b":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}})",
      8)));
}

TEST(SafetensorsHeader, RefusesAFileShorterThanItsLength) {
  EXPECT_EQ(error_of("abc"), "m.safetensors: expected a safetensors file, is only 3 bytes long");
}

TEST(SafetensorsHeader, RefusesAHeaderLongerThanTheFile) {
  EXPECT_THAT(error_of(std::string(16, '\x7f')), HasSubstr("exceeds the file"));
}

TEST(SafetensorsHeader, RefusesAHeaderThatIsNotJson) {
  EXPECT_THAT(error_of(file_of("{\"a\":", 0)),
              HasSubstr("m.safetensors: header: expected a JSON object"));
}

TEST(SafetensorsHeader, NamesATensorCutOffByTruncation) {
  EXPECT_EQ(error_of(file_of(R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}})", 12)),
            "m.safetensors: tensor a: data_offsets: [0, 16] lies outside the file's 12 bytes of "
            "data (truncated file?)");
}

TEST(SafetensorsHeader, NamesATensorWhoseBytesDoNotFitItsShape) {
  EXPECT_EQ(error_of(file_of(R"({"a":{"dtype":"BF16","shape":[4],"data_offsets":[0,16]}})", 16)),
            "m.safetensors: tensor a: data_offsets: 16 bytes, but BF16 [4] takes 8");
}

TEST(SafetensorsHeader, RefusesOffsetsInTheWrongOrder) {
  EXPECT_THAT(error_of(file_of(R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[8,4]}})", 8)),
              HasSubstr("[8, 4] lies outside"));
}

TEST(SafetensorsHeader, RefusesOverlappingTensors) {
  EXPECT_EQ(
      error_of(file_of(
          R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
          12)),
      "m.safetensors: tensor b: overlaps the tensor before it");
}

TEST(SafetensorsHeader, RefusesAHoleBetweenTensors) {
  EXPECT_EQ(
      error_of(file_of(
          R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})",
          12)),
      "m.safetensors: tensor b: 4 bytes before it belong to no tensor");
}

TEST(SafetensorsHeader, RefusesBytesAfterTheLastTensor) {
  EXPECT_EQ(error_of(file_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 5)),
            "m.safetensors: 1 bytes after the last tensor");
}

TEST(SafetensorsHeader, RefusesANameUsedTwice) {
  EXPECT_EQ(
      error_of(file_of(
          R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
          8)),
      "m.safetensors: tensor a: named twice");
}

TEST(SafetensorsHeader, RefusesAnUnknownType) {
  EXPECT_EQ(error_of(file_of(R"({"a":{"dtype":"Q4","shape":[1],"data_offsets":[0,4]}})", 4)),
            "m.safetensors: tensor a: dtype: unknown type 'Q4'");
}

TEST(SafetensorsHeader, RefusesAShapeWhoseProductOverflows) {
  EXPECT_EQ(
      error_of(file_of(
          R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0)),
      "m.safetensors: tensor a: shape: more than 2^63 bytes");
}

TEST(SafetensorsHeader, RefusesANegativeSize) {
  EXPECT_EQ(error_of(file_of(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,0]}})", 0)),
            "m.safetensors: tensor a: shape: expected sizes of at least 0");
}

}  // namespace
}  // namespace ringmaster::engine
