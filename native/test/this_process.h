#ifndef SPILLWAY_TEST_THIS_PROCESS_H_
#define SPILLWAY_TEST_THIS_PROCESS_H_

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace spillway::test {

inline size_t entries_in(const char* directory) {
  const std::filesystem::directory_iterator entries(directory);
  return static_cast<size_t>(std::distance(begin(entries), end(entries)));
}

inline size_t open_fds() { return entries_in("/proc/self/fd"); }
inline size_t threads() { return entries_in("/proc/self/task"); }

// The status files of this process's threads of that name.
inline std::vector<std::string> threads_named(const std::string& name) {
  std::vector<std::string> found;
  for (const auto& task :
       std::filesystem::directory_iterator("/proc/self/task")) {
    std::string comm;
    std::getline(std::ifstream(task.path() / "comm"), comm);
    if (comm == name) found.push_back(task.path() / "status");
  }
  return found;
}

// The value of a line "KEY:\tVALUE" of a status file.
inline std::string status_line(const std::string& file,
                               const std::string& key) {
  std::ifstream status(file);
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key + ":\t")) return line.substr(key.size() + 2);
  }
  return {};
}

// The kernel's inotify watches of this process.
inline size_t inotify_watches() {
  size_t count = 0;
  for (const auto& fd :
       std::filesystem::directory_iterator("/proc/self/fdinfo")) {
    std::ifstream info(fd.path());
    for (std::string line; std::getline(info, line);) {
      if (line.starts_with("inotify wd:")) ++count;
    }
  }
  return count;
}

// Leaves room for so many more descriptors, until it is destroyed.
class FdLimit {
 public:
  explicit FdLimit(int room) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const int lowest_free = dup(STDIN_FILENO);
    close(lowest_free);
    rlimit limit = before_;
    limit.rlim_cur = static_cast<rlim_t>(lowest_free + room);
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  FdLimit(const FdLimit&) = delete;
  FdLimit& operator=(const FdLimit&) = delete;
  ~FdLimit() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace spillway::test

#endif  // SPILLWAY_TEST_THIS_PROCESS_H_
