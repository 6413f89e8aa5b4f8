#include "http/query_numbers.h"

#include <array>
#include <limits>
#include <string>

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace ringmaster::http {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

// "from=1 epoch=2", with '-' for what is not given; or "PARAM: MESSAGE" of the refusal.
std::string read(std::string_view query) {
  std::array<QueryNumber, 2> numbers{
      {{.key = "from", .least = 1, .most = 9}, {.key = "epoch", .least = 0, .most = kMost}}};
  if (const auto refusal = read_query(query, numbers)) {
    EXPECT_EQ(refusal->status, 400);
    const auto error = boost::json::parse(refusal->body).at("error");
    return std::string(error.at("param").is_null() ? "-" : error.at("param").as_string()) + ": " +
           std::string(error.at("message").as_string());
  }
  std::string out;
  for (const QueryNumber& number : numbers) {
    out += number.value ? std::to_string(*number.value) : "-";
    out += ' ';
  }
  return out;
}

TEST(Query, GivesNumbersInAnyOrderOrNone) {
  EXPECT_EQ(read(""), "- - ");
  EXPECT_EQ(read("from=7"), "7 - ");
  EXPECT_EQ(read("epoch=18446744073709551615&from=1"), "1 18446744073709551615 ");
  EXPECT_EQ(read("&from=1&"), "1 - ");
}

TEST(Query, IsRefusedWhereAValueIsNoWholeNumberInItsRange) {
  const std::string problem = R"(from: "from" in the query must be a whole number in [1, 9])";
  for (const char* query : {"from=abc", "from=", "from", "from=0", "from=10", "from=-1", "from=+1",
                            "from=1.0", "from=1x", "from= 1", "from=99999999999999999999"}) {
    EXPECT_EQ(read(query), problem) << query;
  }
}

TEST(Query, IsRefusedWhereAKeyIsGivenTwice) {
  EXPECT_EQ(read("from=1&from=1"), R"(from: "from" in the query is given twice)");
}

TEST(Query, IsRefusedWhereAKeyIsNotKnown) {
  EXPECT_EQ(read("form=1"),
            R"(form: "form" in the query is not known: expected "from" or "epoch")");
  EXPECT_EQ(read("=1"), R"(-: "" in the query is not known: expected "from" or "epoch")");
}

}  // namespace
}  // namespace ringmaster::http
