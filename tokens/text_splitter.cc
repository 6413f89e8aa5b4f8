#include "tokens/text_splitter.h"

#include <string>

#include <unicode/regex.h>
#include <unicode/unistr.h>
#include <unicode/utext.h>

namespace ringmaster {

const std::string_view kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
const std::string_view kLlama3Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
const std::string_view kQwen2Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

namespace {

class RegexSplitter final : public TextSplitter {
 public:
  RegexSplitter(std::unique_ptr<icu::RegexPattern> pattern, GapRule gaps)
      : pattern_(std::move(pattern)), gaps_(gaps) {}

  void split(std::string_view text, std::vector<std::string_view>& pieces) const override {
    UErrorCode status = U_ZERO_ERROR;
    const std::unique_ptr<icu::RegexMatcher> matcher(pattern_->matcher(status));
    UText input = UTEXT_INITIALIZER;
    utext_openUTF8(&input, text.data(), static_cast<std::int64_t>(text.size()), &status);
    std::size_t done = 0;
    if (U_SUCCESS(status)) {
      matcher->reset(&input);
      while (matcher->find(status) != 0 && U_SUCCESS(status)) {
        const auto begin = static_cast<std::size_t>(matcher->start64(status));
        const auto end = static_cast<std::size_t>(matcher->end64(status));
        add(text, done, begin, gaps_ == GapRule::kKeep, pieces);
        add(text, begin, end, true, pieces);
        done = end;
      }
    }
    add(text, done, text.size(), gaps_ == GapRule::kKeep || U_FAILURE(status), pieces);
    utext_close(&input);
  }

 private:
  static void add(std::string_view text, std::size_t begin, std::size_t end, bool keep,
                  std::vector<std::string_view>& pieces) {
    if (keep && begin < end) pieces.push_back(text.substr(begin, end - begin));
  }

  std::unique_ptr<icu::RegexPattern> pattern_;
  GapRule gaps_;
};

}  // namespace

Result<std::unique_ptr<const TextSplitter>> make_regex_splitter(std::string_view pattern,
                                                                GapRule gaps) {
  const auto source = icu::UnicodeString::fromUTF8(
      icu::StringPiece(pattern.data(), static_cast<std::int32_t>(pattern.size())));
  UErrorCode status = U_ZERO_ERROR;
  UParseError place{};
  std::unique_ptr<icu::RegexPattern> compiled(icu::RegexPattern::compile(source, place, status));
  if (U_FAILURE(status)) {
    return invalid("must be a regular expression that ICU can compile, which says " +
                   std::string(u_errorName(status)) + " at character " +
                   std::to_string(place.offset));
  }
  return std::make_unique<RegexSplitter>(std::move(compiled), gaps);
}

Result<std::unique_ptr<const TextSplitter>> make_splitter(std::string_view pattern, GapRule gaps) {
  // Both patterns match every character, so there are no gaps to keep or drop.
  if (pattern == kLlama3Pattern) return std::make_unique<SevenWaySplitter>(3);
  if (pattern == kQwen2Pattern) return std::make_unique<SevenWaySplitter>(1);
  return make_regex_splitter(pattern, gaps);
}

}  // namespace ringmaster
