#ifndef SPILLWAY_TEST_PLACE_FIXTURE_H_
#define SPILLWAY_TEST_PLACE_FIXTURE_H_

#include <filesystem>
#include <initializer_list>
#include <string>

#include "fixture_directory.h"
#include "memory_place.h"

namespace spillway::test {

// A host of 10,000 kB, and on it the cgroup /parent/own, all of ordinary files.
class PlaceFixture {
 public:
  PlaceFixture() {
    for (const char* name : {"parent", "parent/own", "proc"}) {
      std::filesystem::create_directory(directory.path(name));
    }
    host(10'000, 9'000);
  }

  MemoryPlace place(PlaceKind kind) const {
    return {kind,
            directory.path("parent/own"),
            {directory.path("parent")},
            directory.path("proc")};
  }

  void host(uint64_t total_kb, uint64_t available_kb,
            const std::string& more = "") const {
    directory.write("proc/meminfo",
                    "MemTotal: " + std::to_string(total_kb) +
                        " kB\nMemAvailable: " + std::to_string(available_kb) +
                        " kB\n" + more);
  }

  void host_with_swap(uint64_t total_kb, uint64_t free_kb) const {
    host(10'000, 9'000,
         "SwapTotal: " + std::to_string(total_kb) +
             " kB\nSwapFree: " + std::to_string(free_kb) + " kB\n");
  }

  // Of a cgroup of v2: everything that it uses is anonymous, but for the cache.
  void usage(const std::string& cgroup, uint64_t current,
             uint64_t cache = 0) const {
    directory.write(cgroup + "/memory.stat",
                    "anon " + std::to_string(current - cache) + "\nshmem 0\n" +
                        "inactive_file " + std::to_string(cache) +
                        "\nactive_file 0\nslab_reclaimable 0\n");
    directory.write(cgroup + "/memory.current", std::to_string(current) + "\n");
  }
  void limit(const std::string& cgroup, const std::string& max,
             const std::string& high = "max") const {
    directory.write(cgroup + "/memory.max", max + "\n");
    directory.write(cgroup + "/memory.high", high + "\n");
  }

  void usage_v1(const std::string& cgroup, uint64_t current,
                uint64_t cache = 0) const {
    directory.write(cgroup + "/memory.stat",
                    "cache 0\ntotal_rss " + std::to_string(current - cache) +
                        "\ntotal_shmem 0\ntotal_inactive_file " +
                        std::to_string(cache) + "\ntotal_active_file 0\n");
    directory.write(cgroup + "/memory.usage_in_bytes",
                    std::to_string(current) + "\n");
  }
  void limit_v1(const std::string& cgroup, const std::string& limit) const {
    directory.write(cgroup + "/memory.limit_in_bytes", limit + "\n");
  }

  FixtureDirectory directory;
};

inline constexpr const char* kOwn = "parent/own";
inline constexpr const char* kParent = "parent";
inline constexpr const char* kUnlimitedV1 = "9223372036854771712";
inline constexpr uint64_t kHostTotal = uint64_t{10'000} * 1024;

}  // namespace spillway::test

#endif  // SPILLWAY_TEST_PLACE_FIXTURE_H_
