#include "scheduler/request_table.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/check.h"

namespace ringmaster {
namespace {

constexpr std::size_t kSlotsAtFirst = 256;

unsigned shift_for(std::size_t slots) {
  return 64U - static_cast<unsigned>(std::countr_zero(slots));
}

}  // namespace

RequestTable::RequestTable() : slots_(kSlotsAtFirst, kEmpty), shift_(shift_for(kSlotsAtFirst)) {}

std::size_t RequestTable::home_of(RequestId id) const {
  return static_cast<std::size_t>((id.value * 0x9e3779b97f4a7c15ULL) >> shift_);
}

std::size_t RequestTable::slot_of(RequestId id) const {
  std::size_t i = home_of(id);
  while (slots_[i] != kEmpty && records_[slots_[i]].spec.id != id)
    i = (i + 1) & (slots_.size() - 1);
  return i;
}

RequestRecord* RequestTable::find(RequestId id) {
  const std::uint32_t index = slots_[slot_of(id)];
  return index == kEmpty ? nullptr : &records_[index];
}

RequestRecord& RequestTable::insert(RequestSpec spec) {
  const std::size_t slot = slot_of(spec.id);
  RINGMASTER_CHECK(slots_[slot] == kEmpty);
  std::uint32_t index = 0;
  if (free_.empty()) {
    index = static_cast<std::uint32_t>(records_.size());
    records_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  RequestRecord& record = records_[index];
  record = {};
  record.spec = std::move(spec);
  record.index = index;
  record.is_live = true;
  slots_[slot] = index;
  if (++size_ > slots_.size() / 2) grow();
  return record;
}

void RequestTable::erase(RequestRecord& record) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t hole = slot_of(record.spec.id);
  RINGMASTER_CHECK(slots_[hole] == record.index);
  for (std::size_t i = (hole + 1) & mask; slots_[i] != kEmpty; i = (i + 1) & mask) {
    const std::size_t from_home = (i - home_of(records_[slots_[i]].spec.id)) & mask;
    if (from_home >= ((i - hole) & mask)) slots_[std::exchange(hole, i)] = slots_[i];
  }
  slots_[hole] = kEmpty;
  record.is_live = false;
  record.spec.chain = {};
  free_.push_back(record.index);
  --size_;
}

void RequestTable::grow() {
  std::vector<std::uint32_t> before(slots_.size() * 2, kEmpty);
  before.swap(slots_);
  shift_ = shift_for(slots_.size());
  for (const std::uint32_t index : before) {
    if (index != kEmpty) slots_[slot_of(records_[index].spec.id)] = index;
  }
}

void RequestTable::sort_by_id(std::vector<std::uint32_t>& indices) const {
  std::ranges::sort(indices, {}, [this](std::uint32_t index) { return records_[index].spec.id; });
}

}  // namespace ringmaster
