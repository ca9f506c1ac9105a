#include "safety_rest.h"

#include <gtest/gtest.h>

namespace spillway {
namespace {

constexpr uint64_t kGib = uint64_t{1} << 30;

TEST(SafetyRestTest, NoneBeforeTheFirstLook) {
  SafetyRest rest;
  EXPECT_FALSE(rest.take(0));
}

TEST(SafetyRestTest, AsLongAsTheRoomCannotBeUsedUp) {
  SafetyRest rest;
  rest.after_look(4 * kGib);
  EXPECT_TRUE(rest.take(0));
  EXPECT_TRUE(rest.take(kGib));
  EXPECT_FALSE(rest.take(2 * kGib));
  EXPECT_FALSE(rest.take(kUnlimited / 2));
}

TEST(SafetyRestTest, NoneAfterALookThatFoundNoRoom) {
  SafetyRest rest;
  rest.after_look(4 * kGib);
  rest.after_look(0);
  EXPECT_FALSE(rest.take(0));
}

TEST(SafetyRestTest, EverySixteenthIsDone) {
  SafetyRest rest;
  for (int round = 0; round < 3; ++round) {
    rest.after_look(kUnlimited);
    for (int read = 0; read < 15; ++read) EXPECT_TRUE(rest.take(0)) << read;
    EXPECT_FALSE(rest.take(0));
    EXPECT_FALSE(rest.take(0)) << "until it is done";
  }
}

}  // namespace
}  // namespace spillway
