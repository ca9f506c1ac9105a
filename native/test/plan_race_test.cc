// JavaScript and the plan go for the same victims at the same time.
// SPILLWAY_TRIALS=full runs all rounds.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "kernel_file.h"
#include "takeover.h"
#include "test_victim.h"

namespace spillway {
namespace {

int rounds() {
  const char* trials = std::getenv("SPILLWAY_TRIALS");
  const bool full = trials != nullptr && std::string_view(trials) == "full";
  return full ? 10'000 : 200;
}

class CountingKill final : public KillSink {
 public:
  void kill(const std::shared_ptr<Victim>& victim) override {
    const std::lock_guard guard(mutex_);
    ++kills_[victim->id()];
  }
  std::map<VictimId, int> take() {
    const std::lock_guard guard(mutex_);
    return std::exchange(kills_, {});
  }

 private:
  std::mutex mutex_;
  std::map<VictimId, int> kills_;
};

// The victims are this process: only the fake kill may see them.
class PlanRaceTest : public testing::Test {
 protected:
  static constexpr size_t kVictims = 8;
  static constexpr int64_t kNowNs = 1'000'000;

  PlanRaceTest() { takeover_.set_watch(16); }

  void open_victims() {
    victims_.clear();
    for (size_t index = 0; index < kVictims; ++index) {
      victims_.push_back(leaf_.open());
      test::hold(victims_.back().get(), getpid());
    }
  }

  void arm() {
    Plan plan;
    plan.ranked = victims_;
    plan.sink = &sink_;  // without a victim timeout, nobody is awaited
    takeover_.arm(std::move(plan), kNowNs);
  }

  bool all_are_claimed() const {
    for (const auto& victim : victims_) {
      if (victim->claim().by == Victim::Claimant::kNobody) return false;
    }
    return true;
  }

  // Goes through the list as the reactor's thread does.
  void carry_out_plan() {
    std::array<char, kFileBufferBytes> buffer;
    Judgement judgement;
    judgement.shortness.is_short = true;
    judgement.shortness.bytes_to_free = 1000;
    while (!all_are_claimed()) {
      const std::lock_guard guard(reactor_lock_);
      takeover_.observe(true, kNowNs);
      takeover_.note_dying(kNowNs, buffer);
      takeover_.act(judgement, kNowNs, buffer);
    }
  }

  // Goes through it as JavaScript does, and arms anew in between.
  void relieve() {
    while (!all_are_claimed()) {
      uint64_t epoch = 0;
      {
        const std::lock_guard guard(reactor_lock_);
        epoch = takeover_.lease(kNowNs);
      }
      for (const auto& victim : victims_) {
        const std::lock_guard guard(reactor_lock_);
        const ClaimResult result = takeover_.claim(&*victim, epoch, kNowNs);
        if (result == ClaimResult::kClaimed) sink_.kill(victim);
        if (result != ClaimResult::kTaken) break;
      }
      const std::lock_guard guard(reactor_lock_);
      arm();
    }
  }

  // As killVictim() does, which knows nothing of the plan and its lock.
  void kill_last_first() {
    for (size_t index = kVictims; index-- > 0;) {
      if (victims_[index]->claim_for_javascript(kNowNs)) {
        sink_.kill(victims_[index]);
      }
    }
  }

  void expect_each_was_killed_once(const std::map<VictimId, int>& kills) const {
    ASSERT_EQ(kills.size(), kVictims);
    for (const auto& victim : victims_) {
      const auto found = kills.find(victim->id());
      ASSERT_NE(found, kills.end());
      ASSERT_EQ(found->second, 1);
    }
  }

  test::FixtureLeaf leaf_;
  CountingKill sink_;
  std::mutex reactor_lock_;
  Takeover takeover_;  // under the lock
  std::vector<std::shared_ptr<Victim>> victims_;
};

TEST_F(PlanRaceTest, EachVictimIsKilledOnceByPlanAndRound) {
  for (int round = 0; round < rounds(); ++round) {
    open_victims();
    arm();
    std::thread plan([this] { carry_out_plan(); });
    relieve();
    plan.join();
    expect_each_was_killed_once(sink_.take());
    if (HasFatalFailure()) return;
  }
}

TEST_F(PlanRaceTest, EachVictimIsKilledOnceWithoutTheLock) {
  for (int round = 0; round < rounds(); ++round) {
    open_victims();
    arm();
    std::thread plan([this] { carry_out_plan(); });
    kill_last_first();
    plan.join();
    expect_each_was_killed_once(sink_.take());
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace spillway
