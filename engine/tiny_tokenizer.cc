#include "engine/tiny_tokenizer.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "base/check.h"
#include "engine/tiny_corpus.h"

namespace ringmaster::engine {
namespace {

constexpr std::int32_t kBytes = 256;

enum class CharacterKind { kLetter, kDigit, kSpace, kLineEnd, kOther };

CharacterKind kind_of(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return CharacterKind::kLetter;
  if (c >= '0' && c <= '9') return CharacterKind::kDigit;
  if (c == ' ') return CharacterKind::kSpace;
  return c == '\n' ? CharacterKind::kLineEnd : CharacterKind::kOther;
}

/// A word as tokens, and how often the corpus has it.
struct Word {
  std::vector<std::int32_t> tokens;
  std::int64_t count = 0;
};

/// Pieces inside which tokens may form: a space with the letters (or signs) after it, single
/// digits. Coarser than the patterns in tokenizer.json, which is all that training needs.
std::vector<Word> corpus_words(std::string_view text) {
  std::map<std::string, std::int64_t, std::less<>> counts;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = begin;
    if (kind_of(text[end]) == CharacterKind::kSpace && end + 1 < text.size()) ++end;
    const CharacterKind kind = kind_of(text[end]);
    ++end;
    if (kind == CharacterKind::kLetter || kind == CharacterKind::kOther) {
      while (end < text.size() && kind_of(text[end]) == kind) ++end;
    }
    ++counts[std::string(text.substr(begin, end - begin))];
    begin = end;
  }
  std::vector<Word> words;
  for (const auto& [piece, count] : counts) {
    Word& word = words.emplace_back();
    word.count = count;
    for (const char c : piece) word.tokens.push_back(static_cast<unsigned char>(c));
  }
  return words;
}

using Pair = std::pair<std::int32_t, std::int32_t>;

/// How often each pair of neighbours stands in the words; kept up to date as pairs are joined.
class PairCounts {
 public:
  void add(const Word& word, std::int64_t sign) {
    for (std::size_t i = 1; i < word.tokens.size(); ++i) {
      counts_[{word.tokens[i - 1], word.tokens[i]}] += sign * word.count;
    }
  }

  /// The most frequent pair, or one with a count of 0 if no word has two tokens left.
  [[nodiscard]] std::pair<Pair, std::int64_t> best() const {
    std::pair<Pair, std::int64_t> best;
    for (const auto& [pair, count] : counts_) {
      if (count > best.second) best = {pair, count};
    }
    return best;
  }

  void forget(Pair pair) { counts_.erase(pair); }

 private:
  std::map<Pair, std::int64_t> counts_;
};

bool contains(const Word& word, Pair pair) {
  for (std::size_t i = 1; i < word.tokens.size(); ++i) {
    if (word.tokens[i - 1] == pair.first && word.tokens[i] == pair.second) return true;
  }
  return false;
}

void join(std::vector<Word>& words, Pair pair, std::int32_t joined, PairCounts& counts) {
  for (Word& word : words) {
    if (!contains(word, pair)) continue;
    counts.add(word, -1);
    std::size_t out = 0;
    for (std::size_t i = 0; i < word.tokens.size(); ++i) {
      const bool matches =
          i + 1 < word.tokens.size() && Pair(word.tokens[i], word.tokens[i + 1]) == pair;
      word.tokens[out++] = matches ? joined : word.tokens[i];
      if (matches) ++i;
    }
    word.tokens.resize(out);
    counts.add(word, 1);
  }
  counts.forget(pair);
}

std::vector<std::string> special_tokens_of(TokenizerStyle style) {
  std::vector<std::string> names =
      style == TokenizerStyle::kLlama3
          ? std::vector<std::string>{"<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>",
                                     "<|end_header_id|>", "<|eot_id|>"}
          : std::vector<std::string>{"<|endoftext|>", "<|im_start|>", "<|im_end|>"};
  while (names.size() < kTinySpecialTokens)
    names.push_back("<|reserved_" + std::to_string(names.size()) + "|>");
  return names;
}

void append_utf8(std::string& out, std::uint32_t code_point) {
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
    return;
  }
  out += static_cast<char>(0xc0U | (code_point >> 6U));  // The byte alphabet ends below U+0800.
  out += static_cast<char>(0x80U | (code_point & 0x3fU));
}

/// The printable stand-in of each byte that byte-level BPE files use: itself where it is printable
/// in Latin-1, else the next code point from U+0100 on.
std::array<std::string, kBytes> byte_alphabet() {
  std::array<std::string, kBytes> alphabet;
  std::uint32_t next = 0x100;
  for (std::uint32_t byte = 0; byte < kBytes; ++byte) {
    const bool printable =
        (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    append_utf8(alphabet[byte], printable ? byte : next++);
  }
  return alphabet;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string added_tokens_json(const TinyTokenizer& tokenizer) {
  std::string out;
  auto id = static_cast<std::int32_t>(tokenizer.tokens.size());
  for (const std::string& name : tokenizer.special_tokens) {
    if (!out.empty()) out += ",";
    out +=
        "\n    {\"id\": " + std::to_string(id++) + ", \"content\": " + quoted(name) +
        R"(, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true})";
  }
  return "[" + out + "\n  ]";
}

constexpr std::string_view kDigitsLlama3 = R"(\p{N}{1,3})";
constexpr std::string_view kDigitsQwen = R"(\p{N})";

std::string split_pattern(TokenizerStyle style) {
  return std::string(R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|)") +
         std::string(style == TokenizerStyle::kLlama3 ? kDigitsLlama3 : kDigitsQwen) +
         R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
}

/// Llama-3 puts its first token before a text when special tokens are asked for; Qwen none.
std::string post_processor_json(const TinyTokenizer& tokenizer) {
  const std::string byte_level =
      R"({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false})";
  if (tokenizer.style == TokenizerStyle::kQwen) return byte_level;
  const std::string& begin = tokenizer.special_tokens.front();
  const std::string special = R"({"SpecialToken": {"id": )" + quoted(begin) + R"(, "type_id": 0}})";
  return R"({"type": "Sequence", "processors": [)" + byte_level +
         R"(, {"type": "TemplateProcessing", "single": [)" + special +
         R"(, {"Sequence": {"id": "A", "type_id": 0}}], "pair": [)" + special +
         R"(, {"Sequence": {"id": "A", "type_id": 0}}, )" + R"({"SpecialToken": {"id": )" +
         quoted(begin) +
         R"(, "type_id": 1}}, {"Sequence": {"id": "B", "type_id": 1}}], "special_tokens": {)" +
         quoted(begin) + R"(: {"id": )" + quoted(begin) + R"(, "ids": [)" +
         std::to_string(tokenizer.special_id(begin)) + R"(], "tokens": [)" + quoted(begin) +
         "]}}}]}";
}

std::string vocabulary_json(const TinyTokenizer& tokenizer,
                            const std::vector<std::string>& spelled) {
  std::string out = "{";
  for (std::size_t i = 0; i < tokenizer.tokens.size(); ++i) {
    out += (i == 0 ? "\n      " : ",\n      ") + quoted(spelled[i]) + ": " + std::to_string(i);
  }
  return out + "\n    }";
}

std::string merges_json(const TinyTokenizer& tokenizer, const std::vector<std::string>& spelled) {
  std::string out;
  for (const auto& [left, right] : tokenizer.merges) {
    out += out.empty() ? "\n      " : ",\n      ";
    out += quoted(spelled[static_cast<std::size_t>(left)] + " " +
                  spelled[static_cast<std::size_t>(right)]);
  }
  return "[" + out + "\n    ]";
}

constexpr std::string_view kChatMl =
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] "
    "+ '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

constexpr std::string_view kLlama3Chat =
    "{{ bos_token }}{% for message in messages %}{{ '<|start_header_id|>' + message['role'] + "
    "'<|end_header_id|>\\n\\n' + "
    "message['content'] | trim + '<|eot_id|>' }}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}";

}  // namespace

std::int32_t TinyTokenizer::special_id(std::string_view text) const {
  const auto found = std::find(special_tokens.begin(), special_tokens.end(), text);
  RINGMASTER_CHECK(found != special_tokens.end());
  return static_cast<std::int32_t>(tokens.size()) +
         static_cast<std::int32_t>(found - special_tokens.begin());
}

TinyTokenizer train_tiny_tokenizer(TokenizerStyle style, std::int32_t vocabulary_size) {
  RINGMASTER_CHECK(vocabulary_size >= kBytes + kTinySpecialTokens);
  TinyTokenizer tokenizer{.style = style};
  for (std::int32_t byte = 0; byte < kBytes; ++byte)
    tokenizer.tokens.emplace_back(1, static_cast<char>(byte));
  std::map<std::string, std::int32_t> ids;  // Of tokens longer than a byte.
  std::vector<Word> words = corpus_words(tiny_corpus());
  PairCounts counts;
  for (const Word& word : words) counts.add(word, 1);
  while (static_cast<std::int32_t>(tokenizer.tokens.size()) <
         vocabulary_size - kTinySpecialTokens) {
    const auto [pair, count] = counts.best();
    if (count == 0) break;
    std::string joined = tokenizer.tokens[static_cast<std::size_t>(pair.first)] +
                         tokenizer.tokens[static_cast<std::size_t>(pair.second)];
    // Two pairs can spell the same token (t+he and th+e): it is one token with two merges.
    const auto [known, is_new] =
        ids.emplace(joined, static_cast<std::int32_t>(tokenizer.tokens.size()));
    if (is_new) tokenizer.tokens.push_back(std::move(joined));
    join(words, pair, known->second, counts);
    tokenizer.merges.push_back(pair);
  }
  tokenizer.special_tokens = special_tokens_of(style);
  return tokenizer;
}

std::string tokenizer_json(const TinyTokenizer& tokenizer) {
  const auto alphabet = byte_alphabet();
  std::vector<std::string> spelled;
  for (const std::string& token : tokenizer.tokens) {
    std::string& letters = spelled.emplace_back();
    for (const char c : token) letters += alphabet[static_cast<unsigned char>(c)];
  }
  const bool is_llama = tokenizer.style == TokenizerStyle::kLlama3;
  return R"({
  "version": "1.0",
  "truncation": null,
  "padding": null,
  "added_tokens": )" +
         added_tokens_json(tokenizer) + R"(,
  "normalizer": )" +
         (is_llama ? "null" : R"({"type": "NFC"})") + R"(,
  "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
    {"type": "Split", "pattern": {"Regex": )" +
         quoted(split_pattern(tokenizer.style)) + R"(}, "behavior": "Isolated", "invert": false},
    {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false}
  ]},
  "post_processor": )" +
         post_processor_json(tokenizer) + R"(,
  "decoder": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false},
  "model": {
    "type": "BPE",
    "dropout": null,
    "unk_token": null,
    "continuing_subword_prefix": null,
    "end_of_word_suffix": null,
    "fuse_unk": false,
    "byte_fallback": false,
    "ignore_merges": )" +
         (is_llama ? "true" : "false") + R"(,
    "vocab": )" +
         vocabulary_json(tokenizer, spelled) + R"(,
    "merges": )" +
         merges_json(tokenizer, spelled) + R"(
  }
}
)";
}

std::string tokenizer_config_json(const TinyTokenizer& tokenizer, std::int32_t context_tokens_max) {
  const bool is_llama = tokenizer.style == TokenizerStyle::kLlama3;
  const std::string begin = is_llama ? "\"<|begin_of_text|>\"" : "null";
  const std::string end = is_llama ? "<|eot_id|>" : "<|im_end|>";
  const std::string pad = is_llama ? "<|end_of_text|>" : "<|endoftext|>";
  return "{\n  \"tokenizer_class\": \"PreTrainedTokenizerFast\",\n  \"model_max_length\": " +
         std::to_string(context_tokens_max) + ",\n  \"bos_token\": " + begin +
         ",\n  \"eos_token\": " + quoted(end) + ",\n  \"pad_token\": " + quoted(pad) +
         ",\n  \"clean_up_tokenization_spaces\": false,\n  \"chat_template\": " +
         quoted(is_llama ? kLlama3Chat : kChatMl) + "\n}\n";
}

}  // namespace ringmaster::engine
