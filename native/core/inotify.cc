#include "inotify.h"

#include <sys/inotify.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace spillway {

namespace {

// IN_ATTRIB tells of a lost link: the file was deleted or replaced.
constexpr uint32_t kEvents = IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF;

}  // namespace

Result<std::unique_ptr<Inotify>> Inotify::create() {
  UniqueFd fd(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd.valid()) return Failure{errno, "inotify_init1"};
  return std::unique_ptr<Inotify>(new Inotify(std::move(fd)));
}

std::optional<Failure> Inotify::add(SourceId id, const std::string& path) {
  const int watch = inotify_add_watch(fd_.get(), path.c_str(), kEvents);
  if (watch < 0) return Failure{errno, "inotify_add_watch"};
  const auto [begin, end] = watches_.equal_range(watch);
  const bool known = std::any_of(
      begin, end, [id](const auto& entry) { return entry.second == id; });
  if (!known) watches_.emplace(watch, id);
  return std::nullopt;
}

void Inotify::remove(SourceId id) {
  for (auto entry = watches_.begin(); entry != watches_.end();) {
    if (entry->second != id) {
      ++entry;
      continue;
    }
    const int watch = entry->first;
    entry = watches_.erase(entry);
    if (!watches_.contains(watch)) inotify_rm_watch(fd_.get(), watch);
  }
}

void Inotify::drain(std::span<char> buffer, std::vector<SourceId>* touched) {
  // One read: epoll reports what is left, and a writer that never rests must
  // not keep the thread here.
  const ssize_t size = read(fd_.get(), buffer.data(), buffer.size());
  for (ssize_t offset = 0; offset < size;) {
    inotify_event event;
    std::memcpy(&event, buffer.data() + offset, sizeof(event));
    offset += static_cast<ssize_t>(sizeof(event) + event.len);
    if ((event.mask & IN_Q_OVERFLOW) != 0) {
      for (const auto& [watch, id] : watches_) touched->push_back(id);
      continue;
    }
    const auto [begin, end] = watches_.equal_range(event.wd);
    for (auto entry = begin; entry != end; ++entry) {
      touched->push_back(entry->second);
    }
    if ((event.mask & IN_IGNORED) != 0) watches_.erase(begin, end);
  }
  std::sort(touched->begin(), touched->end());
  touched->erase(std::unique(touched->begin(), touched->end()), touched->end());
}

}  // namespace spillway
