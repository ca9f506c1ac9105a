#ifndef SPILLWAY_CORE_KILL_CHOICE_H_
#define SPILLWAY_CORE_KILL_CHOICE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace spillway {

struct KillNeed {
  uint64_t bytes_to_free = 0;
  // What those that are already dying will give back.
  uint64_t dying_bytes = 0;
  // Victims below this die only when no larger one may.
  uint64_t min_victim_bytes = 0;
};

// 1 % of the mark, as in TypeScript.
constexpr uint64_t min_victim_bytes(uint64_t mark) { return mark / 100; }

// One that may be killed, in rank order.
struct KillEntry {
  size_t index = 0;               // the caller's name for it
  std::optional<uint64_t> bytes;  // freeable; unknown counts 0
};

// Whether what is dying is enough.
constexpr bool is_covered(const KillNeed& need) {
  return need.bytes_to_free <= need.dying_bytes;
}

// The `index` of the next victim: the first entry that selectVictims() of
// lib/policy would take. None when the need is covered. Pure.
std::optional<size_t> choose_victim(std::span<const KillEntry> ranked,
                                    const KillNeed& need);

}  // namespace spillway

#endif  // SPILLWAY_CORE_KILL_CHOICE_H_
