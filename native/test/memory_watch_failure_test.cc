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

using test::FaultOrder;
using test::faults;
using test::kChange;
using test::kSafetyRead;
using test::MemoryWatchTest;

TEST_F(MemoryWatchTest, FailureIsToldOnceAndSoIsRecovery) {
  start();
  {
    const FaultOrder order(&faults.pread, 3, EIO);
    EXPECT_TRUE(look(kChange));
    MemoryReport report = watch_->take();
    ASSERT_NE(report.failure, std::nullopt);
    EXPECT_EQ(report.failure->error, EIO);
    EXPECT_STREQ(report.failure->file, "memory.events");
    EXPECT_NE(report.noticed_ns, 0);
    EXPECT_FALSE(look(kSafetyRead));
    EXPECT_FALSE(look(kChange));
    EXPECT_TRUE(order.used_up());
  }
  EXPECT_TRUE(look(kChange));
  EXPECT_EQ(watch_->take().failure, std::nullopt);
  EXPECT_FALSE(look(kChange));
}

TEST_F(MemoryWatchTest, AnotherFailureIsToldToo) {
  start();
  {
    const FaultOrder order(&faults.pread, 1, EIO);
    EXPECT_TRUE(look(kChange));
  }
  const FaultOrder order(&faults.pread, 1, EACCES);
  EXPECT_TRUE(look(kChange));
  EXPECT_EQ(watch_->take().failure->error, EACCES);
}

TEST_F(MemoryWatchTest, GrowthDuringAFailureIsNotLost) {
  usage(990);
  start();
  directory_.write("memory.events", "nonsense\n");
  EXPECT_TRUE(look(kChange));
  EXPECT_EQ(watch_->take().failure->error, kBadContent);
  EXPECT_FALSE(look(kSafetyRead));
  events({.high = 3});
  EXPECT_TRUE(look(kChange));
  const MemoryReport report = watch_->take();
  EXPECT_EQ(report.failure, std::nullopt);
  EXPECT_TRUE(report.breach);
  EXPECT_EQ(report.delta[kHigh], 3U);
}

TEST_F(MemoryWatchTest, HalfWrittenFileIsNoSample) {
  usage(990);
  start();
  for (const char* text : {"", "low 0\nhi", "low 0\nhigh 9"}) {
    directory_.write("memory.events", text);
    EXPECT_FALSE(look(kChange)) << text;
  }
  EXPECT_EQ(watch_->take().failure, std::nullopt);
  events({.high = 9});
  EXPECT_TRUE(look(kChange));
  EXPECT_EQ(watch_->take().delta[kHigh], 9U);
}

TEST_F(MemoryWatchTest, FileThatStaysHalfWrittenIsAFailure) {
  start();
  directory_.write("memory.events", "");
  EXPECT_FALSE(look(kSafetyRead));
  now_ns_ += 2'999'999'000;
  EXPECT_FALSE(look(kSafetyRead));
  now_ns_ += 1'000;
  EXPECT_FALSE(look(kChange)) << "the writer is at it just now";
  EXPECT_TRUE(look(kSafetyRead));
  EXPECT_EQ(watch_->take().failure->error, kBadContent);
  EXPECT_FALSE(look(kSafetyRead));
}

TEST_F(MemoryWatchTest, HalfWrittenFilesNowAndThenAreNoFailure) {
  start();
  for (uint64_t round = 0; round < 5; ++round) {
    directory_.write("memory.events", "");
    EXPECT_FALSE(look(kSafetyRead));
    now_ns_ += 2'000'000'000;
    EXPECT_FALSE(look(kSafetyRead));
    events({});
    EXPECT_FALSE(look(kSafetyRead));
  }
  EXPECT_EQ(watch_->take().failure, std::nullopt);
}

TEST_F(MemoryWatchTest, VanishedKeyIsNoSample) {
  usage(990);
  events({.high = 4});
  start();
  directory_.write("memory.events", "low 0\nmax 9\n");
  EXPECT_FALSE(look(kChange));
  EXPECT_EQ(watch_->take().counters[kHigh], 4U);
  events({.high = 5});
  EXPECT_TRUE(look(kChange));
  EXPECT_EQ(watch_->take().delta[kHigh], 1U);
}

TEST_F(MemoryWatchTest, DeletedFileIsRemovedAtTheSafetyReadOnly) {
  events({.high = 2});
  start();
  directory_.remove("memory.events");
  EXPECT_FALSE(look(kChange)) << "it may be deleted to be made anew";
  EXPECT_FALSE(watch_->take().removed);
  EXPECT_TRUE(look(kSafetyRead));
  const MemoryReport report = watch_->take();
  EXPECT_TRUE(report.removed);
  EXPECT_FALSE(report.exact);
  EXPECT_EQ(report.counters[kHigh], 2U) << "the last that were read";
  EXPECT_NE(report.noticed_ns, 0);
  events({.high = 9});
  EXPECT_FALSE(look(kSafetyRead)) << "removed is for good";
}

TEST_F(MemoryWatchTest, DeletedFileMadeAnewIsANewBaseline) {
  events({.high = 2});
  start();
  directory_.remove("memory.events");
  EXPECT_FALSE(look(kChange));
  events({.high = 9});
  EXPECT_TRUE(look(kSafetyRead));
  const MemoryReport report = watch_->take();
  EXPECT_FALSE(report.removed);
  EXPECT_TRUE(report.new_baseline);
}

TEST_F(MemoryWatchTest, ReactorFailureIsReported) {
  start();
  watch_->fail(Failure{EBADF, "epoll_wait"}, 77);
  const MemoryReport report = watch_->take();
  EXPECT_EQ(report.failure->error, EBADF);
  EXPECT_EQ(report.noticed_ns, 77);
}

}  // namespace
}  // namespace spillway
