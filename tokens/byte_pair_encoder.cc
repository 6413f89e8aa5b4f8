#include "tokens/byte_pair_encoder.h"

#include <algorithm>
#include <functional>
#include <queue>

#include "base/check.h"

namespace ringmaster {
namespace {

/// Up to here looking at every pair again costs less than a heap.
constexpr std::size_t kShortPieceBytesMax = 48;

/// One token of a long piece while it is being merged.
struct Symbol {
  TokenId token = 0;
  std::int32_t previous = -1;
  std::int32_t next = -1;
};

/// A join that was possible when it was put on the heap.
struct Candidate {
  std::uint32_t rank = 0;
  std::int32_t left = 0;  // Index of the left symbol; it keeps its index when joined.
  TokenId left_token = 0;
  TokenId right_token = 0;
  TokenId result = 0;

  bool operator>(const Candidate& other) const {
    return rank != other.rank ? rank > other.rank : left > other.left;
  }
};

}  // namespace

BytePairEncoder::BytePairEncoder(const Vocabulary& vocabulary,
                                 const std::array<TokenId, 256>& byte_tokens,
                                 const std::vector<Merge>& merges, bool ignore_merges)
    : vocabulary_(&vocabulary), byte_tokens_(byte_tokens), merges_(merges) {
  is_whole_.resize(static_cast<std::size_t>(vocabulary.size()), ignore_merges);
  if (ignore_merges) return;
  TokenVector tokens;
  for (TokenId id = 0; id < vocabulary.size(); ++id) {
    const std::string_view bytes = vocabulary.bytes(id);
    if (bytes.empty() || bytes.size() > kPieceBytesMax || vocabulary.find(bytes) != id) continue;
    tokens.clear();
    merge(bytes, tokens);
    is_whole_[static_cast<std::size_t>(id)] = tokens.size() == 1 && tokens.front() == id;
  }
}

void BytePairEncoder::encode(std::string_view piece, TokenVector& tokens) const {
  const auto whole = vocabulary_->find(piece);
  if (whole && is_whole_[static_cast<std::size_t>(*whole)]) {
    tokens.push_back(*whole);
    return;
  }
  for (; piece.size() > kPieceBytesMax; piece.remove_prefix(kPieceBytesMax)) {
    merge(piece.substr(0, kPieceBytesMax), tokens);
  }
  merge(piece, tokens);
}

void BytePairEncoder::merge(std::string_view piece, TokenVector& tokens) const {
  if (piece.size() <= kShortPieceBytesMax) {
    merge_short(piece, tokens);
  } else {
    merge_long(piece, tokens);
  }
}

void BytePairEncoder::merge_short(std::string_view piece, TokenVector& tokens) const {
  std::array<TokenId, kShortPieceBytesMax> symbols;
  std::array<MergeTable::Found, kShortPieceBytesMax> joins;  // joins[i]: symbols i and i + 1.
  std::size_t count = piece.size();
  for (std::size_t i = 0; i < count; ++i) {
    symbols[i] = byte_tokens_[static_cast<unsigned char>(piece[i])];
    if (i > 0) joins[i - 1] = merges_.find(symbols[i - 1], symbols[i]);
  }
  while (count > 1) {
    std::size_t best = 0;
    for (std::size_t i = 1; i + 1 < count; ++i) {
      if (joins[i].rank < joins[best].rank) best = i;
    }
    if (joins[best].rank == MergeTable::kNoRank) break;
    symbols[best] = joins[best].result;
    std::copy(symbols.begin() + best + 2, symbols.begin() + count, symbols.begin() + best + 1);
    std::copy(joins.begin() + best + 1, joins.begin() + count - 1, joins.begin() + best);
    --count;
    if (best > 0) joins[best - 1] = merges_.find(symbols[best - 1], symbols[best]);
    if (best + 1 < count) joins[best] = merges_.find(symbols[best], symbols[best + 1]);
  }
  tokens.insert(tokens.end(), symbols.begin(), symbols.begin() + count);
}

void BytePairEncoder::merge_long(std::string_view piece, TokenVector& tokens) const {
  RINGMASTER_CHECK(piece.size() <= kPieceBytesMax);
  const auto count = static_cast<std::int32_t>(piece.size());
  std::vector<Symbol> symbols(piece.size());
  std::vector<Candidate> start;
  start.reserve(piece.size());
  const auto candidate = [&](std::int32_t left) -> Candidate {
    const Symbol& symbol = symbols[static_cast<std::size_t>(left)];
    const TokenId right_token = symbols[static_cast<std::size_t>(symbol.next)].token;
    const auto found = merges_.find(symbol.token, right_token);
    return {found.rank, left, symbol.token, right_token, found.result};
  };
  for (std::int32_t i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    symbols[at] = {byte_tokens_[static_cast<unsigned char>(piece[at])], i - 1,
                   i + 1 < count ? i + 1 : -1};
  }
  for (std::int32_t i = 0; i + 1 < count; ++i) {
    if (const auto found = candidate(i); found.rank != MergeTable::kNoRank) start.push_back(found);
  }
  // Each join takes one symbol away and adds at most two candidates: three per byte in all.
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> heap(std::greater<>(),
                                                                              std::move(start));
  while (!heap.empty()) {
    const Candidate best = heap.top();
    heap.pop();
    Symbol& left = symbols[static_cast<std::size_t>(best.left)];
    if (left.token != best.left_token || left.next < 0) continue;  // Joined meanwhile.
    Symbol& right = symbols[static_cast<std::size_t>(left.next)];
    if (right.token != best.right_token) continue;
    left.token = best.result;
    right.token = -1;
    left.next = right.next;
    if (left.next >= 0) {
      symbols[static_cast<std::size_t>(left.next)].previous = best.left;
      if (const auto found = candidate(best.left); found.rank != MergeTable::kNoRank) {
        heap.push(found);
      }
    }
    if (left.previous >= 0) {
      if (const auto found = candidate(left.previous); found.rank != MergeTable::kNoRank) {
        heap.push(found);
      }
    }
  }
  for (std::int32_t i = 0; i >= 0; i = symbols[static_cast<std::size_t>(i)].next) {
    tokens.push_back(symbols[static_cast<std::size_t>(i)].token);
  }
}

}  // namespace ringmaster
