#ifndef SPILLWAY_CORE_MEMORY_USAGE_H_
#define SPILLWAY_CORE_MEMORY_USAGE_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "flat_keyed.h"

namespace spillway {

// Bytes of one cgroup. Absent: not read, or the kernel does not have it.
struct MemoryUsage {
  std::optional<uint64_t> current;
  std::optional<uint64_t> swap;
  std::optional<uint64_t> anon;
  std::optional<uint64_t> file;
  std::optional<uint64_t> shmem;
  std::optional<uint64_t> kernel;
  std::optional<uint64_t> inactive_file;
  std::optional<uint64_t> active_file;
  std::optional<uint64_t> slab_reclaimable;
  std::optional<uint64_t> swap_cached;  // swapped, and in memory as well
};

// Limits of one cgroup; kUnlimited is the kernel's "max".
struct MemoryLimits {
  std::optional<uint64_t> high;
  std::optional<uint64_t> max;
  std::optional<uint64_t> swap_max;
};

// Reads memory.stat into the fields that it has.
Parsed parse_memory_stat(std::string_view text, MemoryUsage* usage);

}  // namespace spillway

#endif  // SPILLWAY_CORE_MEMORY_USAGE_H_
