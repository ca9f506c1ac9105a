#ifndef SPILLWAY_CORE_MEMORY_FILES_H_
#define SPILLWAY_CORE_MEMORY_FILES_H_

#include <optional>
#include <span>
#include <string>

#include "failure.h"
#include "memory_usage.h"
#include "shortness.h"
#include "unique_fd.h"

namespace spillway {

// One cgroup's usage and limit files, held open so that a reading costs about
// 1 us a file and opens nothing. Six descriptors; a file that the kernel does
// not have (memory.swap.* without swap accounting) costs none.
class MemoryFiles {
 public:
  // Fails only when descriptors run out or access is refused: a missing file
  // means that its figure is unknown.
  static Result<MemoryFiles> open(const std::string& directory);

  // Reads the total, swap and the limits: enough to tell far from the mark.
  void read_totals(std::span<char> buffer, MemoryUsage* usage,
                   MemoryLimits* limits) const;

  // Reads memory.stat (8-10 us).
  void read_stat(std::span<char> buffer, MemoryUsage* usage) const;

 private:
  UniqueFd current_;
  UniqueFd high_;
  UniqueFd max_;
  UniqueFd stat_;
  UniqueFd swap_current_;
  UniqueFd swap_max_;
};

}  // namespace spillway

#endif  // SPILLWAY_CORE_MEMORY_FILES_H_
