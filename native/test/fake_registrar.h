#ifndef SPILLWAY_TEST_FAKE_REGISTRAR_H_
#define SPILLWAY_TEST_FAKE_REGISTRAR_H_

#include <optional>
#include <string>
#include <vector>

#include "source.h"

namespace spillway::test {

// Notes what a source asks for; a test calls look() itself.
class FakeRegistrar final : public Registrar {
 public:
  std::optional<Failure> watch_kernfs(SourceId /*id*/, int fd) override {
    kernfs_fds.push_back(fd);
    return failure;
  }
  std::optional<Failure> watch_process(SourceId /*id*/, int pidfd) override {
    pidfds.push_back(pidfd);
    return failure;
  }
  std::optional<Failure> watch_path(SourceId /*id*/,
                                    const std::string& path) override {
    paths.push_back(path);
    return failure;
  }

  std::vector<int> kernfs_fds;
  std::vector<int> pidfds;
  std::vector<std::string> paths;
  std::optional<Failure> failure;  // what to answer
};

}  // namespace spillway::test

#endif  // SPILLWAY_TEST_FAKE_REGISTRAR_H_
