#include <array>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "tokens/byte_alphabet.h"
#include "tokens/json_place.h"
#include "tokens/tokenizer_parts.h"
#include "tokens/tokenizer_pipeline.h"
#include "tokens/utf8.h"

namespace ringmaster {
namespace {

/// The vocabulary as the file spells it.
using Spellings = std::unordered_map<std::string_view, TokenId>;

struct TokenFile {
  std::vector<Vocabulary::Entry> entries;
  Spellings spellings;
  std::unordered_map<TokenId, std::string_view> spelling_of;
  std::vector<AddedToken> added;
};

/// Paths are made only for faults: a vocabulary has 150,000 entries.
std::string path_in(const JsonPlace& place, std::string_view key) {
  return place.path() + '.' + std::string(key);
}

void read_vocabulary(const JsonPlace& vocabulary, JsonFault& fault, TokenFile& file) {
  const auto members = vocabulary.object();
  if (!members) return;
  for (const auto [key, value] : *members) {
    std::int64_t id = -1;
    if (value.get(id) != simdjson::SUCCESS || id < 0 || id > kTokenIdMax) {
      fault.add(path_in(vocabulary, key),
                "must be an integer in [0, " + std::to_string(kTokenIdMax) + ']');
      return;
    }
    const auto token = static_cast<TokenId>(id);
    const auto [at, is_new] = file.spelling_of.emplace(token, key);
    if (key.empty() || !is_new || !file.spellings.emplace(key, token).second) {
      fault.add(path_in(vocabulary, key), "must be a token and an id that occur only once");
      return;
    }
    auto bytes = bytes_of_letters(key);
    const bool is_findable = bytes.has_value();
    file.entries.push_back(
        {token, is_findable ? std::move(*bytes) : std::string(key), is_findable});
  }
}

/// "a b" or ["a", "b"], as the two tokens; false if it is neither.
bool read_pair(simdjson::dom::element merge, std::string_view& left, std::string_view& right) {
  simdjson::dom::array pair;
  if (merge.get(pair) == simdjson::SUCCESS) {
    return pair.size() == 2 && pair.at(0).get(left) == simdjson::SUCCESS &&
           pair.at(1).get(right) == simdjson::SUCCESS;
  }
  std::string_view text;
  if (merge.get(text) != simdjson::SUCCESS) return false;
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos || text.find(' ', space + 1) != std::string_view::npos) {
    return false;
  }
  left = text.substr(0, space);
  right = text.substr(space + 1);
  return true;
}

std::vector<Merge> read_merges(const JsonPlace& merges, JsonFault& fault,
                               const Spellings& spellings) {
  std::vector<Merge> result;
  std::string joined;
  const auto elements = merges.array();
  if (!elements) return result;
  for (const simdjson::dom::element element : *elements) {
    const auto wrong = [&](const std::string& problem) {
      fault.add(merges.path() + '[' + std::to_string(result.size()) + ']', problem);
      return std::vector<Merge>();
    };
    std::string_view left;
    std::string_view right;
    if (!read_pair(element, left, right)) {
      return wrong("must be \"left right\" or [\"left\", \"right\"]");
    }
    joined.assign(left).append(right);
    for (const std::string_view token : {left, right, std::string_view(joined)}) {
      if (!spellings.contains(token)) {
        return wrong("must join tokens of the vocabulary to one of them: it has no \"" +
                     std::string(token) + '"');
      }
    }
    result.push_back({spellings.at(left), spellings.at(right), spellings.at(joined)});
  }
  return result;
}

std::array<TokenId, 256> read_byte_tokens(const JsonPlace& vocabulary, const Spellings& spellings) {
  std::array<TokenId, 256> tokens{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    std::string letter;
    append_utf8(letter, letter_of_byte(static_cast<unsigned char>(byte)));
    const auto found = spellings.find(letter);
    if (found == spellings.end()) {
      vocabulary.wrong("must have a token for each single byte: there is none for byte " +
                       std::to_string(byte) + ", \"" + letter + '"');
      break;
    }
    tokens[byte] = found->second;
  }
  return tokens;
}

void check_model(const JsonPlace& model) {
  const auto type = model.need("type");
  if (type && type->string() != "BPE") {
    type->wrong("must be \"BPE\", is \"" + std::string(type->string()) + '"');
  }
  if (model.flag("byte_fallback", false)) {
    model.wrong("must have byte_fallback false: only byte-level vocabularies are supported");
  }
  for (const std::string_view affix : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const auto found = model.find(affix);
    if (found && !found->string().empty()) found->wrong("must be null or empty");
  }
  if (const auto dropout = model.find("dropout")) {
    double share = 0.0;
    if (dropout->value().get(share) != simdjson::SUCCESS || share != 0.0) {
      dropout->wrong("must be null: equal texts must give equal tokens");
    }
  }
}

AddedToken read_added_token(const JsonPlace& place) {
  AddedToken token;
  const auto id = place.need("id");
  const auto content = place.need("content");
  if (!id || !content) return token;
  token.id = static_cast<TokenId>(id->integer(0, kTokenIdMax));
  token.content = content->string();
  if (token.content.empty()) content->wrong("must not be empty");
  token.special = place.flag("special", false);
  token.left_strip = place.flag("lstrip", false);
  token.right_strip = place.flag("rstrip", false);
  token.single_word = place.flag("single_word", false);
  token.normalized = place.flag("normalized", !token.special);
  return token;
}

void read_added_tokens(const JsonPlace& list, TokenFile& file) {
  std::set<TokenId> ids;
  std::set<std::string, std::less<>> contents;
  list.each([&](const JsonPlace& place) {
    AddedToken token = read_added_token(place);
    const auto spelling = file.spelling_of.find(token.id);
    const auto same = file.spellings.find(token.content);
    const bool agrees = spelling == file.spelling_of.end() ? same == file.spellings.end()
                                                           : spelling->second == token.content;
    if (!agrees)
      place.wrong("must have the id that its content has in model.vocab, and no other's");
    if (!ids.insert(token.id).second || !contents.insert(token.content).second) {
      place.wrong("must have an id and a content that occur only once");
    }
    file.added.push_back(std::move(token));
  });
}

/// An added token's bytes are its content as it stands; a special one is never found as a piece, so
/// that plain text cannot spell it.
void add_to_vocabulary(TokenFile& file) {
  std::unordered_map<TokenId, std::size_t> entry_of;
  for (std::size_t i = 0; i < file.entries.size(); ++i) entry_of[file.entries[i].id] = i;
  for (const AddedToken& token : file.added) {
    const auto found = entry_of.find(token.id);
    if (found == entry_of.end()) {
      file.entries.push_back({token.id, token.content, false});
    } else if (token.special) {
      file.entries[found->second] = {token.id, token.content, false};
    }
  }
}

void sort_added_tokens(std::vector<AddedToken> added, TokenizerParts& parts) {
  parts.is_special.resize(static_cast<std::size_t>(parts.vocabulary.size()));
  std::vector<AddedToken> raw;
  std::vector<AddedToken> normalized_ones;
  for (AddedToken& token : added) {
    parts.added_by_content.emplace(token.content, token.id);
    parts.is_special[static_cast<std::size_t>(token.id)] = token.special;
    // Without a normaliser both kinds see the same text, and one pass finds the longest of all.
    if (token.normalized && !parts.normalizers.empty()) {
      for (const UnicodeForm form : parts.normalizers) {
        token.content = normalized(token.content, form);
      }
      normalized_ones.push_back(std::move(token));
    } else {
      raw.push_back(std::move(token));
    }
  }
  parts.raw_tokens = AddedTokenMatcher(std::move(raw));
  parts.normalized_tokens = AddedTokenMatcher(std::move(normalized_ones));
}

}  // namespace

Result<std::unique_ptr<const TokenizerParts>> parse_tokenizer_json(std::string_view json,
                                                                   std::string_view file_name) {
  JsonFault fault(file_name);
  simdjson::dom::parser parser;
  const auto root = parse_json(parser, json, fault);
  if (!root) return fault.error();
  auto parts = std::make_unique<TokenizerParts>();
  read_tokenizer_pipeline(*root, *parts);
  const auto model = root->need("model");
  if (!model) return fault.error();
  check_model(*model);
  const auto vocabulary = model->need("vocab");
  const auto merges_place = model->need("merges");
  if (!vocabulary || !merges_place || fault) return fault.error();

  TokenFile file;
  read_vocabulary(*vocabulary, fault, file);
  const auto byte_tokens = read_byte_tokens(*vocabulary, file.spellings);
  const auto merges = read_merges(*merges_place, fault, file.spellings);
  if (const auto added = root->find("added_tokens")) read_added_tokens(*added, file);
  const bool ignore_merges = model->flag("ignore_merges", false);
  add_to_vocabulary(file);
  if (!fault) parts->vocabulary = Vocabulary(std::move(file.entries));
  for (const TokenVector* ids : {&parts->before, &parts->behind}) {
    for (const TokenId id : *ids) {
      if (parts->vocabulary.bytes(id).empty()) {
        fault.add("post_processor",
                  "must add tokens that exist: there is no token " + std::to_string(id));
      }
    }
  }
  if (fault) return fault.error();
  parts->encoder = BytePairEncoder(parts->vocabulary, byte_tokens, merges, ignore_merges);
  sort_added_tokens(std::move(file.added), *parts);
  return parts;
}

}  // namespace ringmaster
