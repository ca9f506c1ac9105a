// When a plan is carried out, and what JavaScript has to say.

#include <gtest/gtest.h>

#include "takeover.h"
#include "takeover_fixture.h"

namespace spillway {
namespace {

using test::TakeoverTest;

TEST_F(TakeoverTest, TimeRunsFromTheLookThatFindsItShort) {
  arm();
  EXPECT_EQ(takeover_.deadline_ns(), kNever);
  find_short();
  const int64_t deadline_ns = now_ns_ + kTakeover;
  EXPECT_EQ(takeover_.deadline_ns(), deadline_ns);
  EXPECT_FALSE(takeover_.due(deadline_ns - 1));
  EXPECT_TRUE(takeover_.due(deadline_ns));
  now_ns_ += 5;
  find_short();
  EXPECT_EQ(takeover_.deadline_ns(), deadline_ns);
  takeover_.observe(false, now_ns_);
  EXPECT_EQ(takeover_.deadline_ns(), kNever);
}

TEST_F(TakeoverTest, WithoutAPlanNoTimeRuns) {
  find_short();
  EXPECT_EQ(takeover_.deadline_ns(), kNever);
  takeover_.lease(now_ns_);
  EXPECT_EQ(takeover_.deadline_ns(), kNever);
  arm();
  EXPECT_EQ(takeover_.deadline_ns(), now_ns_ + kTakeover);
  takeover_.disarm();
  EXPECT_EQ(takeover_.deadline_ns(), kNever);
  find_short();
  EXPECT_EQ(takeover_.deadline_ns(), kNever);
}

TEST_F(TakeoverTest, WithoutTimeItIsDueAtOnce) {
  arm(0);
  find_short();
  EXPECT_TRUE(takeover_.due(now_ns_));
}

TEST_F(TakeoverTest, ArmingAnewKeepsTheTimeThatRuns) {
  arm();
  find_short();
  const int64_t deadline_ns = takeover_.deadline_ns();
  now_ns_ += 5;
  arm(7 * kTakeover);
  EXPECT_EQ(takeover_.deadline_ns(), deadline_ns);
  takeover_.lease(now_ns_);
  EXPECT_EQ(takeover_.deadline_ns(), now_ns_ + 7 * kTakeover);
}

TEST_F(TakeoverTest, LeaseAndReleaseBeginTheTimeAnewWhileShort) {
  arm();
  takeover_.lease(now_ns_);
  EXPECT_EQ(takeover_.deadline_ns(), kNever);
  find_short();
  now_ns_ += kTakeover - 1;
  EXPECT_EQ(takeover_.lease(now_ns_), 0U);
  EXPECT_EQ(takeover_.deadline_ns(), now_ns_ + kTakeover);
  now_ns_ += 5;
  takeover_.release(now_ns_);
  EXPECT_EQ(takeover_.deadline_ns(), now_ns_ + kTakeover);
  takeover_.observe(false, now_ns_);
  takeover_.release(now_ns_);
  EXPECT_EQ(takeover_.deadline_ns(), kNever);
}

TEST_F(TakeoverTest, LeaseTakesOverFromThePlanInMidRound) {
  workers({100, 100});
  arm();
  find_short();
  EXPECT_TRUE(act());
  EXPECT_EQ(takeover_.lease(now_ns_), 1U);
  EXPECT_FALSE(takeover_.due(now_ns_ + kLookAgain));
  EXPECT_TRUE(takeover_.due(now_ns_ + kTakeover));
}

TEST_F(TakeoverTest, JudgementThatCannotBeMadePutsItOff) {
  arm();
  find_short();
  takeover_.put_off(now_ns_);
  EXPECT_EQ(takeover_.deadline_ns(), now_ns_ + kTakeover);
  takeover_.disarm();
  arm(0);
  takeover_.put_off(now_ns_);
  EXPECT_EQ(takeover_.deadline_ns(), now_ns_ + kLookAgain);
}

TEST_F(TakeoverTest, JavaScriptClaimsUnlessThePlanHasKilledSince) {
  workers({100, 100});
  arm();
  find_short();
  const uint64_t epoch = takeover_.lease(now_ns_);
  EXPECT_TRUE(act());
  EXPECT_EQ(takeover_.claim(&victim(1), epoch, now_ns_), ClaimResult::kChanged);
  EXPECT_EQ(victim(1).claim().by, Victim::Claimant::kNobody);
  EXPECT_EQ(takeover_.claim(&victim(0), epoch + 1, now_ns_),
            ClaimResult::kTaken);
  now_ns_ += 7;
  EXPECT_EQ(takeover_.claim(&victim(1), epoch + 1, now_ns_),
            ClaimResult::kClaimed);
  EXPECT_EQ(takeover_.deadline_ns(), now_ns_ - 7 + kLookAgain)
      << "to see the end of the first";
  EXPECT_FALSE(takeover_.due(now_ns_ + kTakeover - 1));
  EXPECT_TRUE(takeover_.due(now_ns_ + kTakeover));
}

TEST_F(TakeoverTest, OneThatJavaScriptKillsIsAwaited) {
  workers({100, 100});
  arm();
  find_short();
  EXPECT_EQ(takeover_.claim(&victim(1), 0, now_ns_), ClaimResult::kClaimed);
  EXPECT_FALSE(act(150));
  EXPECT_TRUE(sink_.killed.empty());
  workers_[1]->end();
  EXPECT_TRUE(act(150));
  EXPECT_EQ(sink_.killed, Ids{id(0)});
  EXPECT_EQ(takeover_.take_kills(now_ns_)[0].dying_bytes, 100U);
}

}  // namespace
}  // namespace spillway
