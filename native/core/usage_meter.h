#ifndef SPILLWAY_CORE_USAGE_METER_H_
#define SPILLWAY_CORE_USAGE_METER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "failure.h"
#include "memory_place.h"

namespace spillway {

// What use is held against.
struct UsageScale {
  // Bytes. None: the mark of the cgroup itself, the lower of memory.high and
  // memory.max, which may change.
  std::optional<uint64_t> limit;
  double slow_at_fraction = 0;  // of the limit: up to it there is room
};

struct UsageReading {
  uint64_t used = 0;   // bytes
  uint64_t limit = 0;  // bytes, at most kSaturated: there is none
  double slow_at = 0;  // bytes

  bool is_slow() const { return static_cast<double>(used) > slow_at; }
};

// Tells how many bytes are in use, again and again, from files held open.
class UsageMeter {
 public:
  UsageMeter() = default;
  virtual ~UsageMeter() = default;
  UsageMeter(const UsageMeter&) = delete;
  UsageMeter& operator=(const UsageMeter&) = delete;

  // On failure the reading stays as it was.
  virtual std::optional<Failure> read(std::span<char> buffer,
                                      UsageReading* reading) const = 0;
};

// The resident set of this process: DIRECTORY/statm, one descriptor, one pread.
// The scale must have a limit.
Result<std::unique_ptr<UsageMeter>> open_process_meter(
    const UsageScale& scale, const std::string& directory = "/proc/self");

// What a cgroup of either version holds: six descriptors, five of v1.
//
// While there is room all that is charged to it, with what is swapped: an upper
// bound, for one pread or two, and three more for its own mark. Above, what
// reclaim cannot give back (shortness.h), so that its page cache alone never
// counts as use.
Result<std::unique_ptr<UsageMeter>> open_cgroup_meter(const MemoryPlace& place,
                                                      const UsageScale& scale);

}  // namespace spillway

#endif  // SPILLWAY_CORE_USAGE_METER_H_
