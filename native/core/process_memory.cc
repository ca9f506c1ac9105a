#include "process_memory.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "flat_keyed.h"
#include "kernel_file.h"

namespace spillway {

namespace {

using Field = std::optional<uint64_t> ProcessMemory::*;
using Key = std::pair<std::string_view, Field>;

// The line "Groups:" of status holds up to 65,536 numbers (NGROUPS_MAX).
constexpr size_t kLargestFile = size_t{1} << 20;

uint64_t times(uint64_t count, uint64_t unit) {
  return count > kSaturated / unit ? kSaturated : count * unit;
}

// "  116 kB"
std::optional<uint64_t> bytes_of(std::string_view value) {
  constexpr std::string_view kUnit = " kB";
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  if (!value.ends_with(kUnit)) return std::nullopt;
  value.remove_suffix(kUnit.size());
  const std::optional<uint64_t> kib = parse_number(value);
  if (!kib.has_value()) return std::nullopt;
  return times(*kib, 1024);
}

// Calls back with the key and value of each line "KEY:VALUE" but the first,
// which holds a name that the process may choose in one file, and addresses in
// the other. A line ends at a newline and nowhere else: the kernel escapes
// newlines in names, and other characters must not let a process pass for
// smaller than it is.
template <typename Callback>
void for_each_line(std::string_view text, Callback callback) {
  if (check_complete(text) != Parsed::kOk) return;
  text.remove_prefix(text.find('\n') + 1);
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    callback(line.substr(0, colon), line.substr(colon + 1));
  }
}

template <size_t size>
ProcessMemory parse_lines(std::string_view text,
                          const std::array<Key, size>& keys) {
  ProcessMemory memory;
  for_each_line(text, [&](std::string_view name, std::string_view value) {
    for (const auto& [key, field] : keys) {
      if (name == key && !(memory.*field)) memory.*field = bytes_of(value);
    }
  });
  return memory;
}

// The first thread has ended, and others work on.
bool is_survived_by_threads(std::string_view status) {
  bool zombie = false;
  bool alone = true;
  for_each_line(status, [&](std::string_view key, std::string_view value) {
    if (key == "State") zombie = value.starts_with("\tZ");
    if (key == "Threads") alone = value == "\t1";
  });
  return zombie && !alone;
}

// What a process's files answer when it is gone, or hidden from this user.
// ESRCH: it was reaped after its file was opened, or has no memory of its own.
bool is_no_answer(const Failure& failure) {
  return failure.error == ENOENT || failure.error == ESRCH ||
         failure.error == EACCES || failure.error == EPERM;
}

const char* name_of(ProcessMemoryFile file) {
  switch (file) {
    case ProcessMemoryFile::kStatm:
      return "statm";
    case ProcessMemoryFile::kStatus:
      return "status";
    case ProcessMemoryFile::kSmapsRollup:
      break;
  }
  return "smaps_rollup";
}

}  // namespace

ProcessMemory parse_statm(std::string_view text, uint64_t page_bytes) {
  ProcessMemory memory;
  if (check_complete(text) != Parsed::kOk) return memory;
  const size_t first = text.find(' ');
  if (first == std::string_view::npos) return memory;
  const size_t second = text.find(' ', first + 1);
  if (second == std::string_view::npos) return memory;
  const auto size = parse_number(text.substr(0, first));
  const auto resident =
      parse_number(text.substr(first + 1, second - first - 1));
  if (!size || !resident || *size == 0) return memory;
  memory.rss = times(*resident, page_bytes);
  return memory;
}

ProcessMemory parse_status_memory(std::string_view text) {
  constexpr std::array<Key, 4> kKeys = {{
      {"VmRSS", &ProcessMemory::rss},
      {"RssAnon", &ProcessMemory::anon},
      {"RssShmem", &ProcessMemory::shmem},
      {"VmSwap", &ProcessMemory::swap},
  }};
  return parse_lines(text, kKeys);
}

ProcessMemory parse_smaps_rollup(std::string_view text) {
  constexpr std::array<Key, 5> kKeys = {{
      {"Rss", &ProcessMemory::rss},
      {"Pss", &ProcessMemory::pss},
      {"Pss_Anon", &ProcessMemory::anon},
      {"Pss_Shmem", &ProcessMemory::shmem},
      {"SwapPss", &ProcessMemory::swap},
  }};
  ProcessMemory memory = parse_lines(text, kKeys);
  // Private_Clean, Private_Dirty and, of huge-page file systems and in none
  // of the others, Private_Hugetlb.
  for_each_line(text, [&](std::string_view name, std::string_view value) {
    if (!name.starts_with("Private_")) return;
    const auto bytes = bytes_of(value);
    if (!bytes.has_value()) return;
    memory.uss = std::min(memory.uss.value_or(0) + *bytes, kSaturated);
  });
  return memory;
}

ProcessMemoryReader::ProcessMemoryReader(std::string proc)
    : proc_(std::move(proc)),
      page_bytes_(static_cast<uint64_t>(sysconf(_SC_PAGESIZE))),
      buffer_(kFileBufferBytes) {}

Result<ProcessMemory> ProcessMemoryReader::read(pid_t pid,
                                                ProcessMemoryFile file) {
  const std::string directory = proc_ + "/" + std::to_string(pid);
  Result<ProcessMemory> memory = read_from(directory, file);
  if (failure_of(memory) != nullptr) return memory;
  if (std::get<ProcessMemory>(memory).known()) return memory;
  return read_other_threads(directory, pid, file);
}

Result<std::string_view> ProcessMemoryReader::text_of(
    const std::string& directory, const char* file) {
  const Result<UniqueFd> fd = open_file(directory, file);
  if (const Failure* failure = failure_of(fd)) {
    if (is_no_answer(*failure)) return std::string_view();
    return *failure;
  }
  for (;;) {
    const auto text = read_file(std::get<UniqueFd>(fd).get(), buffer_);
    const Failure* failure = failure_of(text);
    if (failure == nullptr) return text;
    if (is_no_answer(*failure)) return std::string_view();
    if (failure->error != kBadContent) {
      return Failure{failure->error, failure->call, file};
    }
    if (buffer_.size() >= kLargestFile) return std::string_view();
    buffer_.resize(buffer_.size() * 2);
  }
}

Result<ProcessMemory> ProcessMemoryReader::read_from(
    const std::string& directory, ProcessMemoryFile file) {
  const Result<std::string_view> text = text_of(directory, name_of(file));
  if (const Failure* failure = failure_of(text)) return *failure;
  switch (file) {
    case ProcessMemoryFile::kStatm:
      return parse_statm(std::get<std::string_view>(text), page_bytes_);
    case ProcessMemoryFile::kStatus:
      return parse_status_memory(std::get<std::string_view>(text));
    case ProcessMemoryFile::kSmapsRollup:
      break;
  }
  return parse_smaps_rollup(std::get<std::string_view>(text));
}

// Threads share their process's memory, but once the first one has ended the
// process's own files no longer tell of it (the thread has let go of the
// memory: kernel/exit.c, exit_mm()); those of the others do.
Result<ProcessMemory> ProcessMemoryReader::read_other_threads(
    const std::string& directory, pid_t pid, ProcessMemoryFile file) {
  const Result<std::string_view> status = text_of(directory, "status");
  if (const Failure* failure = failure_of(status)) return *failure;
  if (!is_survived_by_threads(std::get<std::string_view>(status))) {
    return ProcessMemory{};
  }
  const std::string tasks = directory + "/task";
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(opendir(tasks.c_str()),
                                                    closedir);
  if (listing == nullptr) {
    const Failure failure{errno, "opendir", "task"};
    if (is_no_answer(failure)) return ProcessMemory{};
    return failure;
  }
  const std::string itself = std::to_string(pid);
  for (;;) {
    errno = 0;
    const dirent* const entry = readdir(listing.get());
    if (entry == nullptr) break;
    if (!parse_number(entry->d_name) || entry->d_name == itself) continue;
    auto memory = read_from(tasks + "/" + entry->d_name, file);
    if (failure_of(memory) != nullptr) return memory;
    if (std::get<ProcessMemory>(memory).known()) return memory;
  }
  const Failure failure{errno, "readdir", "task"};
  if (failure.error != 0 && !is_no_answer(failure)) return failure;
  return ProcessMemory{};
}

}  // namespace spillway
