// On this machine's own pressure files, where they may be written: real stalls
// are made on the kernels of the lab.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <variant>

#include "pressure_watch.h"
#include "probe_source.h"
#include "reactor_fixture.h"
#include "real_cgroup.h"
#include "recording_sink.h"

namespace spillway {
namespace {

using test::kHourNs;
using test::kMillisecondNs;

class PressureWatchReactorTest : public test::ReactorTest {
 protected:
  PressureWatchReactorTest() { start(); }

  // Null, with the reason in problem_, where this machine has none.
  std::shared_ptr<PressureWatch> open(const std::string& file,
                                      int64_t safety_read_ns) {
    PressureWatchOptions options;
    options.file = file;
    // A stall of the whole window, so that this machine's own do not count.
    options.trigger = {Stall::kFull, 2'000'000, 2'000'000};
    options.safety_read_ns = safety_read_ns;
    auto opened = PressureWatch::open(options);
    if (const Failure* failure = failure_of(opened)) {
      problem_ = file + ": errno " + std::to_string(failure->error);
      return nullptr;
    }
    return std::get<std::shared_ptr<PressureWatch>>(opened);
  }

  std::string problem_;
};

TEST_F(PressureWatchReactorTest, WithoutStallsTheHostTellsNothing) {
  const auto watch = open("/proc/pressure/memory", kMillisecondNs);
  if (watch == nullptr) GTEST_SKIP() << problem_;
  const auto metronome = probe(kMillisecondNs);
  ASSERT_EQ(failure_of(reactor_->add(watch)), nullptr);
  add(metronome);
  ASSERT_TRUE(metronome->wait_for_looks(50));
  const auto guard = reactor_->lock();
  const PressureReport report = watch->take();
  EXPECT_FALSE(report.breach);
  EXPECT_FALSE(report.removed);
  EXPECT_EQ(report.failure, std::nullopt);
}

TEST_F(PressureWatchReactorTest, AFixtureFileCannotBeWaitedFor) {
  directory_.write("memory.pressure", "some total=0\nfull total=0\n");
  const auto watch = open(directory_.path("memory.pressure"), kHourNs);
  ASSERT_NE(watch, nullptr);
  const auto id = reactor_->add(watch);
  ASSERT_NE(failure_of(id), nullptr);
  EXPECT_EQ(failure_of(id)->error, EPERM);
  EXPECT_STREQ(failure_of(id)->call, "epoll_ctl");
}

// The kernel wakes the waiters of a trigger when its cgroup goes.
TEST_F(PressureWatchReactorTest, RemovalIsHeardWithoutTheTimer) {
  test::RealCgroup cgroup;
  if (!cgroup.problem().empty()) GTEST_SKIP() << cgroup.problem();
  const auto watch = open(cgroup.path() + "/memory.pressure", kHourNs);
  if (watch == nullptr) GTEST_SKIP() << problem_;
  ASSERT_EQ(failure_of(reactor_->add(watch)), nullptr);
  ASSERT_TRUE(cgroup.remove());
  EXPECT_TRUE(
      sink_.take_until(reactor_.get(), [&] { return watch->take().removed; }));
}

TEST_F(PressureWatchReactorTest, RemovalIsFoundByTheSafetyRead) {
  test::RealCgroup cgroup;
  if (!cgroup.problem().empty()) GTEST_SKIP() << cgroup.problem();
  const auto watch = open(cgroup.path() + "/memory.pressure", kHourNs);
  if (watch == nullptr) GTEST_SKIP() << problem_;
  ASSERT_TRUE(cgroup.remove());
  std::array<char, kFileBufferBytes> buffer;
  EXPECT_TRUE(watch->look(Cause::kSafetyRead, 1, buffer));
  EXPECT_TRUE(watch->take().removed);
}

// Writing 0 to cgroup.pressure takes the file away with its triggers.
TEST_F(PressureWatchReactorTest, AccountingSwitchedOffIsHeardAsRemoval) {
  test::RealCgroup cgroup;
  if (!cgroup.problem().empty()) GTEST_SKIP() << cgroup.problem();
  const auto watch = open(cgroup.path() + "/memory.pressure", kHourNs);
  if (watch == nullptr) GTEST_SKIP() << problem_;
  ASSERT_EQ(failure_of(reactor_->add(watch)), nullptr);
  if (!cgroup.write("cgroup.pressure", "0")) {
    GTEST_SKIP() << "cgroup.pressure cannot be written";
  }
  EXPECT_TRUE(
      sink_.take_until(reactor_.get(), [&] { return watch->take().removed; }));
}

}  // namespace
}  // namespace spillway
