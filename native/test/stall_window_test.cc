#include "stall_window.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace spillway {
namespace {

constexpr int64_t kMs = 1'000'000;

TEST(StallWindow, TheFirstLookTellsNothing) {
  StallWindow window(1'000'000);
  EXPECT_EQ(window.observe(0, 5'000'000), 0u);
}

TEST(StallWindow, TellsTheGrowthWithinTheWindow) {
  StallWindow window(1'000'000);
  window.observe(0, 100);
  EXPECT_EQ(window.observe(500 * kMs, 400), 300u);
  EXPECT_EQ(window.observe(1000 * kMs, 450), 350u) << "just within";
  EXPECT_EQ(window.observe(1001 * kMs, 450), 50u) << "since the second";
  EXPECT_EQ(window.observe(5000 * kMs, 900), 0u) << "nothing is that young";
}

// However often it looks, what it keeps covers a window.
TEST(StallWindow, FrequentLooksLoseNothing) {
  StallWindow window(1'000'000);
  for (int64_t at_ms = 0; at_ms <= 3000; ++at_ms) {
    const uint64_t grown =
        window.observe(at_ms * kMs, static_cast<uint64_t>(at_ms) * 100);
    EXPECT_LE(grown, 100'000u) << at_ms;
    if (at_ms <= 1000) continue;
    EXPECT_GE(grown, 87'400u) << at_ms;
  }
}

TEST(StallWindow, AFallingTotalIsNoGrowth) {
  StallWindow window(1'000'000);
  window.observe(0, 1000);
  EXPECT_EQ(window.observe(200 * kMs, 10), 0u);
  EXPECT_EQ(window.observe(400 * kMs, 30), 20u);
}

}  // namespace
}  // namespace spillway
