#include "usage_meter.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "flat_keyed.h"
#include "held_file.h"
#include "memory_level.h"
#include "process_memory.h"
#include "threshold_rule.h"

namespace spillway {

namespace {

UsageReading on_scale(const UsageScale& scale, uint64_t limit, uint64_t used) {
  const uint64_t capped = std::min(limit, kSaturated);
  return {.used = used,
          .limit = capped,
          .slow_at = scale.slow_at_fraction * static_cast<double>(capped)};
}

class ProcessMeter final : public UsageMeter {
 public:
  ProcessMeter(HeldFile statm, const UsageScale& scale)
      : statm_(std::move(statm)), scale_(scale) {}

  std::optional<Failure> read(std::span<char> buffer,
                              UsageReading* reading) const override {
    return statm_.read(buffer, [&](std::string_view text) {
      const Parsed complete = check_complete(text);
      if (complete != Parsed::kOk) return complete;
      const auto rss = parse_statm(text, page_bytes_).rss;
      if (!rss.has_value()) return Parsed::kMalformed;
      *reading = on_scale(scale_, scale_.limit.value_or(kUnlimited), *rss);
      return Parsed::kOk;
    });
  }

 private:
  const HeldFile statm_;
  const UsageScale scale_;
  const uint64_t page_bytes_ = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
};

class CgroupMeter final : public UsageMeter {
 public:
  CgroupMeter(MemoryLevel level, const UsageScale& scale)
      : level_(std::move(level)), scale_(scale) {}

  std::optional<Failure> read(std::span<char> buffer,
                              UsageReading* reading) const override {
    MemoryUsage usage;
    if (const auto failure =
            level_.read_current(/*with_swap=*/true, buffer, &usage)) {
      return failure;
    }
    std::optional<MemoryLimits> limits;
    if (!scale_.limit.has_value()) {
      if (const auto failure = read_limits(buffer, &limits)) return failure;
    }
    const uint64_t limit =
        limits.has_value() ? total_of(*limits, kUnlimited) : *scale_.limit;
    const UsageReading at_most =
        on_scale(scale_, limit, *usage.current + usage.swap.value_or(0));
    if (!at_most.is_slow()) {
      *reading = at_most;
      return std::nullopt;
    }
    if (!limits.has_value()) {  // whether swap is allowed
      if (const auto failure = read_limits(buffer, &limits)) return failure;
    }
    if (const auto failure = level_.read_stat(buffer, &usage)) return failure;
    const auto pinned =
        used_of(Basis::kPinned, /*include_swap=*/false, usage, *limits);
    if (!pinned.has_value()) {
      return Failure{kBadContent, "pread", "memory.stat"};
    }
    *reading = on_scale(scale_, limit, *pinned);
    return std::nullopt;
  }

 private:
  std::optional<Failure> read_limits(
      std::span<char> buffer, std::optional<MemoryLimits>* limits) const {
    return level_.read_limits(/*with_swap=*/true, buffer, &limits->emplace());
  }

  const MemoryLevel level_;
  const UsageScale scale_;
};

}  // namespace

Result<std::unique_ptr<UsageMeter>> open_process_meter(
    const UsageScale& scale, const std::string& directory) {
  Result<HeldFile> statm = HeldFile::open(directory, "statm");
  if (const Failure* failure = failure_of(statm)) return *failure;
  return std::make_unique<ProcessMeter>(std::get<HeldFile>(std::move(statm)),
                                        scale);
}

Result<std::unique_ptr<UsageMeter>> open_cgroup_meter(const MemoryPlace& place,
                                                      const UsageScale& scale) {
  Result<MemoryLevel> opened = MemoryLevel::open(
      place.directory,
      place.kind == PlaceKind::kV1 ? CgroupVersion::kV1 : CgroupVersion::kV2);
  if (const Failure* failure = failure_of(opened)) return *failure;
  auto& level = std::get<MemoryLevel>(opened);
  if (const auto failure = level.open_usage()) return *failure;
  return std::make_unique<CgroupMeter>(std::move(level), scale);
}

}  // namespace spillway
