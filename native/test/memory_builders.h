#ifndef SPILLWAY_TEST_MEMORY_BUILDERS_H_
#define SPILLWAY_TEST_MEMORY_BUILDERS_H_

#include <cstdint>
#include <optional>

#include "memory_usage.h"

namespace spillway::test {

inline MemoryUsage anonymous(uint64_t current) {
  MemoryUsage usage;
  usage.current = current;
  usage.active_file = 0;
  usage.inactive_file = 0;
  return usage;
}

inline MemoryUsage with_cache(uint64_t current, uint64_t active,
                              uint64_t inactive, uint64_t slab = 0) {
  MemoryUsage usage = anonymous(current);
  usage.active_file = active;
  usage.inactive_file = inactive;
  usage.slab_reclaimable = slab;
  return usage;
}

inline MemoryUsage with_swap(MemoryUsage usage, uint64_t swap) {
  usage.swap = swap;
  return usage;
}

inline MemoryUsage total_only(uint64_t current) {
  MemoryUsage usage;
  usage.current = current;
  return usage;
}

inline MemoryLimits limits_of(std::optional<uint64_t> high,
                              std::optional<uint64_t> max = kUnlimited,
                              std::optional<uint64_t> swap_max = 0) {
  return {high, max, swap_max};
}

}  // namespace spillway::test

#endif  // SPILLWAY_TEST_MEMORY_BUILDERS_H_
