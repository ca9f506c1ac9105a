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
  plan_ = std::move(plan);
  // Each victim is killed once at most, so that neither grows any more.
  entries_.reserve(plan_.ranked.size());
  log_.reserve(log_.size() + plan_.ranked.size());
  // The plan before it may have come to its end.
  if (deadline_ns_ == kNever) restart(now_ns);
}

void Takeover::disarm() {
  armed_ = false;
  plan_ = Plan{};
  deadline_ns_ = kNever;
}

void Takeover::forget(VictimId victim) {
  std::erase_if(plan_.ranked,
                [victim](const auto& each) { return each->id() == victim; });
  for (PlannedKill& kill : log_) {
    if (kill.victim == victim) kill.exiting.reset();
  }
}

void Takeover::restart(int64_t now_ns) {
  deadline_ns_ =
      armed_ && short_since_ns_ != 0 ? now_ns + plan_.takeover_ns : kNever;
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
  restart(now_ns + std::max(int64_t{0}, kLookAgainNs - plan_.takeover_ns));
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
  const std::optional<size_t> chosen = choose_victim(entries_, need);
  if (!chosen.has_value()) {
    // Until a look finds it short again, or JavaScript arms another plan.
    deadline_ns_ = kNever;
    return false;
  }
  // Lost, it is being killed by somebody else, and that has to be awaited.
  if (!plan_.ranked[*chosen]->claim_for_watch(watch_, now_ns)) return false;
  kill(*chosen, judgement, need.dying_bytes, now_ns);
  return true;
}

void Takeover::kill(size_t index, const Judgement& judgement, uint64_t dying,
                    int64_t now_ns) {
  const std::shared_ptr<Victim>& victim = plan_.ranked[index];
  plan_.sink->kill(victim);
  ++epoch_;
  PlannedKill& entry = log_.emplace_back();
  entry.victim = victim->id();
  entry.noticed_ns = short_since_ns_;
  entry.decided_ns = now_ns;
  entry.signalled_ns = monotonic_ns();
  entry.judgement = judgement;
  entry.dying_bytes = dying;
  const auto chosen = std::find_if(
      entries_.begin(), entries_.end(),
      [index](const KillEntry& each) { return each.index == index; });
  entry.freeable = chosen->bytes;
  entry.exiting = victim;
  exits_ns_ = now_ns + kLookAgainNs;
}

bool Takeover::is_recent(int64_t since_ns, int64_t now_ns) const {
  return now_ns - since_ns < plan_.victim_timeout_ns;
}

bool Takeover::is_waiting_for_one(int64_t now_ns) const {
  return std::any_of(plan_.ranked.begin(), plan_.ranked.end(),
                     [&](const auto& victim) {
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
  for (const auto& victim : plan_.ranked) {
    const bool ended = victim->life(now_ns) == Victim::Life::kEnded;
    const Victim::Claim claim = victim->claim();
    if (!ended && claim.by == Victim::Claimant::kNobody) continue;
    // Its main process may have ended, and its descendants not yet.
    const int64_t since_ns = std::max(claim.at_ns, victim->ended_ns());
    if (!is_recent(since_ns, now_ns)) continue;
    dying_bytes_ += victim->dying(buffer);
    any = true;
  }
  return any;
}

void Takeover::list_entries(uint64_t min_bytes, int64_t now_ns,
                            std::span<char> buffer) {
  entries_.clear();
  for (size_t index = 0; index < plan_.ranked.size(); ++index) {
    Victim& victim = *plan_.ranked[index];
    if (victim.claim().by != Victim::Claimant::kNobody) continue;
    if (victim.life(now_ns) != Victim::Life::kAlive) continue;
    entries_.push_back({index, victim.freeable(buffer)});
    // Nobody after it would be chosen, so their files need not be read.
    if (entries_.back().bytes.value_or(0) >= min_bytes) return;
  }
}

void Takeover::look_for_exits(int64_t now_ns) {
  exits_ns_ = kNever;
  for (PlannedKill& kill : log_) {
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
  look_for_exits(now_ns);
  exits_ns_ = kNever;
  std::vector<PlannedKill> taken;
  taken.reserve(plan_.ranked.size());
  taken.swap(log_);
  return taken;
}

}  // namespace spillway
