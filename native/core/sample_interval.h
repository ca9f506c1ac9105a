#ifndef SPILLWAY_CORE_SAMPLE_INTERVAL_H_
#define SPILLWAY_CORE_SAMPLE_INTERVAL_H_

#include <cstdint>

namespace spillway {

// How often memory is sampled on its way to a threshold.
struct SamplePace {
  int64_t slowest_ns = 250'000'000;
  // The fastest growth that is reckoned with, in bytes a second. One core that
  // only touches new pages gets 2.4 GiB/s, with huge pages 10 GiB/s (measured
  // on 6.18); programs that fill them are slower, but may use several cores.
  uint64_t growth_per_second = uint64_t{4} << 30;
};

// Never faster: below it the monitor would cost more than it is worth. What
// may grow in between is the most by which a threshold is overshot.
inline constexpr int64_t kFastestSampleNs = 10'000'000;

// The largest of slowest, slowest / 2, slowest / 4 ... that is not longer than
// the time in which the distance to the threshold may be gone,
//
//   interval <= distance / growth_per_second,
//
// but not below kFastestSampleNs. Halves, so that watches share wake-ups.
int64_t sample_interval_ns(uint64_t distance, const SamplePace& pace);

// When to sample next: the next multiple of the interval, so at most so far.
int64_t next_sample_ns(int64_t now_ns, int64_t interval_ns);

}  // namespace spillway

#endif  // SPILLWAY_CORE_SAMPLE_INTERVAL_H_
