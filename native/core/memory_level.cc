#include "memory_level.h"

#include <algorithm>
#include <cerrno>

#include "memory_v1.h"

namespace spillway {

namespace {

uint64_t minus(uint64_t from, uint64_t amount) {
  return from - std::min(from, amount);
}

// Only a limit may be "max"; as an amount it would overflow sums.
Parsed parse_amount(std::string_view text, uint64_t* value) {
  const Parsed parsed = parse_value(text, value);
  return *value == kUnlimited ? Parsed::kMalformed : parsed;
}

}  // namespace

// In the order of FileId.
const MemoryLevel::Names MemoryLevel::kNamesV1 = {
    "memory.limit_in_bytes", nullptr,
    // These two count the memory, too.
    "memory.memsw.limit_in_bytes", "memory.usage_in_bytes", "memory.stat",
    "memory.memsw.usage_in_bytes"};

const MemoryLevel::Names MemoryLevel::kNamesV2 = {
    "memory.max",     "memory.high", "memory.swap.max",
    "memory.current", "memory.stat", "memory.swap.current"};

std::optional<Failure> MemoryLevel::open_file(FileId id) {
  const char* name = (version_ == CgroupVersion::kV1 ? kNamesV1 : kNamesV2)[id];
  if (name == nullptr) return std::nullopt;
  Result<HeldFile> file = HeldFile::open(directory_, name);
  if (const Failure* failure = failure_of(file)) return *failure;
  files_[id].emplace(std::get<HeldFile>(std::move(file)));
  return std::nullopt;
}

Result<MemoryLevel> MemoryLevel::open(const std::string& directory,
                                      CgroupVersion version) {
  MemoryLevel level(directory, version);
  for (const FileId id : {kMax, kHigh, kSwapMax}) {
    if (const auto failure = level.open_file(id)) return *failure;
  }
  return level;
}

std::optional<Failure> MemoryLevel::open_usage() {
  if (measured_) return std::nullopt;
  for (const FileId id : {kCurrent, kStat, kSwap}) {
    if (const auto failure = open_file(id)) return failure;
  }
  measured_ = true;
  return std::nullopt;
}

template <typename Parse>
std::optional<Failure> MemoryLevel::read_if_present(
    FileId id, std::span<char> buffer, const Parse& parse,
    OptionalBytes* value) const {
  value->reset();
  if (!files_[id].has_value()) return std::nullopt;
  uint64_t number = 0;
  const auto failure = files_[id]->read(
      buffer, [&](std::string_view text) { return parse(text, &number); });
  if (failure.has_value()) {
    return failure->error == ENOENT ? std::nullopt : failure;
  }
  *value = number;
  return std::nullopt;
}

std::optional<Failure> MemoryLevel::read_limits(bool with_swap,
                                                std::span<char> buffer,
                                                MemoryLimits* limits) const {
  const bool is_v1 = version_ == CgroupVersion::kV1;
  const auto parse = is_v1 ? parse_limit_v1 : parse_value;
  MemoryLimits read;
  for (const auto& [id, value] :
       {std::pair{kMax, &read.max}, std::pair{kHigh, &read.high},
        std::pair{kSwapMax, &read.swap_max}}) {
    if (id == kSwapMax && !with_swap) continue;
    if (const auto failure = read_if_present(id, buffer, parse, value)) {
      return failure;
    }
  }
  if (is_v1 && read.swap_max.value_or(kUnlimited) != kUnlimited) {
    read.swap_max = minus(*read.swap_max, read.max.value_or(0));
  }
  *limits = read;
  return std::nullopt;
}

std::optional<Failure> MemoryLevel::read_current(bool with_swap,
                                                 std::span<char> buffer,
                                                 MemoryUsage* usage) const {
  MemoryUsage read;
  uint64_t current = 0;
  const auto failure = files_[kCurrent]->read(
      buffer,
      [&](std::string_view text) { return parse_amount(text, &current); });
  if (failure.has_value()) return failure;
  read.current = current;
  if (with_swap) {
    if (const auto swap_failure =
            read_if_present(kSwap, buffer, parse_amount, &read.swap)) {
      return swap_failure;
    }
    if (version_ == CgroupVersion::kV1 && read.swap.has_value()) {
      read.swap = minus(*read.swap, current);
    }
  }
  *usage = read;
  return std::nullopt;
}

std::optional<Failure> MemoryLevel::read_stat(std::span<char> buffer,
                                              MemoryUsage* usage) const {
  const auto parse =
      version_ == CgroupVersion::kV1 ? parse_memory_stat_v1 : parse_memory_stat;
  return files_[kStat]->read(
      buffer, [&](std::string_view text) { return parse(text, usage); });
}

}  // namespace spillway
