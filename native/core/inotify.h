#ifndef SPILLWAY_CORE_INOTIFY_H_
#define SPILLWAY_CORE_INOTIFY_H_

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "failure.h"
#include "source.h"
#include "unique_fd.h"

namespace spillway {

// Change reports for ordinary files (fixture trees, other file systems): one
// inotify instance for all of them. Under the reactor's lock.
class Inotify {
 public:
  static Result<std::unique_ptr<Inotify>> create();

  int fd() const { return fd_.get(); }

  std::optional<Failure> add(SourceId id, const std::string& path);
  void remove(SourceId id);

  // Takes what is queued and appends each source that it touches, once. After
  // an overflow of the queue these are all sources.
  void drain(std::span<char> buffer, std::vector<SourceId>* touched);

 private:
  explicit Inotify(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
  // Two sources may watch one file, and then share the kernel's watch.
  std::unordered_multimap<int, SourceId> watches_;
};

}  // namespace spillway

#endif  // SPILLWAY_CORE_INOTIFY_H_
