#include "threshold_rule.h"

#include <algorithm>

#include "shortness.h"

namespace spillway {

namespace {

constexpr uint64_t kKillBufferDivisor = 20;  // 5 %

uint64_t minus(uint64_t from, uint64_t amount) {
  return from - std::min(from, amount);
}

// The total and the parts are read one after the other, and the kernel counts
// them apart: their difference may be slightly below zero.
std::optional<uint64_t> working_set(const MemoryUsage& usage) {
  if (!usage.current || !usage.inactive_file || !usage.active_file) {
    return std::nullopt;
  }
  return minus(minus(*usage.current, *usage.inactive_file), *usage.active_file);
}

std::optional<uint64_t> resident(Basis basis, const MemoryUsage& usage) {
  if (basis == Basis::kCurrent) return usage.current;
  if (basis == Basis::kWorkingSet) return working_set(usage);
  if (!usage.anon || !usage.shmem) return std::nullopt;
  return *usage.anon + *usage.shmem;
}

}  // namespace

Threshold threshold_of(uint64_t total, const ThresholdRule& rule) {
  Threshold threshold;
  threshold.begin =
      static_cast<uint64_t>(static_cast<double>(total) * rule.fraction);
  if (rule.min_free.has_value()) {
    threshold.begin = std::max(threshold.begin, minus(total, *rule.min_free));
  }
  const uint64_t buffer =
      std::min(rule.kill_buffer.value_or(threshold.begin / kKillBufferDivisor),
               threshold.begin / 2);
  threshold.clear = threshold.begin - buffer;
  return threshold;
}

bool is_over(uint64_t used, const Threshold& threshold, bool was_over) {
  if (threshold.begin == 0) return true;
  return used > (was_over ? threshold.clear : threshold.begin);
}

uint64_t total_of(const MemoryLimits& limits, uint64_t host_total) {
  return std::min({limits.high.value_or(kUnlimited),
                   limits.max.value_or(kUnlimited), host_total});
}

bool counts_swap(Basis basis, bool include_swap) {
  return include_swap || basis == Basis::kPinned;
}

uint64_t swap_room(const MemoryLimits& limits, uint64_t host_swap) {
  return std::min(limits.swap_max.value_or(0), host_swap);
}

std::optional<uint64_t> used_of(Basis basis, bool include_swap,
                                const MemoryUsage& usage,
                                const MemoryLimits& limits) {
  if (basis == Basis::kPinned) {
    return evaluate_shortness(usage, limits, std::nullopt, false).pinned;
  }
  const std::optional<uint64_t> in_memory = resident(basis, usage);
  if (!in_memory.has_value() || !include_swap) return in_memory;
  // What is in both is counted once.
  return *in_memory +
         minus(swap_held(usage, limits), usage.swap_cached.value_or(0));
}

}  // namespace spillway
