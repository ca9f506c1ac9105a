#include "memory_usage.h"

#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace spillway {

namespace {

using Field = OptionalBytes MemoryUsage::*;

constexpr std::array<std::pair<std::string_view, Field>, 10> kStatFields = {{
    {"anon", &MemoryUsage::anon},
    {"file", &MemoryUsage::file},
    {"kernel", &MemoryUsage::kernel},
    {"sock", &MemoryUsage::sock},
    {"shmem", &MemoryUsage::shmem},
    {"zswap", &MemoryUsage::zswap},
    {"inactive_file", &MemoryUsage::inactive_file},
    {"active_file", &MemoryUsage::active_file},
    {"slab_reclaimable", &MemoryUsage::slab_reclaimable},
    {"swapcached", &MemoryUsage::swap_cached},
}};

}  // namespace

Parsed parse_memory_stat(std::string_view text, MemoryUsage* usage) {
  const Parsed complete = check_complete(text);
  if (complete != Parsed::kOk) return complete;
  MemoryUsage found = *usage;
  unsigned missing = (1U << kStatFields.size()) - 1;
  // The fields stand in the first half of the file.
  while (!text.empty() && missing != 0) {
    FlatKeyedLine line;
    if (!next_flat_keyed_line(&text, &line)) return Parsed::kMalformed;
    for (size_t index = 0; index < kStatFields.size(); ++index) {
      const auto& [key, field] = kStatFields[index];
      if (line.key != key) continue;
      found.*field = line.value;
      missing &= ~(1U << index);
      break;
    }
  }
  *usage = found;
  return Parsed::kOk;
}

uint64_t unaccounted(const MemoryUsage& usage) {
  if (!usage.current || !usage.anon || !usage.file || !usage.kernel) return 0;
  uint64_t left = *usage.current;
  for (const auto& part :
       {usage.anon, usage.file, usage.kernel, usage.sock, usage.zswap}) {
    left -= std::min(left, part.value_or(0));
  }
  return left;
}

uint64_t charged_ahead() {
  static const uint64_t bytes = uint64_t{64} *
                                static_cast<uint64_t>(getpagesize()) *
                                static_cast<uint64_t>(get_nprocs_conf());
  return bytes;
}

}  // namespace spillway
