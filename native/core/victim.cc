#include "victim.h"

#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string_view>

#include "kernel_file.h"
#include "memory_usage.h"
#include "process.h"

namespace spillway {

namespace {

constexpr const char* kKillFile = "cgroup.kill";

// process_mrelease() gives up for a moment when others hold the memory map.
constexpr int kReleaseTries = 5;
constexpr int kReleaseRetryMs = 10;

Result<UniqueFd> open_kill(const std::string& directory) {
  const std::string path = directory + "/" + kKillFile;
  int fd = -1;
  do {
    fd = open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return Failure{errno, "open", kKillFile};
  return UniqueFd(fd);
}

// Not valid where there is no such file.
Result<UniqueFd> open_if_there(const std::string& directory, const char* name) {
  Result<UniqueFd> opened = open_file(directory, name);
  const Failure* failure = failure_of(opened);
  if (failure != nullptr && failure->error == ENOENT) return UniqueFd();
  return opened;
}

// Absent where there is no such file, or no figure in it.
std::optional<uint64_t> read_value_if_there(const UniqueFd& fd,
                                            std::span<char> buffer) {
  if (!fd.valid()) return std::nullopt;
  const Result<std::string_view> text = read_file(fd.get(), buffer);
  uint64_t value = 0;
  if (failure_of(text) != nullptr ||
      parse_value(std::get<std::string_view>(text), &value) != Parsed::kOk ||
      value == kUnlimited) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

Result<std::shared_ptr<Victim>> Victim::open(const std::string& directory) {
  Result<UniqueFd> kill = open_kill(directory);
  if (const Failure* failure = failure_of(kill)) return *failure;
  Result<UniqueFd> current = open_if_there(directory, "memory.current");
  if (const Failure* failure = failure_of(current)) return *failure;
  Result<UniqueFd> stat = open_if_there(directory, "memory.stat");
  if (const Failure* failure = failure_of(stat)) return *failure;
  Result<UniqueFd> swap = open_if_there(directory, "memory.swap.current");
  if (const Failure* failure = failure_of(swap)) return *failure;
  return std::shared_ptr<Victim>(
      new Victim(std::move(std::get<UniqueFd>(kill)),
                 std::move(std::get<UniqueFd>(current)),
                 std::move(std::get<UniqueFd>(stat)),
                 std::move(std::get<UniqueFd>(swap))));
}

VictimId Victim::next_id() {
  static std::atomic<VictimId> next{1};
  return next++;
}

std::optional<Failure> Victim::hold(int pidfd) {
  if (own_pidfd_.valid()) return Failure{EALREADY, "fcntl"};
  UniqueFd own(fcntl(pidfd, F_DUPFD_CLOEXEC, 0));
  if (!own.valid()) return Failure{errno, "fcntl"};
  // Anything else that becomes readable would pass for the worker's end.
  const auto refused = signal_pidfd(own.get(), 0);
  if (refused.has_value() && refused->error == EBADF) return *refused;
  own_pidfd_ = std::move(own);
  pidfd_ = own_pidfd_.get();
  return std::nullopt;
}

bool Victim::claim_for(SourceId claimant, int64_t now_ns) {
  SourceId nobody = kNobody;
  if (!claimant_.compare_exchange_strong(nobody, claimant)) return false;
  claimed_ns_ = now_ns;
  return true;
}

bool Victim::claim_for_javascript(int64_t now_ns) {
  return claim_for(kJavaScript, now_ns);
}

bool Victim::claim_for_watch(SourceId watch, int64_t now_ns) {
  return claim_for(watch, now_ns);
}

Victim::Claim Victim::claim() const {
  const SourceId claimant = claimant_;
  if (claimant == kNobody) return {};
  if (claimant == kJavaScript) return {Claimant::kJavaScript, 0, claimed_ns_};
  return {Claimant::kNative, claimant, claimed_ns_};
}

bool Victim::take_leftovers(int64_t now_ns) {
  int64_t not_taken = 0;
  return leftovers_ns_.compare_exchange_strong(not_taken, now_ns);
}

int64_t Victim::dying_since_ns() const {
  return std::max({claimed_ns_.load(), ended_ns_.load(), leftovers_ns_.load()});
}

Victim::Life Victim::life(int64_t now_ns) {
  if (ended_ns_ != 0) return Life::kEnded;
  pollfd end{pidfd_, POLLIN, 0};
  if (end.fd < 0) return Life::kNotStarted;
  if (poll(&end, 1, 0) != 1) return Life::kAlive;
  int64_t not_seen = 0;
  ended_ns_.compare_exchange_strong(not_seen, now_ns);
  return Life::kEnded;
}

std::optional<uint64_t> Victim::freeable(std::span<char> buffer) const {
  MemoryUsage usage;
  read_sizes(buffer, &usage);
  if (!usage.anon.has_value()) return std::nullopt;
  return *usage.anon + usage.swap.value_or(0);
}

uint64_t Victim::dying(std::span<char> buffer) const {
  MemoryUsage usage;
  // First: what is given back in between is to be counted rather than not.
  usage.current = read_value_if_there(current_, buffer);
  read_sizes(buffer, &usage);
  const uint64_t counted = usage.anon.value_or(0) + usage.swap.value_or(0);
  const uint64_t unmapped = unaccounted(usage);
  return counted + unmapped - std::min(unmapped, charged_ahead());
}

void Victim::read_sizes(std::span<char> buffer, MemoryUsage* usage) const {
  if (!stat_.valid()) return;
  const Result<std::string_view> stat = read_file(stat_.get(), buffer);
  if (failure_of(stat) != nullptr) return;
  if (parse_memory_stat(std::get<std::string_view>(stat), usage) !=
      Parsed::kOk) {
    return;
  }
  usage->swap = read_value_if_there(swap_, buffer);
}

void Victim::signal() const {
  const int pidfd = pidfd_;
  // It may be gone; whatever else keeps it alive shows as a missing end.
  if (pidfd >= 0) signal_pidfd(pidfd, SIGKILL);
}

void Victim::kill_leaf() {
  ssize_t written = -1;
  do {
    written = write(kill_.get(), "1", 1);
  } while (written < 0 && errno == EINTR);
  const bool gone = written < 0 && (errno == ENODEV || errno == ENOENT);
  kill_error_ = written < 0 && !gone ? errno : 0;
}

void Victim::release_memory() const {
  const int pidfd = pidfd_;
  for (int attempt = 0; pidfd >= 0 && attempt < kReleaseTries; ++attempt) {
    const auto failure = release_memory_of(pidfd);
    // Everything else is ordinary: an older kernel, a process that is gone.
    if (!failure.has_value() || failure->error != EAGAIN) return;
    poll(nullptr, 0, kReleaseRetryMs);
  }
}

std::optional<Failure> Victim::last_failure() const {
  const int error = kill_error_;
  if (error == 0) return std::nullopt;
  return Failure{error, "write", kKillFile};
}

}  // namespace spillway
