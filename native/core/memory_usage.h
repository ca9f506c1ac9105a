#ifndef SPILLWAY_CORE_MEMORY_USAGE_H_
#define SPILLWAY_CORE_MEMORY_USAGE_H_

#include <cstdint>
#include <string_view>

#include "flat_keyed.h"
#include "optional_bytes.h"

namespace spillway {

// Bytes of one cgroup. Absent: not read, or the kernel does not have it.
struct MemoryUsage {
  OptionalBytes current;
  OptionalBytes swap;
  OptionalBytes anon;
  OptionalBytes file;
  OptionalBytes shmem;
  OptionalBytes kernel;  // since Linux 5.18
  OptionalBytes sock;
  OptionalBytes zswap;
  OptionalBytes inactive_file;
  OptionalBytes active_file;
  OptionalBytes slab_reclaimable;
  OptionalBytes swap_cached;  // swapped, and in memory as well
};

// Limits of one cgroup; kUnlimited is the kernel's "max".
struct MemoryLimits {
  OptionalBytes high;
  OptionalBytes max;
  OptionalBytes swap_max;
};

// Reads memory.stat into the fields that it has.
Parsed parse_memory_stat(std::string_view text, MemoryUsage* usage);

// What processors charge ahead of use, at most: a batch of pages each
// (MEMCG_CHARGE_BATCH).
uint64_t charged_ahead();

// What is charged and stands nowhere in memory.stat. A little always does: each
// processor has some charged in advance, and counts apart. Much more means that
// the file is old: before Linux 6.8 who reads it does not wait while another
// one flushes it. 0 where the kernel does not tell all the parts.
uint64_t unaccounted(const MemoryUsage& usage);

}  // namespace spillway

#endif  // SPILLWAY_CORE_MEMORY_USAGE_H_
