#include "reactor.h"

#include <sys/eventfd.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <ctime>
#include <system_error>
#include <utility>

#include "clock.h"
#include "signals_blocked.h"

namespace spillway {

Result<std::unique_ptr<Reactor>> Reactor::start(Sink* sink,
                                                const std::string& proc) {
  std::unique_ptr<Reactor> reactor(new Reactor(sink, proc));
  reactor->epoll_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  if (!reactor->epoll_.valid()) return Failure{errno, "epoll_create1"};
  reactor->shutdown_ = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!reactor->shutdown_.valid()) return Failure{errno, "eventfd"};
  reactor->timer_ =
      UniqueFd(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!reactor->timer_.valid()) return Failure{errno, "timerfd_create"};
  for (const auto& [fd, id] : {std::pair{reactor->shutdown_.get(), kShutdown},
                               std::pair{reactor->timer_.get(), kTimer}}) {
    if (const auto failure = reactor->listen(fd, EPOLLIN, id)) return *failure;
  }
  try {
    const SignalsBlocked blocked;
    reactor->thread_ = std::thread([raw = reactor.get()] { raw->run(); });
  } catch (const std::system_error& error) {
    return Failure{error.code().value(), "pthread_create"};
  }
  return reactor;
}

Reactor::~Reactor() {
  if (!thread_.joinable()) return;
  const uint64_t one = 1;
  while (write(shutdown_.get(), &one, sizeof(one)) < 0 && errno == EINTR) {
  }
  thread_.join();
}

Result<SourceId> Reactor::add(std::shared_ptr<Source> source) {
  const auto guard = lock();
  if (gave_up_.has_value()) return *gave_up_;
  const SourceId id = next_id();
  Entry& entry = entries_[id];
  entry.due_ns = next_due(monotonic_ns(), source->safety_read_ns());
  entry.source = std::move(source);
  // Room for every id, so that the hot path never allocates.
  ready_.reserve(entries_.size());
  if (const auto failure = entry.source->attach(id, this)) {
    drop(id);
    return *failure;
  }
  arm_timer(std::min(entry.due_ns, entry.source->deadline_ns()));
  return id;
}

void Reactor::remove(SourceId id) {
  const auto guard = lock();
  drop(id);
}

void Reactor::reschedule(SourceId id) {
  const auto guard = lock();
  const auto found = entries_.find(id);
  // Nothing looks any more once the thread has ended.
  if (found != entries_.end()) arm_timer(found->second.source->deadline_ns());
}

void Reactor::drop(SourceId id) {
  const auto entry = entries_.find(id);
  if (entry == entries_.end()) return;
  for (const int fd : entry->second.fds) {
    if (fd >= 0) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  }
  if (inotify_ != nullptr) inotify_->remove(id);
  std::erase(ready_, id);
  entries_.erase(entry);
}

std::vector<SourceId> Reactor::take_ready() {
  const auto guard = lock();
  poked_ = false;
  std::vector<SourceId> ready;
  ready.reserve(entries_.size());
  ready.swap(ready_);
  for (const SourceId id : ready) entries_.at(id).ready = false;
  return ready;
}

std::optional<Failure> Reactor::listen(int fd, uint32_t events, SourceId id) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) < 0) {
    return Failure{errno, "epoll_ctl"};
  }
  return std::nullopt;
}

std::optional<Failure> Reactor::watch_fd(SourceId id, int fd, uint32_t event) {
  auto& fds = entries_.at(id).fds;
  auto* const free = std::find(fds.begin(), fds.end(), -1);
  if (free == fds.end()) return Failure{ENOSPC, "epoll_ctl"};
  // Edge-triggered: what a look cannot clear - a kernel file whose read fails,
  // the end of a process - would spin a level-triggered wait.
  if (const auto failure = listen(fd, event | EPOLLET, id)) return failure;
  *free = fd;
  return std::nullopt;
}

std::optional<Failure> Reactor::watch_kernfs(SourceId id, int fd) {
  return watch_fd(id, fd, EPOLLPRI);  // kernfs always reports IN and OUT
}

std::optional<Failure> Reactor::watch_process(SourceId id, int pidfd) {
  return watch_fd(id, pidfd, EPOLLIN);
}

std::optional<Failure> Reactor::watch_path(SourceId id,
                                           const std::string& path) {
  if (inotify_ == nullptr) {
    Result<std::unique_ptr<Inotify>> created = Inotify::create();
    if (const Failure* failure = failure_of(created)) return *failure;
    inotify_ = std::move(std::get<std::unique_ptr<Inotify>>(created));
    if (const auto failure = listen(inotify_->fd(), EPOLLIN, kInotify)) {
      inotify_.reset();
      return failure;
    }
  }
  return inotify_->add(id, path);
}

SourceId Reactor::next_id() {
  static std::atomic<SourceId> next{kFirstSource};
  return next++;
}

int64_t Reactor::next_due(int64_t now_ns, int64_t interval_ns) {
  static_assert(kNoSafetyRead == kNever, "the first point of its grid");
  return (now_ns / interval_ns + 1) * interval_ns;
}

void Reactor::arm_timer(int64_t due_ns) {
  if (due_ns >= armed_for_ns_) return;
  armed_for_ns_ = due_ns;
  itimerspec when{};
  when.it_value.tv_sec = due_ns / 1'000'000'000;
  when.it_value.tv_nsec = due_ns % 1'000'000'000;
  timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

}  // namespace spillway
