#ifndef SPILLWAY_CORE_SHORTNESS_H_
#define SPILLWAY_CORE_SHORTNESS_H_

#include <cstdint>
#include <optional>

#include "memory_usage.h"

namespace spillway {

// Whether a cgroup is short of memory, or merely churns its page cache. The
// one rule by which Spillway kills; pure, used by the reactor and by
// TypeScript.
struct Shortness {
  // False when the files do not tell: neither short nor not short.
  bool known = false;
  bool is_short = false;
  // What reclaim cannot give back. Absent when memory.stat was not read.
  OptionalBytes pinned;
  // The lower of memory.high and memory.max; kUnlimited where neither is set.
  uint64_t mark = kUnlimited;
  // A shortage ends when pinned falls to this: mark - kill buffer.
  uint64_t clear_level = kUnlimited;
  // pinned - clear_level while short, else 0.
  uint64_t bytes_to_free = 0;
};

// Short begins above mark - kill_buffer / 2 and ends at mark - kill_buffer;
// in between `was_short` decides, which is the hysteresis. The default kill
// buffer is 5 % of the mark, the largest half of it.
Shortness evaluate_shortness(const MemoryUsage& usage,
                             const MemoryLimits& limits,
                             std::optional<uint64_t> kill_buffer,
                             bool was_short);

// Whether memory.stat must be read to tell: below the clear level the total
// alone proves that the cgroup is not short.
bool needs_stat(const MemoryUsage& usage, const MemoryLimits& limits,
                std::optional<uint64_t> kill_buffer);

// How much more may be charged, or swapped, before the cgroup can be short; 0
// where it may be so now.
uint64_t room_to_shortness(const MemoryUsage& usage, const MemoryLimits& limits,
                           const Shortness& shortness);

// What is swapped, where swap is allowed. Swapped memory comes back when it is
// used, so reclaim by swapping gives nothing back for good.
uint64_t swap_held(const MemoryUsage& usage, const MemoryLimits& limits);

}  // namespace spillway

#endif  // SPILLWAY_CORE_SHORTNESS_H_
