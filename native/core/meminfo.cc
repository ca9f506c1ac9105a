#include "meminfo.h"

#include <algorithm>
#include <array>
#include <optional>

namespace spillway {

namespace {

enum Key : uint8_t {
  kMemTotal,
  kMemFree,
  kMemAvailable,
  kBuffers,
  kCached,
  kSwapCached,
  kSwapTotal,
  kSwapFree,
};

constexpr std::array<std::string_view, 8> kNames = {
    "MemTotal", "MemFree",    "MemAvailable", "Buffers",
    "Cached",   "SwapCached", "SwapTotal",    "SwapFree"};

using Figures = std::array<std::optional<uint64_t>, kNames.size()>;

// "  24684512 kB", saturating.
std::optional<uint64_t> bytes_of(std::string_view value) {
  constexpr std::string_view kUnit = " kB";
  constexpr uint64_t kKb = 1024;
  const size_t begin = value.find_first_not_of(' ');
  if (begin == std::string_view::npos) return std::nullopt;
  value.remove_prefix(begin);
  if (!value.ends_with(kUnit)) return std::nullopt;
  value.remove_suffix(kUnit.size());
  const std::optional<uint64_t> kb = parse_number(value);
  if (!kb.has_value()) return std::nullopt;
  return *kb > kSaturated / kKb ? kSaturated : *kb * kKb;
}

// False when a figure that is read here is not of the kernel's form.
bool read_line(std::string_view line, Figures* figures) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return false;
  const auto* name =
      std::find(kNames.begin(), kNames.end(), line.substr(0, colon));
  if (name == kNames.end()) return true;
  auto& figure = (*figures)[static_cast<size_t>(name - kNames.begin())];
  figure = bytes_of(line.substr(colon + 1));
  return figure.has_value();
}

// At most the total: figures are counted one after the other.
std::optional<uint64_t> available_of(const Figures& figures) {
  if (figures[kMemAvailable]) return figures[kMemAvailable];
  if (!figures[kMemFree] || !figures[kCached] || !figures[kBuffers]) {
    return std::nullopt;
  }
  return *figures[kMemFree] + *figures[kCached] + *figures[kBuffers];
}

}  // namespace

Parsed parse_meminfo(std::string_view text, HostMemory* memory) {
  const Parsed complete = check_complete(text);
  if (complete != Parsed::kOk) return complete;
  Figures figures;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    if (!read_line(text.substr(0, end), &figures)) return Parsed::kMalformed;
    text.remove_prefix(end + 1);
  }
  const std::optional<uint64_t> available = available_of(figures);
  if (figures[kMemTotal].value_or(0) == 0 || !available) {
    return Parsed::kMalformed;
  }
  memory->total = *figures[kMemTotal];
  memory->available = std::min(*available, memory->total);
  memory->swap_total = figures[kSwapTotal].value_or(0);
  memory->swap_free = figures[kSwapFree].value_or(0);
  memory->swap_cached = figures[kSwapCached].value_or(0);
  return Parsed::kOk;
}

}  // namespace spillway
