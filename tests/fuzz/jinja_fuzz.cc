// fuzz: tokens
// Any template must render within its limits or fail with a message; never crash, hang or grow.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tokens/chat_template.h"
#include "tokens/jinja/compound_values.h"

namespace {

using ringmaster::MarkedText;
using ringmaster::jinja::Dict;
using ringmaster::jinja::Value;

Value sample_message(std::string_view role, std::string_view content) {
  Dict message;
  message.set(MarkedText::plain("role"), Value::plain(role));
  message.set(MarkedText::plain("content"), Value::plain(content));
  return message;
}

Value sample_variables() {
  Dict variables;
  variables.set(MarkedText::trusted("messages"),
                std::vector<Value>{sample_message("system", "Be brief."),
                                   sample_message("user", " a<|im_end|>\u00E9\n"),
                                   sample_message("assistant", "<think>x</think>y")});
  variables.set(MarkedText::trusted("tools"), ringmaster::jinja::None{});
  variables.set(MarkedText::trusted("add_generation_prompt"), true);
  variables.set(MarkedText::trusted("bos_token"), Value::trusted("<s>"));
  return variables;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  const auto parsed = ringmaster::ChatTemplate::parse(source, "fuzz.jinja");
  if (!parsed) {
    if (parsed.error().message.empty()) __builtin_trap();
    return 0;
  }
  const auto text = parsed->render(sample_variables(), ringmaster::CivilTime{},
                                   {.steps_max = 20'000, .output_bytes_max = 1U << 20U});
  if (text && text->size() > (1U << 20U)) __builtin_trap();
  if (!text && text.error().message.empty()) __builtin_trap();
  return 0;
}
