#ifndef SPILLWAY_TEST_THRESHOLD_WATCH_FIXTURE_H_
#define SPILLWAY_TEST_THRESHOLD_WATCH_FIXTURE_H_

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <variant>

#include "fake_registrar.h"
#include "kernel_file.h"
#include "place_fixture.h"
#include "threshold_watch.h"

namespace spillway::test {

inline constexpr int64_t kMs = 1'000'000;

// /parent/own may use 1000 bytes, and the threshold is at 700 of them, or 70 %
// of whatever else is the total; it is cleared at 600, 100 below.
class ThresholdWatchTest : public testing::Test {
 protected:
  ThresholdWatchTest() {
    options_.terms.rule = {0.7, {}, 100};
    fixture_.usage(kOwn, 100);
    fixture_.limit(kOwn, "1000");
    fixture_.limit(kParent, "max");
  }

  void start(PlaceKind kind = PlaceKind::kV2) {
    options_.place = fixture_.place(kind);
    auto opened = ThresholdWatch::open(options_);
    ASSERT_EQ(failure_of(opened), nullptr);
    watch_ = std::get<std::shared_ptr<ThresholdWatch>>(opened);
    ASSERT_EQ(watch_->attach(16, &registrar_), std::nullopt);
    begin_ns_ = watch_->deadline_ns();
  }

  // Times count from the start.
  bool look(int64_t at_ms) {
    return watch_->look(Cause::kDeadline, begin_ns_ + at_ms * kMs, buffer_);
  }

  PlaceFixture fixture_;
  FakeRegistrar registrar_;
  ThresholdWatchOptions options_;
  std::shared_ptr<ThresholdWatch> watch_;
  int64_t begin_ns_ = 0;
  std::array<char, kFileBufferBytes> buffer_;
};

}  // namespace spillway::test

#endif  // SPILLWAY_TEST_THRESHOLD_WATCH_FIXTURE_H_
