// Templates and snippets against what Jinja2 makes of them (tests/oracle).

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "tests/unit/tokens/fixture.h"
#include "tokens/chat_template.h"
#include "tokens/jinja/compound_values.h"

namespace ringmaster {
namespace {

jinja::Value to_value(const boost::json::value& json) {
  if (json.is_null()) return jinja::None{};
  if (json.is_bool()) return json.get_bool();
  if (json.is_int64()) return std::int64_t{json.get_int64()};
  if (json.is_double()) return json.get_double();
  if (json.is_string()) return jinja::Value::plain(json.get_string());
  if (json.is_array()) {
    std::vector<jinja::Value> items;
    for (const auto& item : json.get_array()) items.push_back(to_value(item));
    return items;
  }
  jinja::Dict dict;
  for (const auto& member : json.get_object()) {
    dict.set(MarkedText::plain(member.key()), to_value(member.value()));
  }
  return dict;
}

std::optional<CivilTime> to_time(const boost::json::value& json) {
  if (json.is_null()) return std::nullopt;
  return CivilTime{.year = json.at("year").to_number<int>(),
                   .month = json.at("month").to_number<int>(),
                   .day = json.at("day").to_number<int>()};
}

Result<std::string> render(const boost::json::value& test) {
  const auto* source = test.as_object().if_contains("source");
  const std::string text =
      source != nullptr
          ? boost::json::value_to<std::string>(*source)
          : read_fixture("templates/" + boost::json::value_to<std::string>(test.at("template")));
  const auto parsed = ChatTemplate::parse(text, "t");
  if (!parsed) return tl::unexpected(parsed.error());
  auto rendered = parsed->render(to_value(test.at("variables")), to_time(test.at("now")));
  if (!rendered) return tl::unexpected(rendered.error());
  return rendered->bytes();
}

TEST(ChatTemplateOracle, TextsAreThoseOfTheReference) {
  const boost::json::value cases = boost::json::parse(read_fixture("template_cases.json"));
  for (const auto& test : cases.as_array()) {
    const auto rendered = render(test);
    const auto& expected = test.at("text");
    if (expected.is_null()) {
      EXPECT_FALSE(rendered.has_value()) << test << "\nmust fail, is: " << *rendered;
    } else if (!rendered) {
      ADD_FAILURE() << test << "\nfails: " << rendered.error().message;
    } else {
      EXPECT_EQ(*rendered, boost::json::value_to<std::string>(expected)) << test;
    }
  }
  EXPECT_GE(cases.as_array().size(), 200U);
}

}  // namespace
}  // namespace ringmaster
