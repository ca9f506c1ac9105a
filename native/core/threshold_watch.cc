#include "threshold_watch.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "clock.h"
#include "kernel_file.h"
#include "page_allocations.h"

namespace spillway {

namespace {

// Below the slowest pace, whose samples come a little early or late: each of
// them reads the limits, too.
constexpr int64_t kLimitsAgeNs = kSlowestSampleNs - 100'000'000;
constexpr int64_t kHostAgeNs = 30'000'000'000;

// A file may be caught between truncation and writing, but not for this long.
constexpr int64_t kLongestBlankNs = 3'000'000'000;

// Older than any age: CLOCK_MONOTONIC is not negative.
constexpr int64_t kNever = INT64_MIN / 2;

}  // namespace

ThresholdWatch::ThresholdWatch(const ThresholdWatchOptions& options,
                               HeldFile meminfo,
                               std::vector<std::unique_ptr<Gauge>> gauges)
    : pace_(options.pace),
      place_(options.place.kind),
      repeat_ns_(options.repeat_ns),
      meminfo_(std::move(meminfo)),
      gauges_(std::move(gauges)),
      host_ns_(kNever),
      limits_ns_(kNever) {}

Result<std::shared_ptr<ThresholdWatch>> ThresholdWatch::open(
    const ThresholdWatchOptions& options) {
  const MemoryPlace& place = options.place;
  Result<HeldFile> meminfo = HeldFile::open(place.proc, "meminfo");
  if (const Failure* failure = failure_of(meminfo)) return *failure;
  std::vector<std::unique_ptr<Gauge>> gauges;
  if (place.kind == PlaceKind::kHost) {
    gauges.push_back(std::make_unique<HostGauge>(options.terms));
  } else {
    const CgroupVersion version =
        place.kind == PlaceKind::kV1 ? CgroupVersion::kV1 : CgroupVersion::kV2;
    for (size_t level = 0; level <= place.ancestors.size(); ++level) {
      Result<MemoryLevel> opened = MemoryLevel::open(
          level == 0 ? place.directory : place.ancestors[level - 1], version);
      if (const Failure* failure = failure_of(opened)) {
        return Failure{failure->error, failure->call, failure->file, level};
      }
      gauges.push_back(std::make_unique<CgroupGauge>(
          options.terms, std::get<MemoryLevel>(std::move(opened)), level == 0));
    }
  }
  std::shared_ptr<ThresholdWatch> watch(new ThresholdWatch(
      options, std::get<HeldFile>(std::move(meminfo)), std::move(gauges)));
  // What cannot be read at the start is an error, and no sample to skip.
  std::array<char, kFileBufferBytes> buffer;
  if (const auto failure = watch->sample(monotonic_ns(), buffer)) {
    return *failure;
  }
  return watch;
}

std::optional<Failure> ThresholdWatch::attach(SourceId /*id*/,
                                              Registrar* /*registrar*/) {
  next_ns_ = monotonic_ns();  // what is over already is told at once
  return std::nullopt;
}

ThresholdReport ThresholdWatch::take() {
  ThresholdReport taken = report_;
  report_.breach = false;
  report_.crossed = false;
  report_.noticed_ns = 0;
  return taken;
}

bool ThresholdWatch::look(Cause /*cause*/, int64_t now_ns,
                          std::span<char> buffer) {
  const uint64_t sure_room = std::exchange(sure_room_, 0);
  if (is_far(now_ns, buffer)) return false;
  if (sure_room > 0 && is_far_by(sure_room, now_ns, buffer)) return false;
  if (report_.removed) return false;
  far_until_ns_ = 0;
  const std::optional<Failure> failure = sample(now_ns, buffer);
  if (failure.has_value() && failure->error == ENODEV) return retire();
  const bool news = note(failure, now_ns);
  const bool tell = judge(now_ns) || news;
  wait(report_.over ? pace_.interval_ns : sample_interval_ns(distance(), pace_),
       now_ns);
  if (report_.over || failure.has_value() || of_host()) return tell;
  far_ = far_file();
  if (far_.fd >= 0) far_until_ns_ = limits_due_ns();
  return tell;
}

bool ThresholdWatch::is_far(int64_t now_ns, std::span<char> buffer) {
  if (now_ns >= far_until_ns_) return false;
  const Result<std::string_view> text = read_file(far_.fd, buffer);
  uint64_t used = 0;
  if (failure_of(text) != nullptr ||
      parse_value(std::get<std::string_view>(text), &used) != Parsed::kOk ||
      used > far_.threshold) {
    return false;
  }
  far_.room = far_.threshold - used;
  wait(sample_interval_ns(far_.room, pace_), now_ns);
  return true;
}

bool ThresholdWatch::rest(Cause /*cause*/, int64_t now_ns, uint64_t given_out) {
  if (far_until_ns_ == 0 || !has_room_left(far_.room, given_out)) return false;
  const uint64_t room = far_.room - given_out;
  if (now_ns >= far_until_ns_) {
    sure_room_ = room;
    return false;
  }
  wait(sample_interval_ns(room, pace_), now_ns);
  return true;
}

bool ThresholdWatch::is_far_by(uint64_t room, int64_t now_ns,
                               std::span<char> buffer) {
  if (now_ns - host_ns_ >= kHostAgeNs) return false;
  const uint64_t threshold = far_.threshold;
  for (const auto& gauge : gauges_) {
    if (gauge->read_limits(host_, buffer).has_value()) return false;
  }
  limits_ns_ = now_ns;
  far_ = far_file();
  if (far_.fd < 0 || far_.threshold < threshold) return false;
  far_.room = room;
  far_until_ns_ = limits_due_ns();
  wait(sample_interval_ns(room, pace_), now_ns);
  return true;
}

int64_t ThresholdWatch::limits_due_ns() const {
  return std::min(limits_ns_ + kLimitsAgeNs, host_ns_ + kHostAgeNs);
}

FarFile ThresholdWatch::far_file() const {
  FarFile found;
  for (const auto& gauge : gauges_) {
    if (!gauge->judged()) continue;
    if (found.fd >= 0) return {};  // whose would have to be read, too
    found = gauge->far_file();
    if (found.fd < 0) return {};
  }
  return found;
}

void ThresholdWatch::wait(int64_t interval_ns, int64_t now_ns) {
  next_ns_ = next_sample_ns(now_ns, interval_ns);
}

std::optional<Failure> ThresholdWatch::sample(int64_t now_ns,
                                              std::span<char> buffer) {
  std::optional<Failure> first = read_host(now_ns, buffer);
  if (first.has_value() && (of_host() || host_.total == 0)) return first;
  const bool limits_due = now_ns - limits_ns_ >= kLimitsAgeNs;
  if (limits_due) limits_ns_ = now_ns;
  for (size_t level = 0; level < gauges_.size(); ++level) {
    auto failure = gauges_[level]->look(host_, limits_due, buffer);
    if (!failure.has_value()) continue;
    failure->level = level;
    // A cgroup above is gone: so is the watched one.
    if (!first.has_value() || failure->error == ENODEV) first = failure;
  }
  return first;
}

std::optional<Failure> ThresholdWatch::read_host(int64_t now_ns,
                                                 std::span<char> buffer) {
  if (!of_host() && now_ns - host_ns_ < kHostAgeNs) return std::nullopt;
  HostMemory host;
  const auto failure = meminfo_.read(buffer, [&host](std::string_view text) {
    return parse_meminfo(text, &host);
  });
  if (failure.has_value()) return failure;
  host_ = host;
  host_ns_ = now_ns;
  return std::nullopt;
}

bool ThresholdWatch::judge(int64_t now_ns) {
  const bool was_over = std::exchange(report_.over, is_over());
  if (!report_.over) return was_over;
  if (was_over && now_ns - told_ns_ < repeat_ns_) return false;
  told_ns_ = now_ns;
  size_t level = 0;
  for (size_t index = 1; index < gauges_.size(); ++index) {
    const Gauge& gauge = *gauges_[index];
    const Gauge& before = *gauges_[level];
    if (gauge.over() && (!before.over() || gauge.excess() > before.excess())) {
      level = index;
    }
  }
  if (!std::exchange(report_.breach, true)) report_.noticed_ns = now_ns;
  report_.crossed |= !was_over;
  report_.level = level;
  report_.reading = gauges_[level]->reading();
  report_.is_short = gauges_[level]->is_short();
  return true;
}

bool ThresholdWatch::note(std::optional<Failure> failure, int64_t now_ns) {
  const bool cut = failure.has_value() && failure->error == kCutContent;
  if (!cut) {
    blank_since_ns_ = 0;
  } else if (blank_since_ns_ == 0) {
    blank_since_ns_ = now_ns;
  }
  if (cut) {
    if (now_ns - blank_since_ns_ < kLongestBlankNs) return false;
    failure->error = kBadContent;
  }
  const auto before = std::exchange(report_.failure, failure);
  if (!before.has_value()) return failure.has_value();
  return !failure.has_value() || failure->error != before->error;
}

bool ThresholdWatch::is_over() const {
  return std::any_of(gauges_.begin(), gauges_.end(),
                     [](const auto& gauge) { return gauge->over(); });
}

uint64_t ThresholdWatch::distance() const {
  uint64_t nearest = kUnlimited;
  for (const auto& gauge : gauges_) {
    nearest = std::min(nearest, gauge->distance());
  }
  return nearest;
}

bool ThresholdWatch::retire() {
  report_.removed = true;
  report_.over = false;
  report_.level = 0;
  if (!report_.breach) report_.reading = gauges_[0]->reading();
  next_ns_ = kNoDeadline;
  return true;
}

void ThresholdWatch::fail(const Failure& failure, int64_t /*now_ns*/) {
  report_.failure = failure;
}

}  // namespace spillway
