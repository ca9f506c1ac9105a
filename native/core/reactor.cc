#include "reactor.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <ctime>
#include <system_error>
#include <utility>

#include "clock.h"
#include "kernel_file.h"
#include "signals_blocked.h"

namespace spillway {

namespace {

// Ids below kFirstSource name the reactor's own descriptors.
constexpr SourceId kShutdown = 0;
constexpr SourceId kTimer = 1;
constexpr SourceId kInotify = 2;
constexpr SourceId kFirstSource = 16;

// Never used again in this process: an id that outlives its reactor must not
// name a source of the next one.
SourceId next_id() {
  static std::atomic<SourceId> next{kFirstSource};
  return next++;
}

constexpr size_t kEventsPerWait = 64;

// Due times lie on a grid of the interval, so that watches with equal
// intervals share a wake-up however many they are.
int64_t next_due(int64_t now_ns, int64_t interval_ns) {
  return (now_ns / interval_ns + 1) * interval_ns;
}

}  // namespace

Result<std::unique_ptr<Reactor>> Reactor::start(Sink* sink) {
  std::unique_ptr<Reactor> reactor(new Reactor(sink));
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
  arm_timer(entry.due_ns);
  return id;
}

void Reactor::remove(SourceId id) {
  const auto guard = lock();
  drop(id);
}

void Reactor::drop(SourceId id) {
  const auto entry = entries_.find(id);
  if (entry == entries_.end()) return;
  for (const int fd : entry->second.kernfs_fds) {
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
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

std::optional<Failure> Reactor::watch_kernfs(SourceId id, int fd) {
  // PRI only: kernfs always reports IN and OUT. Edge-triggered: a file whose
  // read fails cannot be re-armed, and would spin a level-triggered wait.
  if (const auto failure = listen(fd, EPOLLPRI | EPOLLET, id)) return failure;
  entries_.at(id).kernfs_fds.push_back(fd);
  return std::nullopt;
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

void Reactor::run() {
  pthread_setname_np(pthread_self(), "spillway");
  std::array<epoll_event, kEventsPerWait> events;
  for (;;) {
    const int count = epoll_wait(epoll_.get(), events.data(),
                                 static_cast<int>(events.size()), -1);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return give_up(errno);
    if (!dispatch(events.data(), static_cast<size_t>(count))) return;
  }
}

bool Reactor::dispatch(const epoll_event* events, size_t count) {
  const int64_t now_ns = monotonic_ns();
  for (size_t index = 0; index < count; ++index) {
    switch (const SourceId id = events[index].data.u64) {
      case kShutdown:
        return false;
      case kTimer:
        look_at_due(now_ns);
        break;
      case kInotify:
        look_at_changed_paths(now_ns);
        break;
      default:
        look(id, Cause::kChange, now_ns, buffer_);
    }
  }
  poke_if_ready();
  return true;
}

void Reactor::look_at_due(int64_t now_ns) {
  scratch_ids_.clear();
  {
    const auto guard = lock();
    uint64_t expirations = 0;
    // Nothing to read: somebody re-armed it meanwhile, which is as good.
    (void)!read(timer_.get(), &expirations, sizeof(expirations));
    int64_t earliest_ns = kNever;
    for (auto& [id, entry] : entries_) {
      if (entry.due_ns <= now_ns) {
        entry.due_ns = next_due(now_ns, entry.source->safety_read_ns());
        scratch_ids_.push_back(id);
      }
      earliest_ns = std::min(earliest_ns, entry.due_ns);
    }
    armed_for_ns_ = kNever;
    arm_timer(earliest_ns);
  }
  // The lock is taken for each look anew, so that JavaScript does not wait for
  // thousands of them when it starts or stops a watch.
  for (const SourceId id : scratch_ids_)
    look(id, Cause::kSafetyRead, now_ns, buffer_);
}

void Reactor::look_at_changed_paths(int64_t now_ns) {
  scratch_ids_.clear();
  {
    const auto guard = lock();
    inotify_->drain(buffer_, &scratch_ids_);
  }
  for (const SourceId id : scratch_ids_)
    look(id, Cause::kChange, now_ns, buffer_);
}

void Reactor::look_now(SourceId id) {
  std::array<char, kFileBufferBytes> buffer;
  look(id, Cause::kSafetyRead, monotonic_ns(), buffer);
  poke_if_ready();
}

void Reactor::look(SourceId id, Cause cause, int64_t now_ns,
                   std::span<char> buffer) {
  const auto guard = lock();
  const auto found = entries_.find(id);
  // It may have been removed since the kernel reported its change.
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  if (!entry.source->look(cause, now_ns, buffer)) return;
  if (!std::exchange(entry.ready, true)) ready_.push_back(id);
}

void Reactor::arm_timer(int64_t due_ns) {
  if (due_ns >= armed_for_ns_) return;
  armed_for_ns_ = due_ns;
  itimerspec when{};
  when.it_value.tv_sec = due_ns / 1'000'000'000;
  when.it_value.tv_nsec = due_ns % 1'000'000'000;
  timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

void Reactor::poke_if_ready() {
  {
    const auto guard = lock();
    if (ready_.empty() || std::exchange(poked_, true)) return;
  }
  if (sink_->poke()) return;
  const auto guard = lock();
  poked_ = false;
}

void Reactor::give_up(int error) {
  {
    const auto guard = lock();
    gave_up_ = Failure{error, "epoll_wait"};
    for (auto& [id, entry] : entries_) {
      entry.source->fail(*gave_up_, monotonic_ns());
      if (!std::exchange(entry.ready, true)) ready_.push_back(id);
    }
  }
  poke_if_ready();
}

}  // namespace spillway
