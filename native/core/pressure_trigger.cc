#include "pressure_trigger.h"

#include <unistd.h>

#include <cerrno>
#include <optional>

namespace spillway {

namespace {

constexpr uint64_t kOldShortestWindowUs = 500'000;
constexpr uint64_t kUnprivilegedWindowUs = 2'000'000;

// The same share of a longer window, rounded up.
PressureTrigger stretched(const PressureTrigger& trigger, uint64_t window_us) {
  const uint64_t scaled = trigger.stall_us * window_us;
  return {trigger.stall, (scaled + trigger.window_us - 1) / trigger.window_us,
          window_us};
}

std::optional<Failure> write_trigger(int fd, const PressureTrigger& trigger) {
  const std::string text = trigger_text(trigger);
  // With the NUL: psi_write() puts one over the last byte that it is given, and
  // without it a window of 2000000 would silently become one of 200000.
  const size_t size = text.size() + 1;
  ssize_t written = 0;
  do {
    written = write(fd, text.c_str(), size);
  } while (written < 0 && errno == EINTR);
  if (written < 0) return Failure{errno, "write"};
  if (static_cast<size_t>(written) != size) return Failure{EIO, "write"};
  return std::nullopt;
}

}  // namespace

std::string trigger_text(const PressureTrigger& trigger) {
  return (trigger.stall == Stall::kSome ? "some " : "full ") +
         std::to_string(trigger.stall_us) + " " +
         std::to_string(trigger.window_us);
}

std::vector<PressureTrigger> trigger_ladder(const PressureTrigger& wanted) {
  std::vector<PressureTrigger> ladder{wanted};
  if (wanted.window_us < kOldShortestWindowUs) {
    ladder.push_back(stretched(wanted, kOldShortestWindowUs));
  }
  if (wanted.window_us % kUnprivilegedWindowUs != 0) {
    const uint64_t count = wanted.window_us / kUnprivilegedWindowUs + 1;
    ladder.push_back(stretched(wanted, count * kUnprivilegedWindowUs));
  }
  return ladder;
}

Result<PressureTrigger> set_trigger(int fd, const PressureTrigger& wanted) {
  std::optional<Failure> failure;
  for (const PressureTrigger& trigger : trigger_ladder(wanted)) {
    failure = write_trigger(fd, trigger);
    if (!failure.has_value()) return trigger;
    if (failure->error != EINVAL) break;
  }
  return *failure;
}

}  // namespace spillway
