#ifndef SPILLWAY_TEST_REAL_CGROUP_H_
#define SPILLWAY_TEST_REAL_CGROUP_H_

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

namespace spillway::test {

// A cgroup of our own in this machine's cgroup v2 hierarchy; removed at the
// end. Where that cannot be, problem() says why.
class RealCgroup {
 public:
  RealCgroup() {
    const std::string root = hierarchy();
    if (root.empty()) {
      problem_ = "no cgroup v2 hierarchy is mounted";
      return;
    }
    // With the memory controller, if it may be had.
    std::ofstream(root + "/cgroup.subtree_control") << "+memory";
    static int count = 0;
    path_ = root + "/spillway-native-test-" + std::to_string(getpid()) + "-" +
            std::to_string(++count);
    if (mkdir(path_.c_str(), 0755) < 0) {
      problem_ = "mkdir " + path_ + ": " + std::strerror(errno);
      path_.clear();
    }
  }
  RealCgroup(const RealCgroup&) = delete;
  RealCgroup& operator=(const RealCgroup&) = delete;
  ~RealCgroup() {
    if (!path_.empty()) remove();
  }

  const std::string& problem() const { return problem_; }
  const std::string& path() const { return path_; }
  bool has_memory() const {
    return access((path_ + "/memory.events").c_str(), R_OK) == 0;
  }

  bool write(const std::string& name, const std::string& text) const {
    std::ofstream file(path_ + "/" + name);
    file << text << std::flush;
    return file.good();
  }

  // A process that was killed may take a moment to leave.
  bool remove() {
    for (int attempt = 0; attempt < 1000; ++attempt) {
      if (rmdir(path_.c_str()) == 0) {
        path_.clear();
        return true;
      }
      if (errno != EBUSY) return false;
      usleep(1000);
    }
    return false;
  }

 private:
  static std::string hierarchy() {
    std::ifstream mounts("/proc/self/mountinfo");
    for (std::string line; std::getline(mounts, line);) {
      if (line.find(" - cgroup2 ") == std::string::npos) continue;
      std::istringstream fields(line);
      std::string id, parent, device, root, mount_point;
      fields >> id >> parent >> device >> root >> mount_point;
      return mount_point;
    }
    return {};
  }

  std::string path_;
  std::string problem_;
};

}  // namespace spillway::test

#endif  // SPILLWAY_TEST_REAL_CGROUP_H_
