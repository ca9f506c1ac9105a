#ifndef SPILLWAY_CORE_MEMORY_WATCH_H_
#define SPILLWAY_CORE_MEMORY_WATCH_H_

#include <memory>
#include <optional>
#include <string>

#include "failure.h"
#include "memory_events.h"
#include "memory_files.h"
#include "safety_rest.h"
#include "shortness.h"
#include "source.h"
#include "takeover.h"
#include "trigger_file.h"

namespace spillway {

struct MemoryWatchOptions {
  std::string directory;
  bool local = false;  // memory.events.local instead of memory.events
  EventKeySet keys = key_bit(kHigh);
  int64_t safety_read_ns = 1'000'000'000;
  OptionalBytes kill_buffer;
};

// All that happened since the report before it, merged: counters are
// cumulative, so merging loses nothing.
struct MemoryReport {
  // A watched key grew, or the cgroup is short (said again at each safety
  // read, so that a shortage without new events is not forgotten), or kills
  // wait to be taken.
  bool breach = false;
  bool removed = false;
  bool exact = false;  // with `removed`: read after the last process left
  bool new_baseline = false;       // counters shrank or the file was replaced
  bool is_short = false;           // at the last look that could tell
  std::optional<Failure> failure;  // why the last look failed, if it did
  EventCounts counters;
  EventCounts delta;  // growth since the last breach
  MemoryUsage usage;
  MemoryLimits limits;
  Shortness shortness;  // of the last look
  uint64_t kills = 0;   // by the armed plan, waiting to be taken
  // CLOCK_MONOTONIC: where its first shortage began, or else its first thing.
  int64_t noticed_ns = 0;
};

// Watches one cgroup's memory.events, decides when it is short, and carries
// out the armed plan when JavaScript does not act. Up to eight descriptors.
// Under the reactor's lock once added.
class MemoryWatch final : public Source {
  // What open() has opened. Private, so that nobody else makes a watch.
  struct Opened {
    MemoryWatchOptions options;
    TriggerFile events;
    std::optional<TriggerFile> populated;
    MemoryFiles files;
    EventCounts baseline;
  };

 public:
  explicit MemoryWatch(Opened opened);

  static Result<std::shared_ptr<MemoryWatch>> open(MemoryWatchOptions options);

  const std::string& directory() const { return options_.directory; }

  // Hands over what happened since the last call.
  MemoryReport take();

  // After a change of it: Reactor::reschedule().
  Takeover& takeover() { return takeover_; }

  int64_t safety_read_ns() const override { return options_.safety_read_ns; }
  int64_t deadline_ns() const override;
  std::optional<Failure> attach(SourceId id, Registrar* registrar) override;
  bool look(Cause cause, int64_t now_ns, std::span<char> buffer) override;
  bool rest(Cause cause, int64_t now_ns, uint64_t given_out) override;
  void fail(const Failure& failure, int64_t now_ns) override;

 private:
  // Each returns whether JavaScript is to be told now.
  bool look_at_counters(Cause cause, int64_t now_ns, std::span<char> buffer);
  bool judge(Cause cause, bool grew, int64_t now_ns, std::span<char> buffer);
  bool look_at_deadline(int64_t now_ns, std::span<char> buffer);
  bool take_over_if_due(int64_t now_ns, std::span<char> buffer);
  bool no_sample(Cause cause, int64_t now_ns);
  bool set_failure(const Failure& failure);
  bool retire();

  // How much it may grow before a safety read could find anything, by the last
  // look; 0: one may find something at once.
  uint64_t room() const;

  // Reads usage and limits into the report, and judges them.
  void sample(bool was_short, std::span<char> buffer);
  // Whether the shortage that was seen just now may be page cache that
  // memory.stat does not show yet. Then it is looked at again soon.
  bool in_doubt(bool was_short, int64_t now_ns);
  // Returns whether a watched key grew.
  bool count(const EventCounts& now);
  bool watched_growth(EventKeySet keys) const;
  void read_populated(std::span<char> buffer);

  const MemoryWatchOptions options_;
  TriggerFile events_;
  std::optional<TriggerFile> populated_file_;  // cgroup v2 only
  MemoryFiles files_;
  bool populated_ = true;
  bool short_ = false;             // at the last look that could tell
  bool counters_final_ = false;    // read after the last process had left
  bool shortage_noticed_ = false;  // by what is in the report
  bool retired_ = false;
  int64_t blank_since_ns_ = 0;  // 0: the last look gave a sample
  int64_t doubt_since_ns_ = 0;  // 0: not in doubt
  int64_t doubt_look_ns_ = kNoDeadline;
  SafetyRest rest_;
  MemoryReport report_;  // the slot
  Takeover takeover_;
};

}  // namespace spillway

#endif  // SPILLWAY_CORE_MEMORY_WATCH_H_
