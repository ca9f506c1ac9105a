#ifndef SPILLWAY_CORE_MEMORY_PLACE_H_
#define SPILLWAY_CORE_MEMORY_PLACE_H_

#include <optional>
#include <string>
#include <vector>

#include "failure.h"
#include "meminfo.h"
#include "memory_usage.h"

namespace spillway {

enum class PlaceKind : uint8_t { kV1, kV2, kHost };

// Where memory is measured: a cgroup of either version, or the whole machine.
struct MemoryPlace {
  PlaceKind kind = PlaceKind::kHost;
  std::string directory;               // empty for the host
  std::vector<std::string> ancestors;  // from the parent upwards
  std::string proc = "/proc";
};

// A place's memory, all of it, at one moment.
struct PlaceSample {
  MemoryUsage usage;  // of the cgroup itself; empty for the host
  MemoryLimits limits;
  std::optional<uint64_t> pinned;
  // The lowest limit there is, and whose: 0 is the cgroup's own, 1 its
  // parent's. Absent: the machine's memory.
  uint64_t total = 0;
  std::optional<size_t> total_level;
  HostMemory host;
};

// Opens and reads everything once. A figure that cannot be read is a failure.
Result<PlaceSample> read_place(const MemoryPlace& place);

}  // namespace spillway

#endif  // SPILLWAY_CORE_MEMORY_PLACE_H_
