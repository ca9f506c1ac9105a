#ifndef SPILLWAY_CORE_MEMORY_V1_H_
#define SPILLWAY_CORE_MEMORY_V1_H_

#include <cstdint>
#include <string_view>

#include "memory_usage.h"

namespace spillway {

// The files of the cgroup v1 memory controller
// (Documentation/admin-guide/cgroup-v1/memory.rst).

// memory.limit_in_bytes and memory.memsw.limit_in_bytes. "No limit" is the
// largest number of pages that the kernel counts, in bytes (PAGE_COUNTER_MAX):
// 9223372036854771712 with pages of 4 KiB. Nobody has as much as kSaturated,
// so from there on it is kUnlimited.
Parsed parse_limit_v1(std::string_view text, uint64_t* limit);

// Reads memory.stat into the fields that it has: those named total_*, which
// count the cgroups below as well, as the other files and cgroup v2 do. There
// is no figure of the slab, nor of the kernel's memory.
Parsed parse_memory_stat_v1(std::string_view text, MemoryUsage* usage);

}  // namespace spillway

#endif  // SPILLWAY_CORE_MEMORY_V1_H_
