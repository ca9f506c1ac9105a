#ifndef SPILLWAY_CORE_USAGE_WATCH_H_
#define SPILLWAY_CORE_USAGE_WATCH_H_

#include <memory>
#include <optional>

#include "failure.h"
#include "memory_place.h"
#include "source.h"
#include "usage_board.h"
#include "usage_meter.h"

namespace spillway {

struct UsageWatchOptions {
  std::optional<MemoryPlace> place;  // a cgroup; none: this process
  UsageScale scale;                  // of a process with a limit
  int64_t interval_ns = 250'000'000;
  UsageBoard::Layout* board = nullptr;
};

struct UsageReport {
  std::optional<Failure> failure;  // why the last sample failed, if it did
};

// Samples how much memory is in use and publishes it, for readers that may not
// wait for anybody. Whoever reads sees by the sample's time when there are no
// more: a sample that fails is none, and leaves the one before it standing.
// JavaScript is told when samples begin to fail, and when they go on.
//
// Samples are at most `interval` apart, and near the limit so close that its
// distance is not used up in between (sample_interval.h). Under the reactor's
// lock once added.
class UsageWatch final : public Source {
 public:
  // Publishes the first sample.
  static Result<std::shared_ptr<UsageWatch>> open(
      const UsageWatchOptions& options);

  UsageReport take() const { return report_; }

  int64_t safety_read_ns() const override { return kNoSafetyRead; }
  int64_t deadline_ns() const override { return next_ns_; }
  std::optional<Failure> attach(SourceId id, Registrar* registrar) override;
  bool look(Cause cause, int64_t now_ns, std::span<char> buffer) override;
  void fail(const Failure& failure, int64_t now_ns) override;

 private:
  UsageWatch(const UsageWatchOptions& options,
             std::unique_ptr<UsageMeter> meter);

  std::optional<Failure> sample(int64_t now_ns, std::span<char> buffer);
  int64_t wait_ns(const UsageReading& reading) const;

  const int64_t interval_ns_;
  const UsageBoard board_;
  const std::unique_ptr<UsageMeter> meter_;
  int64_t next_ns_ = 0;
  UsageReport report_;
};

}  // namespace spillway

#endif  // SPILLWAY_CORE_USAGE_WATCH_H_
