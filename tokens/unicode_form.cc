#include "tokens/unicode_form.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>

#include "base/check.h"

namespace ringmaster {
namespace {

const icu::Normalizer2& normalizer_of(UnicodeForm form) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = nullptr;
  switch (form) {
    case UnicodeForm::kNfc:
      normalizer = icu::Normalizer2::getNFCInstance(status);
      break;
    case UnicodeForm::kNfd:
      normalizer = icu::Normalizer2::getNFDInstance(status);
      break;
    case UnicodeForm::kNfkc:
      normalizer = icu::Normalizer2::getNFKCInstance(status);
      break;
    case UnicodeForm::kNfkd:
      normalizer = icu::Normalizer2::getNFKDInstance(status);
      break;
  }
  RINGMASTER_CHECK(U_SUCCESS(status) && normalizer != nullptr);  // ICU's own data.
  return *normalizer;
}

icu::StringPiece piece_of(std::string_view text) {
  return {text.data(), static_cast<std::int32_t>(text.size())};
}

}  // namespace

std::optional<UnicodeForm> unicode_form(std::string_view name) {
  if (name == "NFC") return UnicodeForm::kNfc;
  if (name == "NFD") return UnicodeForm::kNfd;
  if (name == "NFKC") return UnicodeForm::kNfkc;
  if (name == "NFKD") return UnicodeForm::kNfkd;
  return std::nullopt;
}

bool is_normalized(std::string_view text, UnicodeForm form) {
  UErrorCode status = U_ZERO_ERROR;
  return normalizer_of(form).isNormalizedUTF8(piece_of(text), status) != 0 && U_SUCCESS(status);
}

std::string normalized(std::string_view text, UnicodeForm form) {
  if (is_normalized(text, form)) return std::string(text);
  std::string result;
  icu::StringByteSink<std::string> sink(&result, static_cast<std::int32_t>(text.size()));
  UErrorCode status = U_ZERO_ERROR;
  normalizer_of(form).normalizeUTF8(0, piece_of(text), sink, nullptr, status);
  RINGMASTER_CHECK(U_SUCCESS(status));  // Fails only without memory.
  return result;
}

}  // namespace ringmaster
