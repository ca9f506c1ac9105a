#include "takeover.h"

#include <algorithm>
#include <utility>

#include "clock.h"

namespace spillway {

namespace {

// Between two looks at what is dying: short against a death (5-50 ms for a
// large process), long against the cost of a look (some 20 us).
constexpr int64_t kLookAgainNs = 2'000'000;

}  // namespace

void Takeover::arm(Plan plan, int64_t now_ns) {
  armed_ = true;
  if (arms_ == nullptr) arms_ = std::make_unique<Arms>();
  auto& [armed, entries, log] = *arms_;
  armed = std::move(plan);
  // Each victim is killed once at most, so that neither grows any more.
  entries.reserve(armed.ranked.size());
  log.reserve(log.size() + armed.ranked.size());
  // The plan before it may have come to its end.
  if (deadline_ns_ == kNever) restart(now_ns);
}

void Takeover::disarm() {
  armed_ = false;
  if (arms_ != nullptr) arms_->plan = Plan{};
  deadline_ns_ = kNever;
}

void Takeover::forget(VictimId victim) {
  if (arms_ == nullptr) return;
  std::erase_if(arms_->plan.ranked,
                [victim](const auto& each) { return each->id() == victim; });
  for (PlannedKill& kill : arms_->log) {
    if (kill.victim == victim) kill.exiting.reset();
  }
}

void Takeover::restart(int64_t now_ns) {
  deadline_ns_ = armed_ && short_since_ns_ != 0
                     ? now_ns + arms_->plan.takeover_ns
                     : kNever;
}

uint64_t Takeover::lease(int64_t now_ns) {
  restart(now_ns);
  return epoch_;
}

ClaimResult Takeover::claim(Victim* victim, uint64_t epoch, int64_t now_ns) {
  if (epoch != epoch_) return ClaimResult::kChanged;
  if (!victim->claim_for_javascript(now_ns)) return ClaimResult::kTaken;
  restart(now_ns);
  return ClaimResult::kClaimed;
}

void Takeover::observe(bool is_short, int64_t now_ns) {
  if (!is_short) {
    short_since_ns_ = 0;
    deadline_ns_ = kNever;
    return;
  }
  if (short_since_ns_ == 0) short_since_ns_ = now_ns;
  if (deadline_ns_ == kNever) restart(now_ns);
}

void Takeover::put_off(int64_t now_ns) {
  restart(now_ns +
          std::max(int64_t{0}, kLookAgainNs - arms_->plan.takeover_ns));
}

int64_t Takeover::deadline_ns() const {
  return std::min(deadline_ns_, exits_ns_);
}

bool Takeover::act(const Judgement& judgement, int64_t now_ns,
                   std::span<char> buffer) {
  deadline_ns_ = now_ns + kLookAgainNs;
  if (waits_) return false;
  KillNeed need;
  need.bytes_to_free = judgement.shortness.bytes_to_free;
  need.dying_bytes = dying_bytes_;
  need.min_victim_bytes = min_victim_bytes(judgement.shortness.mark);
  if (is_covered(need)) return false;
  list_entries(need.min_victim_bytes, now_ns, buffer);
  const std::optional<size_t> chosen = choose_victim(arms_->entries, need);
  if (!chosen.has_value()) {
    // Until a look finds it short again, or JavaScript arms another plan.
    deadline_ns_ = kNever;
    return false;
  }
  // Lost, it is being killed by somebody else, and that has to be awaited.
  const auto& victim = arms_->plan.ranked[*chosen];
  if (!victim->claim_for_watch(watch_, now_ns)) return false;
  kill(*chosen, judgement, need.dying_bytes, now_ns);
  return true;
}

void Takeover::kill(size_t index, const Judgement& judgement, uint64_t dying,
                    int64_t now_ns) {
  const std::shared_ptr<Victim>& victim = arms_->plan.ranked[index];
  arms_->plan.sink->kill(victim);
  ++epoch_;
  PlannedKill& entry = arms_->log.emplace_back();
  entry.victim = victim->id();
  entry.noticed_ns = short_since_ns_;
  entry.decided_ns = now_ns;
  entry.signalled_ns = monotonic_ns();
  entry.judgement = judgement;
  entry.dying_bytes = dying;
  const auto chosen = std::find_if(
      arms_->entries.begin(), arms_->entries.end(),
      [index](const KillEntry& each) { return each.index == index; });
  entry.freeable = chosen->bytes;
  entry.exiting = victim;
  exits_ns_ = now_ns + kLookAgainNs;
}

bool Takeover::is_recent(int64_t since_ns, int64_t now_ns) const {
  return now_ns - since_ns < arms_->plan.victim_timeout_ns;
}

bool Takeover::is_waiting_for_one(int64_t now_ns) const {
  const auto& ranked = arms_->plan.ranked;
  return std::any_of(ranked.begin(), ranked.end(), [&](const auto& victim) {
    const Victim::Claim claim = victim->claim();
    if (claim.by == Victim::Claimant::kNobody) return false;
    const bool only_just = claim.at_ns == 0;
    return (only_just || is_recent(claim.at_ns, now_ns)) &&
           victim->life(now_ns) == Victim::Life::kAlive;
  });
}

bool Takeover::note_dying(int64_t now_ns, std::span<char> buffer) {
  dying_bytes_ = 0;
  waits_ = is_waiting_for_one(now_ns);
  // Nothing is decided before its end.
  if (waits_) return false;
  bool any = false;
  for (const auto& victim : arms_->plan.ranked) {
    const bool ended = victim->life(now_ns) == Victim::Life::kEnded;
    const bool unclaimed = victim->claim().by == Victim::Claimant::kNobody;
    if (!ended && unclaimed) continue;
    // JavaScript does so at each end. Until then what it has left behind may
    // live, and grow: somebody else would die for that.
    if (unclaimed && victim->take_leftovers(now_ns)) {
      arms_->plan.sink->kill(victim);
    }
    if (!is_recent(victim->dying_since_ns(), now_ns)) continue;
    dying_bytes_ += victim->dying(buffer);
    any = true;
  }
  return any;
}

void Takeover::list_entries(uint64_t min_bytes, int64_t now_ns,
                            std::span<char> buffer) {
  auto& [plan, entries, log] = *arms_;
  entries.clear();
  for (size_t index = 0; index < plan.ranked.size(); ++index) {
    Victim& victim = *plan.ranked[index];
    if (victim.claim().by != Victim::Claimant::kNobody) continue;
    if (victim.life(now_ns) != Victim::Life::kAlive) continue;
    entries.push_back({index, victim.freeable(buffer)});
    // Nobody after it would be chosen, so their files need not be read.
    if (entries.back().bytes.value_or(0) >= min_bytes) return;
  }
}

void Takeover::look_for_exits(int64_t now_ns) {
  exits_ns_ = kNever;
  if (arms_ == nullptr) return;
  for (PlannedKill& kill : arms_->log) {
    if (kill.exiting == nullptr) continue;
    if (kill.exiting->life(now_ns) == Victim::Life::kEnded) {
      kill.exited_ns = kill.exiting->ended_ns();
      kill.exiting.reset();
    } else if (is_recent(kill.decided_ns, now_ns)) {
      exits_ns_ = now_ns + kLookAgainNs;
    }
  }
}

std::vector<PlannedKill> Takeover::take_kills(int64_t now_ns) {
  std::vector<PlannedKill> taken;
  if (arms_ == nullptr) return taken;
  look_for_exits(now_ns);
  exits_ns_ = kNever;
  taken.reserve(arms_->plan.ranked.size());
  taken.swap(arms_->log);
  return taken;
}

}  // namespace spillway
