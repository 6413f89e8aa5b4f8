#include "tokens/added_tokens.h"

#include "base/check.h"
#include "tokens/character_class.h"
#include "tokens/utf8.h"

namespace ringmaster {
namespace {

bool is_class_before(std::string_view text, std::size_t at, std::uint8_t classes) {
  if (at == 0) return false;
  std::size_t before = previous_code_point(text, at);
  return (CharacterClassTable::instance()[next_code_point(text, before)] & classes) != 0;
}

bool is_class_at(std::string_view text, std::size_t at, std::uint8_t classes) {
  if (at == text.size()) return false;
  return (CharacterClassTable::instance()[next_code_point(text, at)] & classes) != 0;
}

}  // namespace

AddedTokenMatcher::AddedTokenMatcher(std::vector<AddedToken> tokens) : tokens_(std::move(tokens)) {
  nodes_.emplace_back();
  for (std::size_t index = 0; index < tokens_.size(); ++index) {
    const std::string& content = tokens_[index].content;
    RINGMASTER_CHECK(!content.empty());
    starts_token_[static_cast<unsigned char>(content.front())] = true;
    std::int32_t node = 0;
    for (const char c : content) {
      const auto byte = static_cast<unsigned char>(c);
      std::int32_t next = child(node, byte);
      if (next < 0) {
        next = static_cast<std::int32_t>(nodes_.size());
        nodes_[static_cast<std::size_t>(node)].next.emplace_back(byte, next);
        nodes_.emplace_back();
      }
      node = next;
    }
    nodes_[static_cast<std::size_t>(node)].token = static_cast<std::int32_t>(index);
  }
}

std::int32_t AddedTokenMatcher::child(std::int32_t node, unsigned char byte) const {
  for (const auto& [label, next] : nodes_[static_cast<std::size_t>(node)].next) {
    if (label == byte) return next;
  }
  return -1;
}

const AddedToken* AddedTokenMatcher::longest_at(std::string_view text, std::size_t at,
                                                const IsAllowed& is_allowed) const {
  const AddedToken* longest = nullptr;
  std::int32_t node = 0;
  for (std::size_t end = at; end < text.size();) {
    node = child(node, static_cast<unsigned char>(text[end]));
    if (node < 0) break;
    ++end;
    const std::int32_t index = nodes_[static_cast<std::size_t>(node)].token;
    if (index < 0) continue;
    const AddedToken& token = tokens_[static_cast<std::size_t>(index)];
    if (token.single_word && (is_class_before(text, at, kWord) || is_class_at(text, end, kWord))) {
      continue;
    }
    if (is_allowed(token, at, end)) longest = &token;
  }
  return longest;
}

std::vector<TextSegment> AddedTokenMatcher::split(std::string_view text,
                                                  const IsAllowed& is_allowed) const {
  std::vector<TextSegment> segments;
  std::size_t done = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    if (!starts_token_[static_cast<unsigned char>(text[at])]) {
      ++at;
      continue;
    }
    const AddedToken* token = longest_at(text, at, is_allowed);
    if (token == nullptr) {
      ++at;
      continue;
    }
    std::size_t begin = at;
    std::size_t end = at + token->content.size();
    while (token->left_strip && begin > done && is_class_before(text, begin, kWhiteSpace)) {
      begin = previous_code_point(text, begin);
    }
    while (token->right_strip && is_class_at(text, end, kWhiteSpace)) {
      static_cast<void>(next_code_point(text, end));
    }
    if (begin > done) segments.push_back({done, begin, -1});
    segments.push_back({begin, end, token->id});
    done = at = end;
  }
  if (done < text.size()) segments.push_back({done, text.size(), -1});
  return segments;
}

}  // namespace ringmaster
