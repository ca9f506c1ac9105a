#include "gauge.h"

#include <algorithm>

#include "shortness.h"

namespace spillway {

namespace {

uint64_t minus(uint64_t from, uint64_t amount) {
  return from - std::min(from, amount);
}

}  // namespace

uint64_t Gauge::distance() const {
  return judged_ ? minus(reading_.threshold.begin, reading_.used) : kUnlimited;
}

uint64_t Gauge::excess() const {
  return judged_ ? minus(reading_.used, reading_.threshold.begin) : 0;
}

std::optional<Failure> HostGauge::look(const HostMemory& host,
                                       bool /*limits_due*/,
                                       std::span<char> /*buffer*/) {
  reading_.total = host.total;
  reading_.used = minus(host.total, host.available);
  if (terms_.include_swap) {
    reading_.total += host.swap_total;
    reading_.used +=
        minus(minus(host.swap_total, host.swap_free), host.swap_cached);
  }
  reading_.threshold = threshold_of(reading_.total, terms_.rule);
  over_ = is_over(reading_.used, reading_.threshold, over_);
  return std::nullopt;
}

std::optional<Failure> CgroupGauge::look(const HostMemory& host,
                                         bool limits_due,
                                         std::span<char> buffer) {
  const bool read = limits_due || !limits_known_;
  if (read) {
    if (const auto failure = read_limits(host, buffer)) return failure;
  }
  return judged_ ? measure(host, read, buffer) : std::nullopt;
}

std::optional<Failure> CgroupGauge::read_limits(const HostMemory& host,
                                                std::span<char> buffer) {
  limits_known_ = false;
  MemoryLimits limits;
  const bool with_swap = host.swap_total > 0;
  if (const auto failure = level_.read_limits(with_swap, buffer, &limits)) {
    return failure;
  }
  const uint64_t total = total_of(limits, host.total);
  const bool judged = is_watched_ || total < host.total;
  if (judged) {
    if (const auto failure = level_.open_usage()) return failure;
  }
  limits_known_ = true;
  judged_ = judged;
  over_ = over_ && judged;
  reading_.limits = limits;
  reading_.total =
      total +
      (terms_.include_swap ? swap_room(limits, host.swap_total) : uint64_t{0});
  reading_.threshold = threshold_of(reading_.total, terms_.rule);
  return std::nullopt;
}

bool CgroupGauge::is_clear(uint64_t at_most) const {
  return !is_over(at_most, reading_.threshold, over_);
}

std::optional<Failure> CgroupGauge::measure(const HostMemory& host,
                                            bool limits_read,
                                            std::span<char> buffer) {
  reads_swap_ =
      counts_swap(terms_.basis, terms_.include_swap) && host.swap_total > 0;
  MemoryUsage usage;
  if (const auto failure = level_.read_current(reads_swap_, buffer, &usage)) {
    return failure;
  }
  const uint64_t at_most = *usage.current + swap_held(usage, reading_.limits);
  if (is_clear(at_most)) {
    reading_.usage = usage;
    reading_.used = at_most;
    reading_.pinned.reset();
    over_ = false;
    return std::nullopt;
  }
  // No verdict by limits of a second ago.
  if (!limits_read) {
    if (const auto failure = read_limits(host, buffer)) return failure;
    if (!judged_) return std::nullopt;
  }
  if (const auto failure = level_.read_stat(buffer, &usage)) return failure;
  const auto used =
      used_of(terms_.basis, terms_.include_swap, usage, reading_.limits);
  if (!used.has_value()) return Failure{kBadContent, "pread", "memory.stat"};
  reading_.usage = usage;
  reading_.pinned =
      evaluate_shortness(usage, reading_.limits, std::nullopt, false).pinned;
  reading_.used = *used;
  over_ = is_over(*used, reading_.threshold, over_);
  return std::nullopt;
}

FarFile CgroupGauge::far_file() const {
  if (over_ || reads_swap_ || reading_.threshold.begin == 0) return {};
  const uint64_t threshold = reading_.threshold.begin;
  return {level_.current_fd(), threshold,
          minus(threshold, reading_.usage.current.value_or(threshold))};
}

bool CgroupGauge::is_short() const {
  return over_ && reading_.pinned.value_or(0) > reading_.threshold.begin;
}

}  // namespace spillway
