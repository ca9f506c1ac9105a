#ifndef SPILLWAY_CORE_GAUGE_H_
#define SPILLWAY_CORE_GAUGE_H_

#include <optional>
#include <span>
#include <utility>

#include "failure.h"
#include "meminfo.h"
#include "memory_level.h"
#include "memory_usage.h"
#include "threshold_rule.h"

namespace spillway {

// What a threshold watch measures by.
struct GaugeTerms {
  ThresholdRule rule;
  Basis basis = Basis::kPinned;
  // Swap is memory, too: what is swapped is used, what may be is room.
  bool include_swap = false;
};

struct GaugeReading {
  uint64_t total = 0;
  // Far from the threshold an upper bound: everything that is charged.
  uint64_t used = 0;
  Threshold threshold;
  MemoryUsage usage;  // of the cgroup; empty for the host
  MemoryLimits limits;
  // What reclaim cannot give back. Absent far from the threshold.
  std::optional<uint64_t> pinned;
};

// All that is needed to see that a gauge is still below its threshold.
struct FarFile {
  int fd = -1;             // of memory.current; -1: more than that is needed
  uint64_t threshold = 0;  // not over while it says no more
  uint64_t room = 0;       // up to there, as it said last
};

// One thing that is held against a threshold: a cgroup with a limit, or the
// host.
class Gauge {
 public:
  explicit Gauge(const GaugeTerms& terms) : terms_(terms) {}
  virtual ~Gauge() = default;
  Gauge(const Gauge&) = delete;
  Gauge& operator=(const Gauge&) = delete;

  // Reads and judges. On failure everything stays as it was at the last look
  // that could tell. `limits_due`: limits are read, also far from the
  // threshold.
  virtual std::optional<Failure> look(const HostMemory& host, bool limits_due,
                                      std::span<char> buffer) = 0;

  bool over() const { return over_; }
  // Whether this is a reason to kill: it is over by more than cache.
  virtual bool is_short() const = 0;

  // Reads limits and nothing else: is the usage known to be far, it may stay
  // so.
  virtual std::optional<Failure> read_limits(const HostMemory& /*host*/,
                                             std::span<char> /*buffer*/) {
    return std::nullopt;
  }
  // Good until limits are read again.
  virtual FarFile far_file() const { return {}; }
  bool judged() const { return judged_; }

  // How far below the threshold; 0 when over. kUnlimited: nothing to judge.
  uint64_t distance() const;
  // How far above it.
  uint64_t excess() const;
  const GaugeReading& reading() const { return reading_; }

 protected:
  const GaugeTerms terms_;
  GaugeReading reading_;
  bool judged_ = true;
  bool over_ = false;
};

// The machine: MemTotal - MemAvailable of MemTotal.
class HostGauge final : public Gauge {
 public:
  using Gauge::Gauge;
  std::optional<Failure> look(const HostMemory& host, bool limits_due,
                              std::span<char> buffer) override;
  bool is_short() const override { return over_; }
};

// One cgroup's own usage against its own limits, whatever other cgroups and
// the host use.
class CgroupGauge final : public Gauge {
 public:
  // `is_watched`: not one above the watched one. It is judged without a limit,
  // too: the host's memory is one.
  CgroupGauge(const GaugeTerms& terms, MemoryLevel level, bool is_watched)
      : Gauge(terms), level_(std::move(level)), is_watched_(is_watched) {}

  std::optional<Failure> look(const HostMemory& host, bool limits_due,
                              std::span<char> buffer) override;
  bool is_short() const override;
  std::optional<Failure> read_limits(const HostMemory& host,
                                     std::span<char> buffer) override;
  FarFile far_file() const override;

 private:
  std::optional<Failure> measure(const HostMemory& host, bool limits_read,
                                 std::span<char> buffer);
  // Whether this proves that it is not over.
  bool is_clear(uint64_t at_most) const;

  MemoryLevel level_;
  const bool is_watched_;
  bool limits_known_ = false;
  bool reads_swap_ = false;  // beside the total
};

}  // namespace spillway

#endif  // SPILLWAY_CORE_GAUGE_H_
