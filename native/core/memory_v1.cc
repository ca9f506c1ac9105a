#include "memory_v1.h"

#include <array>
#include <utility>

namespace spillway {

namespace {

using Field = OptionalBytes MemoryUsage::*;

constexpr std::array<std::pair<std::string_view, Field>, 6> kStatFields = {{
    {"total_cache", &MemoryUsage::file},
    {"total_rss", &MemoryUsage::anon},  // anonymous; huge pages are in it
    {"total_shmem", &MemoryUsage::shmem},
    {"total_swapcached", &MemoryUsage::swap_cached},
    {"total_inactive_file", &MemoryUsage::inactive_file},
    {"total_active_file", &MemoryUsage::active_file},
}};

}  // namespace

Parsed parse_limit_v1(std::string_view text, uint64_t* limit) {
  uint64_t value = 0;
  const Parsed parsed = parse_value(text, &value);
  if (parsed != Parsed::kOk) return parsed;
  *limit = value >= kSaturated ? kUnlimited : value;
  return Parsed::kOk;
}

Parsed parse_memory_stat_v1(std::string_view text, MemoryUsage* usage) {
  const Parsed complete = check_complete(text);
  if (complete != Parsed::kOk) return complete;
  MemoryUsage found = *usage;
  while (!text.empty()) {
    FlatKeyedLine line;
    if (!next_flat_keyed_line(&text, &line)) return Parsed::kMalformed;
    for (const auto& [key, field] : kStatFields) {
      if (line.key == key) found.*field = line.value;
    }
  }
  *usage = found;
  return Parsed::kOk;
}

}  // namespace spillway
