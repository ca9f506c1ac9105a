#include "pressure_watch.h"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>

#include "fake_registrar.h"
#include "faults.h"
#include "fixture_directory.h"
#include "kernel_file.h"

namespace spillway {
namespace {

using test::FakeRegistrar;
using test::FixtureDirectory;

constexpr int64_t kMs = 1'000'000;

// A trigger of 100 ms in a second, on a fixture file that a test writes anew.
class PressureWatchTest : public testing::Test {
 protected:
  void start(Stall stall = Stall::kFull, bool with_figures = false) {
    PressureWatchOptions options;
    options.file = directory_.path("memory.pressure");
    if (with_figures) options.directory = directory_.path();
    options.trigger = {stall, 100'000, 1'000'000};
    auto opened = PressureWatch::open(options);
    ASSERT_EQ(failure_of(opened), nullptr);
    watch_ = std::get<std::shared_ptr<PressureWatch>>(opened);
    ASSERT_EQ(watch_->attach(16, &registrar_), std::nullopt);
    // An ordinary file has the trigger in it now.
    directory_.write("memory.pressure", text_);
  }

  void totals(uint64_t some_us, uint64_t full_us) {
    text_ = "some avg10=0.00 total=" + std::to_string(some_us) +
            "\nfull avg10=0.00 total=" + std::to_string(full_us) + "\n";
    directory_.write("memory.pressure", text_);
  }

  bool look(Cause cause, int64_t at_ms) {
    return watch_->look(cause, at_ms * kMs, buffer_);
  }
  bool event(int64_t at_ms) { return look(Cause::kChange, at_ms); }

  FixtureDirectory directory_;
  std::string text_;
  FakeRegistrar registrar_;
  std::shared_ptr<PressureWatch> watch_;
  std::array<char, kFileBufferBytes> buffer_;
};

TEST_F(PressureWatchTest, HoldsOneDescriptorAndRegistersIt) {
  totals(5, 4);
  start();
  EXPECT_EQ(registrar_.kernfs_fds.size(), 1u);
  EXPECT_EQ(watch_->granted().window_us, 1'000'000u);
  EXPECT_EQ(watch_->granted().stall_us, 100'000u);
  const PressureReport report = watch_->take();
  EXPECT_FALSE(report.breach);
  EXPECT_EQ(report.totals.some_us, 5u);
  EXPECT_EQ(report.growth.some_us, 0u);
}

TEST_F(PressureWatchTest, AnEventWithGrowthIsABreach) {
  totals(1'000'000, 500'000);
  start();
  totals(1'300'000, 600'000);
  EXPECT_TRUE(event(1000));
  PressureReport report = watch_->take();
  EXPECT_TRUE(report.breach);
  EXPECT_TRUE(report.stalled);
  EXPECT_EQ(report.totals.full_us, 600'000u);
  EXPECT_EQ(report.growth.some_us, 300'000u);
  EXPECT_EQ(report.growth.full_us, 100'000u);
  EXPECT_EQ(report.noticed_ns, 1000 * kMs);
  report = watch_->take();
  EXPECT_FALSE(report.breach);
  EXPECT_TRUE(report.stalled);
  EXPECT_EQ(report.growth.full_us, 0u);
}

// A trigger without CAP_SYS_RESOURCE starts from zero, and so tells of all the
// stalls since boot at the first little one.
TEST_F(PressureWatchTest, TheFalseFirstEventIsNone) {
  totals(9'000'000, 9'000'000);
  start();
  EXPECT_FALSE(event(1000)) << "no growth";
  totals(9'000'300, 9'000'200);
  EXPECT_FALSE(event(2000)) << "growth, but not of the trigger's size";
  EXPECT_FALSE(watch_->take().breach);
  totals(9'100'000, 9'100'000);
  EXPECT_TRUE(event(3000));
}

// Totals are cut to whole microseconds: 99,999 may be 100,000 by the kernel.
TEST_F(PressureWatchTest, TheLastMicrosecondIsNotAskedFor) {
  totals(0, 0);
  start();
  totals(0, 99'998);
  EXPECT_FALSE(event(1000));
  totals(0, 99'999);
  EXPECT_TRUE(event(1001));
}

TEST_F(PressureWatchTest, OnlyItsOwnKindCounts) {
  totals(0, 0);
  start(Stall::kFull);
  totals(500'000, 0);
  EXPECT_FALSE(event(1000));
  start(Stall::kSome);
  totals(1'000'000, 0);
  EXPECT_TRUE(event(1000));
}

// The burst was counted at a safety read, before its event came.
TEST_F(PressureWatchTest, ASafetyReadTakesNoGrowthFromAnEvent) {
  totals(0, 0);
  start();
  totals(0, 150'000);
  EXPECT_FALSE(look(Cause::kSafetyRead, 900));
  EXPECT_TRUE(event(1000));
  EXPECT_EQ(watch_->take().growth.full_us, 150'000u);
}

// Whoever reads the file puts the kernel's events off.
TEST_F(PressureWatchTest, ASafetyReadSeesAStallByItself) {
  totals(0, 0);
  start();
  EXPECT_FALSE(look(Cause::kSafetyRead, 1000));
  totals(0, 99'999);
  EXPECT_FALSE(look(Cause::kSafetyRead, 1900));
  totals(0, 100'000);
  EXPECT_TRUE(look(Cause::kSafetyRead, 2000));
  EXPECT_EQ(watch_->take().growth.full_us, 100'000u);
}

TEST_F(PressureWatchTest, ASlowTrickleIsNoStall) {
  totals(0, 0);
  start();
  for (int64_t at_ms = 1000; at_ms < 100'000; at_ms += 1000) {
    totals(0, static_cast<uint64_t>(at_ms) * 90);
    EXPECT_FALSE(look(Cause::kSafetyRead, at_ms)) << at_ms;
  }
}

TEST_F(PressureWatchTest, AStallThatGoesOnIsToldOncePerWindow) {
  totals(0, 0);
  start();
  totals(0, 150'000);
  EXPECT_TRUE(event(1000));
  EXPECT_FALSE(event(1500)) << "nothing new";
  totals(0, 400'000);
  EXPECT_FALSE(event(1999)) << "the window goes on";
  EXPECT_TRUE(event(2000));
  EXPECT_EQ(watch_->take().growth.full_us, 400'000u) << "merged";
  EXPECT_FALSE(look(Cause::kDeadline, 2500));
  totals(0, 500'000);
  EXPECT_TRUE(look(Cause::kDeadline, 3000)) << "without an event";
  EXPECT_EQ(watch_->take().growth.full_us, 100'000u);
}

TEST_F(PressureWatchTest, TwoQuietWindowsEndAStall) {
  totals(0, 0);
  start();
  EXPECT_EQ(watch_->deadline_ns(), kNoDeadline);
  totals(0, 150'000);
  EXPECT_TRUE(event(1000));
  EXPECT_EQ(watch_->deadline_ns(), 2000 * kMs);
  EXPECT_FALSE(look(Cause::kSafetyRead, 1999)) << "the window goes on";
  EXPECT_EQ(watch_->deadline_ns(), 2000 * kMs);
  totals(0, 249'999);
  EXPECT_FALSE(look(Cause::kDeadline, 2000)) << "quiet, the first";
  EXPECT_EQ(watch_->deadline_ns(), 3000 * kMs);
  watch_->take();
  EXPECT_TRUE(look(Cause::kDeadline, 3000));
  const PressureReport report = watch_->take();
  EXPECT_FALSE(report.breach);
  EXPECT_FALSE(report.stalled);
  EXPECT_EQ(watch_->deadline_ns(), kNoDeadline);
  EXPECT_FALSE(look(Cause::kSafetyRead, 9000)) << "once";
}

TEST_F(PressureWatchTest, AStallAfterOneQuietWindowBeginsTheCountAnew) {
  totals(0, 0);
  start();
  totals(0, 150'000);
  EXPECT_TRUE(event(1000));
  EXPECT_FALSE(look(Cause::kDeadline, 2000)) << "quiet, the first";
  totals(0, 250'000);
  EXPECT_TRUE(look(Cause::kDeadline, 3000)) << "not quiet";
  EXPECT_FALSE(look(Cause::kDeadline, 4000)) << "quiet, the first again";
  EXPECT_TRUE(look(Cause::kDeadline, 5000));
  EXPECT_FALSE(watch_->take().stalled);
}

// JavaScript was busy: one report tells of both.
TEST_F(PressureWatchTest, BreachAndEndMergeIntoOneReport) {
  totals(0, 0);
  start();
  totals(0, 150'000);
  EXPECT_TRUE(event(1000));
  EXPECT_FALSE(look(Cause::kDeadline, 2000));
  EXPECT_TRUE(look(Cause::kDeadline, 3000));
  const PressureReport report = watch_->take();
  EXPECT_TRUE(report.breach);
  EXPECT_FALSE(report.stalled);
  EXPECT_EQ(report.noticed_ns, 1000 * kMs);
}

TEST_F(PressureWatchTest, HalfReadTextIsNoSample) {
  totals(0, 0);
  start();
  totals(0, 150'000);
  EXPECT_TRUE(event(1000));
  directory_.write("memory.pressure", "some avg10=0.00 total=0\nfull avg");
  EXPECT_FALSE(event(1500));
  EXPECT_FALSE(look(Cause::kDeadline, 2000));
  EXPECT_EQ(watch_->deadline_ns(), 3000 * kMs) << "put off, not again at once";
  EXPECT_EQ(watch_->take().failure, std::nullopt);
}

TEST_F(PressureWatchTest, FailuresAreToldOnceAndSoIsTheirEnd) {
  totals(0, 0);
  start();
  {
    const test::FaultOrder order(&test::faults.pread, 2, EIO);
    EXPECT_TRUE(look(Cause::kSafetyRead, 1000));
    EXPECT_EQ(watch_->take().failure->error, EIO);
    EXPECT_STREQ(watch_->take().failure->file, "memory.pressure");
    EXPECT_FALSE(look(Cause::kSafetyRead, 2000));
  }
  EXPECT_TRUE(look(Cause::kSafetyRead, 3000));
  EXPECT_EQ(watch_->take().failure, std::nullopt);
  directory_.write("memory.pressure", "nonsense\n");
  EXPECT_TRUE(look(Cause::kSafetyRead, 4000));
  EXPECT_EQ(watch_->take().failure->error, kBadContent);
}

TEST_F(PressureWatchTest, AFileThatIsGoneIsRemovedForGood) {
  totals(0, 0);
  start();
  totals(0, 150'000);
  EXPECT_TRUE(event(1000));
  const test::FaultOrder order(&test::faults.pread, 1, ENODEV);
  EXPECT_TRUE(look(Cause::kSafetyRead, 1500));
  const PressureReport report = watch_->take();
  EXPECT_TRUE(report.removed);
  EXPECT_TRUE(report.breach);
  EXPECT_FALSE(report.stalled);
  EXPECT_EQ(report.totals.full_us, 150'000u);
  EXPECT_EQ(watch_->deadline_ns(), kNoDeadline);
  totals(0, 900'000);
  EXPECT_FALSE(event(2000));
}

TEST_F(PressureWatchTest, ABreachCarriesTheCgroupsFigures) {
  totals(0, 0);
  directory_.write("memory.current", "990\n");
  directory_.write("memory.stat", "anon 990\ninactive_file 0\nactive_file 0\n");
  directory_.write("memory.high", "1000\n");
  directory_.write("memory.max", "max\n");
  start(Stall::kFull, /*with_figures=*/true);
  EXPECT_FALSE(watch_->take().shortness.known);
  totals(0, 150'000);
  EXPECT_TRUE(event(1000));
  const PressureReport report = watch_->take();
  EXPECT_EQ(report.usage.current, 990u);
  EXPECT_EQ(report.limits.high, 1000u);
  EXPECT_TRUE(report.shortness.known);
  EXPECT_TRUE(report.shortness.is_short);
}

TEST_F(PressureWatchTest, WithoutACgroupNothingIsKnownOfShortness) {
  totals(0, 0);
  start();
  totals(0, 150'000);
  EXPECT_TRUE(event(1000));
  const PressureReport report = watch_->take();
  EXPECT_FALSE(report.shortness.known);
  EXPECT_EQ(report.usage.current, std::nullopt);
}

TEST_F(PressureWatchTest, CannotStartOnWhatIsNotPressure) {
  PressureWatchOptions options;
  options.file = directory_.path("memory.pressure");
  auto opened = PressureWatch::open(options);
  ASSERT_NE(failure_of(opened), nullptr);
  EXPECT_EQ(failure_of(opened)->error, ENOENT);
  EXPECT_STREQ(failure_of(opened)->call, "open");
  for (const char* text : {"", "some", "nonsense\n", "some total=1\n"}) {
    directory_.write("memory.pressure", text);
    opened = PressureWatch::open(options);
    ASSERT_NE(failure_of(opened), nullptr) << text;
    EXPECT_EQ(failure_of(opened)->error, kBadContent);
  }
}

TEST_F(PressureWatchTest, StartFailuresNameTheFile) {
  totals(0, 0);
  PressureWatchOptions options;
  options.file = directory_.path("memory.pressure");
  {
    const test::FaultOrder order(&test::faults.write, 1, EOPNOTSUPP);
    const auto opened = PressureWatch::open(options);
    ASSERT_NE(failure_of(opened), nullptr);
    EXPECT_EQ(failure_of(opened)->error, EOPNOTSUPP);
    EXPECT_STREQ(failure_of(opened)->file, "memory.pressure");
  }
  {
    const test::FaultOrder order(&test::faults.open, 1, EPERM);
    EXPECT_EQ(failure_of(PressureWatch::open(options))->error, EPERM);
  }
  registrar_.failure = Failure{ENOMEM, "epoll_ctl"};
  const auto opened = PressureWatch::open(options);
  ASSERT_EQ(failure_of(opened), nullptr);
  const auto failure =
      std::get<std::shared_ptr<PressureWatch>>(opened)->attach(16, &registrar_);
  ASSERT_NE(failure, std::nullopt);
  EXPECT_STREQ(failure->file, "memory.pressure");
}

TEST_F(PressureWatchTest, ReactorFailureIsReported) {
  totals(0, 0);
  start();
  watch_->fail(Failure{EBADF, "epoll_wait"}, 1);
  EXPECT_EQ(watch_->take().failure->error, EBADF);
}

}  // namespace
}  // namespace spillway
