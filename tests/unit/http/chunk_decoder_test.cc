#include "http/chunk_decoder.h"

#include <string>

#include <gtest/gtest.h>

namespace ringmaster::http {
namespace {

struct Decoded {
  std::string body;
  bool is_end = false;
  int refused_with = 0;
  std::size_t consumed = 0;
};

Decoded decode(std::string_view bytes, std::size_t piece_bytes) {
  ChunkDecoder decoder;
  Decoded result;
  while (!bytes.empty() && !result.is_end) {
    const auto step = decoder.decode(bytes.substr(0, piece_bytes));
    if (!step) {
      result.refused_with = step.error().status;
      return result;
    }
    result.body += step->data;
    result.is_end = step->is_end;
    result.consumed += step->consumed;
    bytes.remove_prefix(step->consumed);
  }
  return result;
}

TEST(ChunkDecoder, JoinsChunks) {
  const auto decoded = decode("5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n", 1000);
  EXPECT_EQ(decoded.body, "hello world");
  EXPECT_TRUE(decoded.is_end);
}

TEST(ChunkDecoder, GivesTheSameByteByByte) {
  const auto decoded = decode("A;x=1\r\n0123456789\r\n0\r\nt: v\r\n\r\n", 1);
  EXPECT_EQ(decoded.body, "0123456789");
  EXPECT_TRUE(decoded.is_end);
}

TEST(ChunkDecoder, LeavesWhatFollowsTheBody) {
  EXPECT_EQ(decode("0\r\n\r\nGET / HTTP/1.1", 1000).consumed, 5U);
}

TEST(ChunkDecoder, AcceptsLeadingZerosAndBothCases) {
  EXPECT_EQ(decode("000a\r\n0123456789\r\n00\r\n\r\n", 1000).body, "0123456789");
  EXPECT_EQ(decode("0A\r\n0123456789\r\n0\r\n\r\n", 1000).body, "0123456789");
}

TEST(ChunkDecoder, RefusesSizesThatAreNoNumbers) {
  EXPECT_EQ(decode("\r\n", 10).refused_with, 400);
  EXPECT_EQ(decode("x\r\n", 10).refused_with, 400);
  EXPECT_EQ(decode("-1\r\n", 10).refused_with, 400);
  EXPECT_EQ(decode("+1\r\n", 10).refused_with, 400);
  EXPECT_EQ(decode("0x1\r\n", 10).refused_with, 400);
  EXPECT_EQ(decode(" 1\r\n", 10).refused_with, 400);
  EXPECT_EQ(decode("1 \r\n", 10).refused_with, 400);
}

TEST(ChunkDecoder, RefusesSizesThatOverflow) {
  EXPECT_EQ(decode("10000000000000000\r\n", 100).refused_with, 400);
  EXPECT_EQ(decode("ffffffffffffffff\r\n", 100).refused_with, 400);
}

TEST(ChunkDecoder, RefusesBareLineFeeds) {
  EXPECT_EQ(decode("1\na\r\n0\r\n\r\n", 100).refused_with, 400);
  EXPECT_EQ(decode("1\r\na\n0\r\n\r\n", 100).refused_with, 400);
  EXPECT_EQ(decode("0\r\n\n", 100).refused_with, 400);
  EXPECT_EQ(decode("1;a\nb\r\n", 100).refused_with, 400);
}

TEST(ChunkDecoder, RefusesAChunkLongerThanItsSize) {
  EXPECT_EQ(decode("1\r\nab\r\n0\r\n\r\n", 100).refused_with, 400);
}

TEST(ChunkDecoder, RefusesAFloodOfExtensions) {
  EXPECT_EQ(decode("1;" + std::string(5000, 'a') + "\r\n", 10'000).refused_with, 400);
}

TEST(ChunkDecoder, RefusesATrailerThatIsTooLarge) {
  EXPECT_EQ(decode("0\r\na: " + std::string(9000, 'a') + "\r\n\r\n", 10'000).refused_with, 431);
}

TEST(ChunkDecoder, RefusesTrailerFieldsThatFrameTheMessage) {
  EXPECT_EQ(decode("0\r\nContent-Length: 5\r\n\r\n", 100).refused_with, 400);
  EXPECT_EQ(decode("0\r\nTransfer-Encoding: chunked\r\n\r\n", 100).refused_with, 400);
}

TEST(ChunkDecoder, IsNotAtItsEndBeforeTheLastLine) {
  EXPECT_FALSE(decode("1\r\na\r\n0\r\n", 100).is_end);
}

}  // namespace
}  // namespace ringmaster::http
