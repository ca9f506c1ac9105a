#ifndef SPILLWAY_CORE_THRESHOLD_RULE_H_
#define SPILLWAY_CORE_THRESHOLD_RULE_H_

#include <cstdint>
#include <optional>

#include "memory_usage.h"

namespace spillway {

// What counts as used.
enum class Basis : uint8_t {
  kPinned,      // what reclaim cannot give back: shortness.h
  kWorkingSet,  // current - inactive_file - active_file
  kAnonShmem,   // anonymous and shared memory
  kCurrent,     // everything, page cache as well
  kHost,        // of the machine: MemTotal - MemAvailable
};

// The rule of the threshold monitor; pure. Figures are bytes.
struct ThresholdRule {
  double fraction = 0.95;  // of the total, 0 to 1
  // So much is to stay free. It can only raise the threshold.
  std::optional<uint64_t> min_free;
  // A breach ends so far below the threshold. Default 5 % of it; at most half.
  std::optional<uint64_t> kill_buffer;
};

struct Threshold {
  uint64_t begin = 0;  // a breach begins above it
  uint64_t clear = 0;  // and ends when not above this
};

// begin = max(total * fraction, total - min_free). A min_free above the total
// asks for nothing.
Threshold threshold_of(uint64_t total, const ThresholdRule& rule);

// Strictly above; what is above 0 need not be much, so 0 is always passed.
bool is_over(uint64_t used, const Threshold& threshold, bool was_over);

// The lowest of memory.high, memory.max and the host's memory.
uint64_t total_of(const MemoryLimits& limits, uint64_t host_total);

// Whether what is swapped counts: where it is asked for, and in kPinned, where
// it is part of what does not go away.
bool counts_swap(Basis basis, bool include_swap);

// What may be swapped, of the host's swap.
uint64_t swap_room(const MemoryLimits& limits, uint64_t host_swap);

// By a reading with memory.stat; absent when a figure is missing. Not for
// kHost.
std::optional<uint64_t> used_of(Basis basis, bool include_swap,
                                const MemoryUsage& usage,
                                const MemoryLimits& limits);

}  // namespace spillway

#endif  // SPILLWAY_CORE_THRESHOLD_RULE_H_
