#ifndef SPILLWAY_ADDON_TRANSLATE_H_
#define SPILLWAY_ADDON_TRANSLATE_H_

#include <napi.h>

#include "failure.h"
#include "memory_place.h"
#include "memory_watch.h"
#include "populated_watch.h"
#include "pressure_watch.h"
#include "process_watch.h"
#include "shortness.h"
#include "takeover.h"
#include "threshold_watch.h"
#include "usage_watch.h"

namespace spillway {

// Between the core's values and JavaScript's. The raw shapes stand in
// lib/native-shapes.ts. Bytes and counts become numbers that saturate at
// 2^53 - 1, "no limit" becomes Infinity, and what is absent has no property.

Napi::Value to_js(Napi::Env env, const Failure& failure);
Napi::Object to_js(Napi::Env env, const EventCounts& counts);
Napi::Object to_js(Napi::Env env, const MemoryUsage& usage);
Napi::Object to_js(Napi::Env env, const MemoryLimits& limits);
Napi::Object to_js(Napi::Env env, const Shortness& shortness);
Napi::Object to_js(Napi::Env env, const MemoryReport& report);
Napi::Object to_js(Napi::Env env, const PressureReport& report);
Napi::Object to_js(Napi::Env env, const ThresholdReport& report);
Napi::Object to_js(Napi::Env env, const PopulatedReport& report);
// undefined, or the failure that keeps its end from being told.
Napi::Value to_js(Napi::Env env, const ProcessReport& report);
// undefined, or why the last sample failed.
Napi::Value to_js(Napi::Env env, const UsageReport& report);

// { stallMs, windowMs }
Napi::Object to_js(Napi::Env env, const PressureTrigger& trigger);

Napi::Object to_js(Napi::Env env, const PlaceSample& sample);

Napi::Object to_js(Napi::Env env, const PlannedKill& kill);

MemoryWatchOptions memory_watch_options(const Napi::Object& options);
PressureWatchOptions pressure_watch_options(const Napi::Object& options);
ThresholdWatchOptions threshold_watch_options(const Napi::Object& options);
UsageWatchOptions usage_watch_options(const Napi::Object& options);
MemoryPlace memory_place(const Napi::Object& place);
MemoryUsage memory_usage(const Napi::Object& usage);
MemoryLimits memory_limits(const Napi::Object& limits);
double bytes_to_js(uint64_t value);
std::optional<uint64_t> optional_bytes(const Napi::Value& value);
int64_t milliseconds_to_ns(const Napi::Value& value);
// Times stay on CLOCK_MONOTONIC, and 0, which is none, stays 0.
double ns_to_milliseconds(int64_t time_ns);

// What Infinity becomes: 31 years, which added to a time do not overflow.
inline constexpr int64_t kForeverNs = 1'000'000'000'000'000'000;
// Milliseconds with a fraction.
int64_t duration_ns(const Napi::Value& value);

}  // namespace spillway

#endif  // SPILLWAY_ADDON_TRANSLATE_H_
