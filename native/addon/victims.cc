#include "victims.h"

#include <utility>

#include "clock.h"

namespace spillway {

Result<VictimId> Victims::open(const std::string& directory) {
  Result<std::shared_ptr<Victim>> opened = Victim::open(directory);
  if (const Failure* failure = failure_of(opened)) return *failure;
  if (killer_ == nullptr) {
    Result<std::unique_ptr<Killer>> started = Killer::start();
    if (const Failure* failure = failure_of(started)) return *failure;
    killer_ = std::move(std::get<std::unique_ptr<Killer>>(started));
  }
  auto& victim = std::get<std::shared_ptr<Victim>>(opened);
  const VictimId id = victim->id();
  victims_.emplace(id, std::move(victim));
  killer_->reserve(victims_.size());
  return id;
}

std::shared_ptr<Victim> Victims::find(VictimId id) const {
  const auto found = victims_.find(id);
  return found == victims_.end() ? nullptr : found->second;
}

void Victims::kill(VictimId id) {
  const std::shared_ptr<Victim> victim = find(id);
  if (victim == nullptr) return;
  victim->claim_for_javascript(monotonic_ns());
  killer_->kill(victim);
}

void Victims::close(VictimId id) {
  if (victims_.erase(id) > 0 && victims_.empty()) killer_.reset();
}

void Victims::close_all() {
  victims_.clear();
  killer_.reset();
}

}  // namespace spillway
