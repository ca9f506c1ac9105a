#include "memory_files.h"

#include <cerrno>
#include <utility>

#include "kernel_file.h"

namespace spillway {

Result<MemoryFiles> MemoryFiles::open(const std::string& directory) {
  MemoryFiles files(directory);
  for (File* file : {&files.current_, &files.high_, &files.max_, &files.stat_,
                     &files.swap_current_, &files.swap_max_}) {
    Result<UniqueFd> opened = open_file(directory, file->name);
    if (const Failure* failure = failure_of(opened)) {
      if (failure->error == ENOENT) continue;
      return *failure;
    }
    auto& fd = std::get<UniqueFd>(opened);
    files.held_ = is_cgroup2(fd.get());
    if (files.held_) file->fd = std::move(fd);
  }
  if (files.held_) files.directory_ = std::string();
  return files;
}

Result<std::string_view> MemoryFiles::read(const File& file,
                                           std::span<char> buffer) const {
  if (held_) {
    if (!file.fd.valid()) return Failure{ENOENT, "open", file.name};
    return read_file(file.fd.get(), buffer);
  }
  const Result<UniqueFd> opened = open_file(directory_, file.name);
  if (const Failure* failure = failure_of(opened)) return *failure;
  return read_file(std::get<UniqueFd>(opened).get(), buffer);
}

// True when the file gave its figure, or is missing.
bool MemoryFiles::read_value(const File& file, std::span<char> buffer,
                             std::optional<uint64_t>* value) const {
  value->reset();
  const Result<std::string_view> text = read(file, buffer);
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
  bool complete = read_value(current_, buffer, &usage->current);
  complete &= read_value(swap_current_, buffer, &usage->swap);
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
  complete &= read_value(high_, buffer, &limits->high);
  complete &= read_value(max_, buffer, &limits->max);
  complete &= read_value(swap_max_, buffer, &limits->swap_max);
  return complete;
}

void MemoryFiles::read_stat(std::span<char> buffer, MemoryUsage* usage) const {
  const Result<std::string_view> text = read(stat_, buffer);
  if (failure_of(text) != nullptr) return;
  parse_memory_stat(std::get<std::string_view>(text), usage);
}

}  // namespace spillway
