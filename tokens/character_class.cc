#include "tokens/character_class.h"

#include <algorithm>

#include <unicode/uchar.h>

namespace ringmaster {
namespace {

constexpr std::uint32_t kLetterMask = U_GC_L_MASK;
constexpr std::uint32_t kNumberMask = U_GC_N_MASK;
constexpr std::uint32_t kWordMask = U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK;

std::uint8_t classes_of(UChar32 code_point) {
  const std::uint32_t category = U_GET_GC_MASK(code_point);
  unsigned classes = kOther;
  if ((category & kLetterMask) != 0) classes |= kLetter;
  if ((category & kNumberMask) != 0) classes |= kNumber;
  if (u_isUWhiteSpace(code_point) != 0) classes |= kWhiteSpace;
  if (code_point == '\n' || code_point == '\r') classes |= kLineBreak;
  if ((category & kWordMask) != 0 || u_isUAlphabetic(code_point) != 0 ||
      u_hasBinaryProperty(code_point, UCHAR_JOIN_CONTROL) != 0) {
    classes |= kWord;
  }
  return static_cast<std::uint8_t>(classes);
}

}  // namespace

const CharacterClassTable& CharacterClassTable::instance() {
  static const CharacterClassTable table;
  return table;
}

CharacterClassTable::CharacterClassTable() {
  for (std::size_t index = 0; index < kPageCount; ++index) {
    Page page;
    for (std::size_t low = 0; low < page.size(); ++low) {
      page[low] = classes_of(static_cast<UChar32>(index * page.size() + low));
    }
    const auto found = std::find(pages_.begin(), pages_.end(), page);
    page_of_[index] = static_cast<std::uint16_t>(found - pages_.begin());
    if (found == pages_.end()) pages_.push_back(page);
  }
}

}  // namespace ringmaster
