#include "tokens/tokenizer.h"

#include <utility>

#include "tokens/tokenizer_parts.h"
#include "tokens/utf8.h"

namespace ringmaster {
namespace {

/// Encodes one text; holds the buffers that its pieces share.
class Encoding {
 public:
  Encoding(const TokenizerParts& parts, TokenVector& tokens) : parts_(parts), tokens_(tokens) {}

  void add(const MarkedText& text) {
    for (const TextSegment& segment : segments_of(text, parts_.raw_tokens)) {
      if (segment.token >= 0) {
        tokens_.push_back(segment.token);
      } else {
        add_segment(text, segment.begin, segment.end);
      }
    }
  }

 private:
  static std::vector<TextSegment> segments_of(const MarkedText& text,
                                              const AddedTokenMatcher& matcher) {
    return matcher.split(text.bytes(),
                         [&](const AddedToken& token, std::size_t begin, std::size_t end) {
                           return !token.special || !text.touches_plain(begin, end);
                         });
  }

  /// Normalises bytes [begin, end). Runs of different marks are normalised apart where marks still
  /// matter afterwards: no mark moves then, and no accent of a message alters the template's text.
  void add_segment(const MarkedText& text, std::size_t begin, std::size_t end) {
    if (parts_.normalized_tokens.empty()) {
      return add_text(normal_form(std::string_view(text.bytes()).substr(begin, end - begin)));
    }
    const MarkedText segment = text.slice(begin, end).transformed([this](std::string_view run) {
      return std::string(normal_form(run));
    });
    for (const TextSegment& part : segments_of(segment, parts_.normalized_tokens)) {
      if (part.token >= 0) {
        tokens_.push_back(part.token);
      } else {
        add_text(std::string_view(segment.bytes()).substr(part.begin, part.end - part.begin));
      }
    }
  }

  /// Valid until the next call. Nearly all text is in its normal form already, and is not copied.
  std::string_view normal_form(std::string_view text) {
    for (const UnicodeForm form : parts_.normalizers) {
      if (is_normalized(text, form)) continue;
      normal_form_ = normalized(text, form);
      text = normal_form_;
    }
    return text;
  }

  void add_text(std::string_view text) {
    std::string with_space;
    if (parts_.add_prefix_space && !text.starts_with(' ')) {
      with_space = " ";
      with_space += text;
      text = with_space;
    }
    pieces_.assign(1, text);
    for (const auto& splitter : parts_.splitters) {
      next_pieces_.clear();
      for (const std::string_view piece : pieces_) splitter->split(piece, next_pieces_);
      pieces_.swap(next_pieces_);
    }
    for (const std::string_view piece : pieces_) parts_.encoder.encode(piece, tokens_);
  }

  const TokenizerParts& parts_;
  TokenVector& tokens_;
  std::string normal_form_;
  std::vector<std::string_view> pieces_;
  std::vector<std::string_view> next_pieces_;
};

}  // namespace

Result<std::shared_ptr<const Tokenizer>> Tokenizer::from_json(std::string_view json,
                                                              std::string_view file) {
  auto parts = parse_tokenizer_json(json, file);
  if (!parts) return tl::unexpected(std::move(parts).error());
  return std::make_shared<const Tokenizer>(std::move(*parts));
}

Tokenizer::Tokenizer(std::unique_ptr<const TokenizerParts> parts) : parts_(std::move(parts)) {}
Tokenizer::~Tokenizer() = default;

TokenVector Tokenizer::encode(std::string_view text, EncodeOptions options) const {
  return encode(options.parse_special ? MarkedText::trusted(text) : MarkedText::plain(text),
                options.add_special_tokens);
}

TokenVector Tokenizer::encode(const MarkedText& text, bool add_special_tokens) const {
  TokenVector tokens;
  tokens.reserve(text.size() / 3 + 8);
  Encoding encoding(*parts_, tokens);
  if (add_special_tokens) tokens = parts_->before;
  if (is_valid_utf8(text.bytes())) {
    encoding.add(text);
  } else {
    encoding.add(text.transformed(replace_invalid_utf8));
  }
  if (add_special_tokens) {
    tokens.insert(tokens.end(), parts_->behind.begin(), parts_->behind.end());
  }
  return tokens;
}

std::string Tokenizer::decode(TokenSpan tokens, bool skip_special) const {
  std::string bytes;
  for (const TokenId token : tokens) {
    if (!skip_special || !is_special(token)) bytes += token_bytes(token);
  }
  return is_valid_utf8(bytes) ? bytes : replace_invalid_utf8(bytes);
}

std::string_view Tokenizer::token_bytes(TokenId token) const {
  return parts_->vocabulary.bytes(token);
}

std::optional<TokenId> Tokenizer::token_id(std::string_view text) const {
  const auto added = parts_->added_by_content.find(text);
  if (added != parts_->added_by_content.end()) return added->second;
  return parts_->vocabulary.find(text);
}

bool Tokenizer::is_special(TokenId token) const {
  return token >= 0 && static_cast<std::size_t>(token) < parts_->is_special.size() &&
         parts_->is_special[static_cast<std::size_t>(token)];
}

std::int32_t Tokenizer::vocabulary_size() const {
  return parts_->vocabulary.size();
}

}  // namespace ringmaster
