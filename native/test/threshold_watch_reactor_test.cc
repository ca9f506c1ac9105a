#include <gtest/gtest.h>

#include <memory>
#include <variant>

#include "place_fixture.h"
#include "reactor_fixture.h"
#include "recording_sink.h"
#include "threshold_watch.h"

namespace spillway {
namespace {

using test::kMillisecondNs;
using test::kOwn;
using test::kParent;

class ThresholdWatchReactorTest : public test::ReactorTest {
 protected:
  ThresholdWatchReactorTest() {
    fixture_.limit(kParent, "max");
    fixture_.limit(kOwn, "1000");
    fixture_.usage(kOwn, 100);
    options_.place = fixture_.place(PlaceKind::kV2);
    options_.pace.interval_ns = 10 * kMillisecondNs;
    start();
  }

  std::shared_ptr<ThresholdWatch> watch() {
    auto opened = ThresholdWatch::open(options_);
    EXPECT_EQ(failure_of(opened), nullptr);
    return std::get<std::shared_ptr<ThresholdWatch>>(opened);
  }

  bool until(const std::function<bool()>& done) {
    return sink_.take_until(reactor_.get(), done);
  }

  test::PlaceFixture fixture_;
  ThresholdWatchOptions options_;
};

TEST_F(ThresholdWatchReactorTest, ACrossingAndItsEndAreHeard) {
  const auto watched = watch();
  ASSERT_EQ(failure_of(reactor_->add(watched)), nullptr);
  fixture_.usage(kOwn, 960);
  EXPECT_TRUE(until([&] { return watched->take().crossed; }));
  fixture_.usage(kOwn, 100);
  EXPECT_TRUE(until([&] { return !watched->take().over; }));
}

TEST_F(ThresholdWatchReactorTest, WhatIsOverAtTheStartIsToldAtOnce) {
  options_.pace.interval_ns = test::kHourNs;
  fixture_.usage(kOwn, 960);
  const auto watched = watch();
  ASSERT_EQ(failure_of(reactor_->add(watched)), nullptr);
  EXPECT_TRUE(until([&] { return watched->take().crossed; }));
}

// Proven by a source that is looked at in the same rhythm.
TEST_F(ThresholdWatchReactorTest, BelowNobodyIsWoken) {
  ASSERT_EQ(failure_of(reactor_->add(watch())), nullptr);
  const auto metronome = probe(10 * kMillisecondNs);
  add(metronome);
  ASSERT_TRUE(metronome->wait_for_looks(30));
  EXPECT_EQ(sink_.pokes(), 0);
}

TEST_F(ThresholdWatchReactorTest, TheHostOfThisMachineIsSampled) {
  options_.place = MemoryPlace{};
  options_.terms.basis = Basis::kHost;
  options_.terms.rule.fraction = 0;
  const auto watched = watch();
  ASSERT_EQ(failure_of(reactor_->add(watched)), nullptr);
  EXPECT_TRUE(until([&] {
    const ThresholdReport report = watched->take();
    return report.crossed && report.reading.used > 0;
  }));
}

TEST_F(ThresholdWatchReactorTest, AnotherOneDoesNotDisturbIt) {
  const auto first = watch();
  ASSERT_EQ(failure_of(reactor_->add(first)), nullptr);
  const auto second = reactor_->add(watch());
  ASSERT_EQ(failure_of(second), nullptr);
  reactor_->remove(std::get<SourceId>(second));
  fixture_.usage(kOwn, 960);
  EXPECT_TRUE(until([&] { return first->take().crossed; }));
}

}  // namespace
}  // namespace spillway
