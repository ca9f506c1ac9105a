// high_hog CGROUP: goes into the cgroup and makes the kernel count `high`
// there, again and again. The protocol is that of file_writer; the stamp is of
// the moment before the page was touched that was one too many.

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "stamps.h"

enum { kPageBytes = 4096, kPages = 16384, kBatchPages = 64 };

static char directory[3072];

static int open_in(const char* name, int flags) {
  char path[4096];
  snprintf(path, sizeof(path), "%s/%s", directory, name);
  return open(path, flags | O_CLOEXEC);
}

static const char* text_of(int file) {
  static char text[4096];
  const ssize_t size = pread(file, text, sizeof(text) - 1, 0);
  text[size < 0 ? 0 : size] = '\0';
  return text;
}

int main(int count, char** words) {
  if (count != 2) return 2;
  snprintf(directory, sizeof(directory), "%s", words[1]);
  const int procs = open_in("cgroup.procs", O_WRONLY);
  if (procs < 0 || write(procs, "0", 1) != 1) return 1;
  const int events = open_in("memory.events", O_RDONLY);
  const int current = open_in("memory.current", O_RDONLY);
  const int limit = open_in("memory.high", O_RDONLY);
  char* const memory =
      mmap(NULL, (size_t)kPages * kPageBytes, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (events < 0 || current < 0 || limit < 0 || memory == MAP_FAILED) return 1;
  // One page at a time.
  madvise(memory, (size_t)kPages * kPageBytes, MADV_NOHUGEPAGE);
  const long long high_bytes = atoll(text_of(limit));
  char line[64];
  while (fgets(line, sizeof(line), stdin) != NULL) {
    int changes = 0;
    int gap_us = 0;
    if (sscanf(line, "%d %d", &changes, &gap_us) != 2) return 2;
    for (int change = 0; change < changes; ++change) {
      usleep((useconds_t)(gap_us + rand() % (gap_us + 1)));
      const uint64_t before = high_count(text_of(events));
      int page = 0;
      const long long near_bytes = high_bytes - 3 * kBatchPages * kPageBytes;
      for (; page < kPages && atoll(text_of(current)) < near_bytes;) {
        for (int end = page + kBatchPages; page < end; ++page) {
          memory[(size_t)page * kPageBytes] = 1;
        }
      }
      for (; page < kPages; ++page) {
        const int64_t before_ns = stamp_now_ns();
        memory[(size_t)page * kPageBytes] = 1;
        if (high_count(text_of(events)) == before) continue;
        keep_stamp(before + 1, before_ns, before_ns);
        break;
      }
      madvise(memory, (size_t)kPages * kPageBytes, MADV_DONTNEED);
    }
    print_stamps();
  }
  return 0;
}
