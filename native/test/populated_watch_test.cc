#include "populated_watch.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>

#include "child_process.h"
#include "fake_registrar.h"
#include "faults.h"
#include "fixture_directory.h"
#include "kernel_file.h"
#include "probe_source.h"
#include "real_cgroup.h"
#include "recording_sink.h"

namespace spillway {
namespace {

using test::FakeRegistrar;
using test::FixtureDirectory;

class PopulatedWatchTest : public testing::Test {
 protected:
  void start(const char* text) {
    write(text);
    auto opened = PopulatedWatch::open(directory_.path(), 1);
    ASSERT_EQ(failure_of(opened), nullptr);
    watch_ = std::get<std::shared_ptr<PopulatedWatch>>(opened);
    ASSERT_EQ(watch_->attach(16, &registrar_), std::nullopt);
  }

  void write(const char* text) { directory_.write("cgroup.events", text); }

  bool look(Cause cause = Cause::kChange) {
    return watch_->look(cause, 1, buffer_);
  }

  FixtureDirectory directory_;
  FakeRegistrar registrar_;
  std::shared_ptr<PopulatedWatch> watch_;
  std::array<char, kFileBufferBytes> buffer_;
};

TEST_F(PopulatedWatchTest, KnowsTheStateFromTheStart) {
  start("populated 1\nfrozen 0\n");
  EXPECT_TRUE(watch_->take().populated);
  start("populated 0\nfrozen 0\n");
  EXPECT_FALSE(watch_->take().populated);
  EXPECT_FALSE(watch_->take().removed);
}

TEST_F(PopulatedWatchTest, TellsOfChangesOnly) {
  start("populated 0\nfrozen 0\n");
  EXPECT_FALSE(look());
  write("populated 1\nfrozen 0\n");
  EXPECT_TRUE(look());
  EXPECT_TRUE(watch_->take().populated);
  write("populated 1\nfrozen 1\n");
  EXPECT_FALSE(look());
  write("populated 0\nfrozen 1\n");
  EXPECT_TRUE(look(Cause::kSafetyRead));
  EXPECT_FALSE(watch_->take().populated);
}

TEST_F(PopulatedWatchTest, HalfWrittenFileIsNoChange) {
  start("populated 1\nfrozen 0\n");
  for (const char* text : {"", "popul", "populated 0"}) {
    write(text);
    EXPECT_FALSE(look());
    EXPECT_FALSE(look(Cause::kSafetyRead));
  }
  EXPECT_TRUE(watch_->take().populated);
  EXPECT_EQ(watch_->take().failure, std::nullopt);
}

// It was held to be empty, which is what a supervisor removes cgroups for.
TEST_F(PopulatedWatchTest, UnknownIsNotEmpty) {
  start("");
  EXPECT_TRUE(watch_->take().populated);
  write("populated 0\n");
  EXPECT_TRUE(look());
  EXPECT_FALSE(watch_->take().populated);
}

// Nonsense was ignored for ever, without a word.
TEST_F(PopulatedWatchTest, NonsenseIsAFailureToldOnce) {
  start("populated 1\n");
  write("nonsense\n");
  EXPECT_TRUE(look());
  EXPECT_FALSE(look());
  ASSERT_NE(watch_->take().failure, std::nullopt);
  EXPECT_EQ(watch_->take().failure->error, kBadContent);
  EXPECT_STREQ(watch_->take().failure->file, "cgroup.events");
  EXPECT_TRUE(watch_->take().populated) << "the last that is known";
}

// The recovery itself was told only when `populated` had changed too.
TEST_F(PopulatedWatchTest, RecoveryIsTold) {
  start("populated 1\n");
  const test::FaultOrder order(&test::faults.pread, 2, EIO);
  EXPECT_TRUE(look());
  EXPECT_EQ(watch_->take().failure->error, EIO);
  EXPECT_FALSE(look());
  EXPECT_TRUE(look());
  EXPECT_EQ(watch_->take().failure, std::nullopt);
}

// A change report came while the file was being made anew, and that was taken
// for the end of the cgroup.
TEST_F(PopulatedWatchTest, DeletedOrdinaryFileMayReturn) {
  start("populated 1\n");
  directory_.remove("cgroup.events");
  EXPECT_FALSE(look(Cause::kChange));
  write("populated 0\n");
  EXPECT_TRUE(look(Cause::kSafetyRead));
  EXPECT_FALSE(watch_->take().populated);
  EXPECT_FALSE(watch_->take().removed);
}

TEST_F(PopulatedWatchTest, DeletedOrdinaryFileIsRemovedAtTheSafetyRead) {
  start("populated 1\n");
  directory_.remove("cgroup.events");
  EXPECT_TRUE(look(Cause::kSafetyRead));
  EXPECT_TRUE(watch_->take().removed);
  EXPECT_FALSE(watch_->take().populated);
  write("populated 1\n");
  EXPECT_FALSE(look(Cause::kSafetyRead)) << "removed is for good";
}

// The removal at the start was kept and never told.
TEST_F(PopulatedWatchTest, CannotStartOnWhatIsGone) {
  write("populated 1\n");
  auto opened = PopulatedWatch::open(directory_.path(), 1);
  ASSERT_EQ(failure_of(opened), nullptr);
  directory_.remove("cgroup.events");
  const auto failure =
      std::get<std::shared_ptr<PopulatedWatch>>(opened)->attach(16,
                                                                &registrar_);
  ASSERT_NE(failure, std::nullopt);
  EXPECT_EQ(failure->error, ENODEV);
  EXPECT_STREQ(failure->file, "cgroup.events");
}

TEST_F(PopulatedWatchTest, MissingFileCannotBeOpened) {
  const auto opened = PopulatedWatch::open(directory_.path(), 1);
  ASSERT_NE(failure_of(opened), nullptr);
  EXPECT_EQ(failure_of(opened)->error, ENOENT);
}

TEST_F(PopulatedWatchTest, ReactorFailureIsReported) {
  start("populated 1\n");
  watch_->fail(Failure{EBADF, "epoll_wait"}, 1);
  EXPECT_EQ(watch_->take().failure->error, EBADF);
}

// The whole way on a real cgroup: a process comes, goes, and the cgroup is
// removed - which the kernel does not report, so the safety read finds it.
TEST(PopulatedWatchOnCgroup2, FollowsACgroupToItsEnd) {
  const test::ChildProcess child;
  test::RealCgroup cgroup;
  if (!cgroup.problem().empty()) GTEST_SKIP() << cgroup.problem();
  test::RecordingSink sink;
  auto started = Reactor::start(&sink);
  ASSERT_EQ(failure_of(started), nullptr);
  Reactor& reactor = *std::get<std::unique_ptr<Reactor>>(started);

  auto opened = PopulatedWatch::open(cgroup.path(), 20 * test::kMillisecondNs);
  ASSERT_EQ(failure_of(opened), nullptr);
  const auto watch = std::get<std::shared_ptr<PopulatedWatch>>(opened);
  ASSERT_EQ(failure_of(reactor.add(watch)), nullptr);
  {
    const auto guard = reactor.lock();
    EXPECT_FALSE(watch->take().populated);
  }

  if (!cgroup.write("cgroup.procs", std::to_string(child.pid()))) {
    GTEST_SKIP() << "may not move a process into " << cgroup.path();
  }
  EXPECT_TRUE(
      sink.take_until(&reactor, [&] { return watch->take().populated; }));
  child.signal(SIGKILL);
  EXPECT_TRUE(
      sink.take_until(&reactor, [&] { return !watch->take().populated; }));
  ASSERT_TRUE(cgroup.remove());
  EXPECT_TRUE(sink.take_until(&reactor, [&] { return watch->take().removed; }));
}

// The same without any help from the timer.
TEST(PopulatedWatchOnCgroup2, ChangesAreHeardWithoutTheTimer) {
  const test::ChildProcess child;
  test::RealCgroup cgroup;
  if (!cgroup.problem().empty()) GTEST_SKIP() << cgroup.problem();
  test::RecordingSink sink;
  auto started = Reactor::start(&sink);
  ASSERT_EQ(failure_of(started), nullptr);
  Reactor& reactor = *std::get<std::unique_ptr<Reactor>>(started);
  auto opened = PopulatedWatch::open(cgroup.path(), test::kHourNs);
  const auto watch = std::get<std::shared_ptr<PopulatedWatch>>(opened);
  ASSERT_EQ(failure_of(reactor.add(watch)), nullptr);

  if (!cgroup.write("cgroup.procs", std::to_string(child.pid()))) {
    GTEST_SKIP() << "may not move a process into " << cgroup.path();
  }
  EXPECT_TRUE(
      sink.take_until(&reactor, [&] { return watch->take().populated; }));
  child.signal(SIGKILL);
  EXPECT_TRUE(
      sink.take_until(&reactor, [&] { return !watch->take().populated; }));
}

}  // namespace
}  // namespace spillway
