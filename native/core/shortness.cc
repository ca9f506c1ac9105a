#include "shortness.h"

#include <algorithm>

namespace spillway {

namespace {

constexpr uint64_t kKillBufferDivisor = 20;  // 5 %

uint64_t minus(uint64_t from, uint64_t amount) {
  return from - std::min(from, amount);
}

struct Levels {
  uint64_t mark = kUnlimited;
  uint64_t begin = kUnlimited;
  uint64_t clear = kUnlimited;
};

Levels levels_of(const MemoryLimits& limits,
                 std::optional<uint64_t> kill_buffer) {
  Levels levels;
  levels.mark = std::min(limits.high.value_or(kUnlimited),
                         limits.max.value_or(kUnlimited));
  if (levels.mark == kUnlimited) return levels;
  // At most half of the mark: a limit may be lowered below a buffer that was
  // chosen for a larger one, and then no relief would ever be enough.
  const uint64_t buffer = std::min(
      kill_buffer.value_or(levels.mark / kKillBufferDivisor), levels.mark / 2);
  levels.begin = minus(levels.mark, buffer / 2);
  levels.clear = minus(levels.mark, buffer);
  return levels;
}

std::optional<uint64_t> pinned_of(const MemoryUsage& usage,
                                  const MemoryLimits& limits) {
  if (!usage.current || !usage.active_file || !usage.inactive_file) {
    return std::nullopt;
  }
  // The total and the parts are read one after the other, and the kernel
  // counts them apart: their difference may be slightly below zero.
  uint64_t pinned = minus(*usage.current, *usage.active_file);
  pinned = minus(pinned, *usage.inactive_file);
  pinned = minus(pinned, usage.slab_reclaimable.value_or(0));
  return pinned + swap_held(usage, limits);
}

}  // namespace

uint64_t swap_held(const MemoryUsage& usage, const MemoryLimits& limits) {
  const bool swap_allowed = limits.swap_max.value_or(0) > 0;
  return swap_allowed ? usage.swap.value_or(0) : 0;
}

Shortness evaluate_shortness(const MemoryUsage& usage,
                             const MemoryLimits& limits,
                             std::optional<uint64_t> kill_buffer,
                             bool was_short) {
  Shortness result;
  const Levels levels = levels_of(limits, kill_buffer);
  result.mark = levels.mark;
  result.clear_level = levels.clear;
  result.pinned = pinned_of(usage, limits);
  if (levels.mark == kUnlimited) {
    result.known = limits.high.has_value() || limits.max.has_value();
    return result;
  }
  if (!result.pinned.has_value()) {
    result.known = !needs_stat(usage, limits, kill_buffer) && usage.current;
    return result;
  }
  result.known = true;
  const uint64_t pinned = *result.pinned;
  result.is_short = was_short ? pinned > levels.clear : pinned > levels.begin;
  if (result.is_short) result.bytes_to_free = pinned - levels.clear;
  return result;
}

bool needs_stat(const MemoryUsage& usage, const MemoryLimits& limits,
                std::optional<uint64_t> kill_buffer) {
  const Levels levels = levels_of(limits, kill_buffer);
  if (levels.mark == kUnlimited) return false;
  return usage.current.value_or(0) + swap_held(usage, limits) > levels.clear;
}

uint64_t room_to_shortness(const MemoryUsage& usage, const MemoryLimits& limits,
                           const Shortness& shortness) {
  if (!shortness.known || shortness.is_short || !usage.current) return 0;
  return minus(shortness.clear_level,
               *usage.current + swap_held(usage, limits));
}

}  // namespace spillway
