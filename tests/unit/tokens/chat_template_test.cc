#include "tokens/chat_template.h"

#include <gtest/gtest.h>

#include "tokens/jinja/compound_values.h"

namespace ringmaster {
namespace {

/// The message of the fault, without the name of the template.
std::string fault_of(std::string_view source, const RenderLimits& limits = {}) {
  const auto parsed = ChatTemplate::parse(source, "t");
  if (!parsed) return parsed.error().message;
  const auto text = parsed->render(jinja::Dict(), std::nullopt, limits);
  EXPECT_FALSE(text.has_value()) << text->bytes();
  return text ? "" : text.error().message;
}

MarkedText render(std::string_view source, std::string_view content = "") {
  jinja::Dict variables;
  variables.set(MarkedText::trusted("content"), jinja::Value::plain(content));
  const auto text = ChatTemplate::parse(source, "t")->render(std::move(variables));
  EXPECT_TRUE(text.has_value()) << text.error().message;
  return *text;
}

/// The text with what is plain in brackets.
std::string marked(std::string_view source, std::string_view content) {
  const MarkedText text = render(source, content);
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_plain = text.touches_plain(i, i + 1);
    const bool was_plain = i > 0 && text.touches_plain(i - 1, i);
    if (is_plain && !was_plain) result += '[';
    if (!is_plain && was_plain) result += ']';
    result += text.bytes()[i];
  }
  return text.size() > 0 && text.touches_plain(text.size() - 1, text.size()) ? result + ']'
                                                                             : result;
}

TEST(ChatTemplate, NamesTheLineOfAFault) {
  EXPECT_EQ(fault_of("a\nb\n{{ x + 1 }}"),
            "t:3: must have other operands for +, has undefined and a number");
  EXPECT_EQ(
      fault_of("a\n{% iff x %}"),
      "t:2: must be if, for, set, macro, filter, generation, raw, break or continue, is 'iff'");
  EXPECT_EQ(fault_of("{{ messages.first }}"), "t:1: 'messages' is undefined, so it has no 'first'");
  EXPECT_EQ(fault_of("{% if a %}\n"), "t:1: must be {% endif %}, is the end of the template");
  EXPECT_EQ(fault_of("{{ 'x }}"), "t:1: must close the string");
  EXPECT_EQ(fault_of("{{ [1, 2) }}"), "t:1: must open the bracket that ')' closes");
  EXPECT_EQ(fault_of("{{ 1 | nothing }}"), "t:1: there is no filter 'nothing'");
  EXPECT_EQ(fault_of("{{ 1 is nothing }}"), "t:1: there is no test 'nothing'");
  EXPECT_EQ(fault_of("{{ 9223372036854775807 + 1 }}"), "t:1: must stay within integers of 64 bits");
  EXPECT_EQ(fault_of("{{ raise_exception('no') }}"), "t:1: no");
}

TEST(ChatTemplate, RefusesWhatItDoesNotSupport) {
  EXPECT_NE(fault_of("{% include 'other' %}"), "");
  EXPECT_NE(fault_of("{% for x in y recursive %}{% endfor %}"), "");
  EXPECT_NE(fault_of("{% call f() %}{% endcall %}"), "");
  EXPECT_EQ(fault_of("\xFF"), "t: must be UTF-8");
}

TEST(ChatTemplate, StopsAfterItsSteps) {
  EXPECT_EQ(fault_of("{% for i in range(1000) %}{% for j in range(1000) %}{% endfor %}{% endfor %}",
                     {.steps_max = 10'000}),
            "t:1: must take at most 10000 steps");
}

TEST(ChatTemplate, StopsAtItsOutputLimit) {
  EXPECT_EQ(fault_of("{% for i in range(100) %}0123456789{% endfor %}", {.output_bytes_max = 500}),
            "t:1: must print at most 500 bytes");
}

TEST(ChatTemplate, StopsTextsThatGrowWithoutPrinting) {
  constexpr RenderLimits kSmall{.steps_max = 100'000, .output_bytes_max = 100'000};
  EXPECT_EQ(fault_of("{% set n = namespace(s='x') %}{% for i in range(60) %}{% set n.s = n.s ~ n.s "
                     "%}{% endfor %}",
                     kSmall),
            "t:1: must make texts of at most 100000 bytes");
  EXPECT_NE(fault_of("{{ 'x' * 9000000000000000000 }}", kSmall), "");
  EXPECT_NE(fault_of("{{ [0] * 9000000000000000000 }}", kSmall), "");
  EXPECT_NE(fault_of("{{ ('x' * 60000) | replace('x', 'yyyyyyyyyy') }}", kSmall), "");
  EXPECT_NE(fault_of("{{ ('x' * 60000) | list | length }}", kSmall), "");
  EXPECT_NE(fault_of("{{ range(1000000000) }}", kSmall), "");
}

TEST(ChatTemplate, StopsRecursion) {
  EXPECT_EQ(fault_of("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}"),
            "t:1: must nest less deeply");
  EXPECT_NE(fault_of(std::string(1000, '{')), "");
  EXPECT_EQ(fault_of("{{ " + std::string(500, '(') + "1" + std::string(500, ')') + " }}"),
            "t:1: must nest at most 60 levels");
  std::string sum = "{{ 1";
  for (int i = 0; i < 2'000; ++i) sum += "+1";
  EXPECT_EQ(fault_of(sum + " }}"), "t:1: must have at most 1000 operators in one statement");
}

TEST(ChatTemplate, StopsListsThatNestWithoutEnd) {
  EXPECT_EQ(fault_of("{% set n = namespace(l=[]) %}{% for i in range(1000) %}{% set n.l = [n.l] %}"
                     "{% endfor %}"),
            "t:1: must nest lists and mappings at most 200 deep");
}

TEST(ChatTemplate, StopsListsThatHoldThemselvesTwiceOver) {
  const std::string twice =
      "{% set n = namespace(a=[1], b=[1]) %}{% for i in range(100) %}"
      "{% set n.a = [n.a, n.a] %}{% set n.b = [n.b, n.b] %}{% endfor %}";
  EXPECT_EQ(fault_of(twice + "{{ n.a }}"), "t:1: must print at most 67108864 bytes");
  EXPECT_EQ(fault_of(twice + "{{ n.a | tojson }}"),
            "t:1: must make texts of at most 67108864 bytes");
  EXPECT_EQ(fault_of(twice + "{{ n.a == n.b }}"), "t:1: must take at most 20000000 steps");
  EXPECT_EQ(fault_of(twice + "{{ n.a < n.b }}"), "t:1: must take at most 20000000 steps");
  EXPECT_EQ(fault_of(twice + "{{ n.a in [n.b] }}"), "t:1: must take at most 20000000 steps");
}

TEST(ChatTemplate, ANamespaceMayHoldItself) {
  EXPECT_EQ(
      render("{% set n = namespace() %}{% set n.n = n %}{% set n.l = [n] %}{{ n.n.n.l }}").bytes(),
      "[<a namespace>]");
}

TEST(ChatTemplate, SortsOnlyWhatHasAnOrder) {
  EXPECT_EQ(render("{{ [2, 1.5, true] | sort }}").bytes(), "[True, 1.5, 2]");
  EXPECT_EQ(fault_of("{{ [2, 'a'] | sort }}"), "t:1: must sort numbers or strings");
  EXPECT_EQ(fault_of("{{ [2, 'nan' | float, 1] | sort }}"), "t:1: must sort numbers or strings");
  EXPECT_EQ(fault_of("{{ [[1], [1, 'a'], [1, 2]] | sort }}"), "t:1: must sort numbers or strings");
}

TEST(ChatTemplate, HasNoDateUnlessOneIsGiven) {
  EXPECT_EQ(render("{{ strftime_now is defined }}").bytes(), "False");
  const auto parsed =
      ChatTemplate::parse("{{ strftime_now('%A %d %B %Y %H:%M:%S %j %y%%') }}", "t");
  const auto text = parsed->render(
      jinja::Dict(),
      CivilTime{.year = 2024, .month = 12, .day = 31, .hour = 9, .minute = 5, .second = 7});
  EXPECT_EQ(text->bytes(), "Tuesday 31 December 2024 09:05:07 366 24%");
}

TEST(ChatTemplate, MarksWhatComesFromTheRequest) {
  EXPECT_EQ(marked("a{{ content }}b", "xy"), "a[xy]b");
  EXPECT_EQ(marked("{{ 'a' + content + 'b' }}", "xy"), "a[xy]b");
  EXPECT_EQ(marked("{{ 'a' ~ content | trim ~ 'b' }}", " xy "), "a[xy]b");
  EXPECT_EQ(marked("{{ ('a' ~ content ~ 'b')[::-1] }}", "xy"), "b[yx]a");
  EXPECT_EQ(marked("{{ ('a' ~ content ~ 'b')[1:-1] }}", "xy"), "[xy]");
  EXPECT_EQ(marked("{{ content.split(',') | join('<>') }}", "x,y"), "[x]<>[y]");
  EXPECT_EQ(marked("{{ (content ~ 'b') | upper }}", "xy"), "[XY]B");
  EXPECT_EQ(marked("{{ 'a-b' | replace('-', content) }}", "xy"), "a[xy]b");
  EXPECT_EQ(marked("{{ {'k': content} | tojson }}!", "xy"), "[{\"k\": \"xy\"}]!");
  EXPECT_EQ(marked("{{ [content] }}!", "xy"), "[['xy']]!");
  EXPECT_EQ(marked("{% set s %}a{{ content }}{% endset %}{{ s }}", "xy"), "a[xy]");
  EXPECT_EQ(marked("{% macro m(t) %}({{ t }}){% endmacro %}{{ m(content) }}", "xy"), "([xy])");
  EXPECT_EQ(marked("{% for c in content %}{{ c }}-{% endfor %}", "xy"), "[x]-[y]-");
  EXPECT_EQ(marked("{{ ('a\n' ~ content) | indent(2) }}", "x\ny"), "a\n  [x\n]  [y]");
  EXPECT_EQ(marked("{{ content | title }}{{ content | capitalize }}", "xy"), "[XyXy]");
}

}  // namespace
}  // namespace ringmaster
