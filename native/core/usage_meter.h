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

// Tells how many bytes are in use, again and again, from files held open.
class UsageMeter {
 public:
  UsageMeter() = default;
  virtual ~UsageMeter() = default;
  UsageMeter(const UsageMeter&) = delete;
  UsageMeter& operator=(const UsageMeter&) = delete;

  // On failure `used` stays as it was.
  virtual std::optional<Failure> read(std::span<char> buffer,
                                      uint64_t* used) const = 0;
};

// The resident set of this process: DIRECTORY/statm, one descriptor, one pread.
Result<std::unique_ptr<UsageMeter>> open_process_meter(
    const std::string& directory = "/proc/self");

// What a cgroup of either version holds: six descriptors, five of v1.
//
// Up to `near` all that is charged to it, with what is swapped: an upper bound,
// for one pread or two. Above `near`, what reclaim cannot give back
// (shortness.h), so that its page cache alone never counts as use.
Result<std::unique_ptr<UsageMeter>> open_cgroup_meter(const MemoryPlace& place,
                                                      double near);

}  // namespace spillway

#endif  // SPILLWAY_CORE_USAGE_METER_H_
