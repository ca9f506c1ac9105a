#include "reactor.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <csignal>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "child_process.h"
#include "clock.h"
#include "faults.h"
#include "fixture_directory.h"
#include "probe_source.h"
#include "reactor_fixture.h"
#include "real_cgroup.h"
#include "recording_sink.h"
#include "this_process.h"

namespace spillway {
namespace {

using test::kMillisecondNs;
using test::ReactorTest;

TEST_F(ReactorTest, ThousandStartsLeaveNothingBehind) {
  start();  // whatever the first one allocates for good
  reactor_.reset();
  const size_t fds = test::open_fds();
  const size_t threads = test::threads();
  for (int round = 0; round < 1000; ++round) {
    start();
    if (round % 4 == 0) add(file_probe());
    reactor_.reset();
  }
  EXPECT_EQ(test::open_fds(), fds);
  EXPECT_EQ(test::threads(), threads);
}

TEST_F(ReactorTest, StopsWithAnEventInFlight) {
  for (int round = 0; round < 200; ++round) {
    start();
    auto source = file_probe(kMillisecondNs);
    source->on_look = [](Cause, int64_t) { return true; };
    add(source);
    touch();
    reactor_.reset();
    const int looks = source->looks();
    touch();
    EXPECT_EQ(source->looks(), looks);
  }
}

TEST_F(ReactorTest, TakesThreeDescriptorsAndOneForOrdinaryFiles) {
  const size_t before = test::open_fds();
  start();
  EXPECT_EQ(test::open_fds(), before + 3);
  add(file_probe());
  add(file_probe());
  EXPECT_EQ(test::open_fds(), before + 4);
  reactor_.reset();
  EXPECT_EQ(test::open_fds(), before);
}

TEST_F(ReactorTest, ThreadIsNamedAndTakesNoSignals) {
  start();
  auto source = probe(kMillisecondNs);
  add(source);
  ASSERT_TRUE(source->wait_for_looks(1));
  const auto threads = test::threads_named("spillway");
  ASSERT_EQ(threads.size(), 1U);
  const std::string blocked = test::status_line(threads[0], "SigBlk");
  const uint64_t mask = std::stoull(blocked, nullptr, 16);
  for (const int signal : {SIGINT, SIGTERM, SIGCHLD, SIGUSR1, SIGPROF}) {
    EXPECT_NE(mask & (uint64_t{1} << (signal - 1)), 0U) << signal;
  }
  sigset_t own;
  pthread_sigmask(SIG_SETMASK, nullptr, &own);
  EXPECT_EQ(sigismember(&own, SIGTERM), 0) << "the starter keeps its mask";
}

// Each reactor began with the same ids: stopping an old watch twice removed
// one of the next reactor.
TEST_F(ReactorTest, IdsAreNotUsedAgainByTheNextReactor) {
  start();
  const SourceId old = add(probe());
  reactor_.reset();
  start();
  auto source = probe(kMillisecondNs);
  EXPECT_NE(add(source), old);
  reactor_->remove(old);
  EXPECT_TRUE(source->wait_for_looks(2));
}

TEST_F(ReactorTest, RemovedSourceLeavesNoWatchInTheKernel) {
  start();
  const SourceId id = add(file_probe());
  const SourceId other = add(file_probe());
  EXPECT_EQ(test::inotify_watches(), 1U) << "one file";
  reactor_->remove(id);
  EXPECT_EQ(test::inotify_watches(), 1U);
  reactor_->remove(other);
  EXPECT_EQ(test::inotify_watches(), 0U);
}

TEST_F(ReactorTest, IdleReactorSleeps) {
  start();
  auto source = file_probe();
  add(source);
  touch();
  ASSERT_TRUE(source->wait_for_looks(1));
  const auto idle = test::threads_named("spillway");
  ASSERT_EQ(idle.size(), 1U);
  // Another reactor's safety reads are the clock. The first ones let the idle
  // thread finish with the change above.
  const auto clock = Reactor::start(&sink_);
  auto ticks = probe(kMillisecondNs);
  ASSERT_EQ(failure_of(clock), nullptr);
  const auto& other = std::get<std::unique_ptr<Reactor>>(clock);
  ASSERT_EQ(failure_of(other->add(ticks)), nullptr);
  const auto switches = [&] {
    return test::status_line(idle[0], "voluntary_ctxt_switches");
  };
  ASSERT_TRUE(ticks->wait_for_looks(100));
  const std::string before = switches();
  ASSERT_FALSE(before.empty());
  ASSERT_TRUE(ticks->wait_for_looks(300));
  EXPECT_EQ(switches(), before);
}

// Several threads add and remove while a writer never rests. No source is
// looked at after its removal has returned, nor while it is removed.
TEST_F(ReactorTest, AddAndRemoveInAStorm) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 250;
  start();
  std::atomic<bool> done = false;
  std::atomic<int> late_looks = 0;
  std::thread writer([&] {
    while (!done) touch();
  });
  std::thread reader([&] {
    while (!done) reactor_->take_ready();
  });
  std::vector<std::thread> threads;
  for (int index = 0; index < kThreads; ++index) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        auto source = file_probe(kMillisecondNs);
        auto removed = std::make_shared<std::atomic<bool>>(false);
        source->on_look = [&late_looks, removed](Cause, int64_t) {
          std::this_thread::yield();
          if (*removed) ++late_looks;
          return true;
        };
        const SourceId id = add(source);
        if (round % 2 == 0) source->wait_for_looks(1);
        reactor_->remove(id);
        *removed = true;
        EXPECT_EQ(source.use_count(), 1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  done = true;
  writer.join();
  reader.join();
  EXPECT_EQ(late_looks, 0);
  EXPECT_TRUE(reactor_->take_ready().empty());
}

}  // namespace
}  // namespace spillway
