#ifndef SPILLWAY_CORE_MEMORY_FILES_H_
#define SPILLWAY_CORE_MEMORY_FILES_H_

#include <array>
#include <cstdint>
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
  enum FileId : uint8_t {
    kCurrent,
    kHigh,
    kMax,
    kStat,
    kSwapCurrent,
    kSwapMax
  };
  static constexpr size_t kFileCount = 6;
  static const std::array<const char*, kFileCount> kNames;

  explicit MemoryFiles(std::string directory)
      : directory_(std::move(directory)) {}

  Result<std::string_view> read(FileId id, std::span<char> buffer) const;
  bool read_value(FileId id, std::span<char> buffer,
                  OptionalBytes* value) const;

  std::string directory_;  // of ordinary files
  bool held_ = false;      // on cgroup v2
  // Not valid: the file is missing, or not held.
  std::array<UniqueFd, kFileCount> fds_;
};

}  // namespace spillway

#endif  // SPILLWAY_CORE_MEMORY_FILES_H_
