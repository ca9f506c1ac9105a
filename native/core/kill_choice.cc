#include "kill_choice.h"

namespace spillway {

std::optional<size_t> choose_victim(std::span<const KillEntry> ranked,
                                    const KillNeed& need) {
  if (is_covered(need)) return std::nullopt;
  for (const KillEntry& entry : ranked) {
    if (entry.bytes.value_or(0) >= need.min_victim_bytes) return entry.index;
  }
  if (ranked.empty()) return std::nullopt;
  return ranked.front().index;
}

}  // namespace spillway
