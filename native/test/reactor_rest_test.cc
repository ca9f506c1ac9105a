// Timed looks that are left out because the machine has not given out enough
// memory.

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "reactor_fixture.h"

namespace spillway {
namespace {

using test::kMillisecondNs;

class ReactorRestTest : public test::ReactorTest {
 protected:
  static constexpr uint64_t kBefore = 1000;

  void given_out(uint64_t pages) {
    directory_.replace(
        "vmstat", "pgalloc_normal " + std::to_string(pages) + "\npgfree 1\n");
  }

  // As many as make it worth to look at the machine, or one less.
  void add_probes(size_t count) {
    start(directory_.path());
    for (size_t index = 0; index < count; ++index) {
      auto source = probe(kMillisecondNs);
      source->on_rest = [this](Cause cause, uint64_t bytes) {
        EXPECT_EQ(cause, Cause::kSafetyRead);
        EXPECT_EQ(bytes, grown_pages_ * static_cast<uint64_t>(getpagesize()));
        ++rests_;
        return resting_.load();
      };
      source->on_look = [this](Cause, int64_t) { return ++looks_, false; };
      add(source);
      probes_.push_back(source);
    }
  }

  // So many ticks of the same thread.
  void wait_for_ticks(int count) {
    auto clock = probe(kMillisecondNs);
    add(clock);
    ASSERT_TRUE(clock->wait_for_looks(count));
  }

  std::vector<std::shared_ptr<test::ProbeSource>> probes_;
  std::atomic<bool> resting_{true};
  std::atomic<uint64_t> grown_pages_{0};
  std::atomic<int> rests_{0};
  std::atomic<int> looks_{0};
};

constexpr auto kMany = static_cast<size_t>(Reactor::kManyLooks);

TEST_F(ReactorRestTest, ManySourcesAreAskedFromTheSecondTimeOn) {
  given_out(kBefore);
  add_probes(2 * kMany);
  wait_for_ticks(50);
  EXPECT_GT(rests_, 0);
  const int looks = looks_;
  wait_for_ticks(50);
  EXPECT_EQ(looks_, looks) << "all of them rest";
}

TEST_F(ReactorRestTest, FewSourcesAreLookedAtAndNotAsked) {
  given_out(kBefore);
  add_probes(kMany - 2);
  wait_for_ticks(50);
  EXPECT_EQ(rests_, 0);
  EXPECT_GT(looks_, 10 * static_cast<int>(kMany));
}

TEST_F(ReactorRestTest, WhoDeclinesIsLookedAt) {
  given_out(kBefore);
  resting_ = false;
  add_probes(2 * kMany);
  wait_for_ticks(50);
  EXPECT_GT(rests_, 0);
  EXPECT_GT(looks_, 10 * static_cast<int>(kMany));
}

TEST_F(ReactorRestTest, TellsWhatWasGivenOutSinceTheLook) {
  given_out(kBefore);
  add_probes(2 * kMany);
  wait_for_ticks(20);
  {
    const auto guard = reactor_->lock();
    grown_pages_ = 25;
    given_out(kBefore + 25);
  }
  const int rests = rests_;
  wait_for_ticks(20);
  EXPECT_GT(rests_, rests);
}

TEST_F(ReactorRestTest, NobodyRestsWhereTheMachineTellsNothing) {
  add_probes(2 * kMany);
  wait_for_ticks(50);
  EXPECT_EQ(rests_, 0);
  EXPECT_GT(looks_, 10 * static_cast<int>(kMany));
}

// 32 bits that have overflowed.
TEST_F(ReactorRestTest, NobodyRestsOnACountThatShrank) {
  given_out(kBefore);
  add_probes(2 * kMany);
  wait_for_ticks(20);
  int rests = 0;
  {
    const auto guard = reactor_->lock();
    given_out(kBefore - 1);
    rests = rests_;
    looks_ = 0;
    resting_ = false;
  }
  wait_for_ticks(2);
  EXPECT_GE(looks_, 1);
  // The next ones are asked again, by the new count.
  wait_for_ticks(20);
  EXPECT_GT(rests_, rests);
}

TEST_F(ReactorRestTest, ALookOutOfTurnIsNeverLeftOut) {
  given_out(kBefore);
  start(directory_.path());
  auto source = probe();
  source->on_rest = [](Cause, uint64_t) { return true; };
  const SourceId id = add(source);
  for (int count = 1; count <= 3; ++count) {
    reactor_->look_now(id);
    EXPECT_EQ(source->looks(), count);
  }
}

}  // namespace
}  // namespace spillway
