#ifndef SPILLWAY_CORE_STALL_WINDOW_H_
#define SPILLWAY_CORE_STALL_WINDOW_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace spillway {

// How much a total has grown within one window, as far as looks at it tell.
// Keeps a few of them, so never tells more than there was, and of a growth
// that began between two of them somewhat less.
class StallWindow {
 public:
  explicit StallWindow(uint64_t window_us)
      : window_ns_(static_cast<int64_t>(window_us) * 1000) {}

  // Notes the total of now; returns its growth since the oldest note that lies
  // within the window.
  uint64_t observe(int64_t now_ns, uint64_t total_us);

 private:
  static constexpr size_t kNotes = 8;
  // Long before any window: CLOCK_MONOTONIC is not negative.
  static constexpr int64_t kNever = INT64_MIN / 2;

  struct Note {
    int64_t at_ns = kNever;
    uint64_t total_us = 0;
  };

  const int64_t window_ns_;
  std::array<Note, kNotes> notes_;
  size_t next_ = 0;
  int64_t newest_ns_ = kNever;
};

}  // namespace spillway

#endif  // SPILLWAY_CORE_STALL_WINDOW_H_
