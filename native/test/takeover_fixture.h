#ifndef SPILLWAY_TEST_TAKEOVER_FIXTURE_H_
#define SPILLWAY_TEST_TAKEOVER_FIXTURE_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

#include "kernel_file.h"
#include "takeover.h"
#include "test_victim.h"

namespace spillway::test {

// A plan of real processes whose kills are only noted, by a clock of its own.
class TakeoverTest : public testing::Test {
 protected:
  static constexpr int64_t kTakeover = 1'000'000'000;
  static constexpr int64_t kVictimTimeout = 60'000'000'000;
  static constexpr int64_t kLookAgain = 2'000'000;
  static constexpr int64_t kNever = Takeover::kNever;
  static constexpr SourceId kWatch = 16;

  TakeoverTest() { takeover_.set_watch(kWatch); }

  // Workers of these sizes, in rank order.
  void workers(std::initializer_list<uint64_t> sizes) {
    for (const uint64_t size : sizes) {
      workers_.push_back(std::make_unique<TestVictim>(size));
    }
  }
  void arm(int64_t takeover_ns = kTakeover) {
    Plan plan;
    for (const auto& worker : workers_) plan.ranked.push_back(worker->victim);
    plan.takeover_ns = takeover_ns;
    plan.victim_timeout_ns = kVictimTimeout;
    plan.sink = &sink_;
    takeover_.arm(std::move(plan), now_ns_);
  }

  // So much has to be freed.
  static Judgement short_by(uint64_t bytes, uint64_t mark = 1000) {
    Judgement judgement;
    judgement.shortness.known = true;
    judgement.shortness.is_short = true;
    judgement.shortness.bytes_to_free = bytes;
    judgement.shortness.mark = mark;
    return judgement;
  }
  void find_short() { takeover_.observe(true, now_ns_); }
  // A look at the deadline; true when it killed.
  bool act(uint64_t bytes_to_free = 100) {
    now_ns_ = std::max(now_ns_, takeover_.deadline_ns());
    takeover_.look_for_exits(now_ns_);
    takeover_.note_dying(now_ns_, buffer_);
    return takeover_.act(short_by(bytes_to_free), now_ns_, buffer_);
  }

  Victim& victim(size_t index) { return *workers_.at(index)->victim; }
  VictimId id(size_t index) { return victim(index).id(); }
  using Ids = std::vector<VictimId>;

  std::vector<std::unique_ptr<TestVictim>> workers_;
  FakeKill sink_;
  Takeover takeover_;
  int64_t now_ns_ = 1'000'000'000'000;
  std::array<char, kFileBufferBytes> buffer_;
};

}  // namespace spillway::test

#endif  // SPILLWAY_TEST_TAKEOVER_FIXTURE_H_
