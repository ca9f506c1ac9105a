#include "memory_files.h"

#include <cerrno>
#include <utility>

#include "kernel_file.h"

namespace spillway {

namespace {

std::optional<uint64_t> read_value(const UniqueFd& fd, std::span<char> buffer) {
  if (!fd.valid()) return std::nullopt;
  const Result<std::string_view> text = read_file(fd.get(), buffer);
  uint64_t value = 0;
  if (failure_of(text) != nullptr ||
      parse_value(std::get<std::string_view>(text), &value) != Parsed::kOk) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

Result<MemoryFiles> MemoryFiles::open(const std::string& directory) {
  MemoryFiles files;
  const std::pair<UniqueFd*, const char*> wanted[] = {
      {&files.current_, "memory.current"},
      {&files.high_, "memory.high"},
      {&files.max_, "memory.max"},
      {&files.stat_, "memory.stat"},
      {&files.swap_current_, "memory.swap.current"},
      {&files.swap_max_, "memory.swap.max"},
  };
  for (const auto& [fd, name] : wanted) {
    Result<UniqueFd> opened = open_file(directory, name);
    if (const Failure* failure = failure_of(opened)) {
      if (failure->error == ENOENT) continue;
      return *failure;
    }
    *fd = std::move(std::get<UniqueFd>(opened));
  }
  return files;
}

void MemoryFiles::read_totals(std::span<char> buffer, MemoryUsage* usage,
                              MemoryLimits* limits) const {
  usage->current = read_value(current_, buffer);
  usage->swap = read_value(swap_current_, buffer);
  limits->high = read_value(high_, buffer);
  limits->max = read_value(max_, buffer);
  limits->swap_max = read_value(swap_max_, buffer);
}

void MemoryFiles::read_stat(std::span<char> buffer, MemoryUsage* usage) const {
  if (!stat_.valid()) return;
  const Result<std::string_view> text = read_file(stat_.get(), buffer);
  if (failure_of(text) != nullptr) return;
  parse_memory_stat(std::get<std::string_view>(text), usage);
}

}  // namespace spillway
