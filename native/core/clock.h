#ifndef SPILLWAY_CORE_CLOCK_H_
#define SPILLWAY_CORE_CLOCK_H_

#include <cstdint>
#include <ctime>

namespace spillway {

// CLOCK_MONOTONIC, the clock of process.hrtime() and performance.now(): wall
// clock jumps do not touch it.
inline int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace spillway

#endif  // SPILLWAY_CORE_CLOCK_H_
