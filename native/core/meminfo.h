#ifndef SPILLWAY_CORE_MEMINFO_H_
#define SPILLWAY_CORE_MEMINFO_H_

#include <cstdint>
#include <string_view>

#include "flat_keyed.h"

namespace spillway {

// The machine's memory, in bytes.
struct HostMemory {
  uint64_t total = 0;
  // What can be given out without swapping, by the kernel's own estimate.
  uint64_t available = 0;
  uint64_t swap_total = 0;
  uint64_t swap_free = 0;
  uint64_t swap_cached = 0;  // swapped out, and in memory as well
};

// Reads /proc/meminfo. Before Linux 3.14, and in some containers, there is no
// MemAvailable; then it is MemFree + Cached + Buffers. Figures that are read
// must have the unit kB; others are ignored. Without a total, or without what
// is available, it is malformed. Missing swap is none.
Parsed parse_meminfo(std::string_view text, HostMemory* memory);

}  // namespace spillway

#endif  // SPILLWAY_CORE_MEMINFO_H_
