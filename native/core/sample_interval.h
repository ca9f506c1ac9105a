#ifndef SPILLWAY_CORE_SAMPLE_INTERVAL_H_
#define SPILLWAY_CORE_SAMPLE_INTERVAL_H_

#include <cstdint>

namespace spillway {

// How often memory is sampled on its way to a threshold.
struct SamplePace {
  int64_t interval_ns = 250'000'000;
  // The fastest growth that is reckoned with, in bytes a second. One core that
  // only touches new pages gets 2.4 GiB/s, with huge pages 10 GiB/s (measured
  // on 6.18); programs that fill them are slower, but may use several cores.
  uint64_t growth_per_second = uint64_t{4} << 30;
};

// Never faster: below it the monitor would cost more than it is worth. What
// may grow in between is the most by which a threshold is overshot.
inline constexpr int64_t kFastestSampleNs = 10'000'000;

// Never slower than this, or than the interval where that is longer: a limit
// that was lowered is to be seen.
inline constexpr int64_t kSlowestSampleNs = 1'000'000'000;

// The largest of ... 4, 2, 1, 1/2, 1/4 ... intervals that is not longer than
// the time in which the distance to the threshold may be gone,
//
//   interval <= distance / growth_per_second,
//
// within the two bounds above. Powers of two, so that watches share wake-ups.
int64_t sample_interval_ns(uint64_t distance, const SamplePace& pace);

// When to sample next: the next multiple of the interval, so at most so far.
int64_t next_sample_ns(int64_t now_ns, int64_t interval_ns);

}  // namespace spillway

#endif  // SPILLWAY_CORE_SAMPLE_INTERVAL_H_
