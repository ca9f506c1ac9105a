#ifndef SPILLWAY_CORE_MEMORY_LEVEL_H_
#define SPILLWAY_CORE_MEMORY_LEVEL_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "failure.h"
#include "held_file.h"
#include "memory_usage.h"

namespace spillway {

enum class CgroupVersion : uint8_t { kV1, kV2 };

// One cgroup's usage and limits, of either version, read file by file: at most
// what is needed. Up to six descriptors (five of v1), of which those for usage
// are opened when it is first asked for: of the cgroups above, only the limited
// ones are measured.
//
// A figure that could not be read is a failure, never 0. A file that the kernel
// does not have means no limit, or no swap; only memory.current and memory.stat
// must be there.
class MemoryLevel {
 public:
  static Result<MemoryLevel> open(const std::string& directory,
                                  CgroupVersion version);

  std::optional<Failure> open_usage();

  // Of the total, where it is held open; -1 otherwise.
  int current_fd() const {
    return files_[kCurrent].has_value() ? files_[kCurrent]->held_fd() : -1;
  }

  // Two files, about 0.7 us each, and one more with swap.
  std::optional<Failure> read_limits(bool with_swap, std::span<char> buffer,
                                     MemoryLimits* limits) const;
  // The total, and what is swapped: one file each. Forgets all else.
  std::optional<Failure> read_current(bool with_swap, std::span<char> buffer,
                                      MemoryUsage* usage) const;
  // The parts: memory.stat (7-10 us).
  std::optional<Failure> read_stat(std::span<char> buffer,
                                   MemoryUsage* usage) const;

 private:
  enum FileId : uint8_t { kMax, kHigh, kSwapMax, kCurrent, kStat, kSwap };
  static constexpr size_t kFileCount = 6;
  using Names = std::array<const char*, kFileCount>;
  static const Names kNamesV1;
  static const Names kNamesV2;

  MemoryLevel(std::string directory, CgroupVersion version)
      : directory_(std::move(directory)), version_(version) {}

  std::optional<Failure> open_file(FileId id);
  // Leaves the value absent where the kernel does not have the file.
  template <typename Parse>
  std::optional<Failure> read_if_present(FileId id, std::span<char> buffer,
                                         const Parse& parse,
                                         OptionalBytes* value) const;

  std::string directory_;
  CgroupVersion version_;
  bool measured_ = false;  // the files for usage are open
  std::array<std::optional<HeldFile>, kFileCount> files_;
};

}  // namespace spillway

#endif  // SPILLWAY_CORE_MEMORY_LEVEL_H_
