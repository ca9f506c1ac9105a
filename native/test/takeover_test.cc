// How an armed plan is carried out; takeover_lease_test.cc: what JavaScript
// does meanwhile.

#include "takeover.h"

#include <gtest/gtest.h>

#include <vector>

#include "takeover_fixture.h"

namespace spillway {
namespace {

using test::TakeoverTest;

TEST_F(TakeoverTest, KillsTheFirstAndLogsIt) {
  workers({100, 100});
  arm();
  find_short();
  const int64_t noticed_ns = now_ns_;
  EXPECT_TRUE(act(150));
  EXPECT_EQ(sink_.killed, Ids{id(0)});
  EXPECT_EQ(victim(0).claim().by, Victim::Claimant::kNative);
  EXPECT_EQ(victim(0).claim().watch, kWatch);
  EXPECT_EQ(takeover_.kill_count(), 1U);
  const auto kills = takeover_.take_kills(now_ns_);
  ASSERT_EQ(kills.size(), 1U);
  EXPECT_EQ(kills[0].victim, id(0));
  EXPECT_EQ(kills[0].noticed_ns, noticed_ns);
  EXPECT_EQ(kills[0].decided_ns, noticed_ns + kTakeover);
  EXPECT_GT(kills[0].signalled_ns, 0);
  EXPECT_EQ(kills[0].exited_ns, 0);
  EXPECT_EQ(kills[0].judgement.shortness.bytes_to_free, 150U);
  EXPECT_EQ(kills[0].dying_bytes, 0U);
  EXPECT_EQ(kills[0].freeable, 100U);
  EXPECT_EQ(takeover_.kill_count(), 0U);
  EXPECT_TRUE(takeover_.take_kills(now_ns_).empty());
}

TEST_F(TakeoverTest, WaitsForEachVictimToEnd) {
  workers({100, 100});
  arm();
  find_short();
  EXPECT_TRUE(act(150));
  for (int look = 0; look < 5; ++look) {
    EXPECT_EQ(takeover_.deadline_ns(), now_ns_ + kLookAgain);
    EXPECT_FALSE(act(150));
  }
  workers_[0]->end();
  EXPECT_TRUE(act(150)) << "its 100 bytes are dying, and do not cover 150";
  EXPECT_EQ(sink_.killed, (Ids{id(0), id(1)}));
  const auto kills = takeover_.take_kills(now_ns_);
  EXPECT_EQ(kills[1].dying_bytes, 100U);
  EXPECT_EQ(kills[0].exited_ns, kills[1].decided_ns);
}

TEST_F(TakeoverTest, WhatIsDyingMayBeEnough) {
  workers({100, 100});
  arm();
  find_short();
  EXPECT_TRUE(act(100));
  workers_[0]->end();
  EXPECT_FALSE(act(100));
  EXPECT_EQ(sink_.killed, Ids{id(0)}) << "all of it, so not once more";
  EXPECT_EQ(takeover_.deadline_ns(), now_ns_ + kLookAgain);
  workers_[0]->leaf.size(0);
  EXPECT_TRUE(act(100)) << "it has given back what it had";
}

TEST_F(TakeoverTest, EndedWithoutAKillIsDyingToo) {
  workers({100, 100});
  arm();
  find_short();
  workers_[0]->end();
  EXPECT_FALSE(act(100));
  now_ns_ += kVictimTimeout;
  EXPECT_TRUE(act(100)) << "whatever holds its memory does not let go";
  EXPECT_EQ(sink_.killed, (Ids{id(0), id(1)}));
}

// Its descendants lived, and grew: they counted as dying, though nobody had
// killed them, and then the next one died.
TEST_F(TakeoverTest, WhatIsLeftBehindIsKilledOnceAndAwaited) {
  workers({100, 100});
  arm();
  workers_[0]->end();
  EXPECT_EQ(victim(0).life(now_ns_), Victim::Life::kEnded);
  now_ns_ += 2 * kVictimTimeout;
  find_short();
  EXPECT_TRUE(sink_.killed.empty()) << "JavaScript has its time";
  EXPECT_FALSE(act(100));
  EXPECT_FALSE(act(100));
  EXPECT_EQ(sink_.killed, Ids{id(0)});
  EXPECT_EQ(victim(0).claim().by, Victim::Claimant::kNobody);
  EXPECT_EQ(takeover_.kill_count(), 0U) << "it was nobody's choice";
}

TEST_F(TakeoverTest, OneThatDoesNotDieIsPassedOverInTheEnd) {
  workers({100, 100});
  arm();
  find_short();
  EXPECT_TRUE(act());
  now_ns_ += kVictimTimeout - kLookAgain;
  EXPECT_FALSE(act());
  EXPECT_TRUE(act());
  EXPECT_EQ(sink_.killed, (Ids{id(0), id(1)}));
  EXPECT_EQ(takeover_.take_kills(now_ns_)[1].dying_bytes, 0U);
}

TEST_F(TakeoverTest, SmallOnesDieLast) {
  workers({9, 100});  // the minimum is 10
  arm();
  find_short();
  EXPECT_TRUE(act());
  EXPECT_EQ(sink_.killed, Ids{id(1)});
}

TEST_F(TakeoverTest, OneThatHasNotStartedIsNoVictim) {
  workers({100});
  const test::FixtureLeaf leaf;
  Plan plan;
  plan.ranked = {leaf.open(), workers_[0]->victim};
  plan.sink = &sink_;
  takeover_.arm(std::move(plan), now_ns_);
  find_short();
  EXPECT_TRUE(act());
  EXPECT_EQ(sink_.killed, Ids{id(0)});
}

TEST_F(TakeoverTest, WithNobodyItWaitsForTheNextLookThatFindsItShort) {
  workers({100});
  workers_[0]->end();
  workers_[0]->leaf.size(0);
  arm();
  find_short();
  EXPECT_FALSE(act());
  EXPECT_EQ(takeover_.deadline_ns(), kNever);
  find_short();
  EXPECT_EQ(takeover_.deadline_ns(), now_ns_ + kTakeover);
}

TEST_F(TakeoverTest, AnotherPlanIsTriedAfterOneThatHadNobody) {
  arm();
  find_short();
  EXPECT_FALSE(act());
  EXPECT_EQ(takeover_.deadline_ns(), kNever);
  workers({100});
  arm();
  EXPECT_EQ(takeover_.deadline_ns(), now_ns_ + kTakeover);
  EXPECT_TRUE(act());
}

TEST_F(TakeoverTest, PlanThatIsArmedAnewKillsNobodyTwice) {
  workers({100, 100, 100});
  arm();
  find_short();
  for (int look = 0; look < 20; ++look) {
    act(1000);
    arm();
    if (look % 2 == 1) workers_[0]->leaf.size(0);
  }
  EXPECT_EQ(sink_.killed, Ids{id(0)}) << "and it is awaited";
}

TEST_F(TakeoverTest, TwoPlansKillNobodyTwice) {
  workers({100, 100});
  arm();
  find_short();
  Takeover other;
  other.set_watch(kWatch + 1);
  Plan plan;
  plan.ranked = {workers_[0]->victim, workers_[1]->victim};
  plan.victim_timeout_ns = kVictimTimeout;
  plan.sink = &sink_;
  other.arm(std::move(plan), now_ns_);
  other.observe(true, now_ns_);
  EXPECT_TRUE(act());
  other.note_dying(now_ns_, buffer_);
  EXPECT_FALSE(other.act(short_by(100), now_ns_, buffer_));
  workers_[0]->end();
  EXPECT_TRUE(other.note_dying(now_ns_, buffer_));
  EXPECT_TRUE(other.act(short_by(200), now_ns_, buffer_));
  EXPECT_EQ(sink_.killed, (Ids{id(0), id(1)}));
}

// Its memory was in the judgement, and was gone when its end was asked for: the
// next one died for it.
TEST_F(TakeoverTest, OneThatEndsAfterTheJudgementCostsNobodyElse) {
  workers({100, 100});
  arm();
  find_short();
  EXPECT_TRUE(act());
  EXPECT_FALSE(takeover_.note_dying(now_ns_, buffer_)) << "it is waited for";
  const Judgement before = short_by(100);
  workers_[0]->end();
  workers_[0]->leaf.size(0);
  EXPECT_FALSE(takeover_.act(before, now_ns_, buffer_));
  EXPECT_TRUE(takeover_.note_dying(now_ns_, buffer_)) << "to be judged anew";
  EXPECT_EQ(sink_.killed, Ids{id(0)});
}

// The kernel had unmapped what its descendants held, and not given it back yet:
// it was in the judgement and not in what is dying, and the next one died.
TEST_F(TakeoverTest, WhatIsUnmappedAndNotGivenBackYetCostsNobodyElse) {
  workers({100, 100});
  arm();
  find_short();
  EXPECT_TRUE(act());
  workers_[0]->end();
  const test::FixtureDirectory& leaf = workers_[0]->leaf.directory();
  leaf.write("memory.current", std::to_string(charged_ahead() + 200) + "\n");
  leaf.write("memory.stat", "anon 10\nfile 5\nkernel 5\n");
  EXPECT_FALSE(act(190));
  EXPECT_EQ(sink_.killed, Ids{id(0)});
  EXPECT_TRUE(act(191)) << "and that is not enough";
}

TEST_F(TakeoverTest, OneThatIsForgottenIsLetGo) {
  workers({100, 100});
  arm();
  find_short();
  EXPECT_TRUE(act(1000));
  takeover_.forget(id(0));
  EXPECT_EQ(workers_[0]->victim.use_count(), 1);
  EXPECT_TRUE(act(1000));
  const auto kills = takeover_.take_kills(now_ns_);
  ASSERT_EQ(kills.size(), 2U);
  EXPECT_EQ(kills[0].victim, id(0));
  EXPECT_EQ(kills[0].exited_ns, 0);
}

TEST_F(TakeoverTest, EndIsLookedForAfterTheShortage) {
  workers({100});
  arm();
  find_short();
  EXPECT_TRUE(act());
  takeover_.observe(false, now_ns_);
  EXPECT_EQ(takeover_.deadline_ns(), now_ns_ + kLookAgain);
  EXPECT_FALSE(takeover_.due(now_ns_ + kLookAgain)) << "nobody else is killed";
  workers_[0]->end();
  now_ns_ += kLookAgain;
  takeover_.look_for_exits(now_ns_);
  EXPECT_EQ(takeover_.deadline_ns(), kNever);
  EXPECT_EQ(takeover_.take_kills(now_ns_ + 5)[0].exited_ns, now_ns_);
}

TEST_F(TakeoverTest, EndIsLookedForNoLongerThanTheVictimMayTake) {
  workers({100});
  arm();
  find_short();
  EXPECT_TRUE(act());
  takeover_.observe(false, now_ns_);
  takeover_.look_for_exits(now_ns_ + kVictimTimeout);
  EXPECT_EQ(takeover_.deadline_ns(), kNever);
}

}  // namespace
}  // namespace spillway
