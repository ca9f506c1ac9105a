#include "usage_meter.h"

#include <unistd.h>

#include <utility>

#include "held_file.h"
#include "memory_level.h"
#include "process_memory.h"
#include "threshold_rule.h"

namespace spillway {

namespace {

class ProcessMeter final : public UsageMeter {
 public:
  explicit ProcessMeter(HeldFile statm) : statm_(std::move(statm)) {}

  std::optional<Failure> read(std::span<char> buffer,
                              uint64_t* used) const override {
    return statm_.read(buffer, [&](std::string_view text) {
      const Parsed complete = check_complete(text);
      if (complete != Parsed::kOk) return complete;
      const auto rss = parse_statm(text, page_bytes_).rss;
      if (!rss.has_value()) return Parsed::kMalformed;
      *used = *rss;
      return Parsed::kOk;
    });
  }

 private:
  const HeldFile statm_;
  const uint64_t page_bytes_ = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
};

class CgroupMeter final : public UsageMeter {
 public:
  CgroupMeter(MemoryLevel level, double near)
      : level_(std::move(level)), near_(near) {}

  std::optional<Failure> read(std::span<char> buffer,
                              uint64_t* used) const override {
    MemoryUsage usage;
    if (const auto failure =
            level_.read_current(/*with_swap=*/true, buffer, &usage)) {
      return failure;
    }
    const uint64_t at_most = *usage.current + usage.swap.value_or(0);
    if (static_cast<double>(at_most) <= near_) {
      *used = at_most;
      return std::nullopt;
    }
    MemoryLimits limits;  // whether swap is allowed
    if (const auto failure =
            level_.read_limits(/*with_swap=*/true, buffer, &limits)) {
      return failure;
    }
    if (const auto failure = level_.read_stat(buffer, &usage)) return failure;
    const auto pinned =
        used_of(Basis::kPinned, /*include_swap=*/false, usage, limits);
    if (!pinned.has_value()) {
      return Failure{kBadContent, "pread", "memory.stat"};
    }
    *used = *pinned;
    return std::nullopt;
  }

 private:
  const MemoryLevel level_;
  const double near_;  // bytes
};

}  // namespace

Result<std::unique_ptr<UsageMeter>> open_process_meter(
    const std::string& directory) {
  Result<HeldFile> statm = HeldFile::open(directory, "statm");
  if (const Failure* failure = failure_of(statm)) return *failure;
  return std::make_unique<ProcessMeter>(std::get<HeldFile>(std::move(statm)));
}

Result<std::unique_ptr<UsageMeter>> open_cgroup_meter(const MemoryPlace& place,
                                                      double near) {
  Result<MemoryLevel> opened = MemoryLevel::open(
      place.directory,
      place.kind == PlaceKind::kV1 ? CgroupVersion::kV1 : CgroupVersion::kV2);
  if (const Failure* failure = failure_of(opened)) return *failure;
  auto& level = std::get<MemoryLevel>(opened);
  if (const auto failure = level.open_usage()) return *failure;
  return std::make_unique<CgroupMeter>(std::move(level), near);
}

}  // namespace spillway
