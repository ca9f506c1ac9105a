#include "killer.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "recording_sink.h"
#include "seccomp_filter.h"
#include "test_victim.h"
#include "this_process.h"
#include "victim_queue.h"

namespace spillway {
namespace {

using test::FixtureLeaf;
using test::TestVictim;

// Looks every millisecond.
bool wait_until(const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + test::kGenerously;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

std::unique_ptr<Killer> start_killer(Killer::Reap reap) {
  auto started = Killer::start(std::move(reap));
  EXPECT_EQ(failure_of(started), nullptr);
  return std::move(std::get<std::unique_ptr<Killer>>(started));
}

void reap_nothing(const Victim& /*victim*/) {}

// Stands in the way of the reaper until it is opened.
class Gate {
 public:
  void pass() {
    std::unique_lock guard(mutex_);
    ++arrived_;
    changed_.notify_all();
    changed_.wait(guard, [this] { return open_; });
  }
  bool wait_for_arrivals(int count) {
    std::unique_lock guard(mutex_);
    return changed_.wait_for(guard, test::kGenerously,
                             [&] { return arrived_ >= count; });
  }
  void open() {
    const std::lock_guard guard(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  int arrived() {
    const std::lock_guard guard(mutex_);
    return arrived_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int arrived_ = 0;
  bool open_ = false;
};

TEST(KillerTest, SignalsAtOnceThenKillsTheLeaf) {
  TestVictim worker;
  auto started = Killer::start();
  ASSERT_EQ(failure_of(started), nullptr);
  auto& killer = std::get<std::unique_ptr<Killer>>(started);
  killer->reserve(1);
  killer->kill(worker.victim);
  const int status = worker.child.reap();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  EXPECT_TRUE(wait_until([&] { return worker.leaf.written() == "1"; }));
  killer->kill(worker.victim);
  EXPECT_TRUE(wait_until([&] { return worker.leaf.written() == "11"; }));
}

TEST(KillerTest, KillsTheLeafOfOneThatHasNotStarted) {
  const FixtureLeaf leaf;
  const auto killer = start_killer(reap_nothing);
  killer->kill(leaf.open());
  EXPECT_TRUE(wait_until([&] { return leaf.written() == "1"; }));
}

TEST(KillerTest, ReapsAfterTheLeafWasKilled) {
  const FixtureLeaf leaf;
  std::string written_before;
  auto killer = start_killer(
      [&](const Victim& /*victim*/) { written_before = leaf.written(); });
  killer->kill(leaf.open());
  killer.reset();
  EXPECT_EQ(written_before, "1");
}

TEST(KillerTest, KillsWithoutWhatAFilterWouldEndTheProcessFor) {
  constexpr uint32_t kProcessMrelease = 448;
  const TestVictim worker;
  std::thread([&worker] {
    test::filter_call(kProcessMrelease);
    const auto started = Killer::start();
    ASSERT_EQ(failure_of(started), nullptr);
    std::get<std::unique_ptr<Killer>>(started)->kill(worker.victim);
  }).join();
  EXPECT_EQ(worker.leaf.written(), "1");
}

TEST(KillerTest, EndFinishesWhatIsQueued) {
  const FixtureLeaf leaf;
  for (int round = 0; round < 50; ++round) {
    leaf.directory().write("cgroup.kill", "");
    const auto victim = leaf.open();
    start_killer(reap_nothing)->kill(victim);
    EXPECT_EQ(leaf.written(), "1");
    EXPECT_EQ(victim.use_count(), 1);
  }
}

TEST(KillerTest, ThreadsTakeNoSignalsAndEnd) {
  auto killer = start_killer(reap_nothing);
  for (const std::string name : {"spillway-kill", "spillway-reap"}) {
    ASSERT_TRUE(
        wait_until([&] { return test::threads_named(name).size() == 1; }));
    const std::string status = test::threads_named(name)[0];
    const uint64_t mask =
        std::stoull(test::status_line(status, "SigBlk"), nullptr, 16);
    for (const int signal : {SIGINT, SIGTERM, SIGCHLD, SIGUSR1, SIGPROF}) {
      EXPECT_NE(mask & (uint64_t{1} << (signal - 1)), 0U) << name << signal;
    }
  }
  killer.reset();
  for (const std::string name : {"spillway-kill", "spillway-reap"}) {
    EXPECT_TRUE(wait_until([&] { return test::threads_named(name).empty(); }));
  }
}

TEST(KillerTest, EndDoesNotWaitForAReaperThatIsStuck) {
  const FixtureLeaf leaf;
  const auto victim = leaf.open();
  const auto gate = std::make_shared<Gate>();
  auto killer =
      start_killer([gate](const Victim& /*victim*/) { gate->pass(); });
  killer->kill(victim);
  ASSERT_TRUE(gate->wait_for_arrivals(1));
  killer->kill(victim);
  ASSERT_TRUE(wait_until([&] { return leaf.written() == "11"; }));
  killer.reset();
  EXPECT_GT(victim.use_count(), 1) << "the reaper has gone on alone";
  gate->open();
  EXPECT_TRUE(wait_until([&] { return victim.use_count() == 1; }));
  EXPECT_EQ(gate->arrived(), 2);
  EXPECT_TRUE(
      wait_until([&] { return test::threads_named("spillway-reap").empty(); }));
}

TEST(KillerTest, OneThatWaitsForTheReaperIsNotQueuedTwice) {
  const FixtureLeaf leaf;
  const auto victim = leaf.open();
  Gate gate;
  auto killer = start_killer([&](const Victim& /*victim*/) { gate.pass(); });
  killer->kill(victim);
  ASSERT_TRUE(gate.wait_for_arrivals(1));
  for (size_t times = 2; times <= 5; ++times) {
    killer->kill(victim);
    ASSERT_TRUE(
        wait_until([&] { return leaf.written() == std::string(times, '1'); }));
  }
  gate.open();
  killer.reset();
  EXPECT_EQ(gate.arrived(), 2);
}

TEST(VictimQueueTest, HandsOverInOrderAndEachOnce) {
  const FixtureLeaf leaf;
  const auto first = leaf.open();
  const auto second = leaf.open();
  VictimQueue queue;
  queue.push(first);
  queue.push(second);
  queue.push(first);
  EXPECT_EQ(queue.pop(), first);
  queue.push(first);
  EXPECT_EQ(queue.pop(), second);
  queue.close();
  EXPECT_EQ(queue.pop(), first);
  EXPECT_EQ(queue.pop(), nullptr);
}

}  // namespace
}  // namespace spillway
