#ifndef SPILLWAY_TEST_MEMORY_WATCH_FIXTURE_H_
#define SPILLWAY_TEST_MEMORY_WATCH_FIXTURE_H_

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "fake_registrar.h"
#include "fixture_directory.h"
#include "kernel_file.h"
#include "memory_watch.h"

namespace spillway::test {

inline constexpr Cause kChange = Cause::kChange;
inline constexpr Cause kSafetyRead = Cause::kSafetyRead;

// A fixture cgroup with memory.high 1000 and the default kill buffer, 50: short
// above 975, over at 950.
class MemoryWatchTest : public testing::Test {
 protected:
  MemoryWatchTest() {
    events({});
    usage(100);
    directory_.write("memory.high", "1000\n");
    directory_.write("memory.max", "max\n");
  }

  struct Counts {
    uint64_t low = 0, high = 0, max = 0, oom = 0, oom_kill = 0;
  };
  static std::string text_of(const Counts& counts) {
    return "low " + std::to_string(counts.low) + "\nhigh " +
           std::to_string(counts.high) + "\nmax " + std::to_string(counts.max) +
           "\noom " + std::to_string(counts.oom) + "\noom_kill " +
           std::to_string(counts.oom_kill) + "\noom_group_kill 0\n";
  }
  void events(const Counts& counts) {
    directory_.write("memory.events", text_of(counts));
  }
  void usage(uint64_t current, uint64_t cache = 0) {
    directory_.write("memory.current", std::to_string(current) + "\n");
    directory_.write(
        "memory.stat",
        "anon 0\ninactive_file " + std::to_string(cache) + "\nactive_file 0\n");
  }

  void start(EventKeySet keys = key_bit(kHigh)) {
    MemoryWatchOptions options;
    options.directory = directory_.path();
    options.keys = keys;
    auto opened = MemoryWatch::open(std::move(options));
    ASSERT_EQ(failure_of(opened), nullptr);
    watch_ = std::get<std::shared_ptr<MemoryWatch>>(opened);
    ASSERT_EQ(watch_->attach(16, &registrar_), std::nullopt);
  }

  // Whether JavaScript is to be told.
  bool look(Cause cause) { return watch_->look(cause, ++now_ns_, buffer_); }

  FixtureDirectory directory_;
  FakeRegistrar registrar_;
  std::shared_ptr<MemoryWatch> watch_;
  int64_t now_ns_ = 1000;
  std::array<char, kFileBufferBytes> buffer_;
};

}  // namespace spillway::test

#endif  // SPILLWAY_TEST_MEMORY_WATCH_FIXTURE_H_
