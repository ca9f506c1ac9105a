#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "child_process.h"
#include "fake_registrar.h"
#include "faults.h"
#include "fixture_directory.h"
#include "kernel_file.h"
#include "memory_watch.h"
#include "memory_watch_fixture.h"
#include "probe_source.h"
#include "real_cgroup.h"
#include "recording_sink.h"
#include "this_process.h"

namespace spillway {
namespace {

using test::MemoryWatchTest;

// The whole way through a real reactor: each growth of a fixture file.
TEST_F(MemoryWatchTest, ReactorHearsEachGrowth) {
  usage(990);
  test::RecordingSink sink;
  auto started = Reactor::start(&sink);
  ASSERT_EQ(failure_of(started), nullptr);
  Reactor& reactor = *std::get<std::unique_ptr<Reactor>>(started);
  MemoryWatchOptions options;
  options.directory = directory_.path();
  options.safety_read_ns = test::kHourNs;
  auto opened = MemoryWatch::open(options);
  const auto watch = std::get<std::shared_ptr<MemoryWatch>>(opened);
  ASSERT_EQ(failure_of(reactor.add(watch)), nullptr);
  uint64_t heard = 0;
  for (uint64_t high = 1; high <= 50; ++high) {
    // In turn the careless way and that of one write.
    if (high % 2 == 0) {
      events({.high = high});
    } else {
      std::fstream(directory_.path("memory.events"),
                   std::ios::in | std::ios::out)
          << text_of({.high = high});
    }
    ASSERT_TRUE(sink.take_until(&reactor, [&] {
      const MemoryReport report = watch->take();
      heard += report.delta[kHigh];
      return report.counters[kHigh] == high;
    }));
  }
  EXPECT_EQ(heard, 50U);
}

// What the owner of a cgroup asks for before removing it.
TEST_F(MemoryWatchTest, LookNowHearsWhatNobodyReported) {
  usage(990);
  test::RecordingSink sink;
  auto started = Reactor::start(&sink);
  ASSERT_EQ(failure_of(started), nullptr);
  Reactor& reactor = *std::get<std::unique_ptr<Reactor>>(started);
  MemoryWatchOptions options;
  options.directory = directory_.path();
  options.safety_read_ns = test::kHourNs;
  auto opened = MemoryWatch::open(options);
  const auto watch = std::get<std::shared_ptr<MemoryWatch>>(opened);
  const Result<SourceId> id = reactor.add(watch);
  ASSERT_EQ(failure_of(id), nullptr);
  reactor.look_now(std::get<SourceId>(id));
  EXPECT_EQ(sink.pokes(), 1);
  EXPECT_TRUE(watch->take().shortness.is_short);
}

// Needs the memory controller on cgroup v2: the lab has it.
class MemoryWatchOnCgroup2 : public testing::Test {
 protected:
  void SetUp() override {
    if (!cgroup_.problem().empty()) GTEST_SKIP() << cgroup_.problem();
    if (!cgroup_.has_memory()) {
      GTEST_SKIP() << "no memory controller on cgroup v2";
    }
    auto started = Reactor::start(&sink_);
    ASSERT_EQ(failure_of(started), nullptr);
    reactor_ = std::move(std::get<std::unique_ptr<Reactor>>(started));
    MemoryWatchOptions options;
    options.directory = cgroup_.path();
    options.safety_read_ns = 50 * test::kMillisecondNs;
    auto opened = MemoryWatch::open(options);
    ASSERT_EQ(failure_of(opened), nullptr);
    watch_ = std::get<std::shared_ptr<MemoryWatch>>(opened);
    ASSERT_EQ(failure_of(reactor_->add(watch_)), nullptr);
  }

  bool hear(const std::function<bool(const MemoryReport&)>& wanted) {
    return sink_.take_until(reactor_.get(),
                            [&] { return wanted(watch_->take()); });
  }

  // Lets the child go on once it stands in the cgroup.
  void admit(const test::ChildProcess& child) {
    ASSERT_TRUE(child.wait_for_stop());
    ASSERT_TRUE(cgroup_.write("cgroup.procs", std::to_string(child.pid())));
    child.signal(SIGCONT);
  }

  // A child that waits for SIGCONT, then takes memory and keeps it.
  static int hog() {
    raise(SIGSTOP);
    constexpr size_t kBytes = size_t{64} << 20;
    auto* memory = static_cast<volatile char*>(std::malloc(kBytes));
    for (size_t at = 0; at < kBytes; at += 4096) memory[at] = 1;
    for (;;) pause();
  }

  static int bystander() {
    raise(SIGSTOP);
    for (;;) pause();
  }

  test::ChildProcess hog_{hog};
  test::ChildProcess bystander_{bystander};
  test::RealCgroup cgroup_;
  test::RecordingSink sink_;
  std::unique_ptr<Reactor> reactor_;
  std::shared_ptr<MemoryWatch> watch_;
};

TEST_F(MemoryWatchOnCgroup2, HearsAShortageAndItsEnd) {
  ASSERT_TRUE(cgroup_.write("memory.high", std::to_string(32 << 20)));
  cgroup_.write("memory.swap.max", "0");
  admit(hog_);
  EXPECT_TRUE(hear([](const MemoryReport& report) {
    return report.breach && report.shortness.is_short &&
           report.counters[kHigh] > 0;
  }));
  ASSERT_TRUE(cgroup_.write("memory.high", "max"));
  EXPECT_TRUE(hear([](const MemoryReport& report) {
    return report.shortness.known && !report.shortness.is_short;
  }));
  hog_.signal(SIGKILL);
  ASSERT_TRUE(cgroup_.remove());
  EXPECT_TRUE(hear([](const MemoryReport& report) { return report.removed; }));
}

TEST_F(MemoryWatchOnCgroup2, RemovalIsExactAfterTheLastProcessWasSeenToLeave) {
  admit(bystander_);
  bystander_.signal(SIGKILL);
  bystander_.reap();
  // Both safety reads pass with an empty cgroup.
  auto clock = std::make_shared<test::ProbeSource>(50 * test::kMillisecondNs);
  ASSERT_EQ(failure_of(reactor_->add(clock)), nullptr);
  ASSERT_TRUE(clock->wait_for_looks(3));
  ASSERT_TRUE(cgroup_.remove());
  EXPECT_TRUE(hear([](const MemoryReport& report) {
    EXPECT_TRUE(!report.removed || report.exact);
    return report.removed;
  }));
}

}  // namespace
}  // namespace spillway
