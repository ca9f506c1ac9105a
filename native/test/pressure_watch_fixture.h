#ifndef SPILLWAY_TEST_PRESSURE_WATCH_FIXTURE_H_
#define SPILLWAY_TEST_PRESSURE_WATCH_FIXTURE_H_

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>

#include "fake_registrar.h"
#include "fixture_directory.h"
#include "kernel_file.h"
#include "pressure_watch.h"

namespace spillway::test {

inline constexpr int64_t kMs = 1'000'000;

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

}  // namespace spillway::test

#endif  // SPILLWAY_TEST_PRESSURE_WATCH_FIXTURE_H_
