#include "usage_watch.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "clock.h"
#include "kernel_file.h"
#include "sample_interval.h"

namespace spillway {

UsageWatch::UsageWatch(const UsageWatchOptions& options,
                       std::unique_ptr<UsageMeter> meter)
    : interval_ns_(options.interval_ns),
      board_(options.board),
      meter_(std::move(meter)) {}

Result<std::shared_ptr<UsageWatch>> UsageWatch::open(
    const UsageWatchOptions& options) {
  Result<std::unique_ptr<UsageMeter>> meter =
      options.place.has_value()
          ? open_cgroup_meter(*options.place, options.scale)
          : open_process_meter(options.scale);
  if (const Failure* failure = failure_of(meter)) return *failure;
  std::shared_ptr<UsageWatch> watch(new UsageWatch(
      options, std::get<std::unique_ptr<UsageMeter>>(std::move(meter))));
  // What cannot be read at the start is an error, and no sample to skip.
  std::array<char, kFileBufferBytes> buffer;
  if (const auto failure = watch->sample(monotonic_ns(), buffer)) {
    return *failure;
  }
  return watch;
}

std::optional<Failure> UsageWatch::attach(SourceId /*id*/,
                                          Registrar* /*registrar*/) {
  return std::nullopt;
}

bool UsageWatch::look(Cause /*cause*/, int64_t now_ns, std::span<char> buffer) {
  const std::optional<Failure> failure = sample(now_ns, buffer);
  // An ordinary file, caught half written: the next sample will tell.
  if (failure.has_value() && failure->error == kCutContent) return false;
  const auto before = std::exchange(report_.failure, failure);
  return (before.has_value() ? before->error : 0) !=
         (failure.has_value() ? failure->error : 0);
}

std::optional<Failure> UsageWatch::sample(int64_t now_ns,
                                          std::span<char> buffer) {
  UsageReading reading;
  const std::optional<Failure> failure = meter_->read(buffer, &reading);
  if (failure.has_value()) {
    // A cgroup that is gone does not come back, only another of its name.
    const bool gone = failure->error == ENODEV;
    next_ns_ = gone ? kNoDeadline : next_sample_ns(now_ns, interval_ns_);
    return failure;
  }
  board_.publish(reading.used, reading.limit, reading.is_slow(), now_ns);
  next_ns_ = next_sample_ns(now_ns, wait_ns(reading));
  return std::nullopt;
}

int64_t UsageWatch::wait_ns(const UsageReading& reading) const {
  const double next =
      reading.is_slow() ? static_cast<double>(reading.limit) : reading.slow_at;
  const double distance = next - static_cast<double>(reading.used);
  const SamplePace pace{.interval_ns = interval_ns_};
  return std::min(
      interval_ns_,
      sample_interval_ns(static_cast<uint64_t>(std::max(distance, 0.0)), pace));
}

void UsageWatch::fail(const Failure& failure, int64_t /*now_ns*/) {
  report_.failure = failure;
}

}  // namespace spillway
