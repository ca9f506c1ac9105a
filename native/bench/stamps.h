// What the programs of the notice benchmark have in common: they are told "on",
// "off" and the like by lines on stdin, and keep their stamps until "off", so
// that printing costs nothing while they measure. C and C++.

#ifndef SPILLWAY_BENCH_STAMPS_H_
#define SPILLWAY_BENCH_STAMPS_H_

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { kMostStamps = 100000 };

struct Stamp {
  uint64_t sequence;  // the figure of `high`
  int64_t first_ns;   // CLOCK_MONOTONIC
  int64_t second_ns;
};

static struct Stamp stamps[kMostStamps];
static int stamp_count = 0;

static inline int64_t stamp_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline void keep_stamp(uint64_t sequence, int64_t first_ns,
                              int64_t second_ns) {
  if (stamp_count == kMostStamps) return;
  const struct Stamp stamp = {sequence, first_ns, second_ns};
  stamps[stamp_count++] = stamp;
}

static inline void print_stamps(void) {
  for (int index = 0; index < stamp_count; ++index) {
    printf("%llu %lld %lld\n", (unsigned long long)stamps[index].sequence,
           (long long)stamps[index].first_ns,
           (long long)stamps[index].second_ns);
  }
  printf("end\n");
  fflush(stdout);
  stamp_count = 0;
}

static inline void say(const char* line) {
  printf("%s\n", line);
  fflush(stdout);
}

// The figure of `high` in a memory.events, 0 without one.
static inline uint64_t high_count(const char* text) {
  const char* line = strstr(text, "high ");
  unsigned long long count = 0;
  if (line == NULL || sscanf(line, "high %llu", &count) != 1) return 0;
  return count;
}

#endif  // SPILLWAY_BENCH_STAMPS_H_
