#include "memory_files.h"

#include <cerrno>
#include <utility>

#include "kernel_file.h"

namespace spillway {

// In the order of FileId.
const std::array<const char*, MemoryFiles::kFileCount> MemoryFiles::kNames = {
    "memory.current", "memory.high",         "memory.max",
    "memory.stat",    "memory.swap.current", "memory.swap.max"};

Result<MemoryFiles> MemoryFiles::open(const std::string& directory) {
  MemoryFiles files(directory);
  for (size_t id = 0; id < kFileCount; ++id) {
    Result<UniqueFd> opened = open_file(directory, kNames[id]);
    if (const Failure* failure = failure_of(opened)) {
      if (failure->error == ENOENT) continue;
      return *failure;
    }
    auto& fd = std::get<UniqueFd>(opened);
    files.held_ = is_cgroup2(fd.get());
    if (files.held_) files.fds_[id] = std::move(fd);
  }
  if (files.held_) files.directory_ = std::string();
  return files;
}

Result<std::string_view> MemoryFiles::read(FileId id,
                                           std::span<char> buffer) const {
  if (held_) {
    const UniqueFd& fd = fds_[id];
    if (!fd.valid()) return Failure{ENOENT, "open", kNames[id]};
    return read_file(fd.get(), buffer);
  }
  const Result<UniqueFd> opened = open_file(directory_, kNames[id]);
  if (const Failure* failure = failure_of(opened)) return *failure;
  return read_file(std::get<UniqueFd>(opened).get(), buffer);
}

// True when the file gave its figure, or is missing.
bool MemoryFiles::read_value(FileId id, std::span<char> buffer,
                             OptionalBytes* value) const {
  value->reset();
  const Result<std::string_view> text = read(id, buffer);
  if (const Failure* failure = failure_of(text)) {
    return failure->error == ENOENT;
  }
  uint64_t number = 0;
  if (parse_value(std::get<std::string_view>(text), &number) != Parsed::kOk) {
    return false;
  }
  *value = number;
  return true;
}

bool MemoryFiles::read_amounts(std::span<char> buffer,
                               MemoryUsage* usage) const {
  bool complete = read_value(kCurrent, buffer, &usage->current);
  complete &= read_value(kSwapCurrent, buffer, &usage->swap);
  for (auto* figure : {&usage->current, &usage->swap}) {
    if (*figure != kUnlimited) continue;
    // Only a limit may be "max"; as an amount it would overflow sums.
    figure->reset();
    complete = false;
  }
  return complete;
}

bool MemoryFiles::read_totals(std::span<char> buffer, MemoryUsage* usage,
                              MemoryLimits* limits) const {
  bool complete = read_amounts(buffer, usage);
  complete &= read_value(kHigh, buffer, &limits->high);
  complete &= read_value(kMax, buffer, &limits->max);
  complete &= read_value(kSwapMax, buffer, &limits->swap_max);
  return complete;
}

void MemoryFiles::read_stat(std::span<char> buffer, MemoryUsage* usage) const {
  const Result<std::string_view> text = read(kStat, buffer);
  if (failure_of(text) != nullptr) return;
  parse_memory_stat(std::get<std::string_view>(text), usage);
}

}  // namespace spillway
