#include "memory_place.h"

#include <array>

#include "held_file.h"
#include "kernel_file.h"
#include "memory_level.h"
#include "shortness.h"
#include "threshold_rule.h"

namespace spillway {

namespace {

using Buffer = std::array<char, kFileBufferBytes>;

std::optional<Failure> read_host(const MemoryPlace& place, Buffer* buffer,
                                 HostMemory* host) {
  const Result<HeldFile> file = HeldFile::open(place.proc, "meminfo");
  if (const Failure* failure = failure_of(file)) return *failure;
  return std::get<HeldFile>(file).read(*buffer, [host](std::string_view text) {
    return parse_meminfo(text, host);
  });
}

std::optional<Failure> read_own(MemoryLevel* level, Buffer* buffer,
                                PlaceSample* sample) {
  if (const auto failure = level->open_usage()) return failure;
  if (const auto failure =
          level->read_current(/*with_swap=*/true, *buffer, &sample->usage)) {
    return failure;
  }
  return level->read_stat(*buffer, &sample->usage);
}

std::optional<Failure> read_level(const MemoryPlace& place, size_t index,
                                  Buffer* buffer, PlaceSample* sample) {
  const std::string& directory =
      index == 0 ? place.directory : place.ancestors[index - 1];
  Result<MemoryLevel> opened = MemoryLevel::open(
      directory,
      place.kind == PlaceKind::kV1 ? CgroupVersion::kV1 : CgroupVersion::kV2);
  if (const Failure* failure = failure_of(opened)) return *failure;
  auto& level = std::get<MemoryLevel>(opened);
  MemoryLimits limits;
  if (const auto failure =
          level.read_limits(/*with_swap=*/index == 0, *buffer, &limits)) {
    return failure;
  }
  if (const uint64_t total = total_of(limits, kUnlimited);
      total < sample->total) {
    sample->total = total;
    sample->total_level = index;
  }
  if (index > 0) return std::nullopt;
  sample->limits = limits;
  return read_own(&level, buffer, sample);
}

}  // namespace

Result<PlaceSample> read_place(const MemoryPlace& place) {
  Buffer buffer;
  PlaceSample sample;
  if (const auto failure = read_host(place, &buffer, &sample.host)) {
    return *failure;
  }
  sample.total = sample.host.total;
  if (place.kind == PlaceKind::kHost) return sample;
  for (size_t index = 0; index <= place.ancestors.size(); ++index) {
    if (auto failure = read_level(place, index, &buffer, &sample)) {
      failure->level = index;
      return *failure;
    }
  }
  sample.pinned =
      evaluate_shortness(sample.usage, sample.limits, std::nullopt, false)
          .pinned;
  return sample;
}

}  // namespace spillway
