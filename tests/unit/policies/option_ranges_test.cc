// Every option of every policy, filter, veto and admission: what its refusals promise holds.

#include <charconv>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "policies/part_registry.h"
#include "policies/policy_registry.h"

namespace ringmaster {
namespace {

/// A part with one of its options.
struct Case {
  std::string part;
  std::string option;
  std::function<std::string(const std::string& value)> error_with;  ///< "" if it is accepted.
};

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> items;
  for (std::size_t begin = 0; begin < list.size();) {
    const std::size_t end = std::min(list.find(", ", begin), list.size());
    items.emplace_back(list.substr(begin, end - begin));
    begin = end + 2;
  }
  return items;
}

template <class Make>
void add_cases(std::span<const std::string_view> names, Make make, std::vector<Case>& cases) {
  for (const std::string_view name : names) {
    const auto error_of = [make, name = std::string(name)](const std::string& option,
                                                           const std::string& value) {
      const auto made = make({.name = name, .options = {{option, value}}}, 1);
      return made ? std::string() : made.error().message;
    };
    const std::string message = error_of("no_such_option", "1");
    const std::size_t known = message.find("known: ");
    if (known == std::string::npos) continue;  // It takes none.
    for (const std::string& option : split(std::string_view(message).substr(known + 7))) {
      cases.push_back({std::string(name), option, [error_of, option](const std::string& value) {
                         return error_of(option, value);
                       }});
    }
  }
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  add_cases(policy_names(), make_policy, cases);
  add_cases(filter_names(), make_filter, cases);
  add_cases(veto_names(), make_veto, cases);
  add_cases(admission_names(), make_admission, cases);
  return cases;
}

std::string text_of(double number) {
  char buffer[32];
  return {buffer,
          std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::fixed).ptr};
}

/// "[a, b]" at the end of a refusal.
bool read_range(const std::string& message, double& least, double& most) {
  const std::size_t open = message.rfind('[');
  if (open == std::string::npos || message.back() != ']') return false;
  const std::size_t comma = message.find(", ", open);
  std::from_chars(message.data() + open + 1, message.data() + comma, least);
  std::from_chars(message.data() + comma + 2, message.data() + message.size() - 1, most);
  return true;
}

void check_range(const Case& each, const std::string& refusal, double least, double most) {
  EXPECT_LT(least, most);
  EXPECT_EQ(each.error_with(text_of(least)), "");
  EXPECT_EQ(each.error_with(text_of(most)), "");
  const std::string expected = refusal.substr(refusal.find("': expected"));
  for (const double outside : {least - 1.0, most + 1.0, most * 2.0 + 1.0}) {
    const std::string message = each.error_with(text_of(outside));
    EXPECT_NE(message.find(expected), std::string::npos) << outside << ": " << message;
  }
}

TEST(EveryOption, RefusesWhatIsOutOfItsRangeAndSaysTheRange) {
  std::size_t ranges = 0;
  std::size_t words = 0;
  for (const Case& each : all_cases()) {
    SCOPED_TRACE(each.part + ":" + each.option);
    for (const char* nonsense : {"", " 1", "1x", "nan", "inf"}) {
      EXPECT_NE(each.error_with(nonsense), "") << "'" << nonsense << "'";
    }
    const std::string refusal = each.error_with("?");
    EXPECT_NE(refusal.find(each.option + "='?': expected "), std::string::npos) << refusal;
    double least = 0.0;
    double most = 0.0;
    if (read_range(refusal, least, most)) {
      ++ranges;
      check_range(each, refusal, least, most);
    } else if (refusal.find("on or off") != std::string::npos) {
      ++words;
      for (const char* word : {"on", "off"}) EXPECT_EQ(each.error_with(word), "");
    } else {
      ++words;
      const std::size_t list = refusal.find("one of ");
      ASSERT_NE(list, std::string::npos) << refusal;
      for (const std::string& word : split(std::string_view(refusal).substr(list + 7))) {
        EXPECT_EQ(each.error_with(word), "") << word;
      }
    }
  }
  EXPECT_GE(ranges, 60U);
  EXPECT_GE(words, 10U);
}

}  // namespace
}  // namespace ringmaster
