#ifndef SPILLWAY_CORE_PROCESS_MEMORY_H_
#define SPILLWAY_CORE_PROCESS_MEMORY_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "failure.h"

namespace spillway {

// Bytes of one process. Absent: its file does not tell.
struct ProcessMemory {
  std::optional<uint64_t> rss;    // in memory, shared pages in full
  std::optional<uint64_t> anon;   // of rss; smaps_rollup: of pss
  std::optional<uint64_t> shmem;  // the same
  std::optional<uint64_t> swap;   // smaps_rollup: its share
  std::optional<uint64_t> pss;    // a page of n processes is one n-th in each
  std::optional<uint64_t> uss;    // pages that are in no other process

  bool known() const { return rss || anon || shmem || swap || pss || uss; }
};

// The files of /proc/PID that tell of memory (Documentation/filesystems/
// proc.rst), from the cheapest: counts that the kernel keeps, the same in more
// words, and a walk of all pages under the lock of the memory map.
enum class ProcessMemoryFile : uint8_t { kStatm, kStatus, kSmapsRollup };

// A process without memory of its own (a zombie, a thread of the kernel) has
// zeros in statm and no such lines in the others: nothing is known of it then.
// Nor of a text without its last newline.
ProcessMemory parse_statm(std::string_view text, uint64_t page_bytes);
ProcessMemory parse_status_memory(std::string_view text);
ProcessMemory parse_smaps_rollup(std::string_view text);

// Reads processes one after the other, with one buffer. One thread at a time.
class ProcessMemoryReader {
 public:
  // `proc` is where procfs is mounted.
  explicit ProcessMemoryReader(std::string proc);

  // Nothing is known of a process that is gone, or that this user may not look
  // at. A failure says nothing about the process (EMFILE, ENOMEM ...).
  Result<ProcessMemory> read(pid_t pid, ProcessMemoryFile file);

 private:
  // "" when it is gone or hidden.
  Result<std::string_view> text_of(const std::string& directory,
                                   const char* file);
  Result<ProcessMemory> read_from(const std::string& directory,
                                  ProcessMemoryFile file);
  Result<ProcessMemory> read_other_threads(const std::string& directory,
                                           pid_t pid, ProcessMemoryFile file);

  std::string proc_;
  uint64_t page_bytes_;
  std::vector<char> buffer_;
};

}  // namespace spillway

#endif  // SPILLWAY_CORE_PROCESS_MEMORY_H_
