#include "tokens/marked_text.h"

#include <algorithm>

#include "base/check.h"

namespace ringmaster {

MarkedText MarkedText::trusted(std::string_view bytes) {
  MarkedText text;
  text.append_trusted(bytes);
  return text;
}

MarkedText MarkedText::plain(std::string_view bytes) {
  MarkedText text;
  text.append_plain(bytes);
  return text;
}

bool MarkedText::touches_plain(std::size_t begin, std::size_t end) const {
  if (begin == end) return false;
  const auto range =
      std::lower_bound(plain_.begin(), plain_.end(), begin,
                       [](const ByteRange& r, std::size_t at) { return r.end <= at; });
  return range != plain_.end() && range->begin < end;
}

void MarkedText::append(const MarkedText& other) {
  const std::size_t offset = bytes_.size();
  bytes_ += other.bytes_;
  for (const ByteRange& range : other.plain_) mark(range.begin + offset, range.end + offset);
}

void MarkedText::append_plain(std::string_view bytes) {
  const std::size_t begin = bytes_.size();
  bytes_ += bytes;
  mark(begin, bytes_.size());
}

MarkedText MarkedText::slice(std::size_t begin, std::size_t end) const {
  RINGMASTER_CHECK(begin <= end && end <= bytes_.size());
  MarkedText result = trusted(std::string_view(bytes_).substr(begin, end - begin));
  auto range = std::lower_bound(plain_.begin(), plain_.end(), begin,
                                [](const ByteRange& r, std::size_t at) { return r.end <= at; });
  for (; range != plain_.end() && range->begin < end; ++range) {
    result.mark(std::max(range->begin, begin) - begin, std::min(range->end, end) - begin);
  }
  return result;
}

void MarkedText::mark(std::size_t begin, std::size_t end) {
  if (begin == end) return;
  if (!plain_.empty() && plain_.back().end == begin) {
    plain_.back().end = end;
  } else {
    plain_.push_back({begin, end});
  }
}

}  // namespace ringmaster
