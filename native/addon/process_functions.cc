// The raw functions on the memory of processes of lib/native-binding.ts.

#include "process_functions.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>

#include "flat_keyed.h"
#include "process_memory.h"
#include "translate.h"

namespace spillway {

namespace {

// In this order they stand in the result.
constexpr std::array kFigures = {
    &ProcessMemory::rss,  &ProcessMemory::anon, &ProcessMemory::shmem,
    &ProcessMemory::swap, &ProcessMemory::pss,  &ProcessMemory::uss,
};

double number_or_nan(const std::optional<uint64_t>& bytes) {
  if (!bytes) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(std::min(*bytes, kSaturated));
}

ProcessMemoryFile file_of(const std::string& name) {
  if (name == "statm") return ProcessMemoryFile::kStatm;
  return name == "status" ? ProcessMemoryFile::kStatus
                          : ProcessMemoryFile::kSmapsRollup;
}

pid_t pid_at(const Napi::Array& pids, uint32_t index) {
  const Napi::HandleScope scope(pids.Env());
  return pids.Get(index).As<Napi::Number>().Int32Value();
}

// readProcessesMemory(pids, file, proc): Float64Array | failure
Napi::Value read_processes_memory(const Napi::CallbackInfo& info) {
  const auto pids = info[0].As<Napi::Array>();
  const ProcessMemoryFile file =
      file_of(info[1].As<Napi::String>().Utf8Value());
  ProcessMemoryReader reader(info[2].As<Napi::String>().Utf8Value());
  // Numbers in one piece: thousands of objects would cost more than reading.
  auto figures = Napi::Float64Array::New(
      info.Env(), size_t{pids.Length()} * kFigures.size());
  size_t at = 0;
  for (uint32_t index = 0; index < pids.Length(); ++index) {
    const Result<ProcessMemory> memory = reader.read(pid_at(pids, index), file);
    if (const Failure* failure = failure_of(memory)) {
      return to_js(info.Env(), *failure);
    }
    for (const auto figure : kFigures) {
      figures[at++] = number_or_nan(std::get<ProcessMemory>(memory).*figure);
    }
  }
  return figures;
}

}  // namespace

void add_process_functions(Napi::Env env, Napi::Object exports) {
  constexpr const char* kName = "readProcessesMemory";
  exports.Set(kName, Napi::Function::New(env, read_processes_memory, kName));
}

}  // namespace spillway
