#include "tokens/tokenizer_pipeline.h"

#include <string>
#include <utility>

namespace ringmaster {
namespace {

std::string type_of(const JsonPlace& step) {
  const auto type = step.need("type");
  return type ? std::string(type->string()) : std::string();
}

/// Calls visit for the steps under `key` of a Sequence, in order, and for any other step itself.
template <class Visit>
void each_step(const JsonPlace& step, std::string_view key, const Visit& visit) {
  if (type_of(step) != "Sequence") return visit(step);
  if (const auto steps = step.need(key)) steps->each(visit);
}

void unsupported(const JsonPlace& step, std::string_view supported) {
  step.wrong("must be " + std::string(supported) + ", is of type \"" + type_of(step) + '"');
}

void read_normalizer(const JsonPlace& normalizer, TokenizerParts& parts) {
  each_step(normalizer, "normalizers", [&](const JsonPlace& step) {
    if (const auto form = unicode_form(type_of(step))) {
      parts.normalizers.push_back(*form);
    } else {
      unsupported(step, "null, NFC, NFD, NFKC, NFKD or a Sequence of these");
    }
  });
}

/// The pattern {"String": s} means s literally.
std::string quoted(std::string_view literal) {
  std::string pattern;
  for (const char c : literal) {
    if (std::string_view("\\^$.|?*+()[]{}-&#").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

void add_splitter(const JsonPlace& place, std::string_view pattern, GapRule gaps,
                  TokenizerParts& parts) {
  auto splitter = make_splitter(pattern, gaps);
  if (splitter) {
    parts.splitters.push_back(std::move(*splitter));
  } else {
    place.wrong(splitter.error().message);
  }
}

void read_split(const JsonPlace& step, TokenizerParts& parts) {
  const auto behavior = step.need("behavior");
  const auto pattern = step.need("pattern");
  if (!behavior || !pattern) return;
  const bool is_inverted = step.flag("invert", false);
  const bool keeps = behavior->string() == "Isolated" && !is_inverted;
  const bool drops = behavior->string() == "Removed" && is_inverted;
  if (!keeps && !drops) {
    behavior->wrong("must be \"Isolated\", or \"Removed\" with invert, is \"" +
                    std::string(behavior->string()) + (is_inverted ? "\" with invert" : "\""));
    return;
  }
  const GapRule gaps = keeps ? GapRule::kKeep : GapRule::kDrop;
  if (const auto regex = pattern->find("Regex")) {
    add_splitter(*regex, regex->string(), gaps, parts);
  } else if (const auto literal = pattern->find("String")) {
    add_splitter(*literal, quoted(literal->string()), gaps, parts);
  } else {
    pattern->wrong("must be {\"Regex\": ...} or {\"String\": ...}");
  }
}

void read_pre_tokenizer(const JsonPlace& pre_tokenizer, TokenizerParts& parts) {
  bool has_byte_level = false;
  each_step(pre_tokenizer, "pretokenizers", [&](const JsonPlace& step) {
    const std::string type = type_of(step);
    if (has_byte_level) {
      step.wrong("must not follow ByteLevel, which makes bytes of the text");
    } else if (type == "Split") {
      read_split(step, parts);
    } else if (type == "Digits") {
      const bool apart = step.flag("individual_digits", false);
      add_splitter(step, apart ? "\\p{N}" : "\\p{N}+", GapRule::kKeep, parts);
    } else if (type == "ByteLevel") {
      has_byte_level = true;
      parts.add_prefix_space = step.flag("add_prefix_space", true);
      if (parts.add_prefix_space && !parts.splitters.empty()) {
        step.wrong("must have add_prefix_space false behind another pre-tokenizer");
      }
      if (step.flag("use_regex", true)) add_splitter(step, kGpt2Pattern, GapRule::kKeep, parts);
    } else {
      unsupported(step, "Split, Digits, ByteLevel or a Sequence of these");
    }
  });
  if (!has_byte_level) {
    pre_tokenizer.wrong("must have a ByteLevel step: only byte-level vocabularies are supported");
  }
}

void read_template(const JsonPlace& step, TokenizerParts& parts) {
  const auto single = step.need("single");
  if (!single) return;
  bool has_text = false;
  single->each([&](const JsonPlace& part) {
    if (part.find("Sequence")) {
      if (std::exchange(has_text, true)) part.wrong("must be the only Sequence of a single text");
      return;
    }
    const auto token = part.need("SpecialToken");
    const auto name = token ? token->need("id") : std::nullopt;
    const auto table = step.need("special_tokens");
    const auto entry = name && table ? table->need(name->string()) : std::nullopt;
    const auto ids = entry ? entry->need("ids") : std::nullopt;
    if (!ids) return;
    ids->each([&](const JsonPlace& id) {
      const auto value = static_cast<TokenId>(id.integer(0, kTokenIdMax));
      (has_text ? parts.behind : parts.before).push_back(value);
    });
  });
  if (!has_text) single->wrong("must have a Sequence: the place of the text");
}

void read_post_processor(const JsonPlace& post_processor, TokenizerParts& parts) {
  each_step(post_processor, "processors", [&](const JsonPlace& step) {
    const std::string type = type_of(step);
    if (type == "ByteLevel") return;  // Changes offsets only.
    if (type == "TemplateProcessing") {
      read_template(step, parts);
    } else {
      unsupported(step, "null, ByteLevel, TemplateProcessing or a Sequence of these");
    }
  });
}

void read_decoder(const JsonPlace& decoder) {
  each_step(decoder, "decoders", [](const JsonPlace& step) {
    if (type_of(step) != "ByteLevel") unsupported(step, "ByteLevel");
  });
}

}  // namespace

void read_tokenizer_pipeline(const JsonPlace& root, TokenizerParts& parts) {
  if (const auto normalizer = root.find("normalizer")) read_normalizer(*normalizer, parts);
  if (const auto pre_tokenizer = root.need("pre_tokenizer")) {
    read_pre_tokenizer(*pre_tokenizer, parts);
  }
  if (const auto post = root.find("post_processor")) read_post_processor(*post, parts);
  if (const auto decoder = root.need("decoder")) read_decoder(*decoder);
}

}  // namespace ringmaster
