#include "sample_interval.h"

namespace spillway {

int64_t sample_interval_ns(uint64_t distance, const SamplePace& pace) {
  const double allowed_ns = static_cast<double>(distance) /
                            static_cast<double>(pace.growth_per_second) * 1e9;
  int64_t interval_ns = pace.interval_ns;
  while (interval_ns * 2 <= kSlowestSampleNs) interval_ns *= 2;
  while (static_cast<double>(interval_ns) > allowed_ns &&
         interval_ns / 2 >= kFastestSampleNs) {
    interval_ns /= 2;
  }
  return interval_ns;
}

int64_t next_sample_ns(int64_t now_ns, int64_t interval_ns) {
  return (now_ns / interval_ns + 1) * interval_ns;
}

}  // namespace spillway
