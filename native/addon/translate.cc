#include "translate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace spillway {

namespace {

template <typename Struct>
using Field = std::pair<const char*, OptionalBytes Struct::*>;

constexpr std::array<Field<MemoryUsage>, 9> kUsageFields = {{
    {"currentBytes", &MemoryUsage::current},
    {"swapBytes", &MemoryUsage::swap},
    {"anonBytes", &MemoryUsage::anon},
    {"fileBytes", &MemoryUsage::file},
    {"shmemBytes", &MemoryUsage::shmem},
    {"kernelBytes", &MemoryUsage::kernel},
    {"inactiveFileBytes", &MemoryUsage::inactive_file},
    {"activeFileBytes", &MemoryUsage::active_file},
    {"slabReclaimableBytes", &MemoryUsage::slab_reclaimable},
}};

constexpr std::array<Field<MemoryLimits>, 3> kLimitFields = {{
    {"highBytes", &MemoryLimits::high},
    {"maxBytes", &MemoryLimits::max},
    {"swapMaxBytes", &MemoryLimits::swap_max},
}};

constexpr double kNsPerMs = 1e6;

double number(uint64_t value) { return bytes_to_js(value); }

template <typename Struct, size_t size>
Napi::Object fields_to_js(Napi::Env env, const Struct& values,
                          const std::array<Field<Struct>, size>& fields) {
  Napi::Object object = Napi::Object::New(env);
  for (const auto& [name, field] : fields) {
    if (const auto value = values.*field) object.Set(name, number(*value));
  }
  return object;
}

template <typename Struct, size_t size>
Struct fields_from_js(const Napi::Object& object,
                      const std::array<Field<Struct>, size>& fields) {
  Struct values;
  for (const auto& [name, field] : fields) {
    values.*field = optional_bytes(object.Get(name));
  }
  return values;
}

}  // namespace

double bytes_to_js(uint64_t value) {
  if (value == kUnlimited) return std::numeric_limits<double>::infinity();
  return static_cast<double>(std::min(value, kSaturated));
}

Napi::Value to_js(Napi::Env env, const Failure& failure) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("errno", failure.error);
  object.Set("syscall", failure.call);
  object.Set("file", failure.file);
  if (failure.level > 0) {
    object.Set("level", static_cast<double>(failure.level));
  }
  return object;
}

Napi::Object to_js(Napi::Env env, const EventCounts& counts) {
  Napi::Object object = Napi::Object::New(env);
  for (size_t key = 0; key < kEventKeyCount; ++key) {
    object.Set(kEventKeyNames[key].data(), number(counts.counts[key]));
  }
  return object;
}

Napi::Object to_js(Napi::Env env, const MemoryUsage& usage) {
  return fields_to_js(env, usage, kUsageFields);
}

Napi::Object to_js(Napi::Env env, const MemoryLimits& limits) {
  return fields_to_js(env, limits, kLimitFields);
}

Napi::Object to_js(Napi::Env env, const Shortness& shortness) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("known", shortness.known);
  object.Set("short", shortness.is_short);
  if (shortness.pinned) object.Set("pinnedBytes", number(*shortness.pinned));
  object.Set("markBytes", number(shortness.mark));
  object.Set("clearBytes", number(shortness.clear_level));
  object.Set("bytesToFree", number(shortness.bytes_to_free));
  return object;
}

Napi::Object to_js(Napi::Env env, const MemoryReport& report) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("breach", report.breach);
  object.Set("removed", report.removed);
  object.Set("exact", report.exact);
  object.Set("newBaseline", report.new_baseline);
  object.Set("short", report.is_short);
  if (report.failure) object.Set("failure", to_js(env, *report.failure));
  object.Set("counters", to_js(env, report.counters));
  object.Set("delta", to_js(env, report.delta));
  object.Set("usage", to_js(env, report.usage));
  object.Set("limits", to_js(env, report.limits));
  object.Set("shortness", to_js(env, report.shortness));
  object.Set("kills", number(report.kills));
  object.Set("noticedMs", ns_to_milliseconds(report.noticed_ns));
  return object;
}

Napi::Object to_js(Napi::Env env, const PlannedKill& kill) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("victim", number(kill.victim));
  object.Set("noticedMs", ns_to_milliseconds(kill.noticed_ns));
  object.Set("decidedMs", ns_to_milliseconds(kill.decided_ns));
  object.Set("signalledMs", ns_to_milliseconds(kill.signalled_ns));
  if (kill.exited_ns != 0) {
    object.Set("exitedMs", ns_to_milliseconds(kill.exited_ns));
  }
  object.Set("usage", to_js(env, kill.judgement.usage));
  object.Set("limits", to_js(env, kill.judgement.limits));
  object.Set("bytesToFree", number(kill.judgement.shortness.bytes_to_free));
  object.Set("dyingBytes", number(kill.dying_bytes));
  if (kill.freeable) object.Set("freeableBytes", number(*kill.freeable));
  return object;
}

Napi::Object to_js(Napi::Env env, const PopulatedReport& report) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("populated", report.populated);
  object.Set("removed", report.removed);
  if (report.failure) object.Set("failure", to_js(env, *report.failure));
  return object;
}

Napi::Value to_js(Napi::Env env, const ProcessReport& report) {
  if (report.ended || !report.failure) return env.Undefined();
  return to_js(env, *report.failure);
}

std::optional<uint64_t> optional_bytes(const Napi::Value& value) {
  if (!value.IsNumber()) return std::nullopt;
  const double bytes = value.As<Napi::Number>().DoubleValue();
  if (std::isnan(bytes) || bytes < 0) return std::nullopt;
  if (bytes > static_cast<double>(kSaturated)) return kUnlimited;
  return static_cast<uint64_t>(bytes);
}

int64_t milliseconds_to_ns(const Napi::Value& value) {
  return value.As<Napi::Number>().Int64Value() * 1'000'000;
}

double ns_to_milliseconds(int64_t time_ns) {
  return static_cast<double>(time_ns) / kNsPerMs;
}

int64_t duration_ns(const Napi::Value& value) {
  const double ns = value.As<Napi::Number>().DoubleValue() * kNsPerMs;
  // Not `>`: NaN, too, is no time that would ever come.
  if (!(ns < static_cast<double>(kForeverNs))) return kForeverNs;
  return static_cast<int64_t>(std::max(ns, 0.0));
}

MemoryUsage memory_usage(const Napi::Object& usage) {
  return fields_from_js<MemoryUsage>(usage, kUsageFields);
}

MemoryLimits memory_limits(const Napi::Object& limits) {
  return fields_from_js<MemoryLimits>(limits, kLimitFields);
}

MemoryWatchOptions memory_watch_options(const Napi::Object& options) {
  MemoryWatchOptions result;
  result.directory = options.Get("directory").As<Napi::String>().Utf8Value();
  result.local = options.Get("local").ToBoolean();
  result.keys = 0;
  const auto keys = options.Get("keys").As<Napi::Array>();
  for (uint32_t index = 0; index < keys.Length(); ++index) {
    const std::string name = keys.Get(index).As<Napi::String>().Utf8Value();
    const auto* found =
        std::find(kEventKeyNames.begin(), kEventKeyNames.end(), name);
    if (found == kEventKeyNames.end()) continue;
    result.keys |=
        key_bit(static_cast<EventKey>(found - kEventKeyNames.begin()));
  }
  result.safety_read_ns = milliseconds_to_ns(options.Get("safetyReadMs"));
  result.kill_buffer = optional_bytes(options.Get("killBufferBytes"));
  return result;
}

}  // namespace spillway
