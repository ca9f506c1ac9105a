// storm_watcher POOL MARK SHORT CLEAR: watches the memory of a pool, apart from
// whoever guards it, until stdin is closed. Then writes what it saw, by line:
//
//   sample AT CURRENT PINNED STALL   every 20 ms
//   short AT CURRENT PINNED          the mark is met, and not by memory that
//                                    reclaim could give back
//   over AT PEAK                     that is past; PEAK is the most of it
//
// AT and STALL are microseconds (CLOCK_MONOTONIC, `full` of memory.pressure),
// the others bytes. It looks every millisecond, and at once where memory.events
// tells of anything; at memory.stat, which takes long, every 4 ms. It keeps all
// in memory, so that it takes no time of others' storms.

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

constexpr int64_t kSampleUs = 20000;
constexpr int64_t kStatUs = 4000;
constexpr size_t kMostEntries = 200000;

struct Entry {
  enum Kind { kSample, kShort, kOver } kind;
  int64_t at, current, pinned, stall;
};

int64_t NowUs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000000 + now.tv_nsec / 1000;
}

class File {
 public:
  File(const std::string& directory, const char* name)
      : fd_(open((directory + "/" + name).c_str(), O_RDONLY | O_CLOEXEC)) {
    if (fd_ < 0) {
      perror(name);
      exit(1);
    }
  }
  int fd() const { return fd_; }
  const char* Read() {
    const ssize_t length = pread(fd_, text_, sizeof text_ - 1, 0);
    text_[length < 0 ? 0 : length] = 0;
    return text_;
  }

 private:
  int fd_;
  char text_[8192];
};

int64_t After(const char* text, const char* key) {
  const char* found = strstr(text, key);
  return found == nullptr ? 0 : strtoll(found + strlen(key), nullptr, 10);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const std::string pool = argv[1];
  const int64_t mark = atoll(argv[2]);
  const int64_t short_above = atoll(argv[3]);
  const int64_t clear_at = atoll(argv[4]);
  File current_file(pool, "memory.current");
  File stat_file(pool, "memory.stat");
  File events_file(pool, "memory.events");
  File pressure_file(pool, "memory.pressure");
  std::vector<Entry> entries;
  entries.reserve(kMostEntries);
  mlockall(MCL_CURRENT);
  const sched_param first{.sched_priority = 10};
  sched_setscheduler(0, SCHED_FIFO, &first);

  pollfd wakers[] = {{events_file.fd(), POLLPRI, 0}, {0, POLLIN, 0}};
  events_file.Read();
  puts("ready");
  fflush(stdout);
  int64_t next_sample = 0;
  int64_t next_stat = 0;
  int64_t peak = 0;
  bool is_short = false;
  for (;;) {
    poll(wakers, 2, 1);
    if (wakers[1].revents != 0) break;
    if (wakers[0].revents != 0) events_file.Read();
    const int64_t at = NowUs();
    const int64_t current = atoll(current_file.Read());
    const bool is_due = at >= next_sample;
    if (!is_due && (at < next_stat || (!is_short && current < mark))) continue;
    if (current >= mark) next_stat = at + kStatUs;
    const char* stat = stat_file.Read();
    const int64_t pinned = current - After(stat, "\nactive_file ") -
                           After(stat, "\ninactive_file ") -
                           After(stat, "\nslab_reclaimable ");
    if (entries.size() + 2 > kMostEntries) break;
    if (!is_short && current >= mark && pinned > short_above) {
      is_short = true;
      peak = pinned;
      entries.push_back({Entry::kShort, at, current, pinned, 0});
    }
    if (pinned > peak) peak = pinned;
    if (is_short && pinned <= clear_at) {
      is_short = false;
      entries.push_back({Entry::kOver, at, current, peak, 0});
    }
    if (!is_due) continue;
    next_sample = at + kSampleUs;
    const char* full = strstr(pressure_file.Read(), "full ");
    const int64_t stall = full == nullptr ? 0 : After(full, "total=");
    entries.push_back({Entry::kSample, at, current, pinned, stall});
  }
  for (const auto& [kind, at, current, pinned, stall] : entries) {
    if (kind == Entry::kSample) {
      printf("sample %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", at,
             current, pinned, stall);
    } else if (kind == Entry::kShort) {
      printf("short %" PRId64 " %" PRId64 " %" PRId64 "\n", at, current,
             pinned);
    } else {
      printf("over %" PRId64 " %" PRId64 "\n", at, pinned);
    }
  }
}
