// sample_cost v1|v2 CGROUP SAMPLES: what one sample of a threshold watch takes
// far from its mark, one after the other, with the limits once in a second of
// its clock. Prints "NANOSECONDS ALLOCATIONS", of one sample and of all.

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <new>
#include <string_view>
#include <variant>

#include "clock.h"
#include "failure.h"
#include "kernel_file.h"
#include "threshold_watch.h"

namespace {

int64_t allocations = 0;

constexpr int64_t kIntervalNs = 250'000'000;

int64_t processor_ns() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

void* operator new(size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t /*size*/) noexcept {
  std::free(memory);
}

int main(int count, char** words) {
  using spillway::Cause;
  using spillway::PlaceKind;
  using spillway::ThresholdWatch;
  if (count != 4) return 2;
  spillway::ThresholdWatchOptions options;
  options.place.kind =
      words[1] == std::string_view("v1") ? PlaceKind::kV1 : PlaceKind::kV2;
  options.place.directory = words[2];
  const int64_t samples = std::atoll(words[3]);
  const auto opened = ThresholdWatch::open(options);
  if (const auto* failure = spillway::failure_of(opened)) {
    std::fprintf(stderr, "%s %s: error %d\n", failure->call, failure->file,
                 failure->error);
    return 1;
  }
  const auto& watch = std::get<std::shared_ptr<ThresholdWatch>>(opened);
  std::array<char, spillway::kFileBufferBytes> buffer;
  int64_t now_ns = spillway::monotonic_ns();
  const int64_t allocated = allocations;
  const int64_t begin_ns = processor_ns();
  for (int64_t sample = 0; sample < samples; ++sample) {
    now_ns += kIntervalNs;
    if (watch->look(Cause::kDeadline, now_ns, buffer)) return 1;
  }
  const auto spent_ns = static_cast<double>(processor_ns() - begin_ns);
  std::printf("%.1f %lld\n", spent_ns / static_cast<double>(samples),
              static_cast<long long>(allocations - allocated));
  return 0;
}
