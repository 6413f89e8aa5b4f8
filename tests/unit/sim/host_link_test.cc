#include "sim/host_link.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace ringmaster::sim {
namespace {

using std::chrono::milliseconds;

PrefixChain chain_of(std::uint64_t name, std::uint64_t blocks) {
  PrefixChain chain;
  for (std::uint64_t i = 0; i < blocks; ++i) chain.push_back({.low = mix64(name * 1000 + i)});
  return chain;
}

TimePoint at(int ms) {
  return TimePoint(milliseconds(ms));
}

TEST(HostLink, HasWhatWasCopiedAheadOnceItsTimeIsOver) {
  HostLink link(milliseconds(10));
  const PrefixChain chain = chain_of(1, 4);
  link.copy_ahead(1, chain[1], 3, at(100));
  EXPECT_EQ(link.until_ready(chain, at(100)), milliseconds(30));
  EXPECT_EQ(link.until_ready(chain, at(125)), milliseconds(5));
  EXPECT_EQ(link.until_ready(chain, at(140)), Duration(0));
}

TEST(HostLink, LetsOnlyThoseWaitThatReadWhatIsBeingCopied) {
  HostLink link(milliseconds(10));
  const PrefixChain chain = chain_of(1, 4);
  link.copy_ahead(2, chain[2], 2, at(0));
  EXPECT_EQ(link.until_ready(chain_of(2, 4), at(0)), Duration(0));
  EXPECT_EQ(link.until_ready(chain_of(1, 2), at(0)), Duration(0));  // Ends before it.
  EXPECT_EQ(link.until_ready(chain_of(1, 3), at(0)), milliseconds(20));
}

TEST(HostLink, MakesOneCopyAtATime) {
  HostLink link(milliseconds(10));
  const PrefixChain first = chain_of(1, 2);
  const PrefixChain second = chain_of(2, 2);
  link.copy_ahead(0, first[0], 2, at(0));
  link.copy_ahead(0, second[0], 2, at(5));
  EXPECT_EQ(link.until_ready(second, at(5)), milliseconds(35));
}

TEST(HostLink, PutsWhatAStepNeedsBeforeWhatWasOrdered) {
  HostLink link(milliseconds(10));
  const PrefixChain chain = chain_of(1, 2);
  link.copy_ahead(0, chain[0], 2, at(0));
  EXPECT_EQ(link.copy_first(3, at(5)), milliseconds(30));
  EXPECT_EQ(link.until_ready(chain, at(5)), milliseconds(45));
}

}  // namespace
}  // namespace ringmaster::sim
