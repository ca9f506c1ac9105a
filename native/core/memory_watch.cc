#include "memory_watch.h"

#include <array>
#include <cerrno>
#include <utility>

#include "cgroup_events.h"
#include "kernel_file.h"

namespace spillway {

namespace {

// Keys that tell of something final: worth hearing at once, short or not.
constexpr EventKeySet kUrgentKeys =
    key_bit(kOom) | key_bit(kOomKill) | key_bit(kOomGroupKill);

// A file may be caught between truncation and writing, but not for this long.
constexpr int64_t kLongestBlankNs = 3'000'000'000;

// Who flushes memory.stat is done after some of these, unless the machine is
// overloaded; and the kernel flushes by itself every two seconds. A shortage
// that is none costs a worker, so it is worth the wait.
constexpr int64_t kDoubtLookNs = 5'000'000;
constexpr int64_t kLongestDoubtNs = 200'000'000;

// What always stands nowhere in memory.stat: for each processor a batch of
// pages that is charged and not used yet, and one that is used and not counted
// yet.
uint64_t always_unaccounted() { return 2 * charged_ahead(); }

// kIncomplete when nothing was read.
Parsed parse_if_read(const Result<std::string_view>& text,
                     EventCounts* counts) {
  if (failure_of(text) != nullptr) return Parsed::kIncomplete;
  return parse_memory_events(std::get<std::string_view>(text), counts);
}

}  // namespace

MemoryWatch::MemoryWatch(Opened opened)
    : options_(std::move(opened.options)),
      events_(std::move(opened.events)),
      populated_file_(std::move(opened.populated)),
      files_(std::move(opened.files)) {
  report_.counters = opened.baseline;
}

std::optional<Failure> MemoryWatch::attach(SourceId id, Registrar* registrar) {
  takeover_.set_watch(id);
  if (const auto failure = events_.attach(id, registrar)) return failure;
  if (populated_file_.has_value()) {
    if (const auto failure = populated_file_->attach(id, registrar)) {
      return failure;
    }
  }
  // Read once more, now that changes are reported: nothing falls in between.
  std::array<char, kFileBufferBytes> buffer;
  read_populated(buffer);
  const Result<std::string_view> text = events_.read(buffer);
  if (const Failure* failure = failure_of(text)) return *failure;
  EventCounts counts;
  if (parse_memory_events(std::get<std::string_view>(text), &counts) ==
      Parsed::kOk) {
    report_.counters = counts;
    counters_final_ = !populated_;
    events_.take_replaced();
  }
  return std::nullopt;
}

MemoryReport MemoryWatch::take() {
  report_.kills = takeover_.kill_count();
  report_.breach |= report_.kills > 0;
  MemoryReport taken = report_;
  taken.is_short = short_;
  // Growth that nobody asked to hear waits for the next breach.
  if (report_.breach) report_.delta = EventCounts{};
  report_.breach = false;
  report_.new_baseline = false;
  report_.noticed_ns = 0;
  shortage_noticed_ = false;
  return taken;
}

bool MemoryWatch::look(Cause cause, int64_t now_ns, std::span<char> buffer) {
  if (retired_) return false;
  const bool tell = cause == Cause::kDeadline
                        ? look_at_deadline(now_ns, buffer)
                        : look_at_counters(cause, now_ns, buffer);
  rest_.after_look(cause == Cause::kSafetyRead ? room() : 0);
  if (report_.noticed_ns == 0 && (tell || report_.breach)) {
    report_.noticed_ns = now_ns;
  }
  return tell;
}

bool MemoryWatch::rest(Cause cause, int64_t /*now_ns*/, uint64_t given_out) {
  return cause == Cause::kSafetyRead && rest_.take(given_out);
}

uint64_t MemoryWatch::room() const {
  const bool is_settled = !retired_ && !report_.failure.has_value() &&
                          blank_since_ns_ == 0 && doubt_since_ns_ == 0;
  // An ordinary file can be written without any memory.
  if (!is_settled || !events_.on_cgroup2()) return 0;
  return room_to_shortness(report_.usage, report_.limits, report_.shortness);
}

void MemoryWatch::fail(const Failure& failure, int64_t now_ns) {
  set_failure(failure);
  if (report_.noticed_ns == 0) report_.noticed_ns = now_ns;
}

bool MemoryWatch::look_at_counters(Cause cause, int64_t now_ns,
                                   std::span<char> buffer) {
  read_populated(buffer);
  EventCounts counts;
  Result<std::string_view> text = events_.read(buffer);
  Parsed parsed = parse_if_read(text, &counts);
  if (parsed == Parsed::kMalformed) {
    // An ordinary file may be seen in the middle of a write (tmpfs); the next
    // read is whole.
    text = events_.read(buffer);
    parsed = parse_if_read(text, &counts);
  }
  if (const Failure* failure = failure_of(text)) {
    if (failure->error != ENODEV) return set_failure(*failure);
    // An ordinary file may be deleted to be written anew.
    const bool may_return = !events_.on_cgroup2() && cause == Cause::kChange;
    return !may_return && retire();
  }
  if (parsed == Parsed::kMalformed) {
    return set_failure(Failure{kBadContent, "read", events_.name()});
  }
  const EventKeySet before = report_.counters.present;
  const bool key_vanished = (counts.present & before) != before;
  if (parsed == Parsed::kIncomplete || key_vanished) {
    return no_sample(cause, now_ns);
  }

  blank_since_ns_ = 0;
  counters_final_ = !populated_;
  const bool recovered = std::exchange(report_.failure, {}).has_value();
  const bool grew = count(counts);
  const bool tell = judge(cause, grew, now_ns, buffer);
  return tell || recovered || report_.new_baseline;
}

bool MemoryWatch::count(const EventCounts& now) {
  const EventCounts before = std::exchange(report_.counters, now);
  if (events_.take_replaced() || has_shrunk(before, now)) {
    report_.new_baseline = true;
    return false;
  }
  EventKeySet grown = 0;
  for (size_t key = 0; key < kEventKeyCount; ++key) {
    const EventKeySet bit = key_bit(static_cast<EventKey>(key));
    const uint64_t growth = now.counts[key] - before.counts[key];
    // A key that was not there before gets its baseline now.
    if (growth == 0 || (before.present & bit) == 0) continue;
    report_.delta.counts[key] += growth;
    grown |= bit;
  }
  return (grown & options_.keys) != 0;
}

bool MemoryWatch::watched_growth(EventKeySet keys) const {
  for (size_t key = 0; key < kEventKeyCount; ++key) {
    const EventKeySet bit = key_bit(static_cast<EventKey>(key));
    if ((bit & options_.keys & keys) != 0 && report_.delta.counts[key] > 0) {
      return true;
    }
  }
  return false;
}

void MemoryWatch::sample(bool was_short, std::span<char> buffer) {
  MemoryUsage usage;
  MemoryLimits limits;
  const bool sampled = files_.read_totals(buffer, &usage, &limits);
  if (needs_stat(usage, limits, options_.kill_buffer)) {
    files_.read_stat(buffer, &usage);
  }
  report_.usage = usage;
  report_.limits = limits;
  report_.shortness =
      sampled
          ? evaluate_shortness(usage, limits, options_.kill_buffer, was_short)
          : Shortness{};
  // Files that do not tell end no shortage.
  if (report_.shortness.known) short_ = report_.shortness.is_short;
}

bool MemoryWatch::in_doubt(bool was_short, int64_t now_ns) {
  const auto is_doubtful = [this] {
    const uint64_t missing = unaccounted(report_.usage);
    if (missing <= always_unaccounted()) return false;
    MemoryUsage if_cache = report_.usage;
    *if_cache.current -= missing - always_unaccounted();
    return !evaluate_shortness(if_cache, report_.limits, options_.kill_buffer,
                               /*was_short=*/false)
                .is_short;
  };
  doubt_look_ns_ = kNoDeadline;
  if (was_short || !short_ || !is_doubtful()) {
    doubt_since_ns_ = 0;
    return false;
  }
  if (doubt_since_ns_ == 0) doubt_since_ns_ = now_ns;
  if (now_ns - doubt_since_ns_ >= kLongestDoubtNs) return false;
  doubt_look_ns_ = now_ns + kDoubtLookNs;
  return true;
}

bool MemoryWatch::judge(Cause cause, bool grew, int64_t now_ns,
                        std::span<char> buffer) {
  if (!grew && cause == Cause::kChange) return false;
  const bool was_short = short_;
  sample(was_short, buffer);
  const bool doubted = in_doubt(was_short, now_ns);
  if (doubted) {
    short_ = false;
    report_.shortness = Shortness{};
  }
  takeover_.observe(short_, now_ns);
  const bool took_over = take_over_if_due(now_ns, buffer);

  const bool is_short = short_;
  if (is_short && !was_short && !std::exchange(shortage_noticed_, true)) {
    report_.noticed_ns = now_ns;
  }
  // While in doubt all but the urgent waits for the next look.
  const bool grown = watched_growth(doubted ? kUrgentKeys : options_.keys);
  const bool reminder = is_short && cause == Cause::kSafetyRead;
  report_.breach |= grown || reminder || (is_short && !was_short);
  if (is_short != was_short || reminder || took_over) return true;
  if (!grown) return false;
  if (doubted) return true;
  // Churn - growth while reclaim copes - waits for the safety read, so that a
  // worker busy with its page cache does not wake JavaScript 100 times a
  // second.
  return is_short || !report_.shortness.known || watched_growth(kUrgentKeys) ||
         cause == Cause::kSafetyRead;
}

bool MemoryWatch::no_sample(Cause cause, int64_t now_ns) {
  if (blank_since_ns_ == 0) blank_since_ns_ = now_ns;
  if (cause != Cause::kSafetyRead ||
      now_ns - blank_since_ns_ < kLongestBlankNs) {
    return false;
  }
  return set_failure(Failure{kBadContent, "read", events_.name()});
}

bool MemoryWatch::set_failure(const Failure& failure) {
  const bool known =
      report_.failure.has_value() && report_.failure->error == failure.error;
  report_.failure = failure;
  return !known;
}

bool MemoryWatch::retire() {
  retired_ = true;
  report_.removed = true;
  report_.exact = counters_final_;
  return true;
}

void MemoryWatch::read_populated(std::span<char> buffer) {
  if (!populated_file_.has_value()) return;
  const Result<std::string_view> text = populated_file_->read(buffer);
  // A failure shows in the counters' file as well, and is treated there.
  if (failure_of(text) != nullptr) return;
  parse_populated(std::get<std::string_view>(text), &populated_);
}

}  // namespace spillway
