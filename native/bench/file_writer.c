// file_writer DIRECTORY: changes the memory.events of a folder, one write each.
// By lines on stdin: "COUNT GAP_US" makes so many changes, each after the gap
// and up to as much again, and prints for each "HIGH BEFORE_NS BEFORE_NS".

#include <fcntl.h>
#include <stdlib.h>

#include "stamps.h"

int main(int count, char** words) {
  if (count != 2) return 2;
  char path[4096];
  snprintf(path, sizeof(path), "%s/memory.events", words[1]);
  const int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return 1;
  // Always as long: an ordinary file cannot be truncated and written at once.
  uint64_t high = 1000000;
  char line[64];
  while (fgets(line, sizeof(line), stdin) != NULL) {
    int changes = 0;
    int gap_us = 0;
    if (sscanf(line, "%d %d", &changes, &gap_us) != 2) return 2;
    for (int change = 0; change < changes; ++change) {
      if (gap_us > 0) usleep((useconds_t)(gap_us + rand() % gap_us));
      char text[128];
      const int size =
          snprintf(text, sizeof(text), "low 0\nhigh %llu\nmax 0\noom 0\n",
                   (unsigned long long)++high);
      const int64_t before_ns = stamp_now_ns();
      if (pwrite(file, text, (size_t)size, 0) != size) return 1;
      keep_stamp(high, before_ns, before_ns);
    }
    print_stamps();
  }
  return 0;
}
