#ifndef SPILLWAY_CORE_PRESSURE_WATCH_H_
#define SPILLWAY_CORE_PRESSURE_WATCH_H_

#include <memory>
#include <optional>
#include <string>

#include "failure.h"
#include "memory_files.h"
#include "memory_pressure.h"
#include "pressure_trigger.h"
#include "shortness.h"
#include "source.h"
#include "stall_window.h"
#include "unique_fd.h"

namespace spillway {

struct PressureWatchOptions {
  std::string file;       // memory.pressure of a cgroup, or the host's
  std::string directory;  // of the cgroup, for its figures; empty: none
  PressureTrigger trigger;
  int64_t safety_read_ns = 1'000'000'000;
};

// All that happened since the report before it, merged.
struct PressureReport {
  bool breach = false;   // the trigger was reached, in a window at least
  bool stalled = false;  // and less than two quiet windows have passed since
  bool removed = false;
  std::optional<Failure> failure;  // why the last look failed, if it did
  PressureTotals totals;
  PressureTotals growth;  // since the last breach
  MemoryUsage usage;      // at the last breach; empty without a cgroup
  MemoryLimits limits;
  Shortness shortness;
  int64_t noticed_ns = 0;  // CLOCK_MONOTONIC, the first thing in it
};

// Hears one PSI trigger. One descriptor, and six for a cgroup's figures. Under
// the reactor's lock once added.
//
// The kernel's events are a hint to look, and the totals decide, for without
// CAP_SYS_RESOURCE (psi.c):
// - A trigger begins with the stalls of all time and reckons with those from
//   before a long rest (window_update()): an event may be false. It is believed
//   when the stall has grown by the trigger's since the last breach.
// - Whoever reads the file puts the work off that raises events (psi_show()
//   moves avg_next_update): an event may come seconds late. So each look also
//   measures the growth within a window itself.
// Once stalled, windows back to back tell whether it goes on or is over.
class PressureWatch final : public Source {
 public:
  static Result<std::shared_ptr<PressureWatch>> open(
      const PressureWatchOptions& options);

  // As the kernel has taken it.
  const PressureTrigger& granted() const { return trigger_; }

  // Hands over what happened since the last call.
  PressureReport take();

  int64_t safety_read_ns() const override { return safety_read_ns_; }
  int64_t deadline_ns() const override;
  std::optional<Failure> attach(SourceId id, Registrar* registrar) override;
  bool look(Cause cause, int64_t now_ns, std::span<char> buffer) override;
  void fail(const Failure& failure, int64_t now_ns) override;

 private:
  PressureWatch(UniqueFd fd, std::optional<MemoryFiles> files,
                const PressureTrigger& granted, const PressureTotals& baseline,
                int64_t safety_read_ns);

  // Each returns whether JavaScript is to be told now.
  bool look_at_totals(bool event, int64_t now_ns, std::span<char> buffer);
  bool breach(int64_t now_ns, std::span<char> buffer);
  bool judge_window(int64_t now_ns, std::span<char> buffer);
  bool no_sample(const std::optional<Failure>& failure, int64_t now_ns);
  bool retire();

  // Whether the stall has grown by the trigger's since the last breach.
  bool is_real() const;
  uint64_t total() const { return report_.totals.of(trigger_.stall); }
  void begin_window(int64_t now_ns);
  void sample(std::span<char> buffer);

  const UniqueFd fd_;
  const std::optional<MemoryFiles> files_;
  const PressureTrigger trigger_;
  const int64_t safety_read_ns_;
  PressureTotals told_;     // at the last breach that was handed over
  uint64_t breach_us_ = 0;  // total() at the last breach
  StallWindow recent_;
  // While stalled: windows back to back since the breach.
  int64_t window_end_ns_ = 0;
  uint64_t window_start_us_ = 0;
  int quiet_windows_ = 0;
  PressureReport report_;  // the slot
};

}  // namespace spillway

#endif  // SPILLWAY_CORE_PRESSURE_WATCH_H_
