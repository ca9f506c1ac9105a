#ifndef SPILLWAY_CORE_THRESHOLD_WATCH_H_
#define SPILLWAY_CORE_THRESHOLD_WATCH_H_

#include <memory>
#include <optional>
#include <vector>

#include "failure.h"
#include "gauge.h"
#include "held_file.h"
#include "memory_place.h"
#include "sample_interval.h"
#include "source.h"

namespace spillway {

struct ThresholdWatchOptions {
  MemoryPlace place;
  GaugeTerms terms;
  SamplePace pace;
  // A breach that lasts is told again so often.
  int64_t repeat_ns = kNoDeadline;
};

// All that happened since the report before it, merged.
struct ThresholdReport {
  bool breach = false;   // a threshold was crossed, or is told of again
  bool crossed = false;  // was crossed
  bool over = false;
  bool removed = false;
  std::optional<Failure> failure;  // why the last sample failed, if it did
  // At the last breach; of `removed` at the last sample.
  size_t level = 0;  // whose: 0 is the cgroup itself or the host, 1 its parent
  GaugeReading reading;
  bool is_short = false;
  int64_t noticed_ns = 0;  // CLOCK_MONOTONIC, the first breach in it
};

// Samples the memory of a cgroup and those above it, or of the host, and tells
// when a threshold is crossed. Under the reactor's lock once added.
//
// Each cgroup is held against its own limit, for whoever is full first is in
// the way: the watched one always, those above while they have a limit that is
// lower than the host's memory. The breach tells of the one that is furthest
// over, and ends when none is.
//
// Far from the threshold a sample is one pread (memory.current) per limited
// cgroup, and none where the machine has not given out so much memory. Limits
// are read about once a second, and before any verdict. The host's memory,
// which changes by hotplug only, every half minute.
class ThresholdWatch final : public Source {
 public:
  static Result<std::shared_ptr<ThresholdWatch>> open(
      const ThresholdWatchOptions& options);

  // Hands over what happened since the last call.
  ThresholdReport take();

  int64_t safety_read_ns() const override { return kNoSafetyRead; }
  int64_t deadline_ns() const override { return next_ns_; }
  std::optional<Failure> attach(SourceId id, Registrar* registrar) override;
  bool look(Cause cause, int64_t now_ns, std::span<char> buffer) override;
  bool rest(Cause cause, int64_t now_ns, uint64_t given_out) override;
  void fail(const Failure& failure, int64_t now_ns) override;

 private:
  ThresholdWatch(const ThresholdWatchOptions& options, HeldFile meminfo,
                 std::vector<std::unique_ptr<Gauge>> gauges);

  bool of_host() const { return place_ == PlaceKind::kHost; }
  // Reads all gauges. The first failure, with its level.
  std::optional<Failure> sample(int64_t now_ns, std::span<char> buffer);
  std::optional<Failure> read_host(int64_t now_ns, std::span<char> buffer);
  // Sees by one pread, and by no more of its own memory than must be, that
  // nothing is near: with a thousand watches most of the cost is what has left
  // the processor's cache since the sample before.
  bool is_far(int64_t now_ns, std::span<char> buffer);
  // The same where limits are due: reads these, and not what is used.
  bool is_far_by(uint64_t room, int64_t now_ns, std::span<char> buffer);
  FarFile far_file() const;
  // When limits, or the host's memory, are to be read next.
  int64_t limits_due_ns() const;
  void wait(int64_t interval_ns, int64_t now_ns);

  // Each returns whether JavaScript is to be told now.
  bool judge(int64_t now_ns);
  bool note(std::optional<Failure> failure, int64_t now_ns);
  bool retire();

  bool is_over() const;
  uint64_t distance() const;

  // What is_far() and rest() need, side by side.
  FarFile far_;
  int64_t far_until_ns_ = 0;  // then limits are due; 0: it is not far
  uint64_t sure_room_ = 0;    // that is left for the look that comes next
  int64_t next_ns_ = 0;
  const SamplePace pace_;

  const PlaceKind place_;
  const int64_t repeat_ns_;
  const HeldFile meminfo_;
  const std::vector<std::unique_ptr<Gauge>> gauges_;
  HostMemory host_;
  int64_t host_ns_;             // when it was read
  int64_t limits_ns_;           // when all limits were read
  int64_t told_ns_ = 0;         // of the last breach
  int64_t blank_since_ns_ = 0;  // 0: nothing was half written
  ThresholdReport report_;      // the slot
};

}  // namespace spillway

#endif  // SPILLWAY_CORE_THRESHOLD_WATCH_H_
