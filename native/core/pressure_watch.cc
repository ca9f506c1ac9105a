#include "pressure_watch.h"

#include <fcntl.h>
#include <poll.h>

#include <array>
#include <cerrno>
#include <utility>

#include "kernel_file.h"

namespace spillway {

namespace {

constexpr const char* kFileName = "memory.pressure";

// So many windows without a stall of the trigger's length end a stall.
constexpr int kQuietWindows = 2;

Failure of_file(Failure failure) {
  failure.file = kFileName;
  return failure;
}

Result<UniqueFd> open_to_write(const std::string& file) {
  int fd = -1;
  do {
    fd = open(file.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return Failure{errno, "open", kFileName};
  return UniqueFd(fd);
}

Result<PressureTotals> first_totals(int fd) {
  std::array<char, kFileBufferBytes> buffer;
  const Result<std::string_view> text = read_file(fd, buffer);
  if (const Failure* failure = failure_of(text)) return of_file(*failure);
  PressureTotals totals;
  if (parse_memory_pressure(std::get<std::string_view>(text), &totals) !=
      Parsed::kOk) {
    return Failure{kBadContent, "pread", kFileName};
  }
  return totals;
}

uint64_t growth(uint64_t before, uint64_t now) {
  return now > before ? now - before : 0;
}

}  // namespace

PressureWatch::PressureWatch(UniqueFd fd, std::optional<MemoryFiles> files,
                             const PressureTrigger& granted,
                             const PressureTotals& baseline,
                             int64_t safety_read_ns)
    : fd_(std::move(fd)),
      files_(std::move(files)),
      trigger_(granted),
      safety_read_ns_(safety_read_ns),
      told_(baseline),
      breach_us_(baseline.of(granted.stall)),
      recent_(granted.window_us) {
  report_.totals = baseline;
}

Result<std::shared_ptr<PressureWatch>> PressureWatch::open(
    const PressureWatchOptions& options) {
  Result<UniqueFd> opened = open_to_write(options.file);
  if (const Failure* failure = failure_of(opened)) return *failure;
  auto& fd = std::get<UniqueFd>(opened);
  std::optional<MemoryFiles> files;
  if (!options.directory.empty()) {
    Result<MemoryFiles> held = MemoryFiles::open(options.directory);
    if (const Failure* failure = failure_of(held)) return *failure;
    files = std::move(std::get<MemoryFiles>(held));
  }
  // Before the trigger is set: whatever makes its first true event is growth
  // from here on.
  const Result<PressureTotals> baseline = first_totals(fd.get());
  if (const Failure* failure = failure_of(baseline)) return *failure;
  const Result<PressureTrigger> granted =
      set_trigger(fd.get(), options.trigger);
  if (const Failure* failure = failure_of(granted)) return of_file(*failure);
  return std::shared_ptr<PressureWatch>(new PressureWatch(
      std::move(fd), std::move(files), std::get<PressureTrigger>(granted),
      std::get<PressureTotals>(baseline), options.safety_read_ns));
}

std::optional<Failure> PressureWatch::attach(SourceId id,
                                             Registrar* registrar) {
  std::optional<Failure> failure = registrar->watch_kernfs(id, fd_.get());
  if (failure.has_value()) failure->file = kFileName;
  return failure;
}

PressureReport PressureWatch::take() {
  PressureReport taken = report_;
  taken.growth = {growth(told_.some_us, report_.totals.some_us),
                  growth(told_.full_us, report_.totals.full_us)};
  if (report_.breach) told_ = report_.totals;
  report_.breach = false;
  report_.noticed_ns = 0;
  return taken;
}

int64_t PressureWatch::deadline_ns() const {
  return report_.stalled ? window_end_ns_ : kNoDeadline;
}

bool PressureWatch::look(Cause cause, int64_t now_ns, std::span<char> buffer) {
  if (report_.removed) return false;
  // Takes the event if epoll has not: waiting is what clears it.
  pollfd state{fd_.get(), POLLPRI, 0};
  poll(&state, 1, 0);
  const bool event = cause == Cause::kChange || (state.revents & POLLPRI) != 0;
  // POLLERR: the trigger is gone, with its cgroup or its accounting.
  const bool tell = (state.revents & POLLERR) != 0
                        ? retire()
                        : look_at_totals(event, now_ns, buffer);
  if (tell && report_.noticed_ns == 0) report_.noticed_ns = now_ns;
  return tell;
}

bool PressureWatch::look_at_totals(bool event, int64_t now_ns,
                                   std::span<char> buffer) {
  const Result<std::string_view> text = read_file(fd_.get(), buffer);
  if (const Failure* failure = failure_of(text)) {
    return failure->error == ENODEV ? retire()
                                    : no_sample(of_file(*failure), now_ns);
  }
  PressureTotals totals;
  switch (parse_memory_pressure(std::get<std::string_view>(text), &totals)) {
    case Parsed::kMalformed:
      return no_sample(Failure{kBadContent, "pread", kFileName}, now_ns);
    case Parsed::kIncomplete:
      return no_sample(std::nullopt, now_ns);
    case Parsed::kOk:
      break;
  }
  report_.totals = totals;
  const bool recovered = std::exchange(report_.failure, {}).has_value();
  const uint64_t grown = recent_.observe(now_ns, total());
  if (report_.stalled) return judge_window(now_ns, buffer) || recovered;
  if ((event && is_real()) || grown >= trigger_.stall_us) {
    return breach(now_ns, buffer);
  }
  return recovered;
}

bool PressureWatch::is_real() const {
  // One more: both totals are cut to whole microseconds.
  return growth(breach_us_, total()) + 1 >= trigger_.stall_us;
}

bool PressureWatch::breach(int64_t now_ns, std::span<char> buffer) {
  breach_us_ = total();
  quiet_windows_ = 0;
  begin_window(now_ns);
  report_.stalled = true;
  report_.breach = true;
  sample(buffer);
  return true;
}

bool PressureWatch::judge_window(int64_t now_ns, std::span<char> buffer) {
  if (now_ns < window_end_ns_) return false;
  if (growth(window_start_us_, total()) >= trigger_.stall_us) {
    return breach(now_ns, buffer);
  }
  begin_window(now_ns);
  report_.stalled = ++quiet_windows_ < kQuietWindows;
  return !report_.stalled;
}

void PressureWatch::begin_window(int64_t now_ns) {
  window_start_us_ = total();
  window_end_ns_ = now_ns + static_cast<int64_t>(trigger_.window_us) * 1000;
}

void PressureWatch::sample(std::span<char> buffer) {
  if (!files_.has_value()) return;
  MemoryUsage usage;
  MemoryLimits limits;
  const bool sampled = files_->read_totals(buffer, &usage, &limits);
  if (needs_stat(usage, limits, std::nullopt)) {
    files_->read_stat(buffer, &usage);
  }
  report_.usage = usage;
  report_.limits = limits;
  report_.shortness = sampled ? evaluate_shortness(usage, limits, std::nullopt,
                                                   report_.shortness.is_short)
                              : Shortness{};
}

bool PressureWatch::no_sample(const std::optional<Failure>& failure,
                              int64_t now_ns) {
  // A window that nobody saw the end of is neither quiet nor not.
  if (now_ns >= window_end_ns_) begin_window(now_ns);
  if (!failure.has_value()) return false;
  const bool known =
      report_.failure.has_value() && report_.failure->error == failure->error;
  report_.failure = failure;
  return !known;
}

bool PressureWatch::retire() {
  report_.removed = true;
  report_.stalled = false;
  return true;
}

void PressureWatch::fail(const Failure& failure, int64_t now_ns) {
  report_.failure = failure;
  if (report_.noticed_ns == 0) report_.noticed_ns = now_ns;
}

}  // namespace spillway
