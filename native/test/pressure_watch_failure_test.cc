#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <variant>

#include "faults.h"
#include "pressure_watch_fixture.h"

namespace spillway {
namespace {

using test::kMs;

class PressureWatchFailureTest : public test::PressureWatchTest {};

TEST_F(PressureWatchFailureTest, HalfReadTextIsNoSample) {
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

TEST_F(PressureWatchFailureTest, FailuresAreToldOnceAndSoIsTheirEnd) {
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

TEST_F(PressureWatchFailureTest, AFileThatIsGoneIsRemovedForGood) {
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

TEST_F(PressureWatchFailureTest, CannotStartOnWhatIsNotPressure) {
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

TEST_F(PressureWatchFailureTest, StartFailuresNameTheFile) {
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

TEST_F(PressureWatchFailureTest, ReactorFailureIsReported) {
  totals(0, 0);
  start();
  watch_->fail(Failure{EBADF, "epoll_wait"}, 1);
  EXPECT_EQ(watch_->take().failure->error, EBADF);
}

}  // namespace
}  // namespace spillway
