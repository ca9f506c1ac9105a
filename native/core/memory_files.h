#ifndef SPILLWAY_CORE_MEMORY_FILES_H_
#define SPILLWAY_CORE_MEMORY_FILES_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "failure.h"
#include "memory_usage.h"
#include "shortness.h"
#include "unique_fd.h"

namespace spillway {

// One cgroup's usage and limit files, held open so that a reading costs about
// 1 us a file and opens nothing. Six descriptors; a file that the kernel does
// not have (memory.swap.* without swap accounting) costs none. Ordinary files
// may be replaced, so they are opened for each reading instead.
class MemoryFiles {
 public:
  // Fails only when descriptors run out or access is refused: a missing file
  // means that its figure is unknown.
  static Result<MemoryFiles> open(const std::string& directory);

  // For a single reading: opens nothing before it is read, and keeps nothing.
  static MemoryFiles once(const std::string& directory) {
    return MemoryFiles(directory);
  }

  // Reads the total and swap. False as below.
  bool read_amounts(std::span<char> buffer, MemoryUsage* usage) const;

  // Reads the total, swap and the limits: enough to tell far from the mark.
  // False when a file that is there gave no figure (a writer of an ordinary
  // file may be half way): the others alone would tell something else.
  bool read_totals(std::span<char> buffer, MemoryUsage* usage,
                   MemoryLimits* limits) const;

  // Reads memory.stat (8-10 us).
  void read_stat(std::span<char> buffer, MemoryUsage* usage) const;

 private:
  struct File {
    const char* name;
    UniqueFd fd;  // not valid: the file is missing, or not held
  };

  explicit MemoryFiles(std::string directory)
      : directory_(std::move(directory)) {}

  Result<std::string_view> read(const File& file, std::span<char> buffer) const;
  bool read_value(const File& file, std::span<char> buffer,
                  std::optional<uint64_t>* value) const;

  std::string directory_;  // of ordinary files
  bool held_ = false;      // on cgroup v2
  File current_{"memory.current", {}};
  File high_{"memory.high", {}};
  File max_{"memory.max", {}};
  File stat_{"memory.stat", {}};
  File swap_current_{"memory.swap.current", {}};
  File swap_max_{"memory.swap.max", {}};
};

}  // namespace spillway

#endif  // SPILLWAY_CORE_MEMORY_FILES_H_
